//! A list that the service answers page by page and that is fetched anew when it is out of date: dead letters, replays,
//! events, the audit log.

use std::time::Duration;

use super::deliveries::window;
use super::requests::ScreenId;
use super::sieve::Sieve;
use super::sorting::{Sortable, Sorting};
use crate::api::audit::AuditEntryView;
use crate::api::dead::DeadCauseView;
use crate::api::event::EventView;
use crate::api::page::Page;
use crate::api::replay::ReplayView;
use crate::domain::id::{AuditId, EventId, ReplayId};
use crate::domain::time::Timestamp;

/// Rows that a list holds; what is older is left to filters and to the command line.
const ROWS_MAX: usize = 5_000;
/// The shortest time between two fetches of a list that changes.
const REFETCH: Duration = Duration::from_secs(2);

/// A row that is known again in the next answer.
pub(crate) trait Listed: Sortable {
    /// What it is known by.
    type Key: Clone + PartialEq + std::fmt::Debug;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// What words are looked for in.
    fn text(&self) -> String;
}

macro_rules! listed {
    ($($row:ty, $key:ty;)*) => {
        $(impl Listed for $row {
            type Key = $key;

            fn key(&self) -> Self::Key {
                self.id.clone()
            }

            fn text(&self) -> String {
                serde_json::to_string(self).unwrap_or_default()
            }
        })*
    };
}

listed! {
    DeadCauseView, String;
    ReplayView, ReplayId;
    AuditEntryView, AuditId;
    EventView, EventId;
}

/// The list.
#[derive(Debug)]
pub(crate) struct Listing<T: Listed> {
    /// Its name for answers.
    pub id: ScreenId,
    /// The rows in the service's order.
    pub items: Vec<T>,
    /// The row that was chosen; none for the first.
    pub cursor: Option<T::Key>,
    /// The first line on the screen.
    pub offset: usize,
    /// The state of its fetches.
    pub fetched: Fetched,
    /// The words that shown rows have.
    pub sieve: Sieve,
    /// What shown rows are sorted by; none leaves them in the service's order.
    pub sorting: Option<Sorting>,
    /// Where the shown rows are, in their order; of use only while there are words or a sorting.
    arranged: Vec<usize>,
}

/// How far a list is fetched.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    /// Where the next older page begins.
    pub next: Option<String>,
    /// Whether there are older rows than the list holds.
    pub cut: bool,
    /// Since when what was made is all in it, where retention has taken some of what is older.
    pub kept_since: Option<Timestamp>,
    /// Whether rows were ever fetched.
    pub loaded: bool,
    /// Something changed since the last fetch.
    pub outdated: bool,
    /// When the last fetch was asked for.
    pub at: Option<Duration>,
    /// Why the rows could not be fetched, in words, not escaped.
    pub error: Option<String>,
}

/// What every list can do, whatever its rows are.
pub(crate) trait Rows: std::fmt::Debug {
    /// Its name for answers.
    fn id(&self) -> ScreenId;

    /// Moves the cursor by so many lines.
    fn step(&mut self, steps: isize);

    /// Moves the window so that the cursor is in it.
    fn settle(&mut self, height: usize);

    /// The words that shown rows have.
    fn sieve(&self) -> &Sieve;

    /// The same to be changed; [`Rows::sift`] puts them in force.
    fn sieve_mut(&mut self) -> &mut Sieve;

    /// Looks which rows have the words.
    fn sift(&mut self);

    /// What its rows are sorted by; none for the service's order.
    fn sorting(&self) -> Option<Sorting> {
        None
    }

    /// Sorts its rows, where it can.
    fn sort(&mut self, _by: Option<Sorting>) {}

    /// How many rows are shown, and how many are loaded.
    fn counts(&self) -> (usize, usize);

    /// The state of its fetches.
    fn fetched(&mut self) -> &mut Fetched;

    /// When a list that is out of date may be fetched again.
    fn refetch_at(&self) -> Option<Duration>;

    /// Where older rows begin that should be fetched now, because the reader is near the end.
    fn wants_older(&self, height: usize) -> Option<String>;
}

impl<T: Listed> Listing<T> {
    /// A list that nothing is known of.
    pub(crate) fn new(id: ScreenId) -> Self {
        Self {
            id,
            items: Vec::new(),
            cursor: None,
            offset: 0,
            fetched: Fetched::default(),
            sieve: Sieve::default(),
            sorting: None,
            arranged: Vec::new(),
        }
    }

