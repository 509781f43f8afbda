//! Numbers, times and sizes as short texts.

use crate::domain::time::Timestamp;

/// `14:03:22.118`, UTC.
pub(crate) fn time_millis(at: Timestamp) -> String {
    at.to_rfc3339_millis().get(11..23).unwrap_or("").to_owned()
}

/// `14:03:22`, UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_rfc3339_millis().get(11..19).unwrap_or("").to_owned()
}

/// `14:03:22` when it is within twelve hours of now, else the date `11-20`.
pub(crate) fn near(now: Timestamp, at: Timestamp) -> String {
    let apart = now.since(at).max(at.since(now));
    if apart.as_secs() < 12 * 3_600 {
        time(at)
    } else {
        at.to_rfc3339_millis().get(5..10).unwrap_or("").to_owned()
    }
}

/// `812us`, `210ms`, `10.0s`, `2m05s`.
pub(crate) fn micros(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros}us"),
        1_000..1_000_000 => format!("{}ms", micros / 1_000),
        1_000_000..100_000_000 => {
            format!("{}.{}s", micros / 1_000_000, micros / 100_000 % 10)
        }
        _ => {
            let seconds = micros / 1_000_000;
            format!("{}m{:02}s", seconds / 60, seconds % 60)
        }
    }
}

/// `1,204`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1204`, `12k`, `3.4M`: four columns.
pub(crate) fn short_count(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        1_000_000..10_000_000 => format!("{}.{}M", number / 1_000_000, number / 100_000 % 10),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// `812 B`, `2.1 KB`, `34 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{} {}", tenths / 10, UNITS[unit])
    }
}

/// `12.4/s` of so many in so many seconds.
pub(crate) fn rate(number: u64, seconds: u64) -> String {
    let tenths = number * 10 / seconds.max(1);
    if tenths >= 1_000 {
        format!("{}/s", count(tenths / 10))
    } else {
        format!("{}.{}/s", tenths / 10, tenths % 10)
    }
}

/// `2.8%` of so many.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = part * 1_000 / whole;
    if part == whole {
        "100%".to_owned()
    } else {
        format!("{}.{}%", tenths / 10, tenths % 10)
    }
}

/// What a cause is called: the status that was answered and what was said; the class where that is nothing.
pub(crate) fn cause(status: Option<u16>, class: &str, message: &str) -> String {
    let status = status.map(|status| status.to_string());
    match status {
        Some(status) if message.is_empty() => status,
        Some(status) if !message.starts_with(&status) => format!("{status} {message}"),
        None if message.is_empty() => class.to_owned(),
        _ => message.to_owned(),
    }
}

/// `10/s` of what the wire calls `10 per 1s`; anything else as it is.
pub(crate) fn pace(rate: &str) -> String {
    match rate.split_once(" per ") {
        Some((count, time)) => {
            let unit = time.strip_prefix('1').filter(|unit| unit.len() == 1);
            format!("{count}/{}", unit.unwrap_or(time))
        }
        None => rate.to_owned(),
    }
}

/// `5s`, `3m`, `2h`, `4d`.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The last four characters of an id, as lists show it.
pub(crate) fn short_id(id: impl std::fmt::Display) -> String {
    let id = id.to_string();
    format!("..{}", id.get(id.len().saturating_sub(4)..).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_has_a_name_even_where_nothing_was_said() {
        assert_eq!(cause(Some(410), "status", ""), "410");
        assert_eq!(cause(Some(503), "status", "db down"), "503 db down");
        assert_eq!(cause(Some(503), "status", "503 db down"), "503 db down");
        assert_eq!(cause(None, "timeout", ""), "timeout");
        assert_eq!(cause(None, "tls", "expired"), "expired");
    }

    #[test]
    fn numbers_are_short_and_exact_where_they_can_be() {
        assert_eq!(
            [0, 812, 1_000, 999_999].map(micros),
            ["0us", "812us", "1ms", "999ms"]
        );
        assert_eq!([10_040_000, 125_000_000].map(micros), ["10.0s", "2m05s"]);
        assert_eq!(
            [0, 999, 1_204, 1_234_567].map(count),
            ["0", "999", "1,204", "1,234,567"]
        );
        assert_eq!(
            [9_999, 12_345, 3_450_000, 12_000_000].map(short_count),
            ["9999", "12k", "3.4M", "12M"]
        );
        assert_eq!(
            [rate(744, 60), rate(72_000, 60), rate(0, 0)],
            ["12.4/s", "1,200/s", "0.0/s"]
        );
        assert_eq!(
            [percent(0, 0), percent(7, 7), percent(1, 36)],
            ["-", "100%", "2.7%"]
        );
        assert_eq!(
            [999, 2_140, 34_000_000, 2_600_000, 7_000_000_000_000].map(bytes),
            ["999 B", "2.1 KB", "34 MB", "2.6 MB", "7.0 TB"]
        );
        let paces = ["10 per 1s", "600 per 1m", "5 per 10s", "10/s"];
        assert_eq!(paces.map(pace), ["10/s", "600/m", "5/10s", "10/s"]);
        assert_eq!([5, 180, 7_300, 400_000].map(age), ["5s", "3m", "2h", "4d"]);
    }

    #[test]
    fn times_are_utc_and_far_ones_are_dates() {
        let at: Timestamp = "2026-11-20T14:03:22.118Z".parse().unwrap();
        assert_eq!(time_millis(at), "14:03:22.118");
        assert_eq!(near(at, at), "14:03:22");
        assert_eq!(
            near(at + std::time::Duration::from_secs(86_400), at),
            "11-20"
        );
        assert_eq!(short_id("dlv_0e6kq3v9xjz00"), "..jz00");
    }
}
