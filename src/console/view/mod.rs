//! From the model to cells: one file a panel, each a function of what it draws.
//!
//! **Promise.** Nothing is drawn but through [`paint`], which escapes: no text of a receiver, publisher or consumer
//! reaches a cell with a control, bidirectional or invisible character in it.

pub(crate) mod arming;
mod audit;
mod bell;
mod beside;
mod chart;
pub(crate) mod columns;
pub(crate) mod confirm;
mod contexts;
pub(crate) mod dead;
pub(crate) mod deliveries;
pub(crate) mod diff;
pub(crate) mod endpoints;
pub(crate) mod events;
mod exchange;
pub(crate) mod filter_line;
mod footer;
mod form;
pub(crate) mod format;
pub(crate) mod header;
pub(crate) mod help;
mod help_columns;
pub(crate) mod inspector;
mod json;
mod log;
mod note;
pub(crate) mod paint;
pub(crate) mod palette;
pub(crate) mod plan;
mod preview;
pub(crate) mod pulse;
pub(crate) mod raw;
pub(crate) mod replays;
pub(crate) mod rows;
mod saved;
mod saved_choice;
pub(crate) mod screen;
mod search;
pub(crate) mod sieve;
mod signature;
pub(crate) mod spark;
pub(crate) mod state;
pub(crate) mod table;
pub(crate) mod text;
mod themes;
pub(crate) mod timeline;
mod tour;
mod typed;
mod which_key;
mod window;

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use paint::Skin;
pub(crate) use screen::draw;
