//! The one table of actions: keys, footer, help and the command that does the same all come from it.
//!
//! An action has a key where it applies and nowhere else; two actions that share a key in one place are a test
//! failure. Capitals act on many or are stronger; lower case acts on one or only looks.

mod dialog;
mod table;

pub(crate) use dialog::{Dialog, Inside};
pub(crate) use table::{ACTIONS, EVERYWHERE};

/// What a key can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionId {
    /// Help for this view.
    Help,
    /// Begin a tour, or leave it.
    Tour,
    /// Leave a step of the tour undone.
    TourSkip,
    /// Close, leave, clear, or one view up.
    Back,
    /// One view up, or out.
    Leave,
    /// Out at once; what was shown stays to be read.
    Quit,
    /// Cancel what runs; twice means out.
    Cancel,
    /// To a view.
    View(Place),
    /// To the view before.
    PreviousView,
    /// To what was looked at before, or after it where this is true.
    History(bool),
    /// Tell instants another way.
    Times,
    /// Show the selected row beside the list, or no longer.
    Preview,
    /// Show the deliveries of an event below the list, or no longer.
    Tree,
    /// Fetch everything again, and connect now if the connection is down.
    Refetch,
    /// Draw everything again.
    Repaint,
    /// Back to the shell for a while.
    Suspend,
    /// A digit of how often the next key is done.
    Count,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// What rows are sorted by.
    Order(Ordering),
    /// Which columns are shown.
    Columns(Arranging),
    /// How far the first view looks back.
    Window(LookingBack),
    /// Which instant is shown.
    Rewind(Stepping),
    /// To the next failure.
    NextFailure,
    /// To the failure before.
    PreviousFailure,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// Into the row.
    Open,
    /// Follow new rows, or hold the list.
    Follow,
    /// Filter the list.
    Filter,
    /// Saved views.
    Saved(Saving),
    /// The next tab.
    NextTab,
    /// The previous tab.
    PreviousTab,
    /// The text of a tab is read another way.
    InText(InText),
    /// This attempt beside the last good one.
    Diff,
    /// The next attempt.
    NextAttempt,
    /// The previous attempt.
    PreviousAttempt,
    /// Put this delivery back to work.
    Replay,
    /// Pause this endpoint, or resume it.
    PauseOrResume,
    /// Disable this endpoint, or enable it.
    EnableOrDisable,
    /// A form for a new endpoint.
    CreateEndpoint,
    /// A form for the settings of this endpoint.
    EditEndpoint,
    /// Send this endpoint a test event.
    TestEndpoint,
    /// A form to give this endpoint another secret.
    RotateSecret,
    /// Delete this endpoint.
    DeleteEndpoint,
    /// The deliveries of this endpoint.
    DeliveriesOfEndpoint,
    /// The deliveries that failed for the same cause.
    DeliveriesOfCause,
    /// All dead deliveries, whatever their cause.
    Ungroup,
    /// Plan a replay of many.
    PlanReplay,
    /// Plan to discard many.
    Discard,
    /// Pause this replay, or let it go on.
    PauseReplay,
    /// Cancel this replay.
    CancelReplay,
    /// Write a note about what is selected.
    Note,
    /// Ring when what is selected or listed changes, or no longer.
    Bell,
    /// Let changes through, or no longer.
    Arm,
    /// Take the last change back.
    Undo,
    /// What is marked.
    Mark(Marking),
    /// The choice of another service.
    Contexts,
    /// The choice of a theme.
    Themes,
    /// Every action by its name.
    Palette,
    /// The command that does the same.
    Command,
    /// Copy a part of what is selected.
    Yank(Yank),
    /// Show what is selected in the pager.
    Page,
    /// Give the rows to a command.
    Pipe,
    /// Write the rows to a file.
    Write,
    /// Something inside a dialog.
    In(Inside),
}

/// A part of what is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yank {
    /// Its id.
    Id,
    /// The endpoint's URL.
    Url,
    /// The request as a curl command.
    Curl,
    /// The body that is looked at.
    Body,
    /// The headers that are looked at.
    Headers,
    /// It as JSON.
    Json,
    /// It as a row of a table.
    Row,
    /// The command that shows it.
    Command,
}

/// What is done with saved views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saving {
    /// The filter in force becomes one, by a name.
    Filter,
    /// One is chosen.
    Choose,
}

/// How marks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marking {
    /// This row's.
    Row,
    /// All from the row that was marked last to this one.
    Range,
    /// All that the filter matches.
    All,
    /// What is not marked, and nothing else.
    Others,
    /// They stay, and only what has one is shown.
    Only,
    /// None.
    Clear,
}

/// How the order of a list changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ordering {
    /// To that of a column to be chosen.
    Choose,
    /// It is turned round.
    Turn,
}

/// How the columns of a list change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arranging {
    /// To those to be chosen.
    Choose,
    /// One at the left goes, for those at the right.
    Right,
    /// It comes back.
    Left,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InText {
    /// Words are typed to be looked for.
    Search,
    /// On to the next place that has them.
    Next,
    /// Back to the one before.
    Previous,
    /// The object or array of a line of JSON is folded, or unfolded.
    Fold,
    /// All of them are.
    FoldAll,
    /// Long lines go on in further rows, or are cut.
    Wrap,
}

/// How the window of the first view changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookingBack {
    /// To a shorter one.
    Less,
    /// To a longer one.
    More,
}

/// How the console steps through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepping {
    /// To an earlier instant.
    Back,
    /// To a later one, or to now.
    Forward,
    /// To now.
    Live,
}

