//! The contract as the renderer uses it: everything checked, every template taken apart, every default filled in.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::api::{ApiRoute, ApiRules};
use super::template::Template;
use crate::domain::event_type::EventType;
use crate::domain::rate_limit::RateLimit;
use crate::domain::retry::RetryPolicy;
use crate::domain::sign::ed25519;
use crate::domain::sign::hmac::Hash;

/// One wire contract. Made by [`Contract::load`], never changed after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// What endpoints name it by: 1–64 of `a-z 0-9 -`.
    pub name: String,
    /// One line for listings.
    pub summary: String,
    /// What ids begin with on its own routes and in its templates, before the native id's body.
    pub id_prefix: String,
    /// Whether types may occur that it does not list.
    pub catalogue: Catalogue,
    /// How requests are made and answers judged.
    pub request: RequestRules,
    /// What the body is made of.
    pub body: BodyRules,
    /// How requests are signed; none for unsigned ones.
    pub signatures: Vec<SignatureSlot>,
    /// When a failed delivery is tried again.
    pub retry: RetryPolicy,
    /// Retries that an endpoint may ask for; `None` for the general cap.
    pub retries_max: Option<u32>,
    /// How many requests an endpoint gets within a span of time at most; `None` for no limit. Counted over the
    /// instants at which attempts start, retries and test traffic included.
    pub rate_limit: Option<RateLimit>,
    /// The platform's own routes for managing endpoints; `None` where it has none.
    pub api: Option<ApiRules>,
    /// The event types it describes.
    pub event_types: Vec<EventTypeEntry>,
    pub(super) canonical_text: String,
    pub(super) revision: Revision,
}

/// The SHA-256 of a contract's canonical text: what an attempt was rendered under.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision([u8; 32]);

/// Whether an endpoint may ask for, and an event have, a type that the contract does not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// Any type.
    Open,
    /// Listed ones only.
    Closed,
}

/// How requests are made and answers judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRules {
    /// The HTTP method.
    pub method: String,
    /// The longest a whole exchange may take, body included.
    pub timeout: Duration,
    /// The longest that connecting may take; at most `timeout`.
    pub connect_timeout: Duration,
    /// Which statuses are a success.
    pub success: SuccessRule,
    /// What a 410 means.
    pub gone: GoneRule,
    /// Whether endpoints must have an https URL.
    pub require_https: bool,
    /// Headers in their order, names in Title-Case; `Content-Type` and `User-Agent` are always among them.
    pub headers: Vec<(String, Template)>,
}

/// Which statuses are a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuccessRule {
    /// 200–299.
    Any2xx,
    /// These, each of 200–299, rising.
    Codes(Vec<u16>),
}

/// What a 410 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneRule {
    /// The endpoint is disabled, this delivery is dead, the rest is held.
    Disable,
    /// A failure like any other.
    Retry,
}

/// What the body is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRules {
    /// How JSON is written.
    pub form: BodyForm,
    /// What stands at the top.
    pub root: BodyRoot,
}

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// The publisher's member order, number text and repeated keys, without white space.
    Compact,
    /// As `JSON.stringify(JSON.parse(body))` prints it (ECMA-262).
    Ecmascript,
}

/// What stands at the top of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyRoot {
    /// The event's data alone.
    Data,
    /// An object of these, in this order.
    Members(Vec<Member>),
}

/// A place in the body's object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// One member.
    Value {
        /// Its name.
        name: String,
        /// The name as JSON with its colon, ready to be copied.
        key_text: String,
        /// What it holds.
        value: MemberValue,
    },
    /// The event's attributes that are not listed by name, in the publisher's order.
    Attributes,
}

/// What a member holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberValue {
    /// `evt_…`.
    EventId,
    /// The event's type.
    EventType,
    /// When it happened.
    EventTime,
    /// When the attempt was started.
    AttemptTime,
    /// The tenant; the member is absent when the event has none.
    Tenant,
    /// The event's data.
    Data,
    /// One attribute by name; the member is absent when the event has none, and the last of repeated ones counts.
    Attribute(String),
}

/// A place for signatures: values of all its rules, joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureSlot {
    /// Where it stands.
    pub place: SignaturePlace,
    /// Written once before the first value; ends in text.
    pub prefix: Template,
    /// Written between two values.
    pub separator: String,
    /// What makes the values, in order; at least one.
    pub rules: Vec<SignatureRule>,
}

/// Where signatures stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignaturePlace {
    /// In the header of this name, in Title-Case.
    Header(String),
    /// In the member of this name, the last one of the body. What it signs is the body without it, in the same form;
    /// a signature in a header signs the body with it.
    Member(String),
}

