//! The real binary: help, refusals, exit codes, and the service from start to stop.

mod contracts;
mod help;
mod listening;
mod program;
mod refusals;
mod running;
mod service;
mod service_keys;
mod serving;
mod startup;
