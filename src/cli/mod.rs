//! The command line: what a person or a script types, and the composition root.
//!
//! [`run()`] parses, builds a `context::Context` and hands it to the command; every command ends in a result whose error
//! becomes a text on stderr and an exit code (`failure`). Commands talk to a service only through
//! [`crate::client`]; only `service` puts store, transport, engine and server together.

mod attach;
mod audit;
mod backup;
mod bench;
mod causes;
mod config;
mod confirm;
mod connect;
mod console;
mod context;
mod contexts;
mod contract;
mod dead;
mod delivery;
mod demo;
mod doctor;
mod egress;
mod endpoint;
mod entropy;
mod event;
mod failure;
mod fresh_judge;
mod fsck;
mod help;
mod horizon;
mod input;
mod instant;
mod judge;
mod keys;
mod ledger;
mod listen;
mod lists;
mod log;
mod manual;
mod note;
mod output;
mod pick;
mod receive;
mod replay;
mod run;
mod serve;
mod service;
mod slips;
mod stats;
mod themes;
mod token;
mod tree;
mod unit;
mod verify;
mod view;
mod who;

pub use run::run;
