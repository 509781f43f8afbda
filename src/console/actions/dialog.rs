//! Dialogs as places of keys: what lies upon a view, the lines that are typed in one, and what keys can ask for there.
//!
//! Where text is typed a key that types, or edits the line, is text and nothing else; see [`Inside::is_beside_text`].

use super::{ActionId, Saving};

/// What lies upon a view, or is typed in it, as far as keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dialog {
    /// The keys of a view or of another dialog.
    Help,
    /// A question with a yes and a no.
    Confirm,
    /// The palette.
    Palette,
    /// What is shown before many deliveries are changed.
    Plan,
    /// A form.
    Form,
    /// One of several: a theme, a context, a column to sort by.
    Choice,
    /// Which columns, and in which order.
    Columns,
    /// One line of text: a file, a command, a note, a name.
    Line,
    /// A secret that is shown once.
    Secret,
    /// The line of a view in which a filter is typed.
    Filter,
    /// The line of a view in which words are typed that its rows, or its text, are looked through for.
    Words,
}

/// What a key inside a dialog can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// To close it; nothing is done.
    Leave,
    /// Its keys.
    Keys,
    /// What is chosen or typed; in forms the next line, on the last one all of it.
    Take,
    /// The next line.
    Down,
    /// The line before.
    Up,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// The first line.
    First,
    /// The last line.
    Last,
    /// To look for an action by a few letters.
    Search,
    /// To tick this, or not.
    Toggle,
    /// The next of several in a line.
    Right,
    /// The one before of several in a line.
    Left,
    /// Yes.
    Yes,
    /// No.
    No,
    /// The other answer, to be taken.
    Turn,
    /// To delete it.
    Delete,
    /// To copy it.
    Copy,
    /// This column further down.
    MoveDown,
    /// This column further up.
    MoveUp,
    /// The columns as they were.
    Reset,
    /// The next of what could stand at the cursor.
    Complete,
    /// The one before of what could stand there.
    CompleteBack,
    /// What was typed before.
    Earlier,
    /// What was typed after that.
    Later,
}

impl Dialog {
    /// Every dialog, in the order of the help.
    pub(crate) const ALL: [Self; 11] = [
        Self::Help,
        Self::Confirm,
        Self::Palette,
        Self::Plan,
        Self::Form,
        Self::Choice,
        Self::Columns,
        Self::Line,
        Self::Secret,
        Self::Filter,
        Self::Words,
    ];

    /// What a file of keys calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Confirm => "confirm",
            Self::Palette => "palette",
            Self::Plan => "plan",
            Self::Form => "form",
            Self::Choice => "choice",
            Self::Columns => "columns",
            Self::Line => "line",
            Self::Secret => "secret",
            Self::Filter => "filter",
            Self::Words => "words",
        }
    }

    /// What it is called.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Help => "Help",
            Self::Confirm => "Question",
            Self::Palette => "Palette",
            Self::Plan => "Plan",
            Self::Form => "Form",
            Self::Choice => "Choice",
            Self::Columns => "Columns",
            Self::Line => "Line of text",
            Self::Secret => "Secret",
            Self::Filter => "Filter line",
            Self::Words => "Line of words",
        }
    }

    /// Whether text is typed in it.
    pub(crate) const fn takes_text(self) -> bool {
        match self {
            Self::Palette | Self::Plan | Self::Form | Self::Line | Self::Filter | Self::Words => {
                true
            }
            Self::Help | Self::Confirm | Self::Choice | Self::Columns | Self::Secret => false,
        }
    }

    /// The actions that open it, where a key in it changes something.
    pub(crate) const fn openers(self) -> &'static [ActionId] {
        match self {
            Self::Confirm => &[
                ActionId::Replay,
                ActionId::CancelReplay,
                ActionId::EnableOrDisable,
                ActionId::DeleteEndpoint,
                ActionId::In(Inside::Delete),
            ],
            Self::Plan => &[ActionId::PlanReplay, ActionId::Discard],
            Self::Form => &[
                ActionId::CreateEndpoint,
                ActionId::EditEndpoint,
                ActionId::RotateSecret,
            ],
            Self::Line => &[
                ActionId::Arm,
                ActionId::Note,
                ActionId::Saved(Saving::Filter),
                ActionId::Pipe,
                ActionId::Write,
            ],
            Self::Help
            | Self::Palette
            | Self::Choice
            | Self::Columns
            | Self::Secret
            | Self::Filter
            | Self::Words => &[],
        }
    }
}

impl Inside {
    /// Whether it means something only where no text is typed: keys that type can be its keys then.
    pub(crate) const fn is_beside_text(self) -> bool {
        matches!(self, Self::Toggle | Self::Right | Self::Left)
    }
}
