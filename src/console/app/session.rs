//! What is decided before the console begins, and the theme that is in force.

use crate::console::surroundings::Surroundings;

/// What was decided before the console began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// What the header calls the service; not escaped.
    pub label: String,
    /// Where it is reached, in words.
    pub target: String,
    /// Whether every change is refused.
    pub read_only: bool,
    /// Whether the service runs in this process.
    pub embedded: bool,
    /// The theme in force.
    pub theme: String,
    /// Whether it is the one that fits the terminal's background, for none was named.
    pub fitted: bool,
    /// The themes that there are, by name.
    pub themes: Vec<String>,
    /// What else is known of it, and of others.
    pub surroundings: Surroundings,
}
