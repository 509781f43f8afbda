//! The parameter `at`: lists as they were at an instant that is past.

use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use super::views;
use crate::api::delivery::DeliveryView;
use crate::domain::instant::past_instant;
use crate::domain::past::Then;
use crate::domain::time::Timestamp;

/// The instant that a request names, where it names one.
///
/// # Errors
/// A text that is no instant, and the future.
pub(super) fn instant(query: &Query, state: &State) -> Result<Option<Timestamp>, Refusal> {
    let read = |text: &str| {
        past_instant(text, state.clock.now())
            .map_err(|refused| Refusal::bad_query("at", refused.to_string()))
    };
    query.text("at").map(read).transpose()
}

/// The same, as far back as what happened is kept.
///
/// # Errors
/// Those of [`instant`]; an instant of which not all is kept any more.
pub(super) async fn kept_instant(
    query: &Query,
    state: &State,
) -> Result<Option<Timestamp>, Refusal> {
    let at = instant(query, state)?;
    let Some(asked) = at else {
        return Ok(None);
    };
    match state.engine.kept_since().await? {
        Some(since) if asked < since => Err(too_early(asked, since)),
        _ => Ok(at),
    }
}

fn too_early(at: Timestamp, since: Timestamp) -> Refusal {
    let detail = format!(
        "{at} is too early: everything is kept since {since}; give an instant from then on (how long things are kept is \
         the service's setting retention)"
    );
    Refusal {
        kept_since: Some(Box::new(since)),
        ..Refusal::bad_query("at", detail)
    }
}

/// A delivery as it was, with its endpoint's name as it is now.
pub(super) fn delivery(then: &Then, state: &State) -> DeliveryView {
    let endpoint = state.engine.known_endpoint(then.delivery.endpoint_id);
    let name = endpoint.and_then(|endpoint| endpoint.name.clone());
    DeliveryView {
        state: then.stood.as_str().to_owned(),
        reason: then.stood.reason().map(str::to_owned),
        ..views::delivery(&then.delivery, name)
    }
}
