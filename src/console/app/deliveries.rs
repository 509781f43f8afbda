//! The state of a list of deliveries: its filter, its rows, where the reader stands.

use std::time::Duration;

use super::filter_line::FilterLine;
use super::inspector::Inspector;
use super::link::Outage;
use super::marks::Marks;
use super::requests::ScreenId;
use super::ring::DeliveryRing;
use super::rows::{Gap, ROWS_MAX, Rows};
use super::sorting::Sorting;
use super::sweep::Sweep;
use crate::api::delivery::{DeliveryCount, DeliveryView};
use crate::api::page::{Page, Searched};
use crate::domain::id::DeliveryId;

/// The shortest time between two fetches of a filtered list that changes: the service decides what matches.
const REFETCH: Duration = Duration::from_secs(1);

/// The shortest time between two counts of a filtered list that changes: a count looks at many rows.
const RECOUNT: Duration = Duration::from_secs(5);

/// A list of deliveries.
#[derive(Debug)]
pub(crate) struct Deliveries {
    /// Its name for answers.
    pub id: ScreenId,
    /// The filter in force; empty for all.
    pub filter: String,
    /// The filter it came with; clearing goes back to it.
    pub base_filter: String,
    /// What is listed, such as an endpoint's name; not escaped.
    pub title: Option<String>,
    /// The rows that are shown.
    pub rows: Rows,
    /// Rows that came while the list is held.
    pub waiting: DeliveryRing,
    /// The selected row; none while following.
    pub cursor: Option<DeliveryId>,
    /// Rows that were marked to be acted on together.
    pub marks: Marks,
    /// The first line on the screen.
    pub offset: usize,
    /// Which row stands on which line, where the list is swept.
    pub sweep: Sweep,
    /// Where the next older page begins.
    pub older: Older,
    /// How far the service has searched for a filter that its indexes cannot decide.
    pub searched: Option<Searched>,
    /// How many deliveries the service counted for the filter.
    pub counted: Option<DeliveryCount>,
    /// When it was last asked to.
    pub counted_at: Option<Duration>,
    /// Rows came or changed since then.
    pub miscounted: bool,
    /// Why the rows could not be fetched, in words, not escaped.
    pub error: Option<String>,
    /// Whether rows were ever fetched.
    pub loaded: bool,
    /// Changes came since the last fetch that only a fetch can place.
    pub outdated: bool,
    /// When the last fetch was asked for.
    pub fetched_at: Option<Duration>,
    /// The filter line while it is being typed.
    pub input: Option<FilterLine>,
    /// What the next fetch has to account for, and the row from which on nothing is missing.
    pub outage: Option<(Gap, Option<DeliveryId>)>,
    /// What came that the stream did not list, until a page has shown how much of it is missing.
    pub left_out: Option<LeftOut>,
    /// The row that a page was asked for to stand below it, where a gap is.
    pub filling: Option<DeliveryId>,
    /// What is known of the selected row to be shown beside the list.
    pub preview: Option<Box<Inspector>>,
    /// What was known of the row before it, and until when it stays in its place.
    pub previewed: Option<(Box<Inspector>, Duration)>,
}

/// Changes that the stream did not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The newest row before them, up to which nothing is missing; none where there was none.
    pub whole_to: Option<DeliveryId>,
    /// Whether some came after the page was asked for that is to show them.
    pub since_asked: bool,
}

/// What lies below the oldest row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Older {
    /// Not known yet.
    Unknown,
    /// More rows: this is where they begin.
    From(String),
    /// Nothing.
    End,
    /// Rows that did not fit.
    Cut,
}

