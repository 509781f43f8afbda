//! Sizes as people write them: `256KiB`, `8MB`, `512B`.

use std::fmt;
use std::str::FromStr;

/// The units: how they are written, and their bytes. Longer names stand before their own endings.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// A number of bytes that reads and prints as text such as `256KiB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a size: expected a whole number and a unit from B KB MB GB TB KiB MiB GiB TiB, such as 256KiB"
)]
pub struct InvalidSize(String);

impl FromStr for ByteSize {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let bytes = UNITS.iter().find_map(|&(unit, bytes)| {
            let number = text.strip_suffix(unit)?.trim_end();
            let digits_only = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            digits_only
                .then(|| number.parse::<u64>().ok()?.checked_mul(bytes))
                .flatten()
        });
        bytes
            .map(Self)
            .ok_or_else(|| InvalidSize(text.chars().take(64).collect()))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, bytes) = UNITS
            .into_iter()
            .filter(|(unit, _)| unit.ends_with("iB") || *unit == "B")
            .find(|&(_, bytes)| self.0 > 0 && self.0.is_multiple_of(bytes))
            .unwrap_or(("B", 1));
        write!(formatter, "{}{unit}", self.0 / bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes, printed) in [
            ("256KiB", 262_144, "256KiB"),
            ("20 GiB", 21_474_836_480, "20GiB"),
            ("8MB", 8_000_000, "8000000B"),
            ("0B", 0, "0B"),
            ("1024B", 1_024, "1KiB"),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
            assert_eq!(ByteSize(bytes).to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "12", "KiB", "1.5GiB", "-1B", "1 kib", "99999999999TiB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
