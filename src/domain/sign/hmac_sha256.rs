//! HMAC-SHA256 (RFC 2104, FIPS 198-1).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 32;

/// Signs `message` with `key`, which may have any length.
pub fn sign(key: &[u8], message: &[u8]) -> [u8; SIGNATURE_BYTES] {
    keyed(key)
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

/// Whether `signature` is this key's over this message; takes the same time wherever they differ.
pub fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    keyed(key)
        .chain_update(message)
        .verify_slice(signature)
        .is_ok()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}
