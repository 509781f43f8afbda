//! What a console is told of the service besides its answers: how careful to be, and which others there are.

use std::time::Duration;

use super::quiet::QuietHours;

/// What depends on a service. The header shows it in every view and theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environ {
    /// Customers.
    Production,
    /// The last stop before them.
    Staging,
    /// Nobody but who works on it.
    Dev,
}

/// A service that the console can go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its context's name.
    pub name: String,
    /// Where it is; not escaped.
    pub target: String,
    /// What depends on it.
    pub env: Option<Environ>,
    /// What may be changed there: `changes`, `armed` or `read-only`.
    pub changes: &'static str,
    /// Whether it is there, as far as that was asked.
    pub probe: Option<Probe>,
}

/// What is known of a service that was asked whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The answer is waited for.
    Asked,
    /// It answered, after so long.
    Live(Duration),
    /// It did not, for this reason; not escaped.
    Down(String),
}

/// What a console is told of its service and of others. A console without contexts has the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The context that the service was named by.
    pub context: Option<String>,
    /// What depends on it.
    pub env: Option<Environ>,
    /// What the header says of it besides its name; not escaped.
    pub banner: Option<String>,
    /// Whether changes have to be armed by typing the context's name.
    pub protected: bool,
    /// When its bells do not ring.
    pub quiet: Option<QuietHours>,
    /// Whether nothing depends on it, as in the demo: a tour may change things.
    pub practice: bool,
    /// Every context there is, in the order of the file.
    pub contexts: Vec<Neighbour>,
    /// What is to be told first, such as why another context could not be gone to; not escaped.
    pub notice: Option<String>,
}

impl Environ {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Production, Self::Staging, Self::Dev];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|env| env.as_str() == name)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Dev => "dev",
        }
    }

    /// What the header says where the context has no banner of its own.
    pub const fn banner(self) -> &'static str {
        match self {
            Self::Production => "PROD",
            Self::Staging => "STAGING",
            Self::Dev => "DEV",
        }
    }
}
