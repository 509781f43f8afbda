//! Which columns the lists of a view have, in which order; and the choice of them, or of the one to sort by.

use std::collections::BTreeSet;

use super::choice::moved;
use super::dialogs::Pressed;
use super::model::{Level, Model, Overlay};
use super::msg::Now;
use super::pane::{self, Room};
use super::sorting::Sorting;
use crate::console::actions::{ActionId, Arranging, Dialog, Inside, Ordering, Place};
use crate::console::input::key::Key;
use crate::console::keys::Within;
use crate::console::view::columns::{of, timed};
use crate::console::view::table::{Column, place};

/// Letters that choose a line at once, where they mean nothing else in a choice; without the one that opens it.
const LETTERS: &str = "abcdefghijklmnopqrtuvwxyz";

/// What was chosen for the columns of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    /// The headings in their order, where it is not the one they come in.
    order: Vec<&'static str>,
    /// Those that are not shown.
    hidden: BTreeSet<&'static str>,
    /// How many of those that can be left out have gone at the left.
    scrolled: usize,
}

impl Columns {
    /// All columns in the chosen order, shown or not.
    pub(crate) fn ordered(&self, all: &[Column]) -> Vec<Column> {
        let mut ordered = all.to_vec();
        let at = |column: &Column| {
            let chosen = self.order.iter().position(|title| *title == column.title);
            chosen.unwrap_or(usize::MAX)
        };
        ordered.sort_by_key(at);
        ordered
    }

    /// The columns that may be shown in `width` columns of the screen, in their order, without those that were scrolled
    /// away.
    pub(crate) fn shown(&self, all: &[Column], width: u16) -> Vec<Column> {
        let mut own = self.own(all);
        let gone = self.gone(&own, width);
        scroll_away(&mut own, gone);
        own
    }

    /// All columns that are not hidden, in their order.
    fn own(&self, all: &[Column]) -> Vec<Column> {
        let mut own = self.ordered(all);
        own.retain(|column| !self.is_hidden(column.title));
        own
    }

    /// How many of its own have gone at the left: no more than it takes, so that a list that got wider has all of them
    /// again.
    fn gone(&self, own: &[Column], width: u16) -> usize {
        let mut shown = own.to_vec();
        for gone in 0..self.scrolled {
            if place(&shown, width).len() == shown.len() {
                return gone;
            }
            scroll_away(&mut shown, 1);
        }
        self.scrolled
    }

    /// Whether a column is not to be shown.
    pub(crate) fn is_hidden(&self, title: &str) -> bool {
        self.hidden.contains(title)
    }

    /// The headings in their chosen order, and those that are not shown.
    pub(crate) fn chosen(&self) -> (&[&'static str], &BTreeSet<&'static str>) {
        (&self.order, &self.hidden)
    }

    /// Whether anything was chosen; how far they are scrolled is no choice.
    pub(crate) fn is_chosen(&self) -> bool {
        !self.order.is_empty() || !self.hidden.is_empty()
    }

    /// What was chosen by these headings; names that are none are left out, and one column stays.
    pub(crate) fn of_names(all: &[Column], order: &[String], hidden: &[String]) -> Self {
        let known = |name: &String| {
            let mut titles = all.iter().map(|column| column.title);
            titles.find(|title| title == name)
        };
        let mut chosen = Self {
            order: order.iter().filter_map(known).collect(),
            ..Self::default()
        };
        for title in hidden.iter().filter_map(known) {
            if !chosen.is_hidden(title) {
                chosen.toggle(all, title);
            }
        }
        chosen
    }

    /// Hides a column, or shows it again; whether one would be left.
    fn toggle(&mut self, all: &[Column], title: &'static str) -> bool {
        if self.hidden.remove(title) {
            return true;
        }
        let others = all.iter().filter(|column| column.title != title);
        let is_left = others.into_iter().any(|one| !self.is_hidden(one.title));
        if is_left {
            self.hidden.insert(title);
        }
        is_left
    }

    /// Moves a column by one place to the right or to the left; where it stands then.
    fn shift(&mut self, all: &[Column], at: usize, right: bool) -> usize {
        let mut order: Vec<&str> = self.ordered(all).iter().map(|one| one.title).collect();
        let to = match right {
            true => (at + 1).min(order.len().saturating_sub(1)),
            false => at.saturating_sub(1),
        };
        order.swap(at, to);
        self.order = order;
        to
    }
}

/// Lets so many columns go at the left, of those that can be left out.
fn scroll_away(columns: &mut Vec<Column>, mut left: usize) {
    columns.retain(|column| {
        let goes = left > 0 && column.rank > 0;
        left -= usize::from(goes);
        !goes
    });
}

/// The choice of columns, or of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColumnChoice {
    /// What the columns are chosen for.
    pub wants: Wants,
    /// The chosen line.
    pub chosen: usize,
}