    /// The rows that are shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &T> {
        let arranged = self.arranged.iter().filter_map(|at| self.items.get(*at));
        let all = (!self.is_arranged()).then_some(&self.items);
        let some = self.is_arranged().then_some(arranged);
        all.into_iter().flatten().chain(some.into_iter().flatten())
    }

    /// Whether other rows are shown than those that the service listed, or in another order.
    fn is_arranged(&self) -> bool {
        self.sieve.is_set() || self.sorting.is_some()
    }

    /// Looks which rows have the words, and in which order they stand.
    fn arrange(&mut self) {
        self.arranged.clear();
        if !self.is_arranged() {
            return;
        }
        let has_words = |row: &T| !self.sieve.is_set() || self.sieve.passes(&row.text());
        let order = match self.sorting {
            Some(by) => by.order(self.items.iter()),
            None => (0..self.items.len()).collect(),
        };
        let passing = order.into_iter().filter(|at| has_words(&self.items[*at]));
        self.arranged = passing.collect();
    }

    fn shown_count(&self) -> usize {
        match self.is_arranged() {
            true => self.arranged.len(),
            false => self.items.len(),
        }
    }

    /// The line of the cursor.
    pub(crate) fn line(&self) -> usize {
        let chosen = self.cursor.as_ref();
        chosen
            .and_then(|cursor| self.shown().position(|item| item.key() == *cursor))
            .unwrap_or(0)
    }

    /// The row that keys act on.
    pub(crate) fn selected(&self) -> Option<&T> {
        self.shown().nth(self.line())
    }

    /// Nothing is known of it any more; its words and its order stay.
    pub(crate) fn forget(&mut self) {
        self.items.clear();
        self.cursor = None;
        self.offset = 0;
        self.fetched = Fetched::default();
        self.arrange();
    }

    /// Takes the answer for the newest rows. Rows below them stay, so that the reader keeps his place.
    pub(crate) fn take_newest(&mut self, page: Page<T>) {
        self.fetched.loaded = true;
        self.fetched.error = None;
        let last = page.items.last().map(Listed::key);
        let below = last.and_then(|last| self.items.iter().position(|item| item.key() == last));
        match below {
            Some(at) if page.next.is_some() => {
                self.items.splice(..=at, page.items);
            }
            _ => {
                self.items = page.items;
                self.fetched.next = page.next;
                self.fetched.cut = false;
            }
        }
        self.fetched.cut |= self.items.len() > ROWS_MAX;
        self.items.truncate(ROWS_MAX);
        self.arrange();
    }

    /// Takes the answer for older rows.
    pub(crate) fn take_older(&mut self, page: Page<T>) {
        self.items.extend(page.items);
        let has_room = self.items.len() < ROWS_MAX;
        self.fetched.cut = self.items.len() > ROWS_MAX || (!has_room && page.next.is_some());
        self.items.truncate(ROWS_MAX);
        self.fetched.next = page.next.filter(|_| has_room);
        self.arrange();
    }

    /// Changes a row where it stands; one that is not there is fetched with the next look.
    pub(crate) fn put(&mut self, row: T) {
        let key = row.key();
        match self.items.iter_mut().find(|item| item.key() == key) {
            Some(known) => *known = row,
            None => self.fetched.outdated = true,
        }
        self.arrange();
    }
}

impl<T: Listed + std::fmt::Debug> Rows for Listing<T> {
    fn id(&self) -> ScreenId {
        self.id
    }

    fn step(&mut self, steps: isize) {
        let at = self.line().saturating_add_signed(steps);
        let last = self.shown_count().saturating_sub(1);
        let chosen = self.shown().nth(at.min(last)).map(Listed::key);
        self.cursor = chosen;
    }

    fn settle(&mut self, height: usize) {
        self.offset = window(self.offset, self.line(), self.shown_count(), height);
    }

    fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    fn sieve_mut(&mut self) -> &mut Sieve {
        &mut self.sieve
    }

    fn counts(&self) -> (usize, usize) {
        (self.shown_count(), self.items.len())
    }

    fn sift(&mut self) {
        self.arrange();
    }

    fn sorting(&self) -> Option<Sorting> {
        self.sorting
    }

    fn sort(&mut self, by: Option<Sorting>) {
        self.sorting = by;
        self.cursor = None;
        self.arrange();
    }

    fn fetched(&mut self) -> &mut Fetched {
        &mut self.fetched
    }

    fn refetch_at(&self) -> Option<Duration> {
        let last = self.fetched.at.unwrap_or_default();
        (self.fetched.outdated && self.fetched.loaded).then_some(last + REFETCH)
    }