impl Deliveries {
    /// A list of what passes the filter.
    pub(crate) fn new(id: ScreenId, filter: String, title: Option<String>) -> Self {
        Self {
            id,
            base_filter: filter.clone(),
            filter,
            title,
            rows: Rows::default(),
            waiting: DeliveryRing::default(),
            cursor: None,
            marks: Marks::default(),
            offset: 0,
            sweep: Sweep::default(),
            older: Older::Unknown,
            searched: None,
            counted: None,
            counted_at: None,
            miscounted: false,
            error: None,
            loaded: false,
            outdated: false,
            fetched_at: None,
            input: None,
            outage: None,
            left_out: None,
            filling: None,
            preview: None,
            previewed: None,
        }
    }

    /// Whether new rows appear at the top by themselves.
    pub(crate) const fn follows(&self) -> bool {
        self.cursor.is_none()
    }

    /// The row that keys act on.
    pub(crate) fn selected(&self) -> Option<&DeliveryView> {
        self.cursor.and_then(|id| self.rows.get(id))
    }

    /// Stops the list and selects its first visible row; whether there is one.
    pub(crate) fn hold(&mut self) -> bool {
        if self.cursor.is_none() {
            self.cursor = self.rows.first();
        }
        self.cursor.is_some()
    }

    /// Moves the cursor by so many lines; the first step of a list that follows stops it.
    pub(crate) fn step(&mut self, steps: isize) {
        let held = self.cursor.is_some();
        if self.hold()
            && (held || steps > 1)
            && let Some(cursor) = self.cursor
        {
            self.cursor = self.rows.step(cursor, steps);
        }
    }

    /// Moves the cursor to the next failure below or above; whether there is one among the loaded rows.
    pub(crate) fn step_to_failure(&mut self, down: bool) -> bool {
        let first = self.cursor.is_none();
        self.hold();
        let Some(cursor) = self.cursor else {
            return false;
        };
        let here = self
            .rows
            .get(cursor)
            .is_some_and(|row| row.last_class.is_some());
        if first && down && here {
            return true;
        }
        let found = self.rows.failure(cursor, down);
        self.cursor = found.or(self.cursor);
        found.is_some()
    }

    /// Marks the selected row, or takes its mark away, and steps on; whether there was room for one more.
    pub(crate) fn mark(&mut self) -> bool {
        self.hold();
        let Some(cursor) = self.cursor else {
            return true;
        };
        let has_room = self.marks.toggle(cursor);
        if has_room {
            self.cursor = self.rows.step(cursor, 1);
        }
        has_room
    }

    /// Marks all rows from the one that was marked last to the selected one; whether there was room for all.
    pub(crate) fn mark_range(&mut self) -> bool {
        self.hold();
        let Some(cursor) = self.cursor else {
            return true;
        };
        let from = self.marks.last().unwrap_or(cursor);
        self.marks.mark(self.rows.between(from, cursor))
    }

    /// What a plan of this list selects, and what that is in words: the marked rows, else what passes the filter.
    pub(crate) fn selection(&self) -> Option<(String, String)> {
        if !self.marks.is_empty() {
            let filter = self.marks.selection(&self.filter)?;
            return Some((filter, self.marks.in_words()));
        }
        let filter = self.filter.trim();
        (!filter.is_empty()).then(|| (filter.to_owned(), filter.to_owned()))
    }

    /// Sorts the loaded rows and selects the first; none lets the newest stand first again. A list that is sorted is
    /// held: rows that came later would push others about.
    pub(crate) fn sort(&mut self, by: Option<Sorting>) {
        self.rows.sort(by);
        self.cursor = self.rows.first();
    }

    /// Lets new rows in again, the newest first.
    pub(crate) fn follow(&mut self) {
        self.rows.sort(None);
        self.cursor = None;
        self.offset = 0;
        for row in self.waiting.drain() {
            if self.rows.put(row) {
                self.older = Older::Cut;
            }
        }
    }

    /// Another filter: the rows of the old one go; what they are sorted by stays until it is chosen otherwise.
    pub(crate) fn set_filter(&mut self, filter: String) {
        let sorting = self.rows.sorting();
        *self = Self {
            base_filter: std::mem::take(&mut self.base_filter),
            title: self.title.take(),
            ..Self::new(self.id, filter, None)
        };
        self.rows.sort(sorting);
    }

