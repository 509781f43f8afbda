//! A line as it is meant. Pure.
//!
//! What the console that draws can do has the name of its action in the table, and a shorter word.

use std::fmt;

use super::numbers::Numbers;
use crate::console::actions::{ACTIONS, ActionId, Saving};
use crate::domain::id::DeliveryId;

/// A view that can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Pulse,
    Deliveries,
    Endpoints,
    Events,
    Dead,
    Replays,
    Audit,
    Log,
    Saved,
}

/// The views by the digits that open them in the console that draws, and by name; saved views have no digit there.
pub(super) const VIEWS: [(&str, &str, View); 9] = [
    ("1", "pulse", View::Pulse),
    ("2", "deliveries", View::Deliveries),
    ("3", "endpoints", View::Endpoints),
    ("4", "events", View::Events),
    ("5", "dead", View::Dead),
    ("6", "replays", View::Replays),
    ("7", "audit", View::Audit),
    ("8", "log", View::Log),
    ("views", "saved", View::Saved),
];

/// Something that is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Open,
    Replay,
    Plan,
    Discard,
    Pause,
    Resume,
    /// The one or the other, as the row is.
    PauseOrResume,
    Disable,
    Enable,
    /// The one or the other, as the row is.
    EnableOrDisable,
    Cancel,
    Edit,
    Test,
    Rotate,
    Delete,
    Note,
}

/// Words for rows, the actions of the table that they are, and what is done by the action's name.
pub(super) const DEEDS: [(&str, Deed, ActionId, Deed); 14] = [
    ("open", Deed::Open, ActionId::Open, Deed::Open),
    ("replay", Deed::Replay, ActionId::Replay, Deed::Replay),
    ("plan", Deed::Plan, ActionId::PlanReplay, Deed::Plan),
    ("discard", Deed::Discard, ActionId::Discard, Deed::Discard),
    (
        "pause",
        Deed::Pause,
        ActionId::PauseOrResume,
        Deed::PauseOrResume,
    ),
    (
        "resume",
        Deed::Resume,
        ActionId::PauseReplay,
        Deed::PauseOrResume,
    ),
    ("cancel", Deed::Cancel, ActionId::CancelReplay, Deed::Cancel),
    (
        "disable",
        Deed::Disable,
        ActionId::EnableOrDisable,
        Deed::EnableOrDisable,
    ),
    (
        "enable",
        Deed::Enable,
        ActionId::EnableOrDisable,
        Deed::EnableOrDisable,
    ),
    ("edit", Deed::Edit, ActionId::EditEndpoint, Deed::Edit),
    ("test", Deed::Test, ActionId::TestEndpoint, Deed::Test),
    ("rotate", Deed::Rotate, ActionId::RotateSecret, Deed::Rotate),
    (
        "delete",
        Deed::Delete,
        ActionId::DeleteEndpoint,
        Deed::Delete,
    ),
    ("note", Deed::Note, ActionId::Note, Deed::Note),
];

/// What is done without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alone {
    Follow,
    Create,
    Save,
    Arm,
}

/// Words for what needs no row, and the actions of the table that they are.
pub(super) const ALONE: [(&str, ActionId, Alone); 4] = [
    ("follow", ActionId::Follow, Alone::Follow),
    ("create", ActionId::CreateEndpoint, Alone::Create),
    ("save", ActionId::Saved(Saving::Filter), Alone::Save),
    ("arm", ActionId::Arm, Alone::Arm),
];

/// Which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// That of this number in the last list.
    Row(usize),
    /// This delivery.
    Delivery(DeliveryId),
}

impl fmt::Display for Which {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(number) => write!(to, "row {number}"),
            Self::Delivery(id) => write!(to, "{id}"),
        }
    }
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Nothing.
    Nothing,
    /// What can be asked.
    Help,
    /// To leave.
    Quit,
    /// A view.
    View(View),
    /// The deliveries that pass a filter.
    Filter(String),
    /// More rows of the last list.
    More,
    /// Something with a row, and the words behind its number.
    Row(Deed, Which, String),
    /// A deed without a number, by its word.
    WhichRow(&'static str),
    /// A plan for what the filter of the last list picks.
    Plan,
    /// A plan for several rows of the last list, or why they are none.
    PlanOf(Result<Numbers, String>),
    /// Something without a row, and the words behind it.
    Alone(Alone, String),
    /// An answer where nothing was asked.
    Answer,
    /// An action that only the console that draws has, by its name, and the command that does the same.
    Elsewhere(&'static str, Option<&'static str>),
    /// Nobody knows; not escaped.
    Unknown(String),
}

