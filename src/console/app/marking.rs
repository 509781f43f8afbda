//! What the actions on marks do.

use super::deliveries::Deliveries;
use super::marks::{Marks, NAMED_MAX};
use super::model::{Level, Model, Screen};
use super::msg::{Cmd, Now};
use super::navigation::restart;
use crate::console::actions::{ActionId, Marking};

/// Does what an action on marks says.
pub(super) fn act(model: &mut Model, now: Now, how: Marking) -> Vec<Cmd> {
    match how {
        Marking::Row => mark(model, now, Deliveries::mark),
        Marking::Range => mark(model, now, Deliveries::mark_range),
        Marking::All => remark(model, Marks::mark_all),
        Marking::Others => remark(model, Marks::invert),
        Marking::Clear => remark(model, Marks::clear),
        Marking::Only => return only_marked(model, now),
    }
    Vec::new()
}

fn mark(model: &mut Model, now: Now, mark: fn(&mut Deliveries) -> bool) {
    if let Screen::Deliveries(list) = model.screen_mut()
        && !mark(list)
    {
        let filter = model.key(ActionId::Filter);
        let text =
            format!("{NAMED_MAX} rows are marked, no more can be: filter with {filter} instead");
        model.tell(now, Level::Warn, text);
    }
}

/// Puts the marked rows into the filter, which esc clears; they stay marked.
fn only_marked(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Screen::Deliveries(list) = model.screen_mut() else {
        return Vec::new();
    };
    if list.marks.is_empty() {
        let text = format!(
            "nothing is marked: {} marks",
            model.key(ActionId::Mark(Marking::Row))
        );
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    let Some((filter, _)) = list.selection() else {
        let text = format!(
            "all is shown already: {} filters",
            model.key(ActionId::Filter)
        );
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    let (id, marks) = (list.id, std::mem::take(&mut list.marks));
    list.set_filter(filter);
    list.marks = marks;
    restart(model, now, id)
}

/// Marks another way, in a list that is held: what moves is not marked.
fn remark(model: &mut Model, how: fn(&mut Marks)) {
    if let Screen::Deliveries(list) = model.screen_mut() {
        list.hold();
        how(&mut list.marks);
    }
}