    /// Takes over a changed delivery, as far as this side can tell where it belongs.
    pub(crate) fn take_change(&mut self, row: &DeliveryView) {
        if let Some(preview) = &mut self.preview
            && preview.delivery_id == row.id
        {
            preview.known.clone_from(row);
            preview.outdated = true;
        }
        if !self.filter.is_empty() {
            self.miscounted = true;
            self.outdated = true;
        }
        if self.rows.refresh(row) || !self.filter.is_empty() {
            return;
        }
        if self.follows() {
            if self.rows.put(row.clone()) {
                self.older = Older::Cut;
            }
        } else if self.rows.newest().is_none_or(|newest| row.id > newest) {
            self.wait_with(row.clone());
        }
    }

    /// Takes the answer for the newest rows.
    pub(crate) fn take_newest(&mut self, page: Page<DeliveryView>) {
        let first = !self.loaded;
        self.loaded = true;
        self.error = None;
        self.searched = page.searched;
        let gap = self.missed(&page.items);
        let gap = self.outage.take().or(gap);
        if self.follows() || first {
            let complete = page.next.is_none();
            let reloaded = self.rows.len() <= page.items.len();
            self.rows.take_newest(page.items, complete, gap);
            if complete {
                self.older = Older::End;
            } else if first || reloaded || self.older == Older::Unknown {
                self.older = page.next.map_or(Older::End, Older::From);
            }
            if self.rows.sorting().is_some() {
                self.hold();
            }
            return;
        }
        if gap.is_some() {
            // What is held still shows what it did; following again takes what came meanwhile.
            self.outage = gap;
        }
        for row in page.items {
            if !self.rows.refresh(&row) && self.rows.newest().is_none_or(|newest| row.id > newest) {
                self.wait_with(row);
            }
        }
    }

    /// What the newest rows do not reach of what was left out before they were asked for.
    fn missed(&mut self, page: &[DeliveryView]) -> Option<(Gap, Option<DeliveryId>)> {
        let ids = || page.iter().map(|row| row.id);
        let left_out = self.left_out.take()?;
        if left_out.since_asked {
            self.left_out = Some(LeftOut {
                whole_to: ids().max().or(left_out.whole_to),
                ..left_out
            });
        }
        let lowest = ids().min()?;
        let whole_to = left_out.whole_to;
        whole_to
            .is_none_or(|whole_to| whole_to < lowest)
            .then_some((Gap::Missed, whole_to))
    }

    /// Notes that the newest rows were asked for.
    pub(crate) fn note_asked(&mut self, now: Duration) {
        self.outdated = false;
        self.fetched_at = Some(now);
        if let Some(left_out) = &mut self.left_out {
            left_out.since_asked = false;
        }
    }

    /// Takes the answer for older rows.
    pub(crate) fn take_older(&mut self, page: Page<DeliveryView>) {
        if let (Some(so_far), Some(more)) = (&mut self.searched, &page.searched) {
            so_far.rows += more.rows;
            so_far.limited = more.limited;
        }
        let limited = page.searched.is_some_and(|searched| searched.limited);
        let cut = match self.filling.take() {
            Some(below) => {
                let complete = page.next.is_none() && !limited;
                self.rows.fill(below, page.items, complete)
            }
            None => {
                self.older = page.next.map_or(Older::End, Older::From);
                self.rows.take_older(page.items)
            }
        };
        if cut {
            self.older = Older::Cut;
        }
    }

    /// Where rows begin that should be fetched now: those of a gap that the reader of a held list is near to, or older
    /// ones where the end is near and there are some. Not after a refusal, which would be repeated.
    pub(crate) fn wants_older(&self, height: usize) -> Option<String> {
        if self.error.is_some() {
            return None;
        }
        let near = self.offset.saturating_sub(height)..self.offset + 2 * height;
        if !self.follows()
            && let Some(below) = self.rows.gap_in(near)
        {
            return Some(below.to_string());
        }
        let Older::From(cursor) = &self.older else {
            return None;
        };
        let left = self.rows.line_count().saturating_sub(self.offset + height);
        (left < height && self.rows.len() < ROWS_MAX).then(|| cursor.clone())
    }

