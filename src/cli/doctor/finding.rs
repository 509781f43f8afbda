//! What a check says; and the rules that need nothing but numbers.

use std::time::Duration;

use serde::Serialize;

use crate::domain::duration::DurationText;
use crate::domain::time::Timestamp;

/// How far a clock may be behind what a service noted before something is wrong with it.
const CLOCK_BEHIND_MAX: Duration = Duration::from_secs(5);
/// 2024-01-01: before it no id can be made.
const CLOCK_MIN: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// Descriptors besides requests and callers: database, log, listeners, lookups.
const DESCRIPTORS_OWN: u64 = 256;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Nothing to do.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work.
    Fail,
}

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    #[serde(rename = "state")]
    pub(super) verdict: Verdict,
    /// What was found.
    pub(super) text: String,
    /// What to do; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

impl Verdict {
    /// The word in a list.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    pub(super) fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            text: text.into(),
            remedy: None,
        }
    }

    pub(super) fn warn(
        check: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Warn,
            remedy: Some(remedy.into()),
            ..Self::ok(check, text)
        }
    }

    pub(super) fn fail(
        check: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Fail,
            remedy: Some(remedy.into()),
            ..Self::ok(check, text)
        }
    }
}

/// Whether the disk has room: events are refused below the reserve.
pub(super) fn disk(free: u64, reserve: u64) -> Finding {
    let text = format!("{free} bytes are free, the reserve is {reserve}");
    let remedy = "make room, shorten retention, or lower retention.reserve";
    if free < reserve {
        return Finding::fail("disk", format!("{text}: no events are accepted"), remedy);
    }
    if free < reserve.saturating_mul(2) {
        return Finding::warn("disk", text, remedy);
    }
    Finding::ok("disk", text)
}

/// Whether so many requests and callers can have a descriptor each; `hard` is `None` where there is no limit.
pub(super) fn descriptors(hard: Option<u64>, requests: u64, callers: u64) -> Finding {
    let needed = requests + callers + DESCRIPTORS_OWN;
    match hard {
        Some(hard) if hard < needed => Finding::warn(
            "open files",
            format!("at most {hard}, and up to {needed} are needed"),
            "raise the limit (LimitNOFILE=65536 in the unit, ulimit -Hn in a shell), or lower delivery.concurrency",
        ),
        Some(hard) => Finding::ok("open files", format!("at most {hard}")),
        None => Finding::ok("open files", "no limit"),
    }
}

/// Whether the wall clock can be right; `seen` is the latest time that a service noted.
pub(super) fn clock(now: Timestamp, seen: Option<Timestamp>) -> Finding {
    let remedy = "set the clock, by NTP for example; what is due moves with it";
    if now < CLOCK_MIN {
        let text = format!("it is {now}, long before Hookyard was written");
        return Finding::fail("clock", text, remedy);
    }
    match seen {
        Some(seen) if seen > now + CLOCK_BEHIND_MAX => {
            let behind = DurationText(seen.since(now));
            let text = format!("it is {now}, {behind} before what the service noted last");
            Finding::warn("clock", text, remedy)
        }
        _ => Finding::ok("clock", format!("it is {now}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_judged_by_its_reserve() {
        for (free, verdict) in [
            (99, Verdict::Fail),
            (100, Verdict::Warn),
            (199, Verdict::Warn),
            (200, Verdict::Ok),
        ] {
            let finding = disk(free, 100);
            assert_eq!(finding.verdict, verdict, "{free}");
            assert_eq!(finding.remedy.is_some(), verdict != Verdict::Ok);
        }
    }

    #[test]
    fn every_request_and_caller_needs_a_descriptor() {
        assert_eq!(descriptors(Some(1_256), 500, 500).verdict, Verdict::Ok);
        let few = descriptors(Some(1_255), 500, 500);
        assert_eq!(few.verdict, Verdict::Warn);
        assert_eq!(few.text, "at most 1255, and up to 1256 are needed");
        assert_eq!(descriptors(None, 1, 1).verdict, Verdict::Ok);
    }

    #[test]
    fn a_clock_that_went_back_is_noticed() {
        let now = Timestamp::from_millis(1_776_075_480_250);
        assert_eq!(clock(now, None).verdict, Verdict::Ok);
        let near = now + Duration::from_secs(5);
        assert_eq!(clock(now, Some(near)).verdict, Verdict::Ok);
        let behind = clock(now, Some(now + Duration::from_hours(1)));
        assert_eq!(behind.verdict, Verdict::Warn);
        assert!(
            behind
                .text
                .ends_with(", 1h before what the service noted last")
        );
        assert_eq!(clock(Timestamp::EPOCH, None).verdict, Verdict::Fail);
    }
}
