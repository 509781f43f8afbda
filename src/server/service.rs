//! `/v1/stats` and `/v1/info`: how the service fares, who answers and who is asking.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::endpoints::visible_endpoint;
use super::past;
use super::problem::Refusal;
use super::query::{Query, path_id};
use super::state::State;
use super::stats;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::stats::{EndpointStatsView, InfoView, StatsView};
use crate::domain::duration::DurationText;
use crate::domain::limits::STATS_WINDOW_MAX;
use crate::domain::token::Role;

/// The window of statistics when the caller does not say.
const WINDOW_DEFAULT: Duration = Duration::from_hours(1);
/// The longest such window: a day of minutes.
const WINDOW_MAX: Duration = Duration::from_hours(24);

/// Totals, and what happened in the window, minute by minute.
///
/// With `at` the window ends then; a minute that it ends in is counted whole. Totals of the past are not kept: the
/// answer has `at` and what happened in the window, and nothing else.
#[utoipa::path(get, path = paths::STATS, tag = "service",
    params(("window" = Option<String>, Query, description = "Such as `60m`, 1m to 90d; 1h when absent."),
        ("at" = Option<String>, Query, description = "Where the window ends: an instant, or how long ago.")),
    responses((status = 200, body = StatsView), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn stats(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service(
        "these figures count",
        "its endpoints have their own in /v1/endpoints",
    )?;
    let query = Query::of(&request, &["window", "at"])?;
    let window = match query.text("window") {
        None => WINDOW_DEFAULT,
        Some(text) => stats_window(text).map_err(|detail| Refusal::bad_query("window", detail))?,
    };
    match past::kept_instant(&query, &state).await? {
        Some(at) => ok(&stats::view_then(&state, at, window).await?),
        None => ok(&stats::view(&state, window).await?),
    }
}

/// What happened at one endpoint in the window, minute by minute; with `at`, in the window that ended then. A minute that
/// it ends in is counted whole.
#[utoipa::path(get, path = paths::ENDPOINT_STATS, tag = "endpoints", params(("id" = String, Path),
    ("window" = Option<String>, Query, description = "Such as `60m`, 1m to 24h; 1h when absent."),
    ("at" = Option<String>, Query, description = "Where the window ends: an instant, or how long ago.")),
    responses((status = 200, body = EndpointStatsView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn stats_of_endpoint(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let endpoint = visible_endpoint(&caller, &state, path_id(&request)?).await?;
    let query = Query::of(&request, &["window", "at"])?;
    let window = match query.text("window") {
        None => WINDOW_DEFAULT,
        Some(text) => window(text).map_err(|detail| Refusal::bad_query("window", detail))?,
    };
    let at = past::kept_instant(&query, &state).await?;
    ok(&stats::of_endpoint(&state, endpoint.id, at, window).await?)
}

/// The window of statistics that a text asks for.
fn stats_window(text: &str) -> Result<Duration, String> {
    bounded(text, STATS_WINDOW_MAX).map_err(|refused| {
        refused.unwrap_or_else(|| format!("{text} is not a window from 1m to 90d"))
    })
}

/// The window of time that a text asks for.
///
/// # Errors
/// Not a duration, or outside 1m to 24h.
pub(super) fn window(text: &str) -> Result<Duration, String> {
    bounded(text, WINDOW_MAX).map_err(|refused| {
        refused.unwrap_or_else(|| format!("{text} is not a window from 1m to 24h"))
    })
}

/// A duration of a minute at least and `longest` at most; why a text is none, or nothing where it is out of bounds.
fn bounded(text: &str, longest: Duration) -> Result<Duration, Option<String>> {
    let DurationText(window) = text
        .parse()
        .map_err(|error: crate::domain::duration::InvalidDuration| Some(error.to_string()))?;
    (Duration::from_mins(1)..=longest)
        .contains(&window)
        .then_some(window)
        .ok_or(None)
}

/// Who answers, and who is asking.
#[utoipa::path(get, path = paths::INFO, tag = "service", responses((status = 200, body = InfoView)))]
pub(super) async fn info(caller: Caller, state: Data<State>) -> Result<HttpResponse, Refusal> {
    ok(&info_view(&caller, &state))
}

/// Who answers, and who is asking.
pub(super) fn info_view(caller: &Caller, state: &State) -> InfoView {
    let operates = matches!(caller.role(), Role::Operator | Role::Admin);
    let may_see_files = operates && !caller.has_token();
    InfoView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        host: state.options.host.to_string(),
        now: state.clock.now(),
        started_at: state.started_at,
        caller: caller.name().to_owned(),
        role: caller.role().as_str().to_owned(),
        data_dir: may_see_files.then(|| state.engine.data_dir().display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_bounded_and_refusals_name_the_bounds() {
        assert_eq!(window("60m"), Ok(Duration::from_hours(1)));
        assert_eq!(stats_window("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(
            stats_window("91d"),
            Err("91d is not a window from 1m to 90d".to_owned())
        );
        assert_eq!(
            window("25h"),
            Err("25h is not a window from 1m to 24h".to_owned())
        );
        assert_eq!(
            window("1s"),
            Err("1s is not a window from 1m to 24h".to_owned())
        );
        assert!(
            window("soon")
                .unwrap_err()
                .starts_with("\"soon\" is not a duration")
        );
    }
}
