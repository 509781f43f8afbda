//! Signing secrets as people see them: `whsec_` (symmetric), `whsk_`/`whpk_` (ed25519), and plain text.
//!
//! **Promises.** No error and no `Debug` text repeats a secret or a part of one. Secrets are generated from entropy
//! that the caller hands in. The forms are those of Standard Webhooks 1.0: `whsec_` and base64 of 24 to 64 bytes;
//! `whsk_` and base64 of 64 bytes, the seed and then the public key; `whpk_` and base64 of the public key.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::ed25519::{KEY_BYTES, PrivateKey, PublicKey};
use crate::domain::id::SecretId;
use crate::domain::limits::TEXT_SECRET_BYTES_MAX;

/// What a symmetric secret begins with.
pub const SYMMETRIC_PREFIX: &str = "whsec_";
/// What a private ed25519 key begins with.
pub const PRIVATE_PREFIX: &str = "whsk_";
/// What a public ed25519 key begins with.
pub const PUBLIC_PREFIX: &str = "whpk_";
/// Bytes of a symmetric secret: below 24 it could be guessed, above 64 HMAC-SHA256 only hashes it down.
pub const SYMMETRIC_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Bytes of entropy that a new secret takes.
pub const ENTROPY_BYTES: usize = 32;
/// A text secret shorter than this many bytes is worth a warning, never a refusal.
pub const TEXT_BYTES_ADVISED: usize = 16;

/// Base64 that prints padding and reads it with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A text that is no secret of the wanted form. None of the messages repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Nothing there.
    #[error("the secret is empty: give one, or leave it out to have one made")]
    Empty,
    /// More text than a secret may have.
    #[error("the secret has {0} bytes: at most {TEXT_SECRET_BYTES_MAX} are allowed")]
    TextTooLong(usize),
    /// What follows the prefix is not base64.
    #[error(
        "what follows {0} is not base64 (A-Z a-z 0-9 + /): copy the whole secret, or leave it out to have one made"
    )]
    NotBase64(&'static str),
    /// A symmetric secret of a forbidden length.
    #[error(
        "the secret has {0} bytes after base64: {SYMMETRIC_PREFIX} and base64 of 24 to 64 bytes is expected; \
         leave it out to have one made"
    )]
    SymmetricLength(usize),
    /// A key of the wrong length.
    #[error(
        "the key has {0} bytes after base64: {PRIVATE_PREFIX} and base64 of 64 bytes (seed, then public key) is expected"
    )]
    PrivateLength(usize),
    /// The public half is not the seed's.
    #[error(
        "the two halves of the {PRIVATE_PREFIX} key do not belong together: copy the whole key again"
    )]
    HalvesDiffer,
    /// A public key where a secret is wanted.
    #[error(
        "this is a public key ({PUBLIC_PREFIX}): it verifies but cannot sign; give the private {PRIVATE_PREFIX} key"
    )]
    Public,
    /// Text that is no private key where one is wanted.
    #[error("a private ed25519 key is expected: {PRIVATE_PREFIX} and base64 of 64 bytes")]
    NotPrivate,
    /// A private key where a symmetric secret is wanted.
    #[error(
        "a symmetric secret is expected ({SYMMETRIC_PREFIX} and base64 of 24 to 64 bytes), this is a private ed25519 key"
    )]
    NotSymmetric,
    /// Text that is no public key where one is wanted.
    #[error("this is no public ed25519 key: {PUBLIC_PREFIX} and base64 of 32 bytes is expected")]
    NotPublic,
}

/// A secret opened and ready to sign, in every reading that a contract may ask for.
#[derive(Clone)]
pub struct OpenSecret {
    /// Its id; attempts name the ones that signed.
    pub id: SecretId,
    text: SecretString,
    symmetric: Option<Zeroizing<Vec<u8>>>,
    private: Option<PrivateKey>,
}

impl OpenSecret {
    /// Prepares `text` once, so that signing needs no decoding; what it can be used for is looked up when signing.
    pub fn new(id: SecretId, text: SecretString) -> Self {
        Self {
            id,
            symmetric: symmetric(text.expose_secret()).ok(),
            private: private(text.expose_secret()).ok(),
            text,
        }
    }

    /// The secret's own bytes, as text.
    pub fn text_bytes(&self) -> &[u8] {
        self.text.expose_secret().as_bytes()
    }

