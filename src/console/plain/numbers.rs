//! Rows of a list by their numbers, such as `3-7,9`. Pure.

use std::collections::BTreeSet;

use crate::console::app::marks::NAMED_MAX;

/// Rows by number, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The numbers, from 1.
    pub rows: BTreeSet<usize>,
    /// As they were typed.
    pub text: String,
}

impl Numbers {
    /// Reads them; none where the text is something else, such as one number or an id.
    ///
    /// # Errors
    /// Part of it is no number or range, or they are too many, in words.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let is_of_them =
            |letter: char| letter.is_ascii_digit() || matches!(letter, ',' | '-' | ' ');
        let is_several = text.contains([',', '-']);
        (is_several && text.chars().all(is_of_them)).then(|| Self::read(text))
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut rows = BTreeSet::new();
        for part in text.split(',').map(str::trim) {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| {
                text.trim()
                    .parse()
                    .ok()
                    .filter(|number: &usize| *number > 0)
            };
            let (Some(from), Some(to)) = (number(from), number(to)) else {
                return Err(no_range(part));
            };
            if from > to {
                return Err(no_range(part));
            }
            if to - from >= NAMED_MAX {
                return Err(too_many(text));
            }
            rows.extend(from..=to);
        }
        if rows.len() > NAMED_MAX {
            return Err(too_many(text));
        }
        let text = text.to_owned();
        Ok(Self { rows, text })
    }
}

fn no_range(part: &str) -> String {
    format!(
        "{part:?} is no row nor a range of rows: from 1, the smaller number first, such as 3-7,9."
    )
}

fn too_many(text: &str) -> String {
    format!("{text} names more than {NAMED_MAX} rows: plan alone takes all that the filter picks.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_numbers_name_each_row_once() {
        let read = |text| Numbers::parse(text).unwrap().unwrap().rows;
        assert_eq!(read("3-7,9"), BTreeSet::from([3, 4, 5, 6, 7, 9]));
        assert_eq!(read(" 9, 9 - 10,1"), BTreeSet::from([1, 9, 10]));
        assert_eq!(read("1-60").len(), NAMED_MAX);
        for other in ["3", "", "now", "3-x", "dlv_0e6kq3v9xjz00"] {
            assert_eq!(Numbers::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_range_or_too_much_is_refused_with_its_rule() {
        for (text, says) in [
            ("7-3", "\"7-3\" is no row"),
            ("0-2", "\"0-2\" is no row"),
            ("1,,2", "\"\" is no row"),
            ("3-", "\"3-\" is no row"),
            ("1-61", "1-61 names more than 60 rows"),
            ("1-60,99", "more than 60 rows"),
            ("1-18446744073709551615", "more than 60 rows"),
            ("1-99999999999999999999", "is no row"),
        ] {
            let told = Numbers::parse(text).unwrap().unwrap_err();
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
