//! Saved views: filters with a name, used as `@name` in other filters.
//!
//! **How a name is resolved.** The parser looks it up where it stands and puts the tree of its filter there. There is no
//! leaf for a name in the tree, so that what evaluates, plans and prints filters cannot meet one that nobody resolved. A
//! tree needs no parentheses either: `-@a` turns around all of `@a`, and `@a or x` does not reach into it. Faults have
//! places in the text that somebody typed, and the terms and levels of a view count as if they were typed there.
//!
//! **One level.** A saved view names no others: none can come to mean something else by a change of another, or name
//! itself.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::error::Problem;
use super::parse::Filter;
use crate::domain::limits::SAVED_VIEW_NAME_CHARS_MAX;
use crate::domain::time::Timestamp;

/// The name of a saved view: 1 to 64 of `a-z`, `0-9` and `-`, the first of them no `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ViewName(String);

/// A text that cannot be the name of a saved view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} cannot be the name of a saved view: expected 1 to {SAVED_VIEW_NAME_CHARS_MAX} of a-z, 0-9 and -, not \
     beginning with -, such as oncall"
)]
pub struct InvalidViewName {
    /// What was given, the beginning of it where it is long.
    pub text: String,
}

/// A filter with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// What it is used by, without the `@`.
    pub name: ViewName,
    /// The filter as it was typed.
    pub filter: String,
    /// Who saved it last: a unix name on the socket, a token's name on TCP.
    pub who: String,
    /// When that was.
    pub updated_at: Timestamp,
}

/// The filters that names may stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedFilters(BTreeMap<ViewName, String>);

/// A filter, and the saved views that it was read with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expanded {
    /// All of it: their filters stand where their names did.
    pub filter: Filter,
    /// Their names in the order of the text; one that stands there twice is there twice.
    pub views: Vec<ViewName>,
}

/// What `@name` means where a filter is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names<'a> {
    /// The filter saved by that name.
    Saved(&'a SavedFilters),
    /// Any name may be right: the filter is checked where nobody knows what there is.
    Unknown,
    /// Nothing: the filter is to be saved itself.
    Nested,
    /// Nothing: whoever asks sees one tenant's things, and saved views are everybody's.
    Withheld,
}

/// What a name was found to stand for.
pub(super) enum Meaning<'a> {
    /// This filter.
    Filter(&'a str),
    /// Some filter.
    Any,
}

impl ViewName {
    /// The name, without the `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ViewName {
    type Err = InvalidViewName;

    fn from_str(text: &str) -> Result<Self, InvalidViewName> {
        let is_known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let fits = (1..=SAVED_VIEW_NAME_CHARS_MAX).contains(&text.len());
        if fits && !text.starts_with('-') && text.bytes().all(is_known) {
            return Ok(Self(text.to_owned()));
        }
        let shown = text.chars().take(SAVED_VIEW_NAME_CHARS_MAX + 1).collect();
        Err(InvalidViewName { text: shown })
    }
}

impl FromIterator<(ViewName, String)> for SavedFilters {
    fn from_iter<T: IntoIterator<Item = (ViewName, String)>>(filters: T) -> Self {
        Self(filters.into_iter().collect())
    }
}

impl SavedFilters {
    /// Whether a text may name saved views, so that they have to be known to read it: quick, and wrong only for an `@`
    /// that means something else.
    pub fn may_be_named_in(text: &str) -> bool {
        text.contains('@')
    }

    /// The names and their filters, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ViewName, &str)> {
        self.0.iter().map(|(name, filter)| (name, filter.as_str()))
    }

    /// The name most like this one, where one is like it enough to be meant.
    fn nearest(&self, name: &str) -> Option<String> {
        self.0
            .keys()
            .map(|known| (strsim::damerau_levenshtein(name, &known.0), known))
            .filter(|&(distance, known)| distance <= 2 && distance < known.0.len())
            .min()
            .map(|(_, known)| known.0.clone())
    }
}

