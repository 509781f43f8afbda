//! What can be asked, from the table of actions.

use super::ask::{ALONE, DEEDS};
use crate::console::actions::{ACTIONS, ActionId};

/// A line for each thing that can be asked.
pub(super) fn lines() -> Vec<String> {
    let mut lines = vec![
        "pulse: how all is. deliveries, endpoints, events, dead, replays, audit, log: lists, also by the digits 2 to 8. \
         views: saved views."
            .to_owned(),
        "filter EXPRESSION, or /EXPRESSION: deliveries that pass it, such as filter state:dead age<2h".to_owned(),
        "more: the next rows of the list. N below is the number of a row of the last list, or the id of a delivery."
            .to_owned(),
    ];
    for (word, _, id, _) in &DEEDS {
        let words = match id {
            ActionId::Note => " N WORDS",
            ActionId::PlanReplay => {
                " N, or several such as 3-7,9, or alone for what the last filter picks"
            }
            _ => " N",
        };
        lines.push(told(word, words, *id));
    }
    for (word, id, _) in &ALONE {
        let words = match id {
            ActionId::Saved(_) => " NAME",
            _ => "",
        };
        lines.push(told(word, words, *id));
    }
    lines.push(
        "Where something is changed, it asks first; no leaves every question. follow again ends it."
            .to_owned(),
    );
    lines.push(
        "help: this. quit: leave. hookyard help filter tells what a filter can be.".to_owned(),
    );
    lines
}

fn told(word: &str, words: &str, id: ActionId) -> String {
    let action = ACTIONS.iter().find(|action| action.id == id);
    action.map_or_else(String::new, |action| {
        format!("{word}{words}, or {}: {}.", action.name, action.title)
    })
}
