//! The service's own ed25519 keys: one line of them for each contract that signs with `key = "service"`.

use super::ed25519::{KEY_BYTES, PrivateKey, PublicKey};
use crate::domain::id::ServiceKeyId;

/// One of a contract's keys, opened and ready to sign; wiped when dropped, never printed.
#[derive(Clone)]
pub struct ServiceKey {
    /// Its id, which consumers see beside the public half.
    pub id: ServiceKeyId,
    private: PrivateKey,
}

impl ServiceKey {
    /// The key that grows from `seed`, 32 bytes of entropy that are kept as a secret.
    pub fn from_seed(id: ServiceKeyId, seed: &[u8; KEY_BYTES]) -> Self {
        Self {
            id,
            private: PrivateKey::from_seed(seed),
        }
    }

    /// What consumers verify with.
    pub fn public(&self) -> PublicKey {
        self.private.public()
    }

    /// What signs.
    pub fn private(&self) -> &PrivateKey {
        &self.private
    }
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ServiceKey({})", self.id)
    }
}
