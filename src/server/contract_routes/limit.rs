//! The rate limit of a contract's routes: who has how many calls left, and how an answer says so.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{HeaderName, HeaderValue};

use crate::clock::Clock;
use crate::domain::call_limit::{CallLimiter, CallerKey, Standing};
use crate::domain::contract::Contract;
use crate::domain::duration::DurationText;
use crate::domain::time::Timestamp;
use crate::server::problem::{Kind, Refusal};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The latest calls of all callers. Shared by all workers.
#[derive(Debug, Default)]
pub(in crate::server) struct Limiter(Mutex<CallLimiter>);

/// What the limit says about one call.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// What every answer to the call says; nothing where there is no limit.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Why the call does not pass.
    pub(super) refusal: Option<Refusal>,
}

impl Limiter {
    /// Counts a call on `contract`'s routes.
    pub(super) fn judge(
        &self,
        clock: &dyn Clock,
        contract: &Contract,
        caller: CallerKey,
    ) -> Judgement {
        let Some(limit) = contract.api.as_ref().and_then(|api| api.rate_limit) else {
            return Judgement::default();
        };
        let scope: Arc<str> = contract.name.as_str().into();
        let standing = {
            let mut limiter = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            limiter.ask(clock.monotonic(), &scope, caller, limit)
        };
        let refusal = (!standing.passes).then(|| {
            let (requests, per) = (limit.requests(), DurationText(limit.per()));
            let detail = format!(
                "more than {requests} calls within {per} are not taken from one caller here; wait as long as \
                 Retry-After says"
            );
            Refusal::new(Kind::RateLimited, detail).retry_after(standing.resets_in)
        });
        Judgement {
            headers: headers(standing, clock.now()),
            refusal,
        }
    }
}

/// The reset in whole Unix seconds is rounded up: at that second one more call passes.
fn headers(standing: Standing, now: Timestamp) -> Vec<(HeaderName, HeaderValue)> {
    let reset = (now + standing.resets_in).as_millis();
    let reset = reset.div_euclid(1_000) + i64::from(reset.rem_euclid(1_000) > 0);
    vec![
        (LIMIT, standing.limit.into()),
        (REMAINING, standing.remaining.into()),
        (RESET, reset.into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_reset_is_a_whole_second_that_is_not_too_early() {
        let standing = Standing {
            passes: true,
            limit: 60,
            remaining: 59,
            resets_in: Duration::from_millis(60_000),
        };
        for (now, expected) in [(0, "60"), (1, "61"), (999, "61"), (1_000, "61")] {
            let told = headers(standing, Timestamp::from_millis(now));
            let values: Vec<&str> = told
                .iter()
                .map(|(_, value)| value.to_str().unwrap())
                .collect();
            assert_eq!(values, ["60", "59", expected], "{now}");
        }
    }
}
