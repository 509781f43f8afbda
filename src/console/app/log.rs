//! The state of the log view: the service's own lines as far as they were fetched, and what is missing between them.
//!
//! Lines bear numbers, so what is missing is known exactly: more lines that can be fetched, lines that the service has let
//! go, or a start of the service, after which the numbers began again.

use std::collections::BTreeMap;
use std::time::Duration;

use super::deliveries::window;
use super::listing::{Fetched, Rows};
use super::requests::ScreenId;
use super::sieve::Sieve;
use crate::api::log::{LogLineView, LogView};
use crate::api::stream::LogNews;
use crate::domain::time::Timestamp;

/// Lines that the view holds; the oldest go when more come.
const LINES_MAX: usize = 5_000;
/// The shortest time between two fetches.
const REFETCH: Duration = Duration::from_secs(1);

/// What a line is known by: when its service was started, and its number since.
pub(crate) type LineKey = (Timestamp, u64);

/// What is missing between two lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Lines that the service has no longer.
    pub lost: u64,
    /// Lines that it has and that were not fetched.
    pub unfetched: u64,
    /// When the service was started anew, where the lines below are of the time before.
    pub started: Option<Timestamp>,
}

/// A row of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogRow {
    /// A line.
    Line(LineKey),
    /// What is missing below the line before.
    Gap(Gap),
}

/// The view.
#[derive(Debug)]
pub(crate) struct Log {
    /// Its name for answers.
    pub id: ScreenId,
    /// The selected line; none while following.
    pub cursor: Option<LineKey>,
    /// The first row on the screen.
    pub offset: usize,
    /// The state of its fetches.
    pub fetched: Fetched,
    /// The words that shown lines have.
    pub sieve: Sieve,
    /// The most talkative level that the service writes at all.
    pub level: Option<String>,
    /// When the oldest line was written that the service has.
    pub oldest_at: Option<Timestamp>,
    lines: BTreeMap<LineKey, LogLineView>,
    /// What is shown, newest first.
    rows: Vec<LogRow>,
    /// When the service was started whose lines come now.
    life: Timestamp,
    /// The highest number of it whose line is gone.
    lost_to: u64,
    /// The newest number of it that was heard of.
    newest: u64,
}

impl Log {
    /// A view that nothing is known of.
    pub(crate) fn new(id: ScreenId) -> Self {
        Self {
            id,
            cursor: None,
            offset: 0,
            fetched: Fetched::default(),
            sieve: Sieve::default(),
            level: None,
            oldest_at: None,
            lines: BTreeMap::new(),
            rows: Vec::new(),
            life: Timestamp::EPOCH,
            lost_to: 0,
            newest: 0,
        }
    }

    /// Nothing is known of it any more; its words stay.
    pub(crate) fn forget(&mut self) {
        *self = Self {
            sieve: std::mem::take(&mut self.sieve),
            ..Self::new(self.id)
        };
    }

    /// Whether new lines appear at the top by themselves.
    pub(crate) const fn follows(&self) -> bool {
        self.cursor.is_none()
    }

    /// The rows that are shown, newest first.
    pub(crate) fn rows(&self) -> &[LogRow] {
        &self.rows
    }

    /// Whether there is neither a line nor anything missing.
    pub(crate) fn counts_nothing(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line with this key.
    pub(crate) fn line(&self, key: LineKey) -> Option<&LogLineView> {
        self.lines.get(&key)
    }

    /// The line that keys act on.
    pub(crate) fn selected(&self) -> Option<&LogLineView> {
        self.line(self.cursor?)
    }

    /// The lines that are shown, newest first.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &LogLineView> {
        self.keys().filter_map(|key| self.lines.get(&key))
    }

    fn keys(&self) -> impl Iterator<Item = LineKey> {
        self.rows.iter().filter_map(|row| match row {
            LogRow::Line(key) => Some(*key),
            LogRow::Gap(_) => None,
        })
    }

    /// Lines that came while the view is held.
    pub(crate) fn waiting(&self) -> u64 {
        let known = self.lines.keys().next_back();
        let known = known.filter(|(life, _)| *life == self.life);
        self.newest.saturating_sub(known.map_or(0, |(_, seq)| *seq))
    }

    /// Stops the view and selects its first line.
    pub(crate) fn hold(&mut self) {
        if self.cursor.is_none() {
            let first = self.keys().next();
            self.cursor = first;
        }
    }

    /// Lets new lines in again.
    pub(crate) fn follow(&mut self) {
        self.cursor = None;
        self.offset = 0;
        self.fetched.outdated = true;
    }

    /// The service tells how far its log has come.
    pub(crate) fn heard(&mut self, news: LogNews) {
        self.newest = news.newest;
        if self.follows() {
            self.fetched.outdated = true;
        }
    }

