//! Single values: from a word to a state, a status, an amount, and back to text.

use std::time::Duration;

use super::ast::{Amount, ClassMatch, StateWord, StatusMatch};
use super::field::{Field, Kind};
use crate::domain::attempt::FailureClass;
use crate::domain::duration::DurationText;
use crate::domain::time::Timestamp;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

pub(super) fn state(text: &str) -> Result<StateWord, String> {
    let known = StateWord::ALL;
    let found = known.into_iter().find(|word| word.as_str() == text);
    found.ok_or_else(|| {
        let words: Vec<_> = known.into_iter().map(StateWord::as_str).collect();
        format!("one of {}", words.join(" "))
    })
}

pub(super) fn class(text: &str) -> Result<ClassMatch, String> {
    if text == "any" {
        return Ok(ClassMatch::Any);
    }
    failure_class(text).map(ClassMatch::Class).ok_or_else(|| {
        let words: Vec<_> = FailureClass::ALL
            .into_iter()
            .map(FailureClass::as_str)
            .collect();
        format!("one of {} any", words.join(" "))
    })
}

fn failure_class(text: &str) -> Option<FailureClass> {
    match text {
        "tmo" => Some(FailureClass::Timeout),
        "refused" => Some(FailureClass::Connect),
        word => FailureClass::from_word(word),
    }
}

pub(super) fn status(text: &str) -> Option<StatusMatch> {
    let hundreds = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
    if let Some(hundreds) = hundreds {
        let first = hundreds.parse::<u16>().ok()?;
        return (1..=5)
            .contains(&first)
            .then_some(StatusMatch::Codes(first * 100, first * 100 + 99));
    }
    match text {
        "err" => Some(StatusMatch::AnyFailure),
        "none" => Some(StatusMatch::NoAnswer),
        word => match word.parse::<u16>() {
            Ok(code) => (100..1000)
                .contains(&code)
                .then_some(StatusMatch::Codes(code, code)),
            Err(_) => failure_class(word).map(StatusMatch::Class),
        },
    }
}

pub(super) fn expected_status() -> String {
    let words: Vec<_> = FailureClass::ALL
        .into_iter()
        .map(FailureClass::as_str)
        .collect();
    format!(
        "a status such as 503, 5xx or 500..599, err, none, or one of {} (tmo, refused)",
        words.join(" ")
    )
}

pub(super) fn count(text: &str) -> Option<i64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

pub(super) fn millis(text: &str) -> Option<i64> {
    let DurationText(duration) = text.parse().ok()?;
    i64::try_from(duration.as_millis()).ok()
}

/// The units of sizes; a bare number is bytes.
const SIZE_UNITS: [(&str, i64); 6] = [
    ("kib", 1024),
    ("mib", 1024 * 1024),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("b", 1),
    ("", 1),
];

pub(super) fn bytes(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = SIZE_UNITS
        .into_iter()
        .find_map(|(suffix, unit)| Some((lower.strip_suffix(suffix)?, unit)))?;
    count(digits)?.checked_mul(unit)
}

pub(super) fn instant(text: &str) -> Option<Amount> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == "2026-04-13".len()
    {
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        let from = midnight.timestamp().as_millisecond();
        return Some(Amount {
            from,
            to: from + DAY_MS - 1,
        });
    }
    let instant = text.parse::<Timestamp>().ok()?.as_millis();
    Some(Amount {
        from: instant,
        to: instant,
    })
}

pub(super) fn member_number(text: &str) -> Option<f64> {
    let looks_like_one = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number = text.parse::<f64>().ok()?;
    (looks_like_one && number.is_finite()).then_some(number)
}

/// Prints an amount of `field` so that it reads back as the same amount.
pub(super) fn amount_text(field: &Field, amount: Amount) -> String {
    match field.kind() {
        Kind::Millis => {
            let millis = u64::try_from(amount.from).unwrap_or(0);
            DurationText(Duration::from_millis(millis)).to_string()
        }
        Kind::Instant => {
            let from = Timestamp::from_millis(amount.from).to_rfc3339_millis();
            if amount.to > amount.from {
                return from.chars().take("2026-04-13".len()).collect();
            }
            from
        }
        Kind::Bytes if amount.from > 0 && amount.from % 1_000_000 == 0 => {
            format!("{}mb", amount.from / 1_000_000)
        }
        Kind::Bytes if amount.from > 0 && amount.from % 1_000 == 0 => {
            format!("{}kb", amount.from / 1_000)
        }
        _ => amount.from.to_string(),
    }
}