/// What columns are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// To be shown, or not.
    Columns,
    /// To sort by. The first line is the order in which rows come.
    Order,
}

/// Does what an action on columns says.
pub(super) fn act(model: &mut Model, now: Now, how: Arranging) {
    match how {
        Arranging::Choose => {
            let choice = ColumnChoice {
                wants: Wants::Columns,
                chosen: 0,
            };
            model.overlays.push(Overlay::Columns(choice));
        }
        Arranging::Right => scroll(model, now, true),
        Arranging::Left => scroll(model, now, false),
    }
}

/// Does what an action on the order says.
pub(super) fn order(model: &mut Model, now: Now, how: Ordering) {
    match how {
        Ordering::Choose => open_order(model),
        Ordering::Turn => turn(model, now),
    }
}

/// Opens the choice of a column to sort by, at the one in force.
fn open_order(model: &mut Model) {
    let sorting = model.screen().sorting();
    let columns = listed(model);
    let at = sorting.and_then(|by| columns.iter().position(|one| one.title == by.column));
    let choice = ColumnChoice {
        wants: Wants::Order,
        chosen: at.map_or(0, |at| at + 1),
    };
    model.overlays.push(Overlay::Columns(choice));
}

/// The columns of the view that is shown, in their order.
pub(crate) fn listed(model: &Model) -> Vec<Column> {
    let place = model.place();
    model.columns_of(place).ordered(of(place))
}

/// The letters that take a line at once, from the first line on.
pub(crate) fn letters(own: Within<'_>) -> impl Iterator<Item = char> {
    let is_free = move |letter: &char| own.meaning(Key::char(*letter), false).is_none();
    LETTERS.chars().filter(is_free)
}

/// A key for the choice.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) {
    let Some(&Overlay::Columns(choice)) = model.overlays.last() else {
        return;
    };
    match choice.wants {
        _ if pressed.means == Some(Inside::Leave) => {
            model.overlays.pop();
        }
        Wants::Order => order_key(model, choice, pressed),
        Wants::Columns => columns_key(model, now, choice, pressed.means),
    }
}

fn order_key(model: &mut Model, choice: ColumnChoice, pressed: Pressed) {
    let columns = listed(model);
    let own = model.keys.within(Dialog::Choice);
    let lettered = letters(own).position(|letter| Key::char(letter) == pressed.key);
    let lettered = lettered.filter(|line| *line <= columns.len());
    let takes = pressed.means == Some(Inside::Take);
    let taken = lettered.or(takes.then_some(choice.chosen));
    if let Some(line) = taken {
        model.overlays.pop();
        let column = line.checked_sub(1).and_then(|at| columns.get(at));
        sort(model, column.map(|column| column.title));
        return;
    }
    let line = moved(
        pressed.means,
        choice.chosen,
        columns.len() + 1,
        model.size.1,
    );
    choose(model, line);
}

