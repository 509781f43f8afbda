//! The filter language: one grammar for console, command line, API, replays and saved views.
//!
//! ```text
//! query  = and { "or" and } ;
//! and    = not { [ "and" ] not } ;                 a space means and; and binds tighter than or
//! not    = { "not" | "!" | "-" } term ;
//! term   = "(" query ")" | "@" name | field op values | word | string ;
//! op     = ":" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~" ;
//! values = value { "," value } ;                   any of them
//! value  = word | string | "/" regex "/" [ "i" ] | word ".." word ;
//! ```
//!
//! **Promises.** A text gives a [`Filter`] or all of its errors, each with its place and its rule. Printing a filter
//! and parsing what was printed gives the same filter. [`Filter::matches`] is two-valued: a fact that is not there
//! matches nothing, and its negation everything. [`Plan`] says which part a store's SQL can decide, so that the
//! answer is the same whoever decides it.
//!
//! **Saved views.** `@name` stands for a filter that somebody saved ([`SavedFilters`]); reading puts its tree in that
//! place, so a [`Filter`] has none.
//!
//! **Bounds.** 2,048 characters, 32 levels, 64 terms (each value of a list is one), regexes of bounded size.

mod ast;
mod error;
mod eval;
mod field;
mod lex;
mod literal;
mod parse;
mod pattern;
mod plan;
mod print;
mod saved;
mod subject;
mod value;

#[cfg(test)]
mod eval_tests;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use ast::{
    Amount, AmountTest, ClassMatch, Comparison, Expr, MemberMatch, MemberTest, StateWord,
    StatusMatch, Term, Test, TextMatch,
};
pub use error::{FilterError, FilterErrors, Problem, Span};
pub use field::{Field, REFERENCE, field_names};
pub use parse::Filter;
pub use pattern::{IdMatch, IdNoun, Pattern, RegexMatch};
pub use plan::{Decider, Plan, Reads};
pub use saved::{Expanded, InvalidViewName, SavedFilters, SavedView, ViewName};
pub use subject::{Payload, Subject, host_of, shown_state};
