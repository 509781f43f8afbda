//! Splits a filter into what a store's SQL can decide and what is left for a bounded window of rows.

use super::ast::{Expr, StateWord, Term, Test, TextMatch};
use super::field::Field;
use super::parse::Filter;

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
        let parts = match filter.expr.clone() {
            None => Vec::new(),
            Some(Expr::And(parts)) => parts,
            Some(other) => vec![other],
        };
        let (sql, rest): (Vec<_>, Vec<_>) = parts
            .into_iter()
            .partition(|part| part.decider() == Decider::Sql);
        Self {
            sql: Expr::all(sql),
            rest: Expr::all(rest),
        }
    }

    /// Whether SQL decides all of it, so that counts are exact and pages complete.
    pub const fn is_exact(&self) -> bool {
        self.rest.is_none()
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
