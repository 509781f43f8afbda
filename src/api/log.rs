//! The service's own log on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// A line that the service wrote into its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLineView {
    /// Its number: the first line after a start is 1, each further one is one more.
    pub seq: u64,
    /// When it was written.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// How bad it is: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// The part of the service that wrote it, such as `engine.lane`.
    pub part: String,
    /// The same as the setting `log` names it, such as `hookyard::engine::lane`.
    pub target: String,
    /// The sentence and its fields on one line, escaped as a whole; long ones are cut and say so.
    pub text: String,
}

/// Lines of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogView {
    /// The lines, newest first.
    pub items: Vec<LogLineView>,
    /// Where the next page begins; absent on the last one. Pass it as `cursor`.
    pub next: Option<String>,
    /// Lines after `after` (in all, where that was not given) that are no longer kept, whatever they said: the gap between
    /// what the caller knows and the oldest line that there is.
    pub lost: u64,
    /// The number of the newest line, wanted or not; 0 when there is none. With `at`, of those written until then.
    pub newest: u64,
    /// When the oldest line that is kept was written: of what was before nothing can be told. Absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub oldest_at: Option<Timestamp>,
    /// When the numbers began: at the start of the service. Another value means that they began again.
    #[schema(value_type = String)]
    pub begun_at: Timestamp,
    /// The most talkative level that is written at all, by the setting `log`: lines beyond it never were in the log. `off`
    /// where nothing is.
    pub level: String,
}

/// Which lines are wanted: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogParams {
    /// Lines wanted, 1–500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// So bad or worse: `error`, `warn`, `info`, `debug` or `trace`; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Only lines with a higher number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only lines with these letters in target or text, whatever their case; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Only lines that were written until this instant: a time, or how long ago; until now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}
