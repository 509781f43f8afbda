//! The wire vocabulary of the HTTP API, shared by server and client: shapes, paths, problems.
//!
//! Pure data. JSON members are named as the fields here; times are RFC 3339 UTC with milliseconds, ids are typed
//! texts (`evt_…`), durations carry their unit in the name. `/openapi.json` is generated from these types.

pub mod audit;
pub mod cause;
pub mod contract;
pub mod dead;
pub mod delivery;
pub mod egress;
pub mod endpoint;
pub mod event;
pub mod horizon;
pub mod ledger;
pub mod log;
pub mod note;
pub mod operator;
pub mod page;
pub mod paths;
pub mod problem;
pub mod replay;
pub mod saved_view;
pub mod secret;
pub mod stats;
pub mod stream;
pub mod token;
