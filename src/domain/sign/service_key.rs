//! The service's own ed25519 keys: one line of them for each contract that signs with `key = "service"`.
//!
//! The newest key signs. A rotation retires the one before; where the contract signs with all keys in force, a retired
//! one signs beside the newest until its overlap is over. Public halves stay listed for good, so that what was signed
//! before can be verified.

use super::ed25519::{KEY_BYTES, PrivateKey, PublicKey};
use crate::domain::id::ServiceKeyId;
use crate::domain::time::Timestamp;

/// One of a contract's keys, opened and ready to sign; wiped when dropped, never printed.
#[derive(Clone)]
pub struct ServiceKey {
    /// Its id, which consumers see beside the public half.
    pub id: ServiceKeyId,
    private: PrivateKey,
}

/// One of a contract's keys as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedServiceKey {
    /// The contract whose requests it signs.
    pub contract: String,
    /// Its public half.
    pub public: VerificationKey,
    /// Its seed, sealed for [`crate::domain::seal::service_key_place`].
    pub sealed: Vec<u8>,
}

/// The public half of one of a contract's keys: what consumers verify with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationKey {
    /// The key's id.
    pub id: ServiceKeyId,
    /// The public half.
    pub key: PublicKey,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when a newer key signs in its place; `None` for the newest.
    pub retired_at: Option<Timestamp>,
    /// Until when it signs beside the newer ones, where the contract signs with all; `None` for the newest.
    pub signs_until: Option<Timestamp>,
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

impl VerificationKey {
    /// What consumers are told that the key is of.
    pub const ALGORITHM: &str = "ed25519";

    /// Whether it may sign at `now`: it is the newest, or its overlap is not over.
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.signs_until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::domain::sign::secret;

    const SEED: &str = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
    const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
    const SIGNATURE: &str =
        "hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

    fn key() -> ServiceKey {
        let seed = STANDARD.decode(SEED).unwrap();
        ServiceKey::from_seed(
            ServiceKeyId::from_i64(1),
            seed.as_slice().try_into().unwrap(),
        )
    }

    /// The ed25519 vector that a published sender of Standard Webhooks tests itself with.
    #[test]
    fn a_key_grown_from_the_published_seed_is_shown_and_signs_as_published() {
        assert_eq!(secret::public_text(key().public()), PUBLIC);
        assert_eq!(secret::public(PUBLIC), Ok(key().public()));
        let signature = key().private().sign(MESSAGE.as_bytes());
        assert_eq!(STANDARD.encode(signature), SIGNATURE);
        assert!(key().public().verify(MESSAGE.as_bytes(), &signature));
        assert!(!key().public().verify(b"another", &signature));
    }

    #[test]
    fn the_newest_key_always_signs_and_a_retired_one_until_its_overlap_is_over() {
        let at = Timestamp::from_millis;
        let newest = VerificationKey {
            id: ServiceKeyId::from_i64(1),
            key: key().public(),
            created_at: at(1),
            retired_at: None,
            signs_until: None,
        };
        let retired = VerificationKey {
            retired_at: Some(at(5)),
            signs_until: Some(at(9)),
            ..newest.clone()
        };
        assert!(newest.signs_at(at(i64::MAX)));
        assert!(retired.signs_at(at(8)) && !retired.signs_at(at(9)));
    }

    #[test]
    fn a_key_never_prints() {
        assert_eq!(format!("{:?}", key()), "ServiceKey(key_0000000000001)");
    }
}
