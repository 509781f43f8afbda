//! The published signature vectors of `tests/vectors/signatures.json`, made and checked with our own code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::hmac::{self, Hash};
use super::{ed25519, secret};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    from: String,
    algorithm: String,
    key: String,
    secret: String,
    public: Option<String>,
    before_body: String,
    body_hex: String,
    encoding: String,
    signature: String,
}

impl Vector {
    fn message(&self) -> Vec<u8> {
        let mut message = self.before_body.clone().into_bytes();
        message.extend(hex::decode(&self.body_hex).unwrap());
        message
    }

    fn signature_bytes(&self) -> Vec<u8> {
        match self.encoding.as_str() {
            "hex" => hex::decode(&self.signature).unwrap(),
            "base64" => STANDARD.decode(&self.signature).unwrap(),
            other => panic!("{}: encoding {other}", self.from),
        }
    }

    fn symmetric_key(&self) -> Vec<u8> {
        match self.key.as_str() {
            "text" => self.secret.clone().into_bytes(),
            "whsec" => secret::symmetric(&self.secret).unwrap().to_vec(),
            other => panic!("{}: key {other}", self.from),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self.algorithm.as_str() {
            "hmac-sha256" => hmac::sign(Hash::Sha256, &self.symmetric_key(), message),
            "ed25519" => secret::private(&self.secret)
                .unwrap()
                .sign(message)
                .to_vec(),
            other => panic!("{}: algorithm {other}", self.from),
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(public) = &self.public else {
            return hmac::verify(Hash::Sha256, &self.symmetric_key(), message, signature);
        };
        assert_eq!(self.algorithm, "ed25519");
        secret::public(public).unwrap().verify(message, signature)
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../tests/vectors/signatures.json")).unwrap()
}

#[test]
fn every_published_signature_is_made_and_verified() {
    assert_eq!(vectors().len(), 7);
    for vector in vectors() {
        let message = vector.message();
        assert_eq!(
            vector.sign(&message),
            vector.signature_bytes(),
            "{}",
            vector.from
        );
        assert!(
            vector.verify(&message, &vector.signature_bytes()),
            "{}",
            vector.from
        );
    }
}

#[test]
fn a_changed_message_or_signature_does_not_verify() {
    for vector in vectors() {
        let signature = vector.signature_bytes();
        let mut message = vector.message();
        message.push(b' ');
        assert!(!vector.verify(&message, &signature), "{}", vector.from);
        for position in 0..signature.len() {
            let mut changed = signature.clone();
            changed[position] ^= 0x10;
            assert!(
                !vector.verify(&vector.message(), &changed),
                "{} at {position}",
                vector.from
            );
        }
        assert!(
            !vector.verify(&vector.message(), &signature[1..]),
            "{}",
            vector.from
        );
        assert!(!vector.verify(&vector.message(), b""), "{}", vector.from);
    }
}

#[test]
fn a_weak_public_key_is_refused() {
    // The neutral element: every signature of a certain form would verify under it.
    let mut neutral = [0; ed25519::KEY_BYTES];
    neutral[0] = 1;
    assert_eq!(ed25519::PublicKey::from_bytes(&neutral), None);
}
