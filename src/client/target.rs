//! Which service a client talks to.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::ssh::SshAddress;

/// Where a service listens.
#[derive(Clone, Debug)]
pub enum Target {
    /// Its Unix socket: the kernel tells it who is calling.
    Socket(PathBuf),
    /// Its Unix socket on a machine that one may log in to.
    Ssh(SshAddress),
    /// Its TCP listener, perhaps behind a proxy.
    Url {
        /// http or https, with the path that `/v1` is below.
        url: Url,
        /// The access token.
        token: Option<SecretString>,
    },
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(path) => write!(formatter, "{}", path.display()),
            Self::Ssh(address) => write!(formatter, "{address}"),
            Self::Url { url, .. } => write!(formatter, "{url}"),
        }
    }
}

/// The first of `candidates` that exists as a file: the socket to attach to.
///
/// One that exists and refuses is the caller's error to report, never a reason to go on to the next.
pub fn find_socket(candidates: &[PathBuf]) -> Option<&Path> {
    candidates
        .iter()
        .map(PathBuf::as_path)
        .find(|path| path.exists())
}
