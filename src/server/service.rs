//! `/v1/stats` and `/v1/info`: how the service fares, who answers and who is asking.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use super::stats;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::stats::{InfoView, StatsView};
use crate::domain::duration::DurationText;

/// The window of statistics when the caller does not say.
const WINDOW_DEFAULT: Duration = Duration::from_hours(1);
/// The longest such window: a day of minutes.
const WINDOW_MAX: Duration = Duration::from_hours(24);

/// Totals, and what happened in the window, minute by minute.
#[utoipa::path(get, path = paths::STATS, tag = "service",
    params(("window" = Option<String>, Query, description = "Such as `60m`, 1m to 24h; 1h when absent.")),
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
    let query = Query::of(&request, &["window"])?;
    let window = match query.text("window") {
        None => WINDOW_DEFAULT,
        Some(text) => window(text).map_err(|detail| Refusal::bad_query("window", detail))?,
    };
    ok(&stats::view(&state, window).await?)
}

/// The window of time that a text asks for.
///
/// # Errors
/// Not a duration, or outside 1m to 24h.
pub(super) fn window(text: &str) -> Result<Duration, String> {
    let DurationText(window) = text
        .parse()
        .map_err(|error: crate::domain::duration::InvalidDuration| error.to_string())?;
    if (Duration::from_mins(1)..=WINDOW_MAX).contains(&window) {
        Ok(window)
    } else {
        Err(format!("{text} is not a window from 1m to 24h"))
    }
}

/// Who answers, and who is asking.
#[utoipa::path(get, path = paths::INFO, tag = "service", responses((status = 200, body = InfoView)))]
pub(super) async fn info(caller: Caller, state: Data<State>) -> Result<HttpResponse, Refusal> {
    ok(&info_view(&caller, &state))
}

/// Who answers, and who is asking.
pub(super) fn info_view(caller: &Caller, state: &State) -> InfoView {
    InfoView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        host: state.options.host.to_string(),
        now: state.clock.now(),
        started_at: state.started_at,
        caller: caller.name().to_owned(),
        role: caller.role().as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_bounded_and_refusals_name_the_bounds() {
        assert_eq!(window("60m"), Ok(Duration::from_hours(1)));
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