    /// When a list that is out of date may be fetched again.
    pub(crate) fn refetch_at(&self) -> Option<Duration> {
        let last = self.fetched_at.unwrap_or_default();
        (self.outdated && self.loaded).then_some(last + REFETCH)
    }

    /// How many deliveries the filter picks, where more of them are there than are loaded and somebody has counted.
    pub(crate) fn matching(&self) -> Option<&DeliveryCount> {
        self.counted.as_ref().filter(|_| self.is_counted())
    }

    /// Whether the rows leave open how many deliveries the filter picks.
    fn is_counted(&self) -> bool {
        self.loaded && !self.filter.is_empty() && self.older != Older::End
    }

    /// When the service may be asked how many there are: at first at once, then once rows have changed.
    pub(crate) fn count_at(&self) -> Option<Duration> {
        let due = match self.counted_at {
            None => Duration::ZERO,
            Some(_) if !self.miscounted => return None,
            Some(last) => last + RECOUNT,
        };
        self.is_counted().then_some(due)
    }

    /// Moves the window so that the cursor is in it.
    pub(crate) fn settle(&mut self, height: usize) {
        let Some(cursor) = self.cursor else {
            self.offset = 0;
            return;
        };
        if self.rows.get(cursor).is_none() {
            // The row went: its neighbour takes its place.
            self.cursor = self.rows.step(cursor, 0).or_else(|| self.rows.oldest());
        }
        let Some(cursor) = self.cursor else { return };
        self.offset = window(
            self.offset,
            self.rows.line_of(cursor),
            self.rows.line_count(),
            height,
        );
    }

    /// Notes that the next changes are not all: what the page to be fetched does not reach may be missing.
    pub(crate) fn note_left_out(&mut self) {
        self.outdated = true;
        self.miscounted = true;
        let whole_to = self.rows.newest();
        let left_out = self.left_out.get_or_insert(LeftOut {
            whole_to,
            since_asked: true,
        });
        left_out.since_asked = true;
    }

    /// Notes that changes were missed.
    pub(crate) fn note_outage(&mut self, outage: Option<Outage>) {
        self.miscounted = true;
        if self.loaded {
            self.outage = Some((outage.map_or(Gap::Missed, Gap::Outage), None));
        }
    }

    fn wait_with(&mut self, row: DeliveryView) {
        self.waiting.put(row);
        while self.waiting.len() > ROWS_MAX {
            self.waiting.pop_oldest();
        }
    }
}

