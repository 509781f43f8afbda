//! The HTTP API: routes over the engine's handle, on TCP and on a Unix socket.
//!
//! One API serves publishers, consumers, the console, the command line and scripts. [`serve`] takes bound listeners
//! and runs in a thread of its own. Everything a caller can get wrong is answered with a problem (RFC 9457) that
//! names the value, the rule and the remedy.
//!
//! **Invariants.** actix-web is known here only, and only the engine's handle is asked for anything. Every route
//! stands in the table of `routes` with the rule who may call it; a handler runs only for a caller whom the rule
//! admits. Callers confined to a tenant do not learn that other tenants' things exist. No secret leaves but in the
//! answers that are made to show one.
//!
//! # Map
//! `serve` runs it, `options` says how, `state` is shared by all. `routes` is the table; `access`, `peer`,
//! `known_tokens` and `caller` decide who may; `envelope` and `problem` word refusals. `body`, `json`, `query` and
//! `publish` read what was sent, `answers`, `views` and `replay_views` write what goes out, `masking` and `outsider`
//! keep from a caller what is not for it. `events`, `endpoints`, `endpoint_actions`, `deliveries`, `replays`, `tokens`,
//! `contracts`, `egress`, `causes`, `horizon`, `audit`, `notes`, `log`, `operators`, `ledger`, `service`, `probes` and `stream` are the resources;
//! `contract_routes` are those that contracts add.

mod access;
mod answers;
mod audit;
mod body;
mod caller;
mod causes;
mod contract_routes;
mod contracts;
mod dead;
mod dead_causes;
mod dead_lines;
mod deliveries;
mod docs;
mod egress;
mod endpoint_actions;
mod endpoint_facts;
mod endpoint_input;
mod endpoints;
mod envelope;
mod events;
mod horizon;
mod json;
mod known_tokens;
mod ledger;
mod log;
mod masking;
mod metrics;
mod notes;
mod notifications;
mod operators;
mod options;
mod outsider;
mod past;
mod peer;
mod probes;
mod problem;
mod publish;
mod query;
mod replay_views;
mod replays;
mod routes;
mod saved_views;
mod serve;
mod service;
mod service_log;
mod state;
mod stats;
mod stream;
mod tokens;
mod views;

pub use access::Access;
pub use egress::Egress;
pub use notifications::NotifyCounts;
pub use options::{Listeners, ServerLimits, ServerOptions};
pub use publish::read_event;
pub use routes::{Route, description, routes};
pub use serve::{ServeError, serve};
pub use service_log::ServiceLog;
