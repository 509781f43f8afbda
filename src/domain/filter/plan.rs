//! Splits a filter into what a store's SQL can decide and what is left for a bounded window of rows.

use super::ast::{Expr, StateWord, Term, Test, TextMatch};
use super::field::Field;
use super::parse::Filter;
use crate::domain::fingerprint::CauseId;
use crate::domain::time::Timestamp;

/// Who can decide a part of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decider {
    /// The store, over everything it holds.
    Sql,
    /// Only the evaluator, over the rows it was given.
    Window,
}

/// A filter in two parts; a delivery passes the filter when it passes both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What SQL decides.
    pub sql: Option<Expr>,
    /// What the evaluator decides over the rows that passed `sql`.
    pub rest: Option<Expr>,
}

impl Plan {
    /// Splits a filter at its outermost "and".
    ///
    /// A part that mixes both kinds below that goes to the window whole: an "or" of something that SQL knows and
    /// something that it does not cannot be decided by either half.
    pub fn of(filter: &Filter) -> Self {
        Self::split(filter, |part| part.decider() == Decider::Sql)
    }

    fn split(filter: &Filter, by_sql: impl Fn(&Expr) -> bool) -> Self {
        let parts = match filter.expr.clone() {
            None => Vec::new(),
            Some(Expr::And(parts)) => parts,
            Some(other) => vec![other],
        };
        let (sql, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(by_sql);
        Self {
            sql: Expr::all(sql),
            rest: Expr::all(rest),
        }
    }

    /// Splits a filter that is asked of the past: SQL knows what is now, so it decides of what never changes.
    ///
    /// # Errors
    /// A field that nothing tells of the past.
    pub fn of_past(filter: &Filter) -> Result<Self, Field> {
        let untold = filter.expr.as_ref().and_then(Expr::untold_field);
        if let Some(field) = untold {
            return Err(field.clone());
        }
        Ok(Self::split(filter, |part| {
            part.decider() == Decider::Sql && part.lasts()
        }))
    }

    /// What of `rest` SQL decides of a delivery that has not changed since the instant that is asked for.
    pub fn rest_of_unchanged(&self) -> Option<Expr> {
        let parts = match self.rest.as_ref()? {
            Expr::And(parts) => parts.as_slice(),
            single => std::slice::from_ref(single),
        };
        let decided = |part: &&Expr| part.decider() == Decider::Sql && part.stays();
        Expr::all(parts.iter().filter(decided).cloned().collect())
    }

    /// Whether SQL decides all of it, so that counts are exact and pages complete.
    pub const fn is_exact(&self) -> bool {
        self.rest.is_none()
    }

    /// The one cause that every delivery which passes has; `None` where the filter names none, or several.
    pub fn cause(&self) -> Option<CauseId> {
        match self.sql.as_ref()? {
            Expr::And(parts) => parts.iter().find_map(only_cause),
            single => only_cause(single),
        }
    }

    /// An instant before which no delivery was created that passes at `now`; `None` where the filter sets none.
    ///
    /// Ids rise with time, so a store reads no further back. `age<2h` gives two hours ago, `at>=…` that instant.
    pub fn created_since(&self, now: Timestamp) -> Option<Timestamp> {
        match self.sql.as_ref()? {
            Expr::And(parts) => parts
                .iter()
                .filter_map(|part| created_since(part, now))
                .max(),
            single => created_since(single, now),
        }
    }
}

fn only_cause(part: &Expr) -> Option<CauseId> {
    let Expr::Term(Term::Field(Field::Cause, Test::Text(matches))) = part else {
        return None;
    };
    match matches.as_slice() {
        [TextMatch::Pattern(pattern)] if pattern.is_literal() => pattern.text().parse().ok(),
        _ => None,
    }
}

fn created_since(part: &Expr, now: Timestamp) -> Option<Timestamp> {
    let Expr::Term(Term::Field(field, Test::Amount(test))) = part else {
        return None;
    };
    let ranges = test.ranges();
    match field {
        Field::At => {
            let earliest = ranges.into_iter().map(|(from, _)| from).min()?;
            (earliest > i64::MIN).then(|| Timestamp::from_millis(earliest))
        }
        Field::Age => {
            let oldest = ranges.into_iter().map(|(_, to)| to).max()?;
            let created = now.as_millis().saturating_sub(oldest.max(0));
            (oldest < i64::MAX).then(|| Timestamp::from_millis(created))
        }
        _ => None,
    }
}

/// What must be read for an expression beside a delivery and its endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// The event, with its payload.
    pub event: bool,
    /// The latest attempt, with its answer.
    pub attempt: bool,
}

impl Expr {
    /// What must be read to decide this expression.
    pub fn reads(&self) -> Reads {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                let all = parts.iter().map(Self::reads);
                all.fold(Reads::default(), |one, other| Reads {
                    event: one.event || other.event,
                    attempt: one.attempt || other.attempt,
                })
            }
            Self::Not(inner) => inner.reads(),
            Self::Term(Term::Word(_)) => Reads::default(),
            Self::Term(Term::Field(field, _)) => field.reads(),
        }
    }
}

