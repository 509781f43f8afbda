//! The composition root: store, key, contracts, transport, engine and server put together and taken down again.
//!
//! ```text
//! lock and open the store ─► key ─► contracts ─► bind TCP, Unix socket ─► transport ─► engine ─► server
//! stop: server stops accepting │ engine drains (both at once, up to the grace) ─► store closed ─► socket removed
//! ```
//! `serve`, `demo` and the console's embedded service all start by [`Service::start`], so what is tried in one is
//! true of the others.
//!
//! **Promises.** What cannot work is refused before anything is served, in words that say what to do. Files that
//! hold data or the key are for the service's user alone; the socket is for its user and the operators' group.

mod assembly;
mod check;
mod contract_files;
mod key;
mod log;
mod notify;
mod reload;
mod socket;
mod supervisor;
mod upkeep;

pub(crate) use assembly::{Service, keep_files_private, log_path};
pub(crate) use check::{check, check_contracts, check_roots, enabled};
pub(crate) use contract_files::read as contract_texts;
pub(crate) use key::{KeyFacts, facts as key_facts};
pub(crate) use log::{LogFormat, start_log, start_log_file};