    /// Takes the answer for the newest lines; a view that is held still shows what it did.
    pub(crate) fn take_newest(&mut self, view: LogView) {
        let first = !self.fetched.loaded;
        self.fetched.loaded = true;
        self.fetched.error = None;
        self.life = view.begun_at;
        self.newest = view.newest;
        self.lost_to = view.lost;
        self.level = Some(view.level);
        self.oldest_at = view.oldest_at;
        if self.follows() || first {
            self.put(view.begun_at, view.items);
        }
        self.sort_out();
    }

    /// Takes the answer for older lines.
    pub(crate) fn take_older(&mut self, view: LogView) {
        if view.begun_at != self.life {
            // It was asked of a service that has been started anew since.
            self.fetched.outdated = true;
            return;
        }
        self.lost_to = view.lost;
        self.put(view.begun_at, view.items);
        self.sort_out();
    }

    fn put(&mut self, life: Timestamp, lines: Vec<LogLineView>) {
        for line in lines {
            self.lines.insert((life, line.seq), line);
        }
        while self.lines.len() > LINES_MAX {
            self.lines.pop_first();
        }
    }

    /// Puts together what is shown: lines that have the words, and what is missing below each.
    fn sort_out(&mut self) {
        let mut rows = Vec::with_capacity(self.lines.len() + 1);
        let mut below = self.lines.keys().rev().skip(1);
        for (key, line) in self.lines.iter().rev() {
            if !self.sieve.is_set() || self.sieve.passes(&text_of(line)) {
                rows.push(LogRow::Line(*key));
            }
            rows.extend(self.gap(*key, below.next().copied()).map(LogRow::Gap));
        }
        self.rows = rows;
    }

    /// What is missing between a line and the one below it, or the beginning.
    fn gap(&self, (life, seq): LineKey, below: Option<LineKey>) -> Option<Gap> {
        let (from, started) = match below {
            Some((of, number)) if of == life => (number, None),
            Some(_) => (0, Some(life)),
            None => (0, None),
        };
        let gone = match life == self.life {
            true => self.lost_to.clamp(from, seq.saturating_sub(1)) - from,
            false => seq - 1 - from,
        };
        let gap = Gap {
            lost: gone,
            unfetched: seq - 1 - from - gone,
            started,
        };
        (gap != Gap::default()).then_some(gap)
    }

    fn row_of(&self, key: LineKey) -> Option<usize> {
        let wanted = LogRow::Line(key);
        self.rows.iter().position(|row| *row == wanted)
    }
}

/// What words are looked for in.
fn text_of(line: &LogLineView) -> String {
    let LogLineView {
        at,
        level,
        part,
        text,
        ..
    } = line;
    format!("{at} {level} {part} {text}")
}

impl Rows for Log {
    fn id(&self) -> ScreenId {
        self.id
    }

    fn step(&mut self, steps: isize) {
        let held = self.cursor.is_some();
        self.hold();
        let Some(cursor) = self.cursor.filter(|_| held || steps > 1) else {
            return;
        };
        let keys: Vec<LineKey> = self.keys().collect();
        let at = keys.iter().position(|key| *key == cursor).unwrap_or(0);
        let to = at.saturating_add_signed(steps);
        self.cursor = keys.get(to.min(keys.len().saturating_sub(1))).copied();
    }

    fn settle(&mut self, height: usize) {
        let Some(cursor) = self.cursor else {
            self.offset = 0;
            return;
        };
        if self.row_of(cursor).is_none() {
            // It went, or has not the words: the next older one takes its place, else the oldest.
            let older = self.keys().find(|key| *key < cursor);
            let chosen = older.or_else(|| self.keys().last());
            self.cursor = chosen;
        }
        if let Some(row) = self.cursor.and_then(|cursor| self.row_of(cursor)) {
            self.offset = window(self.offset, row, self.rows.len(), height);
        }
    }

    fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    fn sieve_mut(&mut self) -> &mut Sieve {
        &mut self.sieve
    }

    fn sift(&mut self) {
        self.sort_out();
    }

    fn counts(&self) -> (usize, usize) {
        (self.keys().count(), self.lines.len())
    }

    fn fetched(&mut self) -> &mut Fetched {
        &mut self.fetched
    }

    fn refetch_at(&self) -> Option<Duration> {
        let last = self.fetched.at.unwrap_or_default();
        (self.fetched.outdated && self.fetched.loaded).then_some(last + REFETCH)
    }