impl Ask {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Self {
        let line = line.trim();
        if let Some(filter) = line.strip_prefix('/') {
            return Self::Filter(filter.trim().to_owned());
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match (word, rest) {
            ("", _) => return Self::Nothing,
            ("filter" | "list.filter", filter) => return Self::Filter(filter.to_owned()),
            ("help" | "?", "") => return Self::Help,
            ("quit" | "exit" | "q" | "Q", "") => return Self::Quit,
            ("more", "") => return Self::More,
            ("yes" | "y" | "no" | "n", "") => return Self::Answer,
            ("plan" | "replay.plan", "") => return Self::Plan,
            ("plan" | "replay.plan", rows) if let Some(rows) = Numbers::parse(rows) => {
                return Self::PlanOf(rows);
            }
            _ => {}
        }
        let bare = word.strip_prefix("view.").unwrap_or(word);
        let view = VIEWS
            .iter()
            .find(|(key, name, _)| rest.is_empty() && (word == *key || bare == *name));
        if let Some((.., view)) = view {
            return Self::View(*view);
        }
        let action = ACTIONS.iter().find(|action| action.name == word);
        let is_meant = |id: &ActionId| action.is_some_and(|action| action.id == *id);
        let alone = ALONE
            .iter()
            .find(|(known, id, _)| *known == word || is_meant(id));
        if let Some((.., alone)) = alone {
            return Self::Alone(*alone, rest.to_owned());
        }
        let by_word = DEEDS.iter().find(|(known, ..)| *known == word);
        let by_name = || DEEDS.iter().find(|(_, _, id, _)| is_meant(id));
        let deed = by_word.map(|(word, deed, ..)| (*word, *deed));
        let deed = deed.or_else(|| by_name().map(|(word, _, _, deed)| (*word, *deed)));
        match (deed, action) {
            (Some((word, deed)), _) => Self::row(word, deed, rest),
            (None, Some(action)) => Self::Elsewhere(action.name, action.command),
            (None, None) => Self::Unknown(line.to_owned()),
        }
    }

    fn row(word: &'static str, deed: Deed, rest: &str) -> Self {
        let (which, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let delivery = which.parse().ok().map(Which::Delivery);
        let which = which.parse().ok().map(Which::Row).or(delivery);
        match which {
            // Words behind a number belong to notes alone.
            Some(which) if words.is_empty() || deed == Deed::Note => {
                Self::Row(deed, which, words.trim().to_owned())
            }
            _ => Self::WhichRow(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_view_a_filter_or_a_deed_with_a_number() {
        let row = |deed, number| Ask::Row(deed, Which::Row(number), String::new());
        let id: DeliveryId = DeliveryId::from_i64(77);
        for (line, expected) in [
            ("2\n", Ask::View(View::Deliveries)),
            ("  dead \r\n", Ask::View(View::Dead)),
            ("view.endpoints", Ask::View(View::Endpoints)),
            ("views", Ask::View(View::Saved)),
            (
                "/state:dead ep:acme",
                Ask::Filter("state:dead ep:acme".into()),
            ),
            ("filter age<2h", Ask::Filter("age<2h".into())),
            ("filter", Ask::Filter(String::new())),
            ("open 3", row(Deed::Open, 3)),
            ("replay  12 ", row(Deed::Replay, 12)),
            ("delivery.replay 12", row(Deed::Replay, 12)),
            ("endpoint.pause 1", row(Deed::PauseOrResume, 1)),
            ("pause 1", row(Deed::Pause, 1)),
            ("replay.pause 1", row(Deed::PauseOrResume, 1)),
            (
                &format!("open {id}"),
                Ask::Row(Deed::Open, Which::Delivery(id), String::new()),
            ),
            (
                "note 3 they  know",
                Ask::Row(Deed::Note, Which::Row(3), "they  know".into()),
            ),
            ("replay 3 now", Ask::WhichRow("replay")),
            ("replay", Ask::WhichRow("replay")),
            ("pause acme", Ask::WhichRow("pause")),
            ("plan", Ask::Plan),
            ("plan 2", row(Deed::Plan, 2)),
            ("save mine", Ask::Alone(Alone::Save, "mine".into())),
            ("list.follow", Ask::Alone(Alone::Follow, String::new())),
            ("y", Ask::Answer),
            ("no", Ask::Answer),
            ("?", Ask::Help),
            ("q", Ask::Quit),
            ("", Ask::Nothing),
            ("dead now", Ask::Unknown("dead now".into())),
            ("replay\u{1b}[2J", Ask::Unknown("replay\u{1b}[2J".into())),
        ] {
            assert_eq!(Ask::parse(line), expected, "{line:?}");
        }
        let elsewhere = Ask::parse("row.mark");
        assert_eq!(elsewhere, Ask::Elsewhere("row.mark", None));
    }

    #[test]
    fn every_word_is_an_action_of_the_table() {
        let ids = DEEDS.iter().map(|(_, _, id, _)| id);
        for id in ids.chain(ALONE.iter().map(|(_, id, _)| id)) {
            assert!(ACTIONS.iter().any(|action| action.id == *id), "{id:?}");
        }
    }
}