fn columns_key(model: &mut Model, now: Now, choice: ColumnChoice, means: Option<Inside>) {
    let view = model.place();
    let all = of(view);
    let at = choice.chosen;
    let columns = listed(model);
    let Some(column) = columns.get(at) else {
        return;
    };
    let chosen = model.columns.entry(view).or_default();
    match means {
        Some(Inside::MoveDown) => {
            let to = chosen.shift(all, at, true);
            choose(model, to);
        }
        Some(Inside::MoveUp) => {
            let to = chosen.shift(all, at, false);
            choose(model, to);
        }
        Some(Inside::Reset) => {
            model.columns.remove(&view);
        }
        Some(Inside::Toggle) => {
            if !chosen.toggle(all, column.title) {
                model.tell(now, Level::Info, "one column stays");
            }
        }
        Some(Inside::Take) => {
            model.overlays.pop();
        }
        _ => {
            let line = moved(means, at, columns.len(), model.size.1);
            choose(model, line);
        }
    }
}

/// Moves the choice to a line.
fn choose(model: &mut Model, line: usize) {
    if let Some(Overlay::Columns(choice)) = model.overlays.last_mut() {
        choice.chosen = line;
    }
}

/// Sorts what is shown by a column; by the one in force the other way round.
fn sort(model: &mut Model, column: Option<&'static str>) {
    let before = model.screen().sorting();
    let by = column.map(|column| match before {
        Some(by) if by.column == column => by.turned(),
        _ => Sorting {
            column,
            reversed: false,
        },
    });
    model.screen_mut().sort(by);
}

/// Turns the order round.
fn turn(model: &mut Model, now: Now) {
    match model.screen().sorting() {
        Some(by) => model.screen_mut().sort(Some(by.turned())),
        None => {
            let sort = model.key(ActionId::Order(Ordering::Choose));
            let text = format!("nothing is sorted yet: {sort} chooses a column");
            model.tell(now, Level::Info, text);
        }
    }
}

/// Lets the next column at the left go, so that those come in that had no room; or brings it back.
fn scroll(model: &mut Model, now: Now, right: bool) {
    let view = model.place();
    let (all, width) = (timed(model, view), width(model));
    let chosen = model.columns.entry(view).or_default();
    chosen.scrolled = chosen.gone(&chosen.own(&all), width);
    let shown = chosen.shown(&all, width);
    let told = match (right, chosen.scrolled) {
        (false, 0) => Some("these are the first columns"),
        (false, gone) => {
            chosen.scrolled = gone - 1;
            None
        }
        (true, _) if place(&shown, width).len() == shown.len() => {
            Some("these are all columns there are to the right")
        }
        (true, gone) => {
            chosen.scrolled = gone + 1;
            None
        }
    };
    if let Some(text) = told {
        model.tell(now, Level::Info, text);
    }
}

/// The columns of the screen that a list has.
pub(crate) fn width(model: &Model) -> u16 {
    match pane::room(model) {
        Some(Room::Right(beside)) => model.size.0.saturating_sub(beside),
        Some(Room::Below(_)) | None => model.size.0,
    }
}

