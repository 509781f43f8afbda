//! Flags for the parts of a filter that people ask for most: what they try before they know the language.

use clap::Args;

/// Flags that narrow a filter.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "In place of a filter, or beside it")]
pub(crate) struct PickArgs {
    /// Only this endpoint's, by its id or name: ep:ENDPOINT in a filter.
    #[arg(long, id = "pick_endpoint", value_name = "ENDPOINT")]
    endpoint: Option<String>,
    /// Only of events of this type, such as packet.*: type:T in a filter.
    #[arg(long = "type", id = "pick_type", value_name = "T")]
    event_type: Option<String>,
    /// Only in this state: state:S in a filter.
    #[arg(long, id = "pick_state", value_name = "S")]
    state: Option<String>,
    /// Only those that failed by this cause of `hookyard causes`: cause:ID in a filter.
    #[arg(long, id = "pick_cause", value_name = "ID")]
    cause: Option<String>,
}

/// The ids of the flags, for arguments that one of them can stand for.
pub(crate) const PICKS: [&str; 4] = ["pick_endpoint", "pick_type", "pick_state", "pick_cause"];

impl PickArgs {
    /// A filter as words and the flags, as one filter.
    pub(crate) fn within(&self, filter: &[String]) -> String {
        let filter = filter.join(" ").trim().to_owned();
        let flags = [
            ("ep", &self.endpoint),
            ("type", &self.event_type),
            ("state", &self.state),
            ("cause", &self.cause),
        ];
        let terms = flags
            .iter()
            .filter_map(|(field, value)| Some(format!("{field}:{}", quoted(value.as_ref()?))));
        let terms: Vec<String> = terms.collect();
        match (filter.is_empty(), terms.is_empty()) {
            (_, true) => filter,
            (true, false) => terms.join(" "),
            (false, false) => format!("{} ({filter})", terms.join(" ")),
        }
    }
}

/// A value as the language takes it: in quotes where it would not be one word.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "._-*@".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::Filter;

    #[test]
    fn flags_and_words_become_one_filter_that_reads() {
        let check = |filter: &[&str], pick: PickArgs, expected: &str| {
            let words: Vec<String> = filter.iter().map(|word| (*word).to_owned()).collect();
            let text = pick.within(&words);
            assert_eq!(text, expected);
            assert!(Filter::parse(&text).is_ok(), "{text}");
        };
        let shop = PickArgs {
            endpoint: Some("my \"shop\"".to_owned()),
            ..PickArgs::default()
        };
        check(&[], PickArgs::default(), "");
        check(
            &["state:dead", "age<2h"],
            PickArgs::default(),
            "state:dead age<2h",
        );
        check(&[], shop.clone(), r#"ep:"my \"shop\"""#);
        check(&["a", "or", "b"], shop, r#"ep:"my \"shop\"" (a or b)"#);
        let all = PickArgs {
            endpoint: Some("ep_0e6kq3v9xjz00".to_owned()),
            event_type: Some("packet.*".to_owned()),
            state: Some("dead".to_owned()),
            cause: Some("9f86d081884c".to_owned()),
        };
        check(
            &[],
            all,
            "ep:ep_0e6kq3v9xjz00 type:packet.* state:dead cause:9f86d081884c",
        );
    }
}
