//! HMAC (RFC 2104, FIPS 198-1) over the hashes that contracts name.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// The hash under the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1: weak as a hash, not known to be weak here; some platforms' consumers know nothing else.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Bytes of a signature.
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Signs `message` with `key`, which may have any length.
pub fn sign(hash: Hash, key: &[u8], message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha1 => signed::<Hmac<Sha1>>(key, message),
        Hash::Sha256 => signed::<Hmac<Sha256>>(key, message),
        Hash::Sha512 => signed::<Hmac<Sha512>>(key, message),
    }
}

/// Whether `signature` is this key's over this message; takes the same time wherever they differ.
pub fn verify(hash: Hash, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match hash {
        Hash::Sha1 => verified::<Hmac<Sha1>>(key, message, signature),
        Hash::Sha256 => verified::<Hmac<Sha256>>(key, message, signature),
        Hash::Sha512 => verified::<Hmac<Sha512>>(key, message, signature),
    }
}

fn signed<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = keyed::<M>(key).chain_update(message);
    mac.finalize().into_bytes().to_vec()
}

fn verified<M: Mac + KeyInit>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let mac = keyed::<M>(key).chain_update(message);
    mac.verify_slice(signature).is_ok()
}

fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of every length")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 (SHA-1) and RFC 4231 (SHA-256, SHA-512), their second cases: a key shorter than the hash.
    #[test]
    fn the_published_cases_are_signed_and_verified() {
        let (key, message) = (b"Jefe", b"what do ya want for nothing?");
        for (hash, signature) in [
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                Hash::Sha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                Hash::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ] {
            let bytes = hex::decode(signature).unwrap();
            assert_eq!(sign(hash, key, message), bytes);
            assert_eq!(bytes.len(), hash.signature_bytes());
            assert!(verify(hash, key, message, &bytes));
            assert!(!verify(hash, key, b"", &bytes));
            assert!(!verify(hash, key, message, &bytes[1..]));
        }
    }
}