/// A place where keys mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The first view.
    Pulse,
    /// The list of deliveries.
    Deliveries,
    /// One delivery.
    Inspector,
    /// The list of endpoints.
    Endpoints,
    /// The events.
    Events,
    /// Dead letters by cause.
    Dead,
    /// The replays.
    Replays,
    /// The audit log.
    Audit,
    /// The service's own log.
    Log,
    /// A dialog that lies upon a view.
    Over(Dialog),
}

impl Place {
    /// What a file of keys calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pulse => "pulse",
            Self::Deliveries => "deliveries",
            Self::Inspector => "inspector",
            Self::Endpoints => "endpoints",
            Self::Events => "events",
            Self::Dead => "dead",
            Self::Replays => "replays",
            Self::Audit => "audit",
            Self::Log => "log",
            Self::Over(dialog) => dialog.name(),
        }
    }

    /// What the view or the dialog is called.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Pulse => "Pulse",
            Self::Deliveries => "Deliveries",
            Self::Inspector => "One delivery",
            Self::Endpoints => "Endpoints",
            Self::Events => "Events",
            Self::Dead => "Dead letters",
            Self::Replays => "Replays",
            Self::Audit => "Audit",
            Self::Log => "Log",
            Self::Over(dialog) => dialog.title(),
        }
    }

    /// Every place: views, then dialogs.
    pub(crate) fn every() -> impl Iterator<Item = Self> {
        let dialogs = Dialog::ALL.into_iter().map(Self::Over);
        EVERYWHERE.iter().copied().chain(dialogs)
    }

    /// Whether it is a view.
    pub(crate) const fn is_view(self) -> bool {
        !matches!(self, Self::Over(_))
    }
}

/// What an action may do to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Danger {
    /// It only looks.
    Look,
    /// It changes one thing, and can be taken back.
    Change,
    /// It changes more than one thing: it asks first.
    Ask,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action {
    /// Which.
    pub id: ActionId,
    /// Its name in the key file, the command line and the audit log.
    pub name: &'static str,
    /// What it does, for the help.
    pub title: &'static str,
    /// What it does in a word or two, for the footer; empty to leave it out there.
    pub short: &'static str,
    /// Where it applies.
    pub places: &'static [Place],
    /// Its keys; several strokes are separated by a space.
    pub keys: &'static [&'static str],
    /// What it may do.
    pub danger: Danger,
    /// The command that does the same.
    pub command: Option<&'static str>,
}

impl Action {
    /// An action that only looks.
    const fn look(
        id: ActionId,
        name: &'static str,
        title: &'static str,
        places: &'static [Place],
        keys: &'static [&'static str],
    ) -> Self {
        Self {
            id,
            name,
            title,
            short: "",
            places,
            keys,
            danger: Danger::Look,
            command: None,
        }
    }

    /// The same with a word for the footer.
    const fn short(self, short: &'static str) -> Self {
        Self { short, ..self }
    }

    /// The same with the command that does it.
    const fn command(self, command: &'static str) -> Self {
        Self {
            command: Some(command),
            ..self
        }
    }

    /// The same as one that changes something.
    const fn changes(self, danger: Danger, command: &'static str) -> Self {
        Self {
            danger,
            command: Some(command),
            ..self
        }
    }

    /// Whether it applies in every view.
    pub(crate) fn is_everywhere(&self) -> bool {
        EVERYWHERE.iter().all(|place| self.places.contains(place))
    }

    /// Whether it applies in every dialog.
    pub(crate) fn is_in_every_dialog(&self) -> bool {
        let mut dialogs = Dialog::ALL.into_iter().map(Place::Over);
        dialogs.all(|place| self.places.contains(&place))
    }
}

/// The actions that apply in a place, in the order of the table.
pub(crate) fn actions_of(place: Place) -> impl Iterator<Item = &'static Action> {
    ACTIONS
        .iter()
        .filter(move |action| action.places.contains(&place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::input::key::Key;
    use crate::console::keys::why_not;

    #[test]
    fn no_key_means_two_things_and_every_key_can_be_typed() {
        for &place in EVERYWHERE {
            let keys: Vec<(&str, &str)> = actions_of(place)
                .flat_map(|action| action.keys.iter().map(|keys| (*keys, action.name)))
                .collect();
            for (index, (key, name)) in keys.iter().enumerate() {
                for stroke in key.split(' ') {
                    assert!(Key::parse(stroke).is_some(), "{stroke} of {name} is no key");
                }
                for (other, other_name) in &keys[index + 1..] {
                    assert!(
                        key != other
                            && !key.starts_with(&format!("{other} "))
                            && !other.starts_with(&format!("{key} ")),
                        "{key} of {name} and {other} of {other_name} clash in {place:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn names_are_unique_and_whatever_changes_something_has_a_command() {
        for (index, action) in ACTIONS.iter().enumerate() {
            assert!(
                ACTIONS[..index]
                    .iter()
                    .all(|other| other.name != action.name && other.id != action.id)
            );
            assert!(
                action.danger == Danger::Look || action.command.is_some(),
                "{}",
                action.name
            );
        }
    }

    #[test]
    fn every_key_can_be_bound_or_is_the_one_that_always_leaves() {
        for action in ACTIONS {
            for stroke in action.keys.iter().flat_map(|keys| keys.split(' ')) {
                let key = Key::parse(stroke).unwrap();
                // The table alone may say what ctrl-c does.
                if key != Key::ctrl('c') {
                    assert_eq!(why_not(key), None, "{stroke} of {}", action.name);
                }
            }
        }
    }
}
