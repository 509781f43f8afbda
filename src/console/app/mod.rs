//! The console's mind: `update(&mut Model, now, Msg) → Vec<Cmd>`, pure.
//!
//! The model is a connection, a cache of what was fetched, a stack of screens and a stack of overlays. Nothing here
//! reads a clock, talks to the service or touches the terminal; [`msg::Cmd`] says what is to be done, and what comes
//! of it comes back as [`msg::Msg`] under the number of its request. An answer that nobody waits for any more is
//! dropped.

pub(crate) mod acts;
mod ahead;
pub(crate) mod answers;
pub(crate) mod behind;
pub(crate) mod bell;
pub(crate) mod beside;
pub(crate) mod changes;
mod choice;
pub(crate) mod columns;
pub(crate) mod command;
pub(crate) mod completion;
pub(crate) mod contexts;
pub(crate) mod count;
pub(crate) mod deliveries;
pub(crate) mod dialogs;
mod elsewhere;
pub(crate) mod endpoint_form;
pub(crate) mod endpoints;
pub(crate) mod facts;
pub(crate) mod fetches;
pub(crate) mod filter_line;
pub(crate) mod form;
pub(crate) mod forms;
pub(crate) mod frames;
pub(crate) mod grace;
mod history;
pub(crate) mod inspector;
mod jump;
pub(crate) mod line;
pub(crate) mod link;
pub(crate) mod listing;
pub(crate) mod log;
pub(crate) mod looking_back;
mod marking;
pub(crate) mod marks;
pub(crate) mod model;
pub(crate) mod msg;
pub(crate) mod navigation;
pub(crate) mod notes;
pub(crate) mod opening;
pub(crate) mod palette;
pub(crate) mod pane;
pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod probing;
pub(crate) mod proposal;
pub(crate) mod pulse;
pub(crate) mod reading;
pub(crate) mod remembered;
pub(crate) mod requests;
pub(crate) mod rewind;
#[cfg(test)]
mod rewind_tests;
pub(crate) mod ring;
mod round_trip;
pub(crate) mod rows;
pub(crate) mod rung;
pub(crate) mod saved;
pub(crate) mod saved_choice;
pub(crate) mod screen;
pub(crate) mod secret_note;
pub(crate) mod session;
pub(crate) mod shown;
pub(crate) mod sieve;
pub(crate) mod sorting;
pub(crate) mod sweep;
pub(crate) mod take_away;
pub(crate) mod themes;
pub(crate) mod times;
pub(crate) mod tour;
pub(crate) mod tour_steps;
pub(crate) mod update;
pub(crate) mod writes;
pub(crate) mod yank;

#[cfg(test)]
mod bell_tests;
#[cfg(test)]
mod counting_tests;
#[cfg(test)]
mod dialog_tests;
#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
pub(crate) mod recorded;
#[cfg(test)]
mod safety_tests;
#[cfg(test)]
pub(crate) mod sample_views;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tour_tests;
#[cfg(test)]
mod view_tests;
