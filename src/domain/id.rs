//! Typed, time-ordered 64-bit ids, shown as a prefix and 13 characters (`evt_0e6kq3v9xjz00`).
//!
//! An id is 41 bits of milliseconds since 2024-01-01 and 22 bits of sequence, so that rows append in the
//! order of their ids. [`IdMint`] gives them; it never goes back, whatever the clock does, because cursors
//! rely on that order.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Timestamp;

/// Milliseconds of Unix time at which ids begin: 2024-01-01T00:00:00Z.
const ID_EPOCH_MS: i64 = 1_704_067_200_000;
/// Bits of an id that number the ids of one millisecond.
const SEQUENCE_BITS: u32 = 22;
/// Crockford's base 32, lower case: sorts as the numbers do and has no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of an id's body: 13 × 5 bits hold 64.
const BODY_CHARS: usize = 13;

/// What an id identifies: supplies the prefix shown to people.
pub trait IdKind {
    /// The prefix with its underscore, such as `evt_`.
    const PREFIX: &'static str;
    /// The noun for error texts, such as "event".
    const NOUN: &'static str;
}

/// An id of one kind; ids of different kinds do not mix.
pub struct Id<K> {
    value: i64,
    kind: PhantomData<fn() -> K>,
}

/// A text that is no id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not {noun} id: expected {prefix} and 13 characters of 0-9 and a-z without i, l, o, u"
)]
pub struct InvalidId {
    text: String,
    noun: String,
    prefix: &'static str,
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $alias:ident, $kind:ident, $prefix:literal, $noun:literal;)*) => {$(
        #[doc = concat!("Marks the ids of ", $noun, "s.")]
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        impl IdKind for $kind {
            const PREFIX: &'static str = $prefix;
            const NOUN: &'static str = $noun;
        }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

id_kinds! {
    /// Id of an event, `evt_…`; what consumers deduplicate by.
    EventId, EventKind, "evt_", "event";
    /// Id of an endpoint, `ep_…`.
    EndpointId, EndpointKind, "ep_", "endpoint";
    /// Id of a delivery, `dlv_…`; stable over retries and replays.
    DeliveryId, DeliveryKind, "dlv_", "delivery";
    /// Id of an attempt, `att_…`.
    AttemptId, AttemptKind, "att_", "attempt";
    /// Id of an access token, `tok_…`.
    TokenId, TokenKind, "tok_", "token";
    /// Id of one of an endpoint's secrets, `sec_…`; attempts name the one that signed.
    SecretId, SecretKind, "sec_", "secret";
    /// Id of one of the service's own keys for a contract, `key_…`.
    ServiceKeyId, ServiceKeyKind, "key_", "service key";
    /// Id of the plan of a replay, `pln_…`; the replay that is started of it has the same characters.
    PlanId, PlanKind, "pln_", "plan";
    /// Id of a replay, `rpl_…`.
    ReplayId, ReplayKind, "rpl_", "replay";
    /// Id of an audit entry, `aud_…`.
    AuditId, AuditKind, "aud_", "audit entry";
}

impl<K> Id<K> {
    /// The id with this number.
    pub const fn from_i64(value: i64) -> Self {
        Self {
            value,
            kind: PhantomData,
        }
    }

    /// The number that the store keeps.
    pub const fn as_i64(self) -> i64 {
        self.value
    }

    /// The millisecond in which the id was given, by the clock of that time.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::from_millis((self.value >> SEQUENCE_BITS) + ID_EPOCH_MS)
    }

    /// The smallest id that could be given at `instant`: the edge of a range of ids in time.
    pub fn first_at(instant: Timestamp) -> Self {
        Self::from_i64(instant.as_millis().saturating_sub(ID_EPOCH_MS).max(0) << SEQUENCE_BITS)
    }

    /// The 13 characters without prefix; contracts put their own prefix before them.
    pub fn body(self) -> String {
        let mut bits = self.value.cast_unsigned();
        let mut body = [0_u8; BODY_CHARS];
        for character in body.iter_mut().rev() {
            *character = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        body.iter().map(|&byte| char::from(byte)).collect()
    }

    /// Reads the 13 characters that [`Id::body`] prints; `None` for anything else.
    pub fn from_body(body: &str) -> Option<Self> {
        if body.len() != BODY_CHARS {
            return None;
        }
        let mut bits: u64 = 0;
        for byte in body.bytes() {
            let digit = ALPHABET.iter().position(|&letter| letter == byte)?;
            bits = bits.checked_mul(32)? | u64::try_from(digit).ok()?;
        }
        i64::try_from(bits).ok().map(Self::from_i64)
    }
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix(K::PREFIX)
            .and_then(Self::from_body)
            .ok_or_else(|| InvalidId {
                text: text.chars().take(64).collect(),
                noun: with_article(K::NOUN),
                prefix: K::PREFIX,
            })
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", K::PREFIX, self.body())
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Gives ids of every kind in one rising series. The store's writer owns the only one.
#[derive(Debug)]
pub struct IdMint {
    last: i64,
}

impl IdMint {
    /// A mint whose first id is above `highest_stored`, the highest id of any kind in the store (0 for none).
    pub const fn after(highest_stored: i64) -> Self {
        Self {
            last: highest_stored,
        }
    }

    /// The next id: of this millisecond, or just above the last one when the clock stands or went back.
    pub fn next<K>(&mut self, now: Timestamp) -> Id<K> {
        self.last = Id::<K>::first_at(now)
            .value
            .max(self.last.saturating_add(1));
        Id::from_i64(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_776_075_480_250);

    #[test]
    fn text_reads_back_and_sorts_as_the_number_does() {
        let mut mint = IdMint::after(0);
        let first: EventId = mint.next(NOON);
        let second: EventId = mint.next(NOON);
        assert_eq!(first.to_string().parse(), Ok(first));
        assert!(first.to_string() < second.to_string());
        assert_eq!(first.timestamp(), NOON);
        assert_eq!(
            EventId::from_i64(i64::MAX).to_string().parse(),
            Ok(EventId::from_i64(i64::MAX))
        );
    }

    #[test]
    fn a_mint_never_goes_back_when_the_clock_does() {
        let mut mint = IdMint::after(0);
        let before: EventId = mint.next(NOON);
        let after: EventId = mint.next(Timestamp::EPOCH);
        assert_eq!(after.as_i64(), before.as_i64() + 1);
    }

    #[test]
    fn an_id_of_another_kind_is_refused_with_the_wanted_form() {
        let error = "dlv_0000000000000".parse::<EventId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"dlv_0000000000000\" is not an event id: expected evt_ and 13 characters of 0-9 and a-z \
             without i, l, o, u"
        );
    }

    #[test]
    fn bodies_that_do_not_fit_64_bits_are_refused() {
        for body in ["", "0", "zzzzzzzzzzzzz", "00000000000000", "000000000000i"] {
            assert_eq!(EventId::from_body(body), None, "{body}");
        }
    }
}
