//! What a client and its streams share: where they go, and through what.

use std::path::PathBuf;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::tunnel::Tunnel;
use super::{ClientError, Target};

/// Calls at once through ssh: each connection is a process here and a login there.
const CALLS_BY_SSH: usize = 4;

/// Where a client goes, and through what.
#[derive(Debug)]
pub(super) struct Door {
    target: Target,
    tunnel: Option<(Tunnel, Semaphore)>,
}

impl Door {
    /// The door to a target.
    ///
    /// # Errors
    /// The private socket for ssh cannot be made.
    pub(super) fn open(target: Target) -> Result<Self, ClientError> {
        let tunnel = match &target {
            Target::Ssh(address) => {
                let tunnel = Tunnel::open(address).map_err(ClientError::NoTunnel)?;
                Some((tunnel, Semaphore::new(CALLS_BY_SSH)))
            }
            Target::Socket(_) | Target::Url { .. } => None,
        };
        Ok(Self { target, tunnel })
    }

    /// Where it goes.
    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// The Unix socket to connect to, where it is one.
    pub(super) fn socket(&self) -> Option<PathBuf> {
        match (&self.target, &self.tunnel) {
            (Target::Socket(path), _) => Some(path.clone()),
            (_, Some((tunnel, _))) => Some(tunnel.socket()),
            (_, None) => None,
        }
    }

    /// Waits for a place among the calls, where those are few; it is given back when dropped.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        let (_, places) = self.tunnel.as_ref()?;
        // They are never closed.
        places.acquire().await.ok()
    }

    /// Why a request came to nothing: what ssh says knows more than the broken connection does.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        let complaint = self
            .tunnel
            .as_ref()
            .and_then(|(tunnel, _)| tunnel.complaint());
        match complaint {
            Some(reason) => ClientError::Unreachable {
                target: self.target.to_string(),
                reason,
            },
            None => ClientError::unreachable(&self.target, error),
        }
    }
}
