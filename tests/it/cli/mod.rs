//! The real binary: help, refusals, exit codes, and the service from start to stop.

mod help;
mod listening;
mod program;
mod refusals;
mod running;
mod service;
mod serving;
mod startup;