    fn wants_older(&self, height: usize) -> Option<String> {
        let left = self.shown_count().saturating_sub(self.offset + height);
        let next = self.fetched.next.as_ref().filter(|_| left < height)?;
        Some(next.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(id: &str, dead: u64) -> DeadCauseView {
        DeadCauseView {
            id: id.to_owned(),
            dead,
            ..DeadCauseView::default()
        }
    }

    fn page(ids: &[&str], next: Option<&str>) -> Page<DeadCauseView> {
        Page {
            items: ids.iter().map(|id| cause(id, 1)).collect(),
            next: next.map(str::to_owned),
            searched: None,
        }
    }

    fn ids(list: &Listing<DeadCauseView>) -> Vec<&str> {
        list.items.iter().map(|item| &*item.id).collect()
    }

    #[test]
    fn the_cursor_stays_with_its_row_when_the_order_changes() {
        let mut list = Listing::new(ScreenId(1));
        list.take_newest(page(&["a", "b", "c"], None));
        list.step(1);
        list.take_newest(page(&["c", "a", "b"], None));
        assert_eq!(list.selected().unwrap().id, "b");
        list.take_newest(page(&["c"], None));
        assert_eq!(list.selected().unwrap().id, "c", "its row is gone");
        list.take_newest(page(&[], None));
        assert!(list.selected().is_none());
    }

    #[test]
    fn newer_rows_come_on_top_and_older_ones_stay_below() {
        let mut list = Listing::new(ScreenId(1));
        list.take_newest(page(&["c", "b"], Some("after b")));
        list.take_older(page(&["a"], None));
        list.take_newest(page(&["d", "c"], Some("after c")));
        assert_eq!(ids(&list), ["d", "c", "b", "a"]);
        assert_eq!(list.fetched.next, None, "what is below is known");
        list.take_newest(page(&["f", "e"], Some("after e")));
        assert_eq!(
            ids(&list),
            ["f", "e"],
            "between e and d rows may be missing"
        );
        assert_eq!(list.fetched.next.as_deref(), Some("after e"));
    }

    #[test]
    fn a_list_that_is_full_says_that_there_are_older_rows_and_asks_for_none() {
        let mut list = Listing::new(ScreenId(1));
        let names: Vec<String> = (0..ROWS_MAX + 10)
            .map(|number| number.to_string())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        list.take_newest(page(&names[..ROWS_MAX - 5], Some("more")));
        assert!(!list.fetched.cut);
        list.take_older(page(&names[ROWS_MAX - 5..], None));
        assert!(list.fetched.cut && list.items.len() == ROWS_MAX);
        assert_eq!(list.fetched.next, None);
        list.take_newest(page(&names[..3], None));
        assert!(!list.fetched.cut, "all of it is here again");
    }

    #[test]
    fn only_rows_with_the_words_are_shown_and_reached() {
        let mut list = Listing::new(ScreenId(1));
        list.take_newest(page(&["aa", "ab", "ba", "bb"], Some("more")));
        list.step(3);
        list.sieve.begin();
        list.sieve.paste("b -bb");
        list.sift();
        let shown: Vec<&str> = list.shown().map(|row| &*row.id).collect();
        assert_eq!(shown, ["ab", "ba"]);
        assert_eq!(list.selected().unwrap().id, "ab", "its row is hidden");
        list.step(5);
        assert_eq!(list.selected().unwrap().id, "ba");
        assert!(
            list.wants_older(10).is_some(),
            "older rows may have them too"
        );
        list.take_older(page(&["cb"], None));
        assert_eq!(list.shown().count(), 3);
        assert!(list.sieve.clear());
        assert_eq!(list.shown().count(), 5);
    }

    #[test]
    fn older_rows_are_wanted_near_the_end_only() {
        let mut list = Listing::new(ScreenId(1));
        let names: Vec<String> = (0..30).map(|number| format!("{number:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        list.take_newest(page(&names, Some("more")));
        list.settle(10);
        assert_eq!(list.wants_older(10), None);
        list.step(20);
        list.settle(10);
        assert_eq!(list.wants_older(10).as_deref(), Some("more"));
    }

    #[test]
    fn a_row_that_is_not_there_is_fetched_soon() {
        let mut list = Listing::new(ScreenId(1));
        list.take_newest(page(&["a"], None));
        list.put(cause("a", 7));
        assert_eq!((list.items[0].dead, list.refetch_at()), (7, None));
        list.put(cause("b", 1));
        assert_eq!(list.refetch_at(), Some(REFETCH));
    }
}
