//! `/v1/causes`: why attempts fail, a thousand failures as the few causes that they are.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::ok;
use super::caller::Caller;
use super::problem::Refusal;
use super::query::Query;
use super::service::window;
use super::state::State;
use crate::api::cause::{CauseView, CausesQuery, CausesView};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::limits::CAUSES_LISTED_DEFAULT;
use crate::engine::Cause;

/// How far back causes are looked for when the caller does not say.
const SINCE_DEFAULT: Duration = Duration::from_hours(24);

/// Why attempts failed, most failures first.
#[utoipa::path(get, path = paths::CAUSES, tag = "service", params(CausesQuery),
    responses((status = 200, body = CausesView), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service(
        "causes are gathered over",
        "its deliveries in /v1/deliveries name theirs",
    )?;
    let query = Query::of(&request, &["since", "limit"])?;
    let since = match query.text("since") {
        None => SINCE_DEFAULT,
        Some(text) => window(text).map_err(|detail| Refusal::bad_query("since", detail))?,
    };
    let limit = query.page()?.limit.unwrap_or(CAUSES_LISTED_DEFAULT);
    let causes = state.engine.causes(since, limit).await?;
    ok(&CausesView {
        at: state.clock.now(),
        since_s: since.as_secs(),
        items: causes.into_iter().map(view).collect(),
    })
}

fn view(cause: Cause) -> CauseView {
    CauseView {
        id: cause.fingerprint.id.to_string(),
        class: cause.fingerprint.class.as_str().to_owned(),
        status: cause.fingerprint.status,
        message: cause.fingerprint.message,
        failures: cause.failures,
        latest_10m: cause.latest,
        before_10m: cause.before,
        trend: trend(cause.latest, cause.before).to_owned(),
        failures_ever: cause.failures_ever,
        first_seen: cause.first_seen,
        last_seen: cause.last_seen,
        dead: cause.dead,
        endpoints: cause.endpoints,
        succeeding: cause.succeeding,
        succeeding_now: cause.endpoints > 0 && cause.succeeding == cause.endpoints,
    }
}

/// One stretch of time against the one before it: a quarter more or less is a trend.
fn trend(latest: u64, before: u64) -> &'static str {
    if latest.saturating_mul(4) > before.saturating_mul(5) {
        "rising"
    } else if latest.saturating_mul(5) < before.saturating_mul(4) {
        "falling"
    } else {
        "steady"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_more_or_less_is_a_trend() {
        for (latest, before, word) in [
            (0, 0, "steady"),
            (1, 0, "rising"),
            (0, 1, "falling"),
            (100, 80, "steady"),
            (101, 80, "rising"),
            (79, 100, "falling"),
            (80, 100, "steady"),
        ] {
            assert_eq!(trend(latest, before), word, "{latest} after {before}");
        }
    }
}
