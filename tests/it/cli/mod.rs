//! The real binary: help, refusals, exit codes, and the service from start to stop.

mod auditing;
mod backup;
mod bench;
mod config;
mod contracts;
mod dead;
mod doctor;
mod fsck;
mod help;
mod listening;
mod notifying;
mod pausing;
mod program;
mod refusals;
mod refused_by_service;
mod refused_input;
mod refused_start;
mod reload;
mod replays;
mod running;
mod service;
mod service_keys;
mod serving;
mod slips;
mod startup;
mod supervised;
