//! The one writer: it owns the only write connection, and everything that changes the file goes through its queue.

mod batch;
mod cause_delta;
mod dead_delta;
mod endpoint_delta;
mod flush;
mod look;
mod minute_delta;
mod queue;
mod replay_delta;
mod space;
mod sql;
mod task;
mod values;

pub(super) use queue::{COMMANDS_MAX, Command, PublishCall, RecordCall, Waiting};
pub(super) use space::Space;
pub(super) use sql::Views;
#[cfg(test)]
pub(super) use sql::{SELECT_KEYS, SELECT_ODD};
pub(super) use task::{LastWords, Writer};
