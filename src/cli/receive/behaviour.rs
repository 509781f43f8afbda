//! How a receiver answers.

use std::str::FromStr;
use std::time::Duration;

use rand::{Rng, RngExt as _};

use crate::domain::contract::SuccessRule;

/// A share of requests, in percent: `30%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share(u8);

/// What a receiver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// Further headers; written as they are.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// How long to wait before it is said.
    pub(crate) delay: Duration,
}

/// How a receiver answers: mostly well, or as a drill wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behaviour {
    /// The status of a success.
    pub(crate) success: u16,
    /// The status of a failure.
    pub(crate) failure: u16,
    /// How many requests fail.
    pub(crate) fail: Share,
    /// How long to wait before each answer.
    pub(crate) delay: Duration,
}

impl Share {
    /// Every request.
    pub(crate) const ALL: Self = Self(100);
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_suffix('%')
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|&percent| percent <= 100)
            .map(Self)
            .ok_or_else(|| "write a whole percentage, 0% to 100%, such as 30%".to_owned())
    }
}

impl Answer {
    /// This status and nothing else, at once.
    pub(crate) const fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
        }
    }
}

impl Behaviour {
    /// From what a person asks for, under a contract's rule of success. A status that is none is that of failures: of
    /// the share that fails, or of every request where no share is given.
    pub(crate) fn asked(
        rule: &SuccessRule,
        status: Option<u16>,
        fail: Option<Share>,
        delay: Duration,
    ) -> Self {
        let failing = status.filter(|&status| !rule.accepts(status));
        let usual = match rule {
            SuccessRule::Codes(codes) if !rule.accepts(200) => codes.first().copied(),
            SuccessRule::Codes(_) | SuccessRule::Any2xx => None,
        };
        Self {
            success: status
                .filter(|_| failing.is_none())
                .or(usual)
                .unwrap_or(200),
            failure: failing.unwrap_or(500),
            fail: fail.unwrap_or(if failing.is_some() {
                Share::ALL
            } else {
                Share::default()
            }),
            delay,
        }
    }

    /// The answer to the next request.
    pub(crate) fn answer(&self, rng: &mut impl Rng) -> Answer {
        let fails = rng.random_range(0..100) < u32::from(self.fail.0);
        Answer {
            delay: self.delay,
            ..Answer::status(if fails { self.failure } else { self.success })
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_failing_status_fails_every_request_or_the_share_that_is_given() {
        let failures = |rule: &SuccessRule, status, fail: Option<&str>| {
            let fail = fail.map(|text| text.parse().unwrap());
            let behaviour = Behaviour::asked(rule, status, fail, Duration::ZERO);
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let mut statuses: Vec<u16> = (0..200)
                .map(|_| behaviour.answer(&mut rng).status)
                .collect();
            statuses.sort_unstable();
            statuses.dedup();
            statuses
        };
        let any = &SuccessRule::Any2xx;
        assert_eq!(failures(any, None, None), [200]);
        assert_eq!(failures(any, Some(204), None), [204]);
        assert_eq!(failures(any, Some(503), None), [503]);
        assert_eq!(failures(any, Some(503), Some("30%")), [200, 503]);
        assert_eq!(failures(any, None, Some("30%")), [200, 500]);
        assert_eq!(failures(any, Some(204), Some("100%")), [500]);
        assert_eq!(failures(any, Some(503), Some("0%")), [200]);
        // Where a contract lists what it takes for a success, its list decides.
        let listed = &SuccessRule::Codes(vec![202, 204]);
        assert_eq!(failures(listed, None, None), [202]);
        assert_eq!(failures(listed, Some(204), None), [204]);
        assert_eq!(failures(listed, Some(200), Some("30%")), [200, 202]);
    }

    #[test]
    fn shares_are_whole_percentages() {
        for text in ["", "30", "101%", "-1%", "3.5%", "%", "+3%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
