//! The note that shows a secret once, until it is put away.

use std::time::Duration;

use super::dialogs::{DEAF, Pressed};
use crate::api::secret::Secret;
use crate::console::actions::Inside;

/// The note.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecretNote {
    /// Whose secret it is; not escaped.
    pub title: String,
    /// The secret.
    pub secret: Secret,
    /// What a consumer verifies asymmetric signatures with.
    pub public_key: Option<String>,
    opened: Duration,
}

/// What a key of the note asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing.
    Nothing,
    /// To be put away.
    Close,
    /// This to be copied.
    Copy(String),
}

impl SecretNote {
    /// A note that opens now.
    pub(crate) const fn new(
        title: String,
        secret: Secret,
        public_key: Option<String>,
        opened: Duration,
    ) -> Self {
        Self {
            title,
            secret,
            public_key,
            opened,
        }
    }

    /// Handles a key.
    pub(crate) fn key(&self, now: Duration, pressed: Pressed) -> Asked {
        match pressed.means {
            Some(Inside::Copy) => Asked::Copy(self.secret.expose().to_owned()),
            // Keys that come at once were not meant for it, and it is shown once.
            Some(Inside::Leave | Inside::Take) if now >= self.opened + DEAF => Asked::Close,
            _ => Asked::Nothing,
        }
    }
}
