//! The HTTP API over real sockets: a real server, engine and store.

mod audit;
mod auth;
mod breakers;
mod causes;
mod certificates;
mod contract_routes;
mod dead;
mod deliveries;
mod egress;
mod endpoints;
mod horizon;
pub(crate) mod http;
mod ledger;
mod log;
mod openapi;
mod operators;
mod probes;
mod publish;
mod rate_limits;
mod refusals;
mod refused_input;
mod replays;
mod roles;
pub(crate) mod service;
mod stream;
mod test_traffic;
mod tokens;