/// Views whose columns can be chosen.
pub(crate) const CHOSEN_IN: &[Place] = &[
    Place::Deliveries,
    Place::Endpoints,
    Place::Events,
    Place::Dead,
    Place::Replays,
    Place::Audit,
    Place::Log,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, list, press, serve};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    fn headings(model: &Model) -> Vec<String> {
        let shown = screen(model, 300);
        let line = shown.lines().nth(2).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn columns_go_come_back_and_change_places() {
        let mut model = connected(false);
        let before = headings(&model);
        assert_eq!(before[..2], ["TIME", "STATE"]);
        press(&mut model, 100, "c space j J esc");
        assert_eq!(headings(&model)[..2], ["RESULT", "STATE"]);
        press(&mut model, 100, "c space esc");
        assert_eq!(headings(&model)[..3], ["TIME", "RESULT", "STATE"]);
        press(&mut model, 100, "c r esc");
        assert_eq!(headings(&model), before);
    }

    #[test]
    fn the_last_column_stays() {
        let mut model = connected(false);
        press(&mut model, 100, "c");
        for _ in 0..of(Place::Deliveries).len() {
            press(&mut model, 100, "space j");
        }
        assert!(model.toast.as_ref().unwrap().text.contains("one column"));
        press(&mut model, 100, "esc");
        assert_eq!(headings(&model), ["ID"]);
    }

    #[test]
    fn columns_without_room_come_in_when_others_go_and_no_further() {
        let mut model = connected(false);
        assert!(!headings(&model).contains(&"ID".to_owned()));
        press(&mut model, 100, "l l");
        assert!(
            headings(&model).contains(&"ID".to_owned()),
            "{:?}",
            headings(&model)
        );
        press(&mut model, 100, "l l l l l l l l l l l l");
        assert!(model.toast.as_ref().unwrap().text.contains("all columns"));
        press(&mut model, 100, "h h h h h h h h h h h h h");
        assert_eq!(headings(&model)[0], "TIME");
        update(&mut model, at(200), Msg::Resized(200, 30));
        press(&mut model, 250, "l");
        assert_eq!(headings(&model)[0], "TIME", "all have room");
    }

    #[test]
    fn columns_that_were_let_go_come_back_where_there_is_room_and_go_again_where_there_is_none() {
        let mut model = connected(false);
        press(&mut model, 100, "l l");
        let narrow = headings(&model);
        assert_ne!(narrow[0], "TIME");
        update(&mut model, at(200), Msg::Resized(200, 30));
        assert_eq!(headings(&model)[..2], ["TIME", "STATE"]);
        update(&mut model, at(300), Msg::Resized(80, 24));
        assert_eq!(headings(&model), narrow);
        // A key means what is seen: nothing is left to come back.
        update(&mut model, at(400), Msg::Resized(200, 30));
        press(&mut model, 500, "h");
        assert!(model.toast.as_ref().unwrap().text.contains("the first"));
        update(&mut model, at(600), Msg::Resized(80, 24));
        assert_eq!(headings(&model)[0], "TIME");
    }

    #[test]
    fn a_new_filter_keeps_what_rows_are_sorted_by_and_holds_them() {
        let mut model = connected(false);
        press(&mut model, 100, "s h");
        let by = model.screen().sorting();
        assert_eq!(by.unwrap().in_words(), "by TRY");
        let cmds = press(&mut model, 200, "/ s t a t e : d e a d enter");
        serve(&mut model, 300, cmds);
        assert_eq!(model.screen().sorting(), by);
        let tries: Vec<u32> = list(&model)
            .rows
            .deliveries()
            .map(|row| row.attempts)
            .collect();
        assert!(
            tries.len() > 1 && tries.is_sorted_by(|one, next| one >= next),
            "{tries:?}"
        );
        assert!(
            !list(&model).follows(),
            "rows that come would push it about"
        );
        assert!(screen(&model, 400).contains("by TRY"));
    }

    #[test]
    fn a_letter_sorts_at_once_again_turns_and_following_ends_it() {
        let mut model = connected(false);
        let tries = |model: &Model| -> Vec<u32> {
            let rows = list(model).rows.deliveries();
            rows.map(|row| row.attempts).collect()
        };
        let newest_first = tries(&model);
        // Lines are: as it comes, TIME, STATE, RESULT, ENDPOINT, EVENT, TRY.
        press(&mut model, 100, "s h");
        assert!(model.overlays.is_empty());
        assert!(tries(&model).is_sorted_by(|one, next| one >= next));
        assert_eq!(list(&model).cursor, list(&model).rows.first());
        press(&mut model, 110, "s enter");
        assert!(tries(&model).is_sorted(), "it is chosen already: turned");
        press(&mut model, 120, "S");
        assert_eq!(model.screen().sorting().unwrap().in_words(), "by TRY");
        press(&mut model, 130, "f");
        assert_eq!(model.screen().sorting(), None);
        assert_eq!(tries(&model), newest_first);
    }
}
