//! What could stand where a filter is being typed: fields by their names, values by what is on the screen, saved views.

use std::collections::BTreeMap;

use super::model::Data;
use super::rows::Rows;
use crate::domain::attempt::FailureClass;
use crate::domain::filter::field_names;

/// Candidates that are offered; more letters find the others.
const OFFERED_MAX: usize = 12;
/// Rows in which values are counted, the newest: they are counted anew for each key.
const COUNTED_MAX: usize = 5_000;
/// What follows a name and begins its values, the longer ones first.
const OPERATORS: [&str; 9] = ["!=", "<=", ">=", "=~", "!~", ":", "=", "<", ">"];
/// What may stand before a term and belongs to it.
const BEFORE: [char; 3] = ['(', '-', '!'];
const STATES: [&str; 7] = [
    "pending",
    "held",
    "delivered",
    "dead",
    "discarded",
    "retrying",
    "inflight",
];

/// Something that could stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The text.
    pub text: String,
    /// How many of the newest loaded rows have it; none for what is no value of a row.
    pub count: Option<u64>,
    /// The filter that a saved view stands for; not escaped.
    pub stands_for: Option<String>,
}

/// What could stand in the place of a part of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Where the part begins, in bytes; it ends at the cursor.
    pub start: usize,
    /// The best first.
    pub candidates: Vec<Candidate>,
}

impl Offer {
    /// Whether it is of saved views.
    pub(crate) fn is_of_names(&self) -> bool {
        let first = self.candidates.first();
        first.is_some_and(|candidate| candidate.stands_for.is_some())
    }
}

/// What could stand where `before`, the text before the cursor, ends.
pub(crate) fn offer(before: &str, rows: &Rows, data: &Data) -> Offer {
    let Some(term) = open_term(before) else {
        return Offer::default();
    };
    let written = &before[term..];
    if let Some(name) = written.strip_prefix('@') {
        return Offer {
            start: term,
            candidates: saved_views(name, data),
        };
    }
    let operator = OPERATORS
        .iter()
        .filter_map(|operator| Some((written.find(operator)?, operator.len())))
        .min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)));
    let Some((at, length)) = operator else {
        return Offer {
            start: term,
            candidates: fields(written),
        };
    };
    let values = &written[at + length..];
    let start = values.rfind(',').map_or(0, |comma| comma + 1);
    Offer {
        start: term + at + length + start,
        candidates: values_of(&written[..at], &values[start..], rows, data),
    }
}

/// Where the term begins that is open at the end of the text; none inside a quoted text or a regular expression.
fn open_term(before: &str) -> Option<usize> {
    let mut quoted = false;
    let mut start = 0;
    for (at, letter) in before.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            letter if letter.is_whitespace() => start = at + letter.len_utf8(),
            letter if BEFORE.contains(&letter) && at == start => start = at + 1,
            _ => {}
        }
    }
    (!quoted).then_some(start)
}

/// The saved views whose names begin as written.
fn saved_views(written: &str, data: &Data) -> Vec<Candidate> {
    let views = data.saved.views().iter();
    views
        .filter(|view| view.name.starts_with(written))
        .take(OFFERED_MAX)
        .map(|view| Candidate {
            text: format!("@{}", view.name),
            count: None,
            stands_for: Some(view.filter.clone()),
        })
        .collect()
}

fn fields(written: &str) -> Vec<Candidate> {
    if written.is_empty() {
        return Vec::new();
    }
    let lower = written.to_lowercase();
    let names = field_names().flat_map(|name| {
        // A name may be told with its short form: `endpoint (ep)`.
        let (long, short) = match name.split_once(" (") {
            Some((long, short)) => (
                long.to_owned(),
                Some(short.trim_end_matches(')').to_owned()),
            ),
            None => (name, None),
        };
        [Some(long), short].into_iter().flatten()
    });
    let mut fitting: Vec<Candidate> = names
        .filter(|name| name.starts_with(&lower))
        .map(|name| {
            let text = match name.strip_suffix('*') {
                Some(head) => head.to_owned(),
                None => format!("{name}:"),
            };
            Candidate {
                text,
                count: None,
                stands_for: None,
            }
        })
        .collect();
    fitting.truncate(OFFERED_MAX);
    fitting
}

