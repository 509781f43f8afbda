//! What a filter says, free of how it was written: the same meaning has the same tree.
//!
//! `!=` is kept as a negated `:`, `=` as `:`, `last:1h` as `last<=1h`, `status>=500` as `status:500..999`; nested
//! "and" and "or" are flat, and double negation is gone.

use ipnet::IpNet;

use super::field::Field;
use super::pattern::{IdMatch, Pattern, RegexMatch};
use crate::domain::attempt::FailureClass;

/// A filter expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All of them hold; at least two, none of them an `And`.
    And(Vec<Self>),
    /// One of them holds; at least two, none of them an `Or`.
    Or(Vec<Self>),
    /// It does not hold; not a `Not` itself.
    Not(Box<Self>),
    /// One test.
    Term(Term),
}

/// One test of one thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A bare word: part of an event type, an endpoint's name or a tenant, or the beginning of an id with its
    /// prefix; with a wildcard, all of one of them.
    Word(Pattern),
    /// A field and what it must be.
    Field(Field, Test),
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Any of these texts.
    Text(Vec<TextMatch>),
    /// Any of these states.
    State(Vec<StateWord>),
    /// Any of these outcomes of the latest attempt.
    Status(Vec<StatusMatch>),
    /// Any of these failure classes of the latest attempt.
    Class(Vec<ClassMatch>),
    /// An amount: a count, milliseconds, bytes or an instant, as the field has it.
    Amount(AmountTest),
    /// Yes or no.
    Flag(bool),
    /// An address inside any of these ranges.
    Network(Vec<IpNet>),
    /// A value inside a payload or of a header.
    Member(MemberTest),
}

/// One text that a field may be.
#[derive(Clone, Debug, PartialEq)]
pub enum TextMatch {
    /// A word or string, perhaps with wildcards.
    Pattern(Pattern),
    /// A regular expression.
    Regex(RegexMatch),
    /// An id or the beginning of one.
    Id(IdMatch),
}

/// A state by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateWord {
    /// Waiting or in flight, and its endpoint is active.
    Pending,
    /// Pending at an endpoint that is paused or disabled.
    Held,
    /// Accepted by the receiver.
    Delivered,
    /// Not tried again by itself.
    Dead,
    /// Cancelled, or its endpoint was deleted.
    Discarded,
    /// Pending, and an attempt has failed since its acceptance or latest replay.
    Retrying,
    /// A request is under way.
    InFlight,
}

/// One outcome that `status` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusMatch {
    /// An HTTP status in this range, both ends included.
    Codes(u16, u16),
    /// A failure of this class.
    Class(FailureClass),
    /// `err`: any failure.
    AnyFailure,
    /// `none`: no answer came, or nothing was tried yet.
    NoAnswer,
}

/// One failure class that `class` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassMatch {
    /// This one.
    Class(FailureClass),
    /// `any`: every class.
    Any,
}

/// How an amount is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value of an amount, with its extent: a date is a whole day, everything else one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Its first unit.
    pub from: i64,
    /// Its last unit.
    pub to: i64,
}

/// A test of an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountTest {
    /// Against one value.
    Compare(Comparison, Amount),
    /// In any of these ranges, both ends included; a single value is a range of itself.
    AnyOf(Vec<(Amount, Amount)>),
}

/// A test of a payload's or header's value.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberTest {
    /// It is a number, and compares so.
    Compare(Comparison, f64),
    /// Any of these.
    AnyOf(Vec<MemberMatch>),
}

/// One value that a payload's member or a header may have.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberMatch {
    /// Its text.
    Pattern(Pattern),
    /// Its text.
    Regex(RegexMatch),
    /// A number in this range, both ends included.
    Between(f64, f64),
}

impl Expr {
    /// All of `parts`; `None` for none.
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        single_or(flat, Self::And)
    }

    /// One of `parts`; `None` for none.
    pub fn any(parts: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        single_or(flat, Self::Or)
    }

    /// The opposite.
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

fn single_or(mut parts: Vec<Expr>, wrap: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(wrap(parts)),
    }
}

impl StateWord {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Held,
        Self::Delivered,
        Self::Dead,
        Self::Discarded,
        Self::Retrying,
        Self::InFlight,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
            Self::Retrying => "retrying",
            Self::InFlight => "inflight",
        }
    }
}

impl Comparison {
    /// How it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl AmountTest {
    /// The amounts that pass, as ranges with both ends included; an empty range has its ends crossed.
    pub fn ranges(&self) -> Vec<(i64, i64)> {
        match self {
            Self::Compare(comparison, amount) => vec![match comparison {
                Comparison::Less => (i64::MIN, amount.from.saturating_sub(1)),
                Comparison::LessOrEqual => (i64::MIN, amount.to),
                Comparison::Greater => (amount.to.saturating_add(1), i64::MAX),
                Comparison::GreaterOrEqual => (amount.from, i64::MAX),
            }],
            Self::AnyOf(ranges) => ranges
                .iter()
                .map(|(first, last)| (first.from, last.to))
                .collect(),
        }
    }
}
