//! Secrets at rest: XChaCha20-Poly1305 under the service's own key.
//!
//! **Promises.** A sealed value opens only with the key that sealed it and for the place it was sealed for (the
//! associated data), so a row copied onto another endpoint does not open. The key is wiped when dropped and never
//! prints. Nonces come from the caller: 24 random bytes, fresh for every seal.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::id::{EndpointId, SecretId, ServiceKeyId};

/// Bytes of a sealing key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce; wide enough that random ones never meet.
pub const NONCE_BYTES: usize = 24;
/// Bytes that sealing adds: the nonce in front and the tag behind.
pub const OVERHEAD_BYTES: usize = NONCE_BYTES + 16;

/// Bytes of a key's fingerprint.
const FINGERPRINT_BYTES: usize = 8;

/// Base64 with or without padding.
const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The service's key for secrets at rest.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; KEY_BYTES]>);

/// A text that is no sealing key; the text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSealingKey {
    /// Neither hex nor base64.
    #[error(
        "the key is neither hex nor base64: expected {KEY_BYTES} bytes as 64 hex digits or 44 characters of base64"
    )]
    Encoding,
    /// Readable, but not of the right length.
    #[error(
        "the key has {0} bytes: expected {KEY_BYTES}, as 64 hex digits or 44 characters of base64"
    )]
    Length(usize),
}

/// A sealed value that does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Shorter than any sealed value.
    #[error(
        "the sealed value has {0} bytes, fewer than the {OVERHEAD_BYTES} that sealing adds: it was cut off"
    )]
    TooShort(usize),
    /// The key, the place or the bytes are not those it was sealed with.
    #[error(
        "the sealed value does not open: it was sealed with another key, for another row, or was changed; \
         check HOOKYARD_KEY and key_file"
    )]
    WrongKey,
    /// The value is too large to be sealed.
    #[error("the value is too large to be sealed")]
    TooLong,
}

impl SealingKey {
    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a key as text, white space around it dropped: 64 hex digits, or base64 with or without padding.
    ///
    /// # Errors
    /// Another encoding or length; the error never repeats the text.
    pub fn parse(text: &str) -> Result<Self, InvalidSealingKey> {
        let text = text.trim();
        let is_hex =
            text.len() == 2 * KEY_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = Zeroizing::new(if is_hex {
            hex::decode(text).map_err(|_| InvalidSealingKey::Encoding)?
        } else {
            LENIENT_BASE64
                .decode(text)
                .map_err(|_| InvalidSealingKey::Encoding)?
        });
        let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice());
        key.map(Self::from_bytes)
            .map_err(|_| InvalidSealingKey::Length(bytes.len()))
    }

    /// The text that a key file holds: 64 hex digits and a line feed.
    pub fn to_file_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n", hex::encode(self.0.as_slice())))
    }

    /// What tells this key from another without telling the key: 16 hex digits of a digest.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"hookyard sealing key\0")
            .chain_update(self.0.as_slice())
            .finalize();
        hex::encode(&digest[..FINGERPRINT_BYTES])
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealingKey(…)")
    }
}

/// The associated data of an endpoint's secret: it opens only in its own row.
pub fn secret_place(endpoint_id: EndpointId, secret_id: SecretId) -> [u8; 16] {
    let mut place = [0; 16];
    place[..8].copy_from_slice(&endpoint_id.as_i64().to_be_bytes());
    place[8..].copy_from_slice(&secret_id.as_i64().to_be_bytes());
    place
}

/// The associated data of one of the service's own keys: it opens only in its own row, for its own contract. Longer
/// than [`secret_place`], so that neither opens in the other's.
pub fn service_key_place(contract: &str, key_id: ServiceKeyId) -> Vec<u8> {
    let mut place = b"service key\0".to_vec();
    place.extend_from_slice(&key_id.as_i64().to_be_bytes());
    place.extend_from_slice(contract.as_bytes());
    place
}

