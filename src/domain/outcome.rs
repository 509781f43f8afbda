//! What an exchange means for its delivery: success, a failure to be retried, or a receiver that is gone.

use std::time::Duration;

use super::attempt::{Failure, FailureClass, Response};
use super::contract::{GoneRule, SuccessRule};
use super::limits::RETRY_AFTER_MAX;
use super::request::Exchange;
use super::time::Timestamp;

/// What an exchange means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver accepted it.
    Success,
    /// It failed and is worth another attempt.
    Retry {
        /// How long the receiver asks to wait, capped at 10 h.
        retry_after: Option<Duration>,
        /// Whether the receiver is overloaded, so that its whole lane slows down.
        slow_lane: bool,
        /// Why it failed.
        failure: Failure,
    },
    /// The receiver wants no more deliveries.
    Gone {
        /// Why it failed.
        failure: Failure,
    },
}

impl Verdict {
    /// Why it failed; `None` for a success.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Success => None,
            Self::Retry { failure, .. } | Self::Gone { failure } => Some(failure),
        }
    }

    /// Whether the receiver took too long to answer.
    pub fn timed_out(&self) -> bool {
        self.failure()
            .is_some_and(|failure| failure.class == FailureClass::Timeout)
    }
}

/// Judges an exchange that ended at `now` by its contract's rules.
pub fn classify(
    now: Timestamp,
    success: &SuccessRule,
    gone: GoneRule,
    exchange: &Exchange,
) -> Verdict {
    let status = exchange.response.as_ref().map(|response| response.status);
    let failure = match (&exchange.failure, status) {
        (Some(failure), _) => failure.clone(),
        (None, Some(status)) if success.accepts(status) => return Verdict::Success,
        (None, Some(status)) => Failure {
            class: FailureClass::Status,
            text: refusal(status, success),
        },
        (None, None) => Failure {
            class: FailureClass::Internal,
            text: "the exchange ended without an answer and without a reason".to_owned(),
        },
    };
    if failure.class == FailureClass::Status && status == Some(410) && gone == GoneRule::Disable {
        return Verdict::Gone { failure };
    }
    let asks = matches!(status, Some(429 | 503));
    Verdict::Retry {
        retry_after: exchange
            .response
            .as_ref()
            .filter(|_| asks)
            .and_then(|response| retry_after(now, response)),
        slow_lane: matches!(status, Some(429 | 502 | 504)),
        failure,
    }
}

fn refusal(status: u16, success: &SuccessRule) -> String {
    match status {
        300..400 => {
            format!("answered {status}; redirects are not followed, register the final address")
        }
        _ => format!(
            "answered {status}; the contract takes {} for success",
            wanted(success)
        ),
    }
}

fn wanted(success: &SuccessRule) -> String {
    match success {
        SuccessRule::Any2xx => "2xx".to_owned(),
        SuccessRule::Codes(codes) => {
            let words: Vec<_> = codes.iter().map(ToString::to_string).collect();
            words.join(", ")
        }
    }
}

/// The wait a `Retry-After` header asks for (RFC 9110, 10.2.3): seconds or an HTTP date; `None` when it cannot be
/// read or has passed.
fn retry_after(now: Timestamp, response: &Response) -> Option<Duration> {
    let (_, value) = response
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let text = std::str::from_utf8(value).ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        http_date(text)?.since(now)
    };
    (!wait.is_zero()).then(|| wait.min(RETRY_AFTER_MAX))
}

fn http_date(text: &str) -> Option<Timestamp> {
    let instant = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-04-13T10:18:00Z.
    const NOW: Timestamp = Timestamp::from_millis(1_776_075_480_000);

    fn answer(status: u16, retry_after: Option<&str>) -> Exchange {
        Exchange {
            response: Some(Response {
                status,
                headers: retry_after
                    .map(|value| ("Retry-After".to_owned(), value.as_bytes().to_vec()))
                    .into_iter()
                    .collect(),
                ..Response::default()
            }),
            ..Exchange::default()
        }
    }

    fn judge(exchange: &Exchange) -> Verdict {
        classify(NOW, &SuccessRule::Any2xx, GoneRule::Disable, exchange)
    }

    #[test]
    fn only_listed_statuses_are_successes() {
        let only_200 = SuccessRule::Codes(vec![200]);
        let with = |rule: &SuccessRule, status| {
            classify(NOW, rule, GoneRule::Retry, &answer(status, None)) == Verdict::Success
        };
        assert!(with(&SuccessRule::Any2xx, 200) && with(&SuccessRule::Any2xx, 299));
        assert!(with(&only_200, 200) && !with(&only_200, 201));
        for status in [100, 199, 300, 302, 400, 410, 500, 599] {
            assert!(!with(&SuccessRule::Any2xx, status), "{status}");
        }
    }

    #[test]
    fn retry_after_is_taken_from_429_and_503_as_seconds_or_date() {
        let wait = |status, text| match judge(&answer(status, Some(text))) {
            Verdict::Retry { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(429, "120"), Some(Duration::from_secs(120)));
        assert_eq!(wait(503, " 7 "), Some(Duration::from_secs(7)));
        assert_eq!(wait(500, "120"), None);
        let date = "Mon, 13 Apr 2026 10:19:30 GMT";
        assert_eq!(wait(503, date), Some(Duration::from_secs(90)));
        assert_eq!(wait(503, "Mon, 13 Apr 2026 10:17:00 GMT"), None);
        assert_eq!(wait(429, "99999999999999999999999"), Some(RETRY_AFTER_MAX));
        for nonsense in ["", "-1", "1.5", "soon", "0"] {
            assert_eq!(wait(429, nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn overload_slows_the_lane_and_other_failures_do_not() {
        let slows = |status| {
            matches!(
                judge(&answer(status, None)),
                Verdict::Retry {
                    slow_lane: true,
                    ..
                }
            )
        };
        assert!([429, 502, 504].into_iter().all(slows));
        assert!(![400, 500, 503, 301].into_iter().any(slows));
    }

    #[test]
    fn a_410_disables_only_where_the_contract_says_so() {
        let gone = answer(410, None);
        assert!(matches!(judge(&gone), Verdict::Gone { .. }));
        let lenient = classify(NOW, &SuccessRule::Any2xx, GoneRule::Retry, &gone);
        assert!(matches!(lenient, Verdict::Retry { .. }));
    }

    #[test]
    fn a_broken_body_is_a_failure_whatever_the_status() {
        let failure = Failure {
            class: FailureClass::Body,
            text: "closed after 10 of 20 bytes".to_owned(),
        };
        let exchange = Exchange {
            failure: Some(failure.clone()),
            ..answer(200, None)
        };
        assert_eq!(judge(&exchange).failure(), Some(&failure));
    }

    #[test]
    fn a_redirect_says_that_it_is_not_followed() {
        let verdict = judge(&answer(302, None));
        assert_eq!(
            verdict.failure().unwrap().text,
            "answered 302; redirects are not followed, register the final address"
        );
    }
}
