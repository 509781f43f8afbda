//! `/v1/log`: what the service wrote into its log lately.
//!
//! Operators only, as the audit log: its lines name hosts, paths, settings and whom the service refused.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use tracing::level_filters::LevelFilter;

use super::answers::ok;
use super::caller::Caller;
use super::past;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use crate::api::log::{LogLineView, LogParams, LogView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::limits::{LOG_CONTAINS_CHARS_MAX, PAGE_ROWS_DEFAULT};
use crate::domain::service_log::{LogLevel, LogLine, LogQuery, part_of};

const PARAMETERS: [&str; 6] = ["limit", "cursor", "level", "after", "contains", "at"];

/// Lists the newest lines of the service's own log, newest first, as far as they are kept in memory; the answer says how
/// many are not, and when the oldest that is was written. With `at` those that were written until that instant. What is
/// written at all is decided by the setting `log`.
#[utoipa::path(get, path = paths::LOG, tag = "service", params(LogParams),
    responses((status = 200, body = LogView), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service("the log is of", "ask an operator of it")?;
    let query = Query::of(&request, &PARAMETERS)?;
    let log = &state.options.log;
    let lines = log.lines();
    let until = past::instant(&query, &state)?;
    let wanted = LogQuery {
        until,
        ..wanted(&query, lines.newest())?
    };
    let read = lines.read(&wanted);
    let last = read.lines.last().filter(|_| read.more);
    ok(&LogView {
        next: last.map(|line| line.seq.to_string()),
        items: read.lines.iter().map(view).collect(),
        lost: read.lost,
        newest: until.map_or_else(|| lines.newest(), |until| lines.newest_until(until)),
        oldest_at: read.oldest_at,
        begun_at: log.begun_at(),
        level: LevelFilter::current().to_string(),
    })
}

fn wanted(query: &Query, newest: u64) -> Result<LogQuery, Refusal> {
    let page = query.page()?;
    let after = number(query, "after")?.unwrap_or(0);
    if after > newest {
        let detail = format!(
            "{after} is beyond the newest line, which is {newest}: the service was started again since and numbers its \
             lines anew; leave it out"
        );
        return Err(Refusal::bad_query("after", detail));
    }
    let limit = page.limit.unwrap_or(PAGE_ROWS_DEFAULT);
    Ok(LogQuery {
        level: level(query)?,
        after,
        before: number(query, "cursor")?,
        contains: contains(query)?,
        until: None,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    })
}

fn level(query: &Query) -> Result<LogLevel, Refusal> {
    let Some(word) = query.text("level") else {
        return Ok(LogLevel::Trace);
    };
    LogLevel::from_word(word).ok_or_else(|| {
        let known = LogLevel::ALL.map(LogLevel::as_str).join(", ");
        let detail = format!("{word:?} is no level; known are {known}");
        Refusal::bad_query("level", detail)
    })
}

fn number(query: &Query, name: &str) -> Result<Option<u64>, Refusal> {
    let read = |text: &str| {
        text.parse().map_err(|_| {
            let detail =
                format!("{text:?} is no number of a line: give the seq of one, such as 42");
            Refusal::bad_query(name, detail)
        })
    };
    query.text(name).map(read).transpose()
}

fn contains(query: &Query) -> Result<Option<String>, Refusal> {
    match query.text("contains") {
        Some(text) if text.chars().count() > LOG_CONTAINS_CHARS_MAX => {
            let detail = format!(
                "{} characters are too many; at most {LOG_CONTAINS_CHARS_MAX} can be looked for",
                text.chars().count()
            );
            Err(Refusal::bad_query("contains", detail))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn view(line: &Arc<LogLine>) -> LogLineView {
    LogLineView {
        seq: line.seq,
        at: line.at,
        level: line.level.as_str().to_owned(),
        part: part_of(&line.target),
        target: line.target.clone(),
        text: line.text.clone(),
    }
}