/// The first line of a window of `height` lines that holds `line`, moved as little as it takes.
pub(crate) fn window(offset: usize, line: usize, lines: usize, height: usize) -> usize {
    let height = height.max(1);
    let lowest = line.saturating_sub(height - 1);
    let offset = offset.clamp(lowest, line.max(lowest));
    offset.min(lines.saturating_sub(height).max(lowest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::{Change, StreamFrame};
    use crate::console::app::model::Model;
    use crate::console::app::msg::{Answer, Call, Cmd, Msg, RequestId};
    use crate::console::app::rows::RowLine;
    use crate::console::app::samples::{at, connected, delivery, list, press};
    use crate::console::app::update::update;

    /// A frame with a hundred rows that leaves others out, and the newest two hundred fetched after it.
    fn flooded(newest: i64) -> Model {
        let mut model = connected(false);
        let rows = |range: std::ops::Range<i64>| range.map(delivery).collect::<Vec<_>>();
        let frame = StreamFrame::Change(Box::new(Change {
            deliveries: rows(newest - 100..newest),
            deliveries_unlisted: 400,
            ..Change::default()
        }));
        update(&mut model, at(100), Msg::Frame(Box::new(frame)));
        let cmds = update(&mut model, at(2_000), Msg::Tick);
        for cmd in cmds {
            if let Cmd::Call(request, Call::Deliveries { .. }) = cmd {
                let page = Page {
                    items: rows((newest - 200).max(1)..newest),
                    next: Some("older".into()),
                    searched: None,
                };
                let answer = Ok(Answer::Deliveries(page));
                update(
                    &mut model,
                    at(2_100),
                    Msg::Answered(request, None, Box::new(answer)),
                );
            }
        }
        model
    }

    #[test]
    fn a_gap_is_filled_when_the_reader_of_a_held_list_comes_near() {
        let mut model = flooded(1_000);
        assert_eq!(
            wanted(&update(&mut model, at(2_200), Msg::Tick)),
            None,
            "a list that follows shows the newest"
        );
        press(&mut model, 2_300, "j");
        let mut now = 2_400;
        let (request, cursor) = loop {
            if let Some(found) = wanted(&press(&mut model, now, "pgdn")) {
                break found;
            }
            now += 10;
            assert!(now < 5_000, "nobody asks");
        };
        assert_eq!(cursor, delivery(800).id.to_string());
        let page = Page {
            items: (600..800).rev().map(delivery).collect(),
            next: Some("older".into()),
            searched: None,
        };
        let answer = Msg::Answered(request, None, Box::new(Ok(Answer::Deliveries(page))));
        assert_eq!(wanted(&update(&mut model, at(now), answer)), None);
        assert_eq!(list(&model).rows.len(), 6 + 400);
        let gap = list(&model).rows.gap_in(0..10_000);
        assert_eq!(
            gap,
            Some(delivery(600).id),
            "what is still missing lies below"
        );
    }

    /// What is asked for below the rows that are there.
    fn wanted(cmds: &[Cmd]) -> Option<(RequestId, String)> {
        cmds.iter().find_map(|cmd| match cmd {
            Cmd::Call(
                request,
                Call::Deliveries {
                    cursor: Some(cursor),
                    ..
                },
            ) => Some((*request, cursor.clone())),
            _ => None,
        })
    }

    #[test]
    fn what_was_left_out_while_a_page_was_on_its_way_leaves_a_gap_above_it() {
        let mut list = Deliveries::new(ScreenId(9), String::new(), None);
        let page = |range: std::ops::Range<i64>| Page {
            items: range.rev().map(delivery).collect(),
            next: Some("older".into()),
            searched: None,
        };
        list.note_left_out();
        list.take_change(&delivery(90));
        list.note_asked(Duration::ZERO);
        list.note_left_out();
        list.take_change(&delivery(290));
        list.take_newest(page(80..100));
        let gaps = |list: &Deliveries| {
            let lines: Vec<RowLine<'_>> = list.rows.lines().collect();
            let above = lines.windows(2).filter_map(|pair| match pair {
                [RowLine::Delivery(row), RowLine::Gap(_)] => Some(row.id),
                _ => None,
            });
            above.collect::<Vec<_>>()
        };
        assert_eq!(gaps(&list), [], "nothing is known below the page");
        list.note_asked(Duration::from_secs(1));
        list.take_newest(page(280..300));
        assert_eq!(gaps(&list), [delivery(280).id]);
        list.note_left_out();
        list.note_asked(Duration::from_secs(2));
        list.take_newest(page(290..310));
        assert_eq!(gaps(&list), [delivery(280).id], "it reaches what is known");
    }

    #[test]
    fn rows_that_were_left_out_and_not_fetched_leave_a_gap() {
        let gaps = |model: &Model| {
            let lines = list(model).rows.lines();
            lines.filter(|line| matches!(line, RowLine::Gap(_))).count()
        };
        assert_eq!(
            gaps(&flooded(1_000)),
            1,
            "the page does not reach what was known"
        );
        assert_eq!(gaps(&flooded(150)), 0, "it does");
    }
}