/// Seals `plain` for `place`: nonce, ciphertext and tag in one piece.
///
/// # Errors
/// [`SealError::TooLong`] beyond 256 GiB.
pub fn seal(
    key: &SealingKey,
    nonce: [u8; NONCE_BYTES],
    place: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    let payload = Payload {
        msg: plain,
        aad: place,
    };
    let ciphertext = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| SealError::TooLong)?;
    let mut sealed = Vec::with_capacity(NONCE_BYTES + ciphertext.len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Opens what [`seal`] made for the same `place`.
///
/// # Errors
/// [`SealError::TooShort`] and [`SealError::WrongKey`].
pub fn open(
    key: &SealingKey,
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if sealed.len() < OVERHEAD_BYTES {
        return Err(SealError::TooShort(sealed.len()));
    }
    let (nonce, ciphertext) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(SealError::TooShort(sealed.len()))?;
    let payload = Payload {
        msg: ciphertext,
        aad: place,
    };
    cipher(key)
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| SealError::WrongKey)
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.0).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::from_bytes([byte; KEY_BYTES])
    }

    #[test]
    fn another_key_place_or_byte_does_not_open() {
        let sealed = seal(&key(1), [7; 24], b"row 1", b"whsec_x").unwrap();
        assert_eq!(**open(&key(1), b"row 1", &sealed).unwrap(), *b"whsec_x");
        assert_eq!(open(&key(2), b"row 1", &sealed), Err(SealError::WrongKey));
        assert_eq!(open(&key(1), b"row 2", &sealed), Err(SealError::WrongKey));
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(open(&key(1), b"row 1", &changed), Err(SealError::WrongKey));
        }
        assert_eq!(
            open(&key(1), b"row 1", &sealed[..39]),
            Err(SealError::TooShort(39))
        );
    }

    #[test]
    fn a_key_reads_as_hex_and_as_base64_with_or_without_padding() {
        let sealed = seal(&key(0xAB), [0; 24], b"", b"x").unwrap();
        let base64 = base64::engine::general_purpose::STANDARD.encode([0xAB; 32]);
        for text in [
            "ab".repeat(32),
            "AB".repeat(32),
            format!(" {base64}\n"),
            base64.replace('=', ""),
        ] {
            let read = SealingKey::parse(&text).unwrap();
            assert!(open(&read, b"", &sealed).is_ok(), "{text}");
        }
        let again = SealingKey::parse(&key(9).to_file_text()).unwrap();
        assert_eq!(*again.0, [9; 32]);
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_being_repeated() {
        let check = |text: &str, message: &str| {
            assert_eq!(SealingKey::parse(text).unwrap_err().to_string(), message);
        };
        check(
            "correct horse battery staple!",
            "the key is neither hex nor base64: expected 32 bytes as 64 hex digits or 44 characters of base64",
        );
        check(
            "abcd",
            "the key has 3 bytes: expected 32, as 64 hex digits or 44 characters of base64",
        );
        check(
            "",
            "the key has 0 bytes: expected 32, as 64 hex digits or 44 characters of base64",
        );
    }

    #[test]
    fn a_key_never_prints() {
        assert_eq!(format!("{:?}", key(0x41)), "SealingKey(…)");
    }

    #[test]
    fn the_cipher_is_the_published_one() {
        // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key =
            SealingKey::parse("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f")
                .unwrap();
        let nonce = bytes("404142434445464748494a4b4c4d4e4f5051525354555657");
        let place = bytes("50515253c0c1c2c3c4c5c6c7");
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                      sunscreen would be it.";
        let sealed = seal(&key, nonce.try_into().unwrap(), &place, plain).unwrap();
        assert_eq!(
            hex::encode(&sealed[sealed.len() - 16..]),
            "c0875924c1c7987947deafd8780acf49"
        );
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(plain: Vec<u8>, nonce: [u8; 24], place: Vec<u8>) {
            let sealed = seal(&key(3), nonce, &place, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD_BYTES);
            prop_assert_eq!(&**open(&key(3), &place, &sealed).unwrap(), &plain);
        }
    }
}
