//! What somebody probably meant whose command line does not parse: the remedy beside the parser's own words.

use clap::error::{ContextKind, ContextValue};

/// What to type instead, where that can be told.
pub(super) fn remedy(error: &clap::Error) -> Option<String> {
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if let Some(word) = of(ContextKind::InvalidSubcommand) {
        return in_place_of_a_command(word);
    }
    let argument = of(ContextKind::InvalidArg)?;
    let name = argument.split([' ', '=']).next().unwrap_or(argument);
    let text = match name {
        "--data-dir" => {
            "the data directory is the service's: commands find a service by --socket PATH or --url URL"
        }
        "--filter" => {
            "a filter stands by itself, such as hookyard delivery list 'state:dead age<2h'"
        }
        "--status" | "--age" | "--tenant" | "--since" => {
            "that is part of a filter, such as 'status:5xx', 'age<2h' or 'tenant:acme': hookyard help filter"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// An id or a filter where a command is expected.
fn in_place_of_a_command(word: &str) -> Option<String> {
    let shown = crate::domain::escape::line(word);
    let commands = match word.split_once('_').map(|(prefix, _)| prefix) {
        Some("dlv") => format!(
            "hookyard delivery show {shown}, delivery why {shown} or delivery replay {shown}"
        ),
        Some("evt") => format!("hookyard event show {shown}"),
        Some("ep") => format!("hookyard endpoint show {shown}"),
        Some("rpl" | "pln") => format!("hookyard replay show {shown}"),
        _ if word.contains([':', '<', '>']) => {
            format!(
                "hookyard delivery list '{shown}', replay plan '{shown}' or replay start '{shown}'"
            )
        }
        _ => return None,
    };
    Some(format!("you may have meant {commands}"))
}