    fn wants_older(&self, height: usize) -> Option<String> {
        if self.lines.len() >= LINES_MAX {
            return None;
        }
        let missing = |row: &LogRow| matches!(row, LogRow::Gap(gap) if gap.unfetched > 0);
        let at = self.rows.iter().position(missing)?;
        let is_near = at < self.offset + 2 * height;
        // Hidden lines included: the one above the gap need not have the words.
        let mut keys = self.lines.keys().rev();
        let is_above = |(life, seq): &&LineKey| {
            let below = self.lines.range(..(*life, *seq)).next_back();
            let gap = self.gap((*life, *seq), below.map(|(key, _)| *key));
            gap.is_some_and(|gap| gap.unfetched > 0)
        };
        let above = keys.find(is_above).filter(|_| is_near)?;
        Some(above.1.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::sample_views::log_line;

    fn life(number: i64) -> Timestamp {
        Timestamp::from_millis(number)
    }

    /// Lines of these numbers, newest first, of a service that has lost those up to `lost`.
    fn view(begun_at: Timestamp, numbers: &[u64], newest: u64, lost: u64) -> LogView {
        LogView {
            items: numbers.iter().map(|seq| log_line(*seq)).collect(),
            next: None,
            lost,
            newest,
            oldest_at: None,
            begun_at,
            level: "info".to_owned(),
        }
    }

    /// The rows in short: numbers, and gaps as (lost, unfetched).
    fn shown(log: &Log) -> String {
        let row = |row: &LogRow| match row {
            LogRow::Line((_, seq)) => seq.to_string(),
            LogRow::Gap(gap) => {
                let anew = if gap.started.is_some() { "anew " } else { "" };
                format!("({anew}{} {})", gap.lost, gap.unfetched)
            }
        };
        log.rows.iter().map(row).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_missing_is_counted_and_fetched_where_it_can_be() {
        let mut log = Log::new(ScreenId(1));
        log.take_newest(view(life(1), &[12, 11], 12, 4));
        assert_eq!(shown(&log), "12 11 (4 6)");
        assert_eq!(log.wants_older(10).as_deref(), Some("11"));
        log.take_newest(view(life(1), &[30, 29], 30, 8));
        assert_eq!(shown(&log), "30 29 (0 16) 12 11 (8 2)");
        assert_eq!(log.wants_older(10).as_deref(), Some("29"));
        log.take_older(view(life(1), &[28, 27, 26], 30, 25));
        assert_eq!(shown(&log), "30 29 28 27 26 (13 0) 12 11 (10 0)");
        assert_eq!(log.wants_older(10), None, "what is lost is not asked for");
    }

    #[test]
    fn a_service_that_was_started_anew_leaves_a_gap_and_its_old_lines() {
        let mut log = Log::new(ScreenId(1));
        log.take_newest(view(life(1), &[2, 1], 2, 0));
        log.take_newest(view(life(2), &[3], 3, 1));
        assert_eq!(shown(&log), "3 (anew 1 1) 2 1");
        assert_eq!(log.wants_older(10).as_deref(), Some("3"));
        log.take_older(view(life(2), &[2], 3, 1));
        assert_eq!(shown(&log), "3 2 (anew 1 0) 2 1");
        log.take_older(view(life(1), &[9], 9, 0));
        assert!(log.fetched.outdated, "an answer of the service before");
        assert_eq!(shown(&log), "3 2 (anew 1 0) 2 1");
    }

    #[test]
    fn a_held_view_stands_still_counts_what_waits_and_takes_it_when_it_follows() {
        let mut log = Log::new(ScreenId(1));
        log.take_newest(view(life(1), &[3, 2, 1], 3, 0));
        log.step(1);
        assert_eq!(log.selected().unwrap().seq, 3, "the first step holds");
        log.step(1);
        log.heard(LogNews {
            newest: 5,
            newest_warning: 0,
        });
        assert_eq!((log.refetch_at(), log.waiting()), (None, 2));
        log.take_newest(view(life(1), &[6, 5, 4], 6, 0));
        assert_eq!((shown(&log), log.waiting()), ("3 2 1".to_owned(), 3));
        assert_eq!(log.selected().unwrap().seq, 2);
        log.follow();
        assert_eq!(log.refetch_at(), Some(REFETCH));
        log.take_newest(view(life(1), &[6, 5, 4], 6, 0));
        assert_eq!((shown(&log), log.waiting()), ("6 5 4 3 2 1".to_owned(), 0));
    }

    #[test]
    fn words_hide_lines_and_never_what_is_missing() {
        let mut log = Log::new(ScreenId(1));
        log.take_newest(view(life(1), &[5, 4], 5, 2));
        log.step(1);
        log.sieve.begin();
        log.sieve.paste("#4");
        log.sift();
        log.settle(10);
        assert_eq!(shown(&log), "4 (2 1)");
        assert_eq!((log.selected().unwrap().seq, log.counts()), (4, (1, 2)));
        log.sieve.paste(" nowhere");
        log.sift();
        log.settle(10);
        assert_eq!((shown(&log), log.counts()), ("(2 1)".to_owned(), (0, 2)));
        assert!(log.selected().is_none());
        assert_eq!(log.wants_older(10).as_deref(), Some("4"));
    }

    #[test]
    fn lines_are_bounded_and_no_more_are_asked_for_then() {
        let mut log = Log::new(ScreenId(1));
        let most = LINES_MAX as u64;
        let numbers: Vec<u64> = (1..=most + 10).rev().collect();
        log.take_newest(view(life(1), &numbers, most + 10, 0));
        assert_eq!(log.counts(), (LINES_MAX, LINES_MAX));
        assert_eq!(log.wants_older(LINES_MAX), None);
    }
}