    /// The bytes behind `whsec_`, where it is one.
    pub fn symmetric_bytes(&self) -> Option<&[u8]> {
        self.symmetric.as_deref().map(Vec::as_slice)
    }

    /// The private key behind `whsk_`, where it is one.
    pub fn private_key(&self) -> Option<&PrivateKey> {
        self.private.as_ref()
    }
}

impl std::fmt::Debug for OpenSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OpenSecret({})", self.id)
    }
}

/// The bytes of a symmetric secret, with or without `whsec_`, padded or not.
///
/// # Errors
/// Empty, no base64, fewer than 24 or more than 64 bytes, or a key of the other kind.
pub fn symmetric(text: &str) -> Result<Zeroizing<Vec<u8>>, InvalidSecret> {
    if text.starts_with(PRIVATE_PREFIX) {
        return Err(InvalidSecret::NotSymmetric);
    }
    if text.starts_with(PUBLIC_PREFIX) {
        return Err(InvalidSecret::Public);
    }
    let body = text.strip_prefix(SYMMETRIC_PREFIX).unwrap_or(text);
    if body.is_empty() {
        return Err(InvalidSecret::Empty);
    }
    let bytes = decode(body, SYMMETRIC_PREFIX)?;
    if SYMMETRIC_BYTES.contains(&bytes.len()) {
        return Ok(bytes);
    }
    Err(InvalidSecret::SymmetricLength(bytes.len()))
}

/// The private key behind `whsk_`.
///
/// # Errors
/// Another prefix, no base64, not 64 bytes, or halves that do not belong together.
pub fn private(text: &str) -> Result<PrivateKey, InvalidSecret> {
    if text.starts_with(PUBLIC_PREFIX) {
        return Err(InvalidSecret::Public);
    }
    let body = text
        .strip_prefix(PRIVATE_PREFIX)
        .ok_or(InvalidSecret::NotPrivate)?;
    let bytes = decode(body, PRIVATE_PREFIX)?;
    let (seed, public) = bytes
        .split_first_chunk::<KEY_BYTES>()
        .filter(|(_, public)| public.len() == KEY_BYTES)
        .ok_or(InvalidSecret::PrivateLength(bytes.len()))?;
    let key = PrivateKey::from_seed(seed);
    if key.public().to_bytes() == public {
        return Ok(key);
    }
    Err(InvalidSecret::HalvesDiffer)
}

/// The public key behind `whpk_`.
///
/// # Errors
/// [`InvalidSecret::NotPublic`].
pub fn public(text: &str) -> Result<PublicKey, InvalidSecret> {
    text.strip_prefix(PUBLIC_PREFIX)
        .and_then(|body| BASE64.decode(body).ok())
        .and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok())
        .and_then(|bytes| PublicKey::from_bytes(&bytes))
        .ok_or(InvalidSecret::NotPublic)
}

/// Accepts a secret that is used as text: 1 to 256 bytes, any.
///
/// # Errors
/// Empty or too long.
pub fn check_text(text: &str) -> Result<(), InvalidSecret> {
    match text.len() {
        0 => Err(InvalidSecret::Empty),
        length if length > TEXT_SECRET_BYTES_MAX => Err(InvalidSecret::TextTooLong(length)),
        _ => Ok(()),
    }
}

/// A new symmetric secret, `whsec_…`, of these 32 random bytes.
pub fn new_symmetric(entropy: &[u8; ENTROPY_BYTES]) -> SecretString {
    prefixed(SYMMETRIC_PREFIX, entropy)
}

/// A new private key, `whsk_…`, grown from these 32 random bytes.
pub fn new_private(entropy: &[u8; ENTROPY_BYTES]) -> SecretString {
    let mut pair = Zeroizing::new([0; 2 * KEY_BYTES]);
    pair[..KEY_BYTES].copy_from_slice(entropy);
    pair[KEY_BYTES..].copy_from_slice(&PrivateKey::from_seed(entropy).public().to_bytes());
    prefixed(PRIVATE_PREFIX, pair.as_slice())
}

/// A new text secret: 64 hex digits of these 32 random bytes.
pub fn new_text(entropy: &[u8; ENTROPY_BYTES]) -> SecretString {
    hex::encode(entropy).into()
}

/// A public key as consumers get it, `whpk_…`.
pub fn public_text(key: PublicKey) -> String {
    format!("{PUBLIC_PREFIX}{}", BASE64.encode(key.to_bytes()))
}