/// How one kind of signature is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureRule {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// What of a secret is the key.
    pub key: KeyKind,
    /// Which active secrets sign.
    pub secrets: WhichSecrets,
    /// The signed bytes; names the body.
    pub signed: Template,
    /// How the signature is written.
    pub encoding: Encoding,
    /// What is written around it.
    pub value: Template,
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA1, for platforms that still promise it.
    HmacSha1,
    /// HMAC-SHA256.
    HmacSha256,
    /// HMAC-SHA512.
    HmacSha512,
    /// Ed25519.
    Ed25519,
}

/// What the key is. A secret that has no such key is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// The endpoint's secret: its UTF-8 bytes.
    Text,
    /// The endpoint's secret: the base64 after `whsec_`.
    Whsec,
    /// The endpoint's secret: the ed25519 key after `whsk_`.
    Whsk,
    /// The service's own ed25519 key for this contract, whatever the endpoint's secret is.
    Service,
}

/// Which active secrets sign while they are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSecrets {
    /// The newest that has the key.
    Newest,
    /// All that have the key, newest first.
    All,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hex.
    Hex,
    /// Base64, the standard alphabet, padded.
    Base64,
}

/// A described event type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTypeEntry {
    /// Its name.
    pub name: EventType,
    /// What it means.
    pub description: String,
}

/// A word of the language for each variant, used to read and to print it.
macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl $name {
            /// Every word with what it means.
            pub(super) const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),*];

            /// The word in a contract's text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    )*};
}
pub(super) use words;

words! {
    Catalogue { Open = "open", Closed = "closed" }
    GoneRule { Disable = "disable", Retry = "retry" }
    BodyForm { Compact = "compact", Ecmascript = "ecmascript" }
    Algorithm {
        HmacSha256 = "hmac-sha256", HmacSha1 = "hmac-sha1", HmacSha512 = "hmac-sha512", Ed25519 = "ed25519"
    }
    KeyKind { Text = "text", Whsec = "whsec", Whsk = "whsk", Service = "service" }
    WhichSecrets { Newest = "newest", All = "all" }
    Encoding { Hex = "hex", Base64 = "base64" }
}

impl Contract {
    /// The text that loads to this contract, with every default written out.
    pub fn canonical_text(&self) -> &str {
        &self.canonical_text
    }

    /// The SHA-256 of the canonical text.
    pub const fn revision(&self) -> Revision {
        self.revision
    }
}

impl Revision {
    /// The revision with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The revision of `canonical_text`.
    pub fn of(canonical_text: &str) -> Self {
        Self(Sha256::digest(canonical_text).into())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl SuccessRule {
    /// Whether `status` is a success.
    pub fn accepts(&self, status: u16) -> bool {
        match self {
            Self::Any2xx => (200..300).contains(&status),
            Self::Codes(codes) => codes.contains(&status),
        }
    }
}

impl SignaturePlace {
    /// The header it is, where it is one.
    pub fn header_name(&self) -> Option<&str> {
        match self {
            Self::Header(name) => Some(name),
            Self::Member(_) => None,
        }
    }

    /// The body's member it is, where it is one.
    pub fn member_name(&self) -> Option<&str> {
        match self {
            Self::Header(_) => None,
            Self::Member(name) => Some(name),
        }
    }
}

/// As sentences name it: `header X-Signature`, or `member "signature" of the body`.
impl fmt::Display for SignaturePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(formatter, "header {name}"),
            Self::Member(name) => write!(formatter, "member {name:?} of the body"),
        }
    }
}

impl Algorithm {
    /// The hash under the HMAC; `None` where it is none.
    pub(super) const fn hash(self) -> Option<Hash> {
        match self {
            Self::HmacSha1 => Some(Hash::Sha1),
            Self::HmacSha256 => Some(Hash::Sha256),
            Self::HmacSha512 => Some(Hash::Sha512),
            Self::Ed25519 => None,
        }
    }

    /// Bytes of a signature.
    pub(super) const fn signature_bytes(self) -> usize {
        match self.hash() {
            Some(hash) => hash.signature_bytes(),
            None => ed25519::SIGNATURE_BYTES,
        }
    }
}

impl KeyKind {
    /// Whether it is the endpoint's secret, not the service's own key.
    pub const fn is_endpoints(self) -> bool {
        !matches!(self, Self::Service)
    }

    /// Whether it is an ed25519 key.
    pub(super) const fn is_asymmetric(self) -> bool {
        matches!(self, Self::Whsk | Self::Service)
    }
}

impl Contract {
    /// Its own routes; none where it has no `[api]`.
    pub fn routes(&self) -> &[ApiRoute] {
        self.api.as_ref().map_or(&[], |api| &api.routes)
    }

    /// Whether some signature is made with the endpoint's secret.
    pub fn signs_with_secrets(&self) -> bool {
        self.key_kinds().into_iter().any(KeyKind::is_endpoints)
    }

    /// Whether some signature is made with the service's own key, so that it must have one for this contract.
    pub fn signs_with_service_key(&self) -> bool {
        self.key_kinds().contains(&KeyKind::Service)
    }
}