impl<'a> Names<'a> {
    /// What a word that begins with `@` stands for, and its name.
    pub(super) fn meaning(self, word: &str) -> Result<(ViewName, Meaning<'a>), Problem> {
        let text = word.strip_prefix('@').unwrap_or(word);
        let Ok(name) = text.parse::<ViewName>() else {
            let word = word.chars().take(SAVED_VIEW_NAME_CHARS_MAX + 1).collect();
            return Err(Problem::NoViewName { word });
        };
        let meaning = match self {
            Self::Saved(filters) => match filters.0.get(&name) {
                Some(filter) => Meaning::Filter(filter),
                None => {
                    let nearest = filters.nearest(text);
                    let name = name.0;
                    return Err(Problem::UnknownView { name, nearest });
                }
            },
            Self::Unknown => Meaning::Any,
            Self::Nested => return Err(Problem::NestedView { name: name.0 }),
            Self::Withheld => return Err(Problem::WithheldView { name: name.0 }),
        };
        Ok((name, meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::FilterErrors;
    use crate::domain::limits::{FILTER_DEPTH_MAX, FILTER_TERMS_MAX};

    fn saved(filters: &[(&str, &str)]) -> SavedFilters {
        let filters = filters.iter();
        filters
            .map(|(name, filter)| (name.parse().unwrap(), (*filter).to_owned()))
            .collect()
    }

    fn some() -> SavedFilters {
        saved(&[
            ("oncall", "state:dead or status:5xx"),
            ("acme", "ep:acme -test:yes"),
            ("late", "lat>2s"),
        ])
    }

    fn refused(text: &str, filters: &SavedFilters) -> FilterErrors {
        Filter::parse_with(text, filters).unwrap_err()
    }

    #[test]
    fn a_name_stands_for_all_of_its_filter_wherever_a_term_may_stand() {
        for (text, same) in [
            ("@oncall", "state:dead or status:5xx"),
            ("-@oncall", "-(state:dead or status:5xx)"),
            ("not @acme", "not (ep:acme -test:yes)"),
            ("@oncall age<2h", "(state:dead or status:5xx) age<2h"),
            ("@oncall or x", "state:dead or status:5xx or x"),
            ("@acme or x", "(ep:acme -test:yes) or x"),
            (
                "@oncall @acme",
                "(state:dead or status:5xx) ep:acme -test:yes",
            ),
            ("(@late)", "lat>2s"),
            (
                "!(@late or @oncall)",
                "-(lat>2s or state:dead or status:5xx)",
            ),
            ("@late and @late", "lat>2s lat>2s"),
        ] {
            let read = Filter::parse_with(text, &some()).unwrap();
            assert_eq!(read.filter, Filter::parse(same).unwrap(), "{text}");
            let printed = read.filter.to_string();
            assert_eq!(Filter::parse(&printed), Ok(read.filter), "{printed}");
        }
    }

    #[test]
    fn the_names_that_were_used_are_told_in_the_order_of_the_text() {
        let used = |text: &str| {
            let read = Filter::parse_with(text, &some()).unwrap();
            let names = read.views.iter().map(ToString::to_string);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(used("@late (-@acme or @late)"), "late acme late");
        assert_eq!(used("tenant:@late"), "");
    }

    #[test]
    fn what_is_quoted_a_regular_expression_or_a_value_names_no_view() {
        for text in [
            "\"@oncall\"",
            "text:\"a @oncall b\"",
            "type:/^a @oncall/",
            "tenant:@oncall,@nobody",
            "tenant:a@nobody",
            "body.mail:x@example.com",
            "x@oncall",
        ] {
            let read = Filter::parse_with(text, &some());
            let plain = Filter::parse(text).unwrap();
            let expected = Expanded {
                filter: plain,
                views: Vec::new(),
            };
            assert_eq!(read, Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_name_that_nothing_has_is_shown_in_its_place_with_the_nearest_one() {
        let errors = refused("state:dead größe or -@oncal", &some());
        assert_eq!(errors.carets(), "                     ^^^^^^");
        assert_eq!(
            errors.to_string(),
            "at column 22: no view is saved as @oncal, did you mean @oncall? `hookyard view list` shows those there are; \
             quote the word to search for it as text"
        );
        let far = refused("@nothing-like-it", &some()).to_string();
        assert!(!far.contains("did you mean"), "{far}");
        let none = Filter::parse("@oncall").unwrap_err().to_string();
        assert!(
            none.contains("no view is saved as @oncall; `hook"),
            "{none}"
        );
    }

    #[test]
    fn a_word_that_can_be_no_name_is_refused_with_the_rule() {
        for word in ["@", "@Oncall", "@-a", "@on_call", "@ä", "@a.b"] {
            let errors = refused(&format!("x {word} y"), &some());
            let error = &errors.errors[0];
            assert_eq!((error.span.start, error.span.end), (2, 2 + word.len()));
            let rule = "names no saved view: a name has 1 to 64 of a-z, 0-9 and -, not beginning with -; quote the \
                        word to search for it as text";
            let text = error.problem.to_string();
            assert_eq!(text, format!("{word:?} {rule}"));
        }
        let longest = "a".repeat(SAVED_VIEW_NAME_CHARS_MAX);
        assert!(longest.parse::<ViewName>().is_ok());
        let wrong = "a b".parse::<ViewName>().unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "\"a b\" cannot be the name of a saved view: expected 1 to 64 of a-z, 0-9 and -, not beginning with -, such as \
             oncall"
        );
        assert!(format!("{longest}a").parse::<ViewName>().is_err());
        for bad in ["", "-a", "A", "a b", "a_b", "é", "@a"] {
            assert!(bad.parse::<ViewName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_filter_that_is_to_be_saved_names_no_view() {
        let errors = Filter::parse_to_save("state:dead @late").unwrap_err();
        assert_eq!(errors.carets(), "           ^^^^^");
        let text = errors.to_string();
        assert_eq!(
            text,
            "at column 12: a saved view names no other: write what @late stands for in its place"
        );
        assert!(Filter::parse_to_save("tenant:@late").is_ok());
        let looped = saved(&[("a", "@a")]);
        let text = refused("@a", &looped).to_string();
        assert!(text.contains("@a cannot be read any more"), "{text}");
    }

    #[test]
    fn a_saved_filter_that_cannot_be_read_any_more_is_told_by_its_name_and_fault() {
        let old = saved(&[("old", "gone:1 ep:")]);
        let errors = refused("x (@old)", &old);
        assert_eq!(errors.carets(), "   ^^^^");
        let text = errors.to_string();
        let fault = errors.errors[0].problem.to_string();
        assert!(fault.starts_with(
            "the filter saved as @old cannot be read any more (the field \"gone\" is not known"
        ));
        assert!(
            fault.ends_with("): save it anew, or write it out"),
            "{text}"
        );
    }

    #[test]
    fn terms_and_levels_of_a_view_count_as_if_they_were_typed_and_are_told_at_its_name() {
        let half = FILTER_TERMS_MAX / 2;
        let big = saved(&[
            ("half", &"a ".repeat(half)),
            ("deep", &format!("{}a", "-".repeat(FILTER_DEPTH_MAX))),
        ]);
        assert!(Filter::parse_with("@half @half", &big).is_ok());
        let problems = |text: &str| {
            let errors = refused(text, &big).errors;
            let told = errors.into_iter();
            told.map(|error| (error.span.start, error.problem))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            problems("@half @half @half @half"),
            [(12, Problem::TooManyTerms)]
        );
        assert_eq!(problems("@half @half x"), [(12, Problem::TooManyTerms)]);
        assert!(Filter::parse_with("@deep", &big).is_ok());
        assert_eq!(problems("x (@deep)"), [(3, Problem::TooDeep)]);
        assert_eq!(problems("-@deep"), [(1, Problem::TooDeep)]);
    }

    #[test]
    fn whoever_is_confined_to_a_tenant_has_no_saved_views() {
        let text = Filter::parse_confined("ep:a @oncall").unwrap_err();
        assert_eq!(text.carets(), "     ^^^^^^^");
        assert_eq!(
            text.to_string(),
            "at column 6: saved views are of the whole service, and this token is confined to a tenant: write the filter out \
             instead of @oncall"
        );
        assert_eq!(
            Filter::parse_confined("ep:a"),
            Ok(Filter::parse("ep:a").unwrap())
        );
    }

    #[test]
    fn where_nobody_knows_what_is_saved_any_name_passes_and_everything_else_is_checked() {
        for text in ["@x", "-(@x or @y)", "@x state:dead"] {
            assert_eq!(Filter::check(text, None), Ok(()), "{text}");
        }
        for text in ["@X", "@x foo:1", "(@x"] {
            assert!(Filter::check(text, None).is_err(), "{text}");
        }
        assert!(Filter::check("@x", Some(&some())).is_err());
        assert_eq!(Filter::check("@late", Some(&some())), Ok(()));
    }
}