/// A prefix and base64, written into memory that is wiped: no growing string leaves a copy behind.
fn prefixed(prefix: &str, bytes: &[u8]) -> SecretString {
    let encoded = Zeroizing::new(BASE64.encode(bytes));
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + encoded.len()));
    text.push_str(prefix);
    text.push_str(&encoded);
    text.as_str().into()
}

fn decode(body: &str, prefix: &'static str) -> Result<Zeroizing<Vec<u8>>, InvalidSecret> {
    BASE64
        .decode(body)
        .map(Zeroizing::new)
        .map_err(|_| InvalidSecret::NotBase64(prefix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAIR: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

    #[test]
    fn symmetric_secrets_read_with_and_without_prefix_and_padding() {
        let padded = BASE64.encode([1; 32]);
        for text in [
            padded.clone(),
            padded.replace('=', ""),
            format!("whsec_{padded}"),
        ] {
            assert_eq!(**symmetric(&text).unwrap(), [1; 32], "{text}");
        }
    }

    #[test]
    fn every_refusal_names_the_rule_and_never_the_secret() {
        let check = |text: &str, expected: InvalidSecret| {
            let error = symmetric(text).unwrap_err();
            assert_eq!(error, expected);
            let body = text.rsplit('_').next().unwrap();
            assert!(
                body.is_empty() || !error.to_string().contains(body),
                "{error}"
            );
        };
        check("", InvalidSecret::Empty);
        check("whsec_", InvalidSecret::Empty);
        check("whsec_*secret*", InvalidSecret::NotBase64("whsec_"));
        check(
            &format!("whsec_{}", BASE64.encode([7; 23])),
            InvalidSecret::SymmetricLength(23),
        );
        check(
            &format!("whsec_{}", BASE64.encode([7; 65])),
            InvalidSecret::SymmetricLength(65),
        );
        check(PAIR, InvalidSecret::NotSymmetric);
        check(
            "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
            InvalidSecret::Public,
        );
    }

    #[test]
    fn private_keys_must_be_whole_and_fit_together() {
        let check =
            |text: &str, expected: InvalidSecret| assert_eq!(private(text).unwrap_err(), expected);
        check(
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            InvalidSecret::NotPrivate,
        );
        check("whpk_1SiA", InvalidSecret::Public);
        check("whsk_1SiA", InvalidSecret::PrivateLength(3));
        check("whsk_é", InvalidSecret::NotBase64("whsk_"));
        check(&PAIR.replace("6Xb/", "6Xc/"), InvalidSecret::HalvesDiffer);
        assert_eq!(
            public_text(private(PAIR).unwrap().public()),
            "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
        );
        assert_eq!(public("whpk_AAAA"), Err(InvalidSecret::NotPublic));
    }

    #[test]
    fn text_secrets_have_1_to_256_bytes() {
        assert_eq!(check_text(""), Err(InvalidSecret::Empty));
        assert_eq!(check_text("x"), Ok(()));
        assert_eq!(check_text(&"é".repeat(128)), Ok(()));
        assert_eq!(
            check_text(&"x".repeat(257)),
            Err(InvalidSecret::TextTooLong(257))
        );
    }

    #[test]
    fn an_open_secret_never_prints() {
        let secret = OpenSecret::new(SecretId::from_i64(1), PAIR.into());
        assert_eq!(format!("{secret:?}"), "OpenSecret(sec_0000000000001)");
        assert_eq!(
            format!("{:?}", secret.private_key().unwrap()),
            "PrivateKey(…)"
        );
        assert!(secret.symmetric_bytes().is_none());
    }

    proptest! {
        #[test]
        fn what_is_generated_reads_back(entropy: [u8; ENTROPY_BYTES]) {
            prop_assert_eq!(&**symmetric(new_symmetric(&entropy).expose_secret()).unwrap(), &entropy);
            prop_assert!(private(new_private(&entropy).expose_secret()).is_ok());
            let public_key = private(new_private(&entropy).expose_secret()).unwrap().public();
            prop_assert_eq!(public(&public_text(public_key)), Ok(public_key));
            prop_assert_eq!(check_text(new_text(&entropy).expose_secret()), Ok(()));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(whsec_|whsk_|whpk_)?[A-Za-z0-9+/=é]{0,100}") {
            let _ = (symmetric(&text), private(&text), public(&text));
        }
    }
}
