//! Who makes a change: every change carries an [`Actor`] into the audit log (promise P8).

use std::fmt;

/// Who makes a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The unix name of a caller on the socket, a token's name on TCP, or `hookyard` for the service itself.
    pub who: String,
    /// By which door the call came.
    pub via: Via,
    /// The peer's address, where there is one.
    pub from: Option<String>,
}

/// The door a call came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// The Unix socket: the kernel vouches for the name.
    Socket,
    /// TCP, with a token.
    Tcp,
    /// The service itself, such as an endpoint that answered 410.
    Internal,
}

impl Actor {
    /// The service itself.
    pub fn service() -> Self {
        Self {
            who: "hookyard".to_owned(),
            via: Via::Internal,
            from: None,
        }
    }
}

impl Via {
    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Tcp => "tcp",
            Self::Internal => "internal",
        }
    }

    /// Reads the word of [`Via::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Socket, Self::Tcp, Self::Internal]
            .into_iter()
            .find(|via| via.as_str() == word)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} via {}", self.who, self.via.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn via_words_read_back() {
        for via in [Via::Socket, Via::Tcp, Via::Internal] {
            assert_eq!(Via::from_word(via.as_str()), Some(via));
        }
        assert_eq!(Via::from_word("carrier pigeon"), None);
    }
}