/// Values of a field that begin as written; those of the most rows first.
fn values_of(field: &str, written: &str, rows: &Rows, data: &Data) -> Vec<Candidate> {
    let mut counted: BTreeMap<String, Option<u64>> = BTreeMap::new();
    let mut known = |value: &str| {
        counted.entry(value.to_owned()).or_default();
    };
    match field {
        "state" => STATES.iter().for_each(|state| known(state)),
        "class" => {
            FailureClass::ALL
                .iter()
                .for_each(|class| known(class.as_str()));
        }
        "status" => ["2xx", "3xx", "4xx", "5xx", "err", "none", "timeout"]
            .iter()
            .for_each(|status| known(status)),
        "test" => ["yes", "no"].iter().for_each(|flag| known(flag)),
        "age" | "last" => ["15m", "1h", "24h", "7d"].iter().for_each(|age| known(age)),
        "ep" | "endpoint" => {
            for endpoint in data.endpoints.values() {
                let id = || endpoint.id.to_string();
                known(&endpoint.name.clone().unwrap_or_else(id));
            }
        }
        "contract" => data
            .endpoints
            .values()
            .for_each(|endpoint| known(&endpoint.contract)),
        _ => {}
    }
    for row in rows.deliveries().take(COUNTED_MAX) {
        let value = match field {
            "state" => Some(row.state.clone()),
            "class" => row.last_class.clone(),
            "status" => row.last_status.map(|status| status.to_string()),
            "type" | "event" => Some(row.event_type.to_string()),
            "ep" | "endpoint" => row.endpoint_name.clone(),
            "cause" => row.cause.clone(),
            _ => None,
        };
        if let Some(value) = value {
            *counted.entry(value).or_default().get_or_insert(0) += 1;
        }
    }
    let lower = written.trim_start_matches('"').to_lowercase();
    let mut fitting: Vec<Candidate> = counted
        .into_iter()
        .filter(|(value, _)| value.to_lowercase().starts_with(&lower))
        .map(|(value, count)| Candidate {
            text: quoted(&value),
            count,
            stands_for: None,
        })
        .collect();
    fitting.sort_by_key(|candidate| std::cmp::Reverse(candidate.count));
    fitting.truncate(OFFERED_MAX);
    fitting
}

/// A value as the language reads it back.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{connected, list};
    use crate::domain::filter::Filter;

    fn offered(before: &str) -> (usize, Vec<String>) {
        let model = connected(false);
        let offer = offer(before, &list(&model).rows, &model.data);
        let texts = offer.candidates.into_iter().map(|one| one.text);
        (offer.start, texts.collect())
    }

    #[test]
    fn names_of_fields_and_values_are_offered_where_they_would_stand() {
        for (before, start, first) in [
            ("sta", 0, "state:"),
            ("state:dead and e", 15, "event:"),
            ("-(sta", 2, "state:"),
            ("state:de", 6, "dead"),
            ("state:dead,pe", 11, "pending"),
            ("class:ti", 6, "timeout"),
            ("not test:", 9, "no"),
            ("head", 0, "header."),
        ] {
            let (at, texts) = offered(before);
            assert_eq!(
                (at, texts.first().map(String::as_str)),
                (start, Some(first)),
                "{before}"
            );
        }
        for before in [
            "",
            "state:dead ",
            "\"sta",
            "text:\"a state:",
            "body.x:",
            "lat>",
        ] {
            assert_eq!(offered(before).1, [] as [String; 0], "{before}");
        }
    }

    #[test]
    fn values_come_from_what_is_loaded_the_most_frequent_first_and_read_back() {
        let model = connected(false);
        let rows = &list(&model).rows;
        let offer = offer("ep:", rows, &model.data);
        assert_eq!(offer.start, 3);
        let counts: Vec<_> = offer.candidates.iter().map(|one| one.count).collect();
        assert!(counts.is_sorted_by(|one, next| one >= next), "{counts:?}");
        assert!(counts[0] > Some(1), "{counts:?}");
        for candidate in offer.candidates {
            Filter::parse(&format!("ep:{}", candidate.text)).unwrap();
        }
        let odd = quoted(r#"a "b" \c, d"#);
        Filter::parse(&format!("ep:{odd}")).unwrap();
    }
}
