//! A line as it is meant. Pure.

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
}

/// The views by the digits that open them in the console that draws, and by name.
pub(super) const VIEWS: [(&str, &str, View); 8] = [
    ("1", "pulse", View::Pulse),
    ("2", "deliveries", View::Deliveries),
    ("3", "endpoints", View::Endpoints),
    ("4", "events", View::Events),
    ("5", "dead", View::Dead),
    ("6", "replays", View::Replays),
    ("7", "audit", View::Audit),
    ("8", "log", View::Log),
];

/// Something that is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Open,
    Replay,
    Pause,
    Resume,
}

const DEEDS: [(&str, Deed); 4] = [
    ("open", Deed::Open),
    ("replay", Deed::Replay),
    ("pause", Deed::Pause),
    ("resume", Deed::Resume),
];

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
    /// Something with the row of this number.
    Row(Deed, usize),
    /// A deed without a number, by its word.
    WhichRow(&'static str),
    /// Yes to the last question.
    Yes,
    /// No to it.
    No,
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
            ("filter", filter) => return Self::Filter(filter.to_owned()),
            ("help" | "?", "") => return Self::Help,
            ("quit" | "exit" | "q" | "Q", "") => return Self::Quit,
            ("more", "") => return Self::More,
            ("yes" | "y", "") => return Self::Yes,
            ("no" | "n", "") => return Self::No,
            _ => {}
        }
        let view = VIEWS
            .iter()
            .find(|(key, name, _)| rest.is_empty() && (word == *key || word == *name));
        if let Some((.., view)) = view {
            return Self::View(*view);
        }
        let Some((name, deed)) = DEEDS.iter().find(|(name, _)| *name == word) else {
            return Self::Unknown(line.to_owned());
        };
        match rest.parse() {
            Ok(number) => Self::Row(*deed, number),
            Err(_) => Self::WhichRow(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_view_a_filter_or_a_deed_with_a_number() {
        for (line, expected) in [
            ("2\n", Ask::View(View::Deliveries)),
            ("  dead \r\n", Ask::View(View::Dead)),
            (
                "/state:dead ep:acme",
                Ask::Filter("state:dead ep:acme".into()),
            ),
            ("filter age<2h", Ask::Filter("age<2h".into())),
            ("filter", Ask::Filter(String::new())),
            ("open 3", Ask::Row(Deed::Open, 3)),
            ("replay  12 ", Ask::Row(Deed::Replay, 12)),
            ("replay", Ask::WhichRow("replay")),
            ("pause acme", Ask::WhichRow("pause")),
            ("y", Ask::Yes),
            ("no", Ask::No),
            ("?", Ask::Help),
            ("q", Ask::Quit),
            ("", Ask::Nothing),
            ("dead now", Ask::Unknown("dead now".into())),
            ("replay\u{1b}[2J", Ask::Unknown("replay\u{1b}[2J".into())),
        ] {
            assert_eq!(Ask::parse(line), expected, "{line:?}");
        }
    }
}
