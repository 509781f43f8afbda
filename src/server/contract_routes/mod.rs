//! The routes that contracts add: one family of handlers serves them all, from the tables that a contract's `[api]`
//! loads to (`crate::domain::contract::ApiRules`). No contract is known here by name.
//!
//! **Invariants.** Only endpoints of the contract and of exactly the caller's tenant (or of none, for a caller without
//! one) exist on these routes. Every answer of a contract with a rate limit tells the caller's standing, refusals
//! included. Refusals point at members by the names that the contract gives them.
//!
//! # Map
//! `dispatch` finds the route, the caller and the caller's standing (`limit`), and hands over to `actions`; `members`
//! and `fields` read a body, `answer` writes one, `refusal` words what the engine refuses, `describe` is the part of
//! the OpenAPI description.

mod actions;
mod answer;
mod describe;
mod dispatch;
mod fields;
mod limit;
mod members;
mod refusal;

pub(super) use describe::describe;
pub(super) use dispatch::answer;
pub(super) use limit::Limiter;