impl Expr {
    /// Whether a delivery that passes has always passed and always will, but for its age.
    fn lasts(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().all(Self::lasts),
            Self::Not(inner) => inner.lasts(),
            // A word may be the id of a replay that put it to work.
            Self::Term(Term::Word(pattern)) => !pattern.text().starts_with("rpl"),
            Self::Term(Term::Field(field, _)) => field.lasts(),
        }
    }

    /// Whether the answer stays as long as the delivery's own row does, whatever becomes of its endpoint.
    fn stays(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().all(Self::stays),
            Self::Not(inner) => inner.stays(),
            Self::Term(Term::Field(Field::State, Test::State(states))) => states
                .iter()
                .all(|state| matches!(state, StateWord::Delivered | StateWord::Dead)),
            Self::Term(Term::Field(
                Field::Status | Field::Class | Field::Attempts | Field::Latency | Field::Last,
                _,
            )) => true,
            Self::Term(_) => self.lasts(),
        }
    }

    /// The first field that nothing tells of the past.
    fn untold_field(&self) -> Option<&Field> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().find_map(Self::untold_field),
            Self::Not(inner) => inner.untold_field(),
            Self::Term(Term::Field(field @ (Field::Cause | Field::Replay), _)) => Some(field),
            Self::Term(_) => None,
        }
    }
}

impl Field {
    /// Whether it is of the event, of the endpoint as it is now, or of the delivery's making.
    const fn lasts(&self) -> bool {
        match self {
            Self::Id
            | Self::Event
            | Self::Type
            | Self::Endpoint
            | Self::Tenant
            | Self::Contract
            | Self::Age
            | Self::At
            | Self::Size
            | Self::Host
            | Self::Test
            | Self::Body(_)
            | Self::Metadata(_) => true,
            Self::State
            | Self::Status
            | Self::Class
            | Self::Cause
            | Self::Attempts
            | Self::Latency
            | Self::Last
            | Self::Ip
            | Self::Replay
            | Self::Header(_)
            | Self::Text => false,
        }
    }

    const fn reads(&self) -> Reads {
        Reads {
            event: matches!(self, Self::Event | Self::Size | Self::Body(_) | Self::Text),
            attempt: matches!(self, Self::Ip | Self::Header(_) | Self::Text),
        }
    }
}

impl Expr {
    /// Who can decide this expression.
    pub fn decider(&self) -> Decider {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                let deciders = parts.iter().map(Self::decider);
                deciders.max().unwrap_or(Decider::Sql)
            }
            Self::Not(inner) => inner.decider(),
            Self::Term(term) => term.decider(),
        }
    }
}

impl Term {
    /// Who can decide this term.
    ///
    /// Regular expressions, payloads, headers and addresses are not in columns that SQL can search; what is in
    /// flight is known to the lanes alone.
    pub fn decider(&self) -> Decider {
        let Self::Field(field, test) = self else {
            return Decider::Sql;
        };
        match (field, test) {
            (
                Field::Text
                | Field::Body(_)
                | Field::Header(_)
                | Field::Ip
                | Field::Host
                | Field::Metadata(_),
                _,
            ) => Decider::Window,
            (_, Test::State(states)) if states.contains(&StateWord::InFlight) => Decider::Window,
            (_, Test::Text(matches)) => {
                let is_regex = |wanted: &TextMatch| matches!(wanted, TextMatch::Regex(_));
                if matches.iter().any(is_regex) {
                    Decider::Window
                } else {
                    Decider::Sql
                }
            }
            _ => Decider::Sql,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_past_sql_decides_only_what_never_changes() {
        for (text, sql, rest) in [
            (
                "type:a.b state:dead age<2h",
                Some("type:a.b age<2h"),
                Some("state:dead"),
            ),
            ("ep:x or status:503", None, Some("ep:x or status:503")),
            ("not tenant:t test:no", Some("not tenant:t test:no"), None),
            ("rpl_0000000000001", None, Some("rpl_0000000000001")),
        ] {
            let plan = Plan::of_past(&Filter::parse(text).unwrap()).unwrap();
            let expr = |text: &str| Filter::parse(text).unwrap().expr.unwrap();
            assert_eq!(plan.sql, sql.map(expr), "{text}");
            assert_eq!(plan.rest, rest.map(expr), "{text}");
        }
    }

    #[test]
    fn of_what_has_not_changed_sql_decides_what_no_endpoint_can_change() {
        for (text, expected) in [
            ("type:a.b state:dead", Some("state:dead")),
            ("state:dead state:held", Some("state:dead")),
            (
                "-state:delivered status:5xx",
                Some("-state:delivered status:5xx"),
            ),
            ("state:pending", None),
            ("state:dead,held", None),
            ("not state:discarded", None),
            ("state:dead or state:inflight", None),
            ("class:timeout or ep:x", Some("class:timeout or ep:x")),
            ("rpl_0000000000001", None),
            ("ip:10.0.0.0/8", None),
            ("type:a.b", None),
        ] {
            let plan = Plan::of_past(&Filter::parse(text).unwrap()).unwrap();
            let expr = |text: &str| Filter::parse(text).unwrap().expr.unwrap();
            assert_eq!(plan.rest_of_unchanged(), expected.map(expr), "{text}");
        }
    }

    #[test]
    fn what_nothing_tells_of_the_past_is_named() {
        for (text, field) in [
            ("state:dead not (type:a or cause:abc)", Field::Cause),
            ("replay:rpl_0000000000001", Field::Replay),
        ] {
            let refused = Plan::of_past(&Filter::parse(text).unwrap());
            assert_eq!(refused, Err(field), "{text}");
        }
    }

    #[test]
    fn only_what_a_filter_asks_for_is_read() {
        for (text, event, attempt) in [
            ("host:*.example.com", false, false),
            ("type:/^a/ not metadata.tier:gold", false, false),
            ("body.data.amount>=100", true, false),
            ("not (header.x-a:1 or state:dead)", false, true),
            ("ip:10.0.0.0/8", false, true),
            ("text:\"insufficient funds\"", true, true),
            ("event:/^k/ ip:10.0.0.0/8", true, true),
        ] {
            let filter = Filter::parse(text).unwrap();
            let reads = filter.expr.unwrap().reads();
            assert_eq!(reads, Reads { event, attempt }, "{text}");
        }
    }
}
