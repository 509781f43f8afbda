//! The service's own log as far as it is kept in memory: the newest lines, numbered, in a ring with two bounds.
//!
//! **Promises.** A line is escaped as a whole before it is kept ([`crate::domain::escape`]): what a receiver, publisher or
//! consumer wrote into a field can be shown anywhere. Numbers go up by one a line and never come again in the life of a
//! ring, so whoever reads on from a number learns exactly how many lines have gone meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;

use super::escape;
use super::limits::{LOG_BYTES_MAX, LOG_LINE_BYTES_MAX, LOG_LINES_MAX};
use super::time::Timestamp;

/// What the crate's own targets begin with.
const OWN: &str = "hookyard::";

/// How bad a line is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed on our side.
    Error,
    /// Something is odd, or will fail.
    Warn,
    /// Something happened.
    Info,
    /// For whoever looks for a fault.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// All levels, the worst first.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// The word in JSON, settings and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// Reads the word of [`LogLevel::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its number: the first line of a ring is 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// How bad it is.
    pub level: LogLevel,
    /// Who wrote it, as the setting `log` names it: `hookyard::engine::lane`; escaped.
    pub target: String,
    /// The sentence and its fields, on one line; escaped, and cut at [`LOG_LINE_BYTES_MAX`].
    pub text: String,
}

impl LogLine {
    fn bytes(&self) -> usize {
        self.target.len() + self.text.len()
    }

    /// Whether target or text have these letters, whatever their case; `wanted` is in lower case.
    fn contains(&self, wanted: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(wanted);
        has(&self.text) || has(&self.target)
    }
}

/// What people call the part of the service that wrote a line: `engine.lane` of `hookyard::engine::lane::machine`.
pub fn part_of(target: &str) -> String {
    let own = target.strip_prefix(OWN).unwrap_or(target);
    let mut words = own.split("::");
    let first = words.next().unwrap_or_default();
    words
        .next()
        .map_or_else(|| first.to_owned(), |second| format!("{first}.{second}"))
}

/// Which lines are wanted: those that fit everything that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// This bad or worse.
    pub level: LogLevel,
    /// With a higher number than this.
    pub after: u64,
    /// With a lower number than this.
    pub before: Option<u64>,
    /// Not written after this instant.
    pub until: Option<Timestamp>,
    /// With these letters in target or text, whatever their case.
    pub contains: Option<String>,
    /// At most so many, the newest.
    pub limit: usize,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            level: LogLevel::Trace,
            after: 0,
            before: None,
            until: None,
            contains: None,
            limit: LOG_LINES_MAX,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRead {
    /// The lines, newest first.
    pub lines: Vec<Arc<LogLine>>,
    /// Whether older ones fit as well.
    pub more: bool,
    /// Lines after the number that was given which the ring no longer has, whatever they said.
    pub lost: u64,
    /// When the oldest line that the ring has was written, whatever it says.
    pub oldest_at: Option<Timestamp>,
}

/// The newest lines.
#[derive(Clone, Debug, Default)]
pub struct LogRing {
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
    newest: u64,
    newest_news: u64,
    newest_warning: u64,
}

impl LogRing {
    /// Keeps a line, escaped and cut; the oldest go where it finds no room. The first is number 1.
    pub fn push(&mut self, at: Timestamp, level: LogLevel, target: &str, text: &str) {
        self.newest += 1;
        if is_news(level, target) {
            self.newest_news = self.newest;
        }
        if level <= LogLevel::Warn {
            self.newest_warning = self.newest;
        }
        let line = LogLine {
            seq: self.newest,
            at,
            level,
            target: cut(&escape::line(target)),
            text: cut(&escape::line(text)),
        };
        self.bytes += line.bytes();
        self.lines.push_back(Arc::new(line));
        while self.lines.len() > LOG_LINES_MAX || self.bytes > LOG_BYTES_MAX {
            let Some(gone) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= gone.bytes();
        }
    }

    /// The number of the newest line; 0 when there never was one.
    pub const fn newest(&self) -> u64 {
        self.newest
    }

    /// The number of the newest line that is worth a look at the log; 0 when there never was one.
    pub const fn newest_news(&self) -> u64 {
        self.newest_news
    }

    /// The number of the newest line of warn or error; 0 when there never was one.
    pub const fn newest_warning(&self) -> u64 {
        self.newest_warning
    }

    /// The lines that are wanted.
    pub fn read(&self, query: &LogQuery) -> LogRead {
        let wanted = query.contains.as_deref().map(str::to_lowercase);
        let fits = |line: &&Arc<LogLine>| {
            line.level <= query.level
                && query.until.is_none_or(|until| line.at <= until)
                && wanted.as_deref().is_none_or(|wanted| line.contains(wanted))
        };
        let in_range = self
            .lines
            .iter()
            .rev()
            .skip_while(|line| query.before.is_some_and(|before| line.seq >= before))
            .take_while(|line| line.seq > query.after);
        let mut found = in_range.filter(fits);
        let lines: Vec<_> = found.by_ref().take(query.limit).cloned().collect();
        let oldest = self.lines.front().map_or(self.newest + 1, |line| line.seq);
        LogRead {
            more: found.next().is_some(),
            lines,
            lost: (oldest - 1).saturating_sub(query.after),
            oldest_at: self.lines.front().map(|line| line.at),
        }
    }

    /// The number of the newest line that was written until then; 0 when the ring has none.
    pub fn newest_until(&self, until: Timestamp) -> u64 {
        let mut lines = self.lines.iter().rev();
        let line = lines.find(|line| line.at <= until);
        line.map_or(0, |line| line.seq)
    }
}

/// Whether a line is worth a look at the log by itself. What libraries say for whoever looks for a fault is not: such
/// lines are written about every request, that of whoever reads the log included, and one that was told of them would
/// ask again for ever.
fn is_news(level: LogLevel, target: &str) -> bool {
    level <= LogLevel::Info || target.starts_with(OWN)
}

/// A text of at most [`LOG_LINE_BYTES_MAX`] bytes and a word about the rest.
fn cut(text: &str) -> String {
    if text.len() <= LOG_LINE_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LOG_LINE_BYTES_MAX);
    format!("{} ({} bytes more)", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(texts: &[(LogLevel, &str)]) -> LogRing {
        let mut ring = LogRing::default();
        for (level, text) in texts {
            ring.push(Timestamp::EPOCH, *level, "hookyard::engine::lane", text);
        }
        ring
    }

    fn numbers(read: &LogRead) -> Vec<u64> {
        read.lines.iter().map(|line| line.seq).collect()
    }

    #[test]
    fn lines_are_found_by_level_number_and_letters_newest_first() {
        use LogLevel::{Debug, Error, Info, Warn};
        let ring = ring(&[
            (Info, "ready"),
            (Warn, "breaker Opened"),
            (Debug, "key"),
            (Error, "gone"),
        ]);
        let read = |query: LogQuery| numbers(&ring.read(&query));
        let all = LogQuery::default;
        assert_eq!(read(all()), [4, 3, 2, 1]);
        assert_eq!(
            read(LogQuery {
                level: Warn,
                ..all()
            }),
            [4, 2]
        );
        assert_eq!(read(LogQuery { after: 2, ..all() }), [4, 3]);
        assert_eq!(
            read(LogQuery {
                before: Some(3),
                ..all()
            }),
            [2, 1]
        );
        let contains = |text: &str| LogQuery {
            contains: Some(text.to_owned()),
            ..all()
        };
        assert_eq!(read(contains("OPEN")), [2]);
        assert_eq!(read(contains("engine::lane")), [4, 3, 2, 1]);
        assert_eq!((ring.newest(), ring.newest_warning()), (4, 4));
    }

    #[test]
    fn of_an_instant_there_are_the_lines_until_then_and_where_they_begin() {
        let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
        let mut ring = LogRing::default();
        // The clock is set back once.
        for minute in [10, 12, 11, 14] {
            ring.push(at(minute), LogLevel::Info, "a", "b");
        }
        for (minute, expected, newest) in [
            (9, vec![], 0),
            (10, vec![1], 1),
            (11, vec![3, 1], 3),
            (13, vec![3, 2, 1], 3),
            (14, vec![4, 3, 2, 1], 4),
        ] {
            let read = ring.read(&LogQuery {
                until: Some(at(minute)),
                ..LogQuery::default()
            });
            assert_eq!(numbers(&read), expected, "{minute}");
            assert_eq!(read.oldest_at, Some(at(10)));
            assert_eq!(ring.newest_until(at(minute)), newest, "{minute}");
        }
        assert_eq!(
            LogRing::default().read(&LogQuery::default()).oldest_at,
            None
        );
    }

    #[test]
    fn a_page_says_whether_older_lines_fit_as_well() {
        use LogLevel::{Error, Info};
        let ring = ring(&[(Error, "a"), (Info, "b"), (Error, "c")]);
        let query = LogQuery {
            level: Error,
            limit: 1,
            ..LogQuery::default()
        };
        let first = ring.read(&query);
        assert_eq!((numbers(&first), first.more), (vec![3], true));
        let before = Some(first.lines[0].seq);
        let rest = ring.read(&LogQuery { before, ..query });
        assert_eq!((numbers(&rest), rest.more), (vec![1], false));
    }

    #[test]
    fn the_ring_is_bounded_by_lines_and_says_how_many_are_lost() {
        let mut ring = LogRing::default();
        let over = 7;
        for number in 0..LOG_LINES_MAX + over {
            ring.push(Timestamp::EPOCH, LogLevel::Info, "a", &number.to_string());
        }
        let read = ring.read(&LogQuery::default());
        assert_eq!(read.lines.len(), LOG_LINES_MAX);
        assert_eq!(read.lost, over as u64);
        let seen = ring.read(&LogQuery {
            after: 5,
            ..LogQuery::default()
        });
        assert_eq!(seen.lost, 2, "lines 6 and 7 went unseen");
        let newest = ring.newest();
        let nothing = ring.read(&LogQuery {
            after: newest,
            ..LogQuery::default()
        });
        assert_eq!((nothing.lines.len(), nothing.lost), (0, 0));
    }

    #[test]
    fn the_ring_is_bounded_by_bytes_and_a_line_by_its_own() {
        let mut ring = LogRing::default();
        let long = "é".repeat(LOG_LINE_BYTES_MAX);
        for _ in 0..LOG_LINES_MAX {
            ring.push(Timestamp::EPOCH, LogLevel::Warn, "a", &long);
        }
        assert!(ring.bytes <= LOG_BYTES_MAX, "{}", ring.bytes);
        let read = ring.read(&LogQuery::default());
        let kept: usize = read.lines.iter().map(|line| line.bytes()).sum();
        assert_eq!(kept, ring.bytes, "what goes is counted");
        let text = &read.lines[0].text;
        assert!(text.ends_with("é (4096 bytes more)"), "{text}");
    }

    #[test]
    fn a_line_is_kept_escaped() {
        let mut ring = LogRing::default();
        let text = "it said \u{1b}[2J\u{9b}31m\u{202e}\nand more";
        ring.push(Timestamp::EPOCH, LogLevel::Warn, "a\u{7}", text);
        let line = &ring.read(&LogQuery::default()).lines[0];
        assert_eq!(line.text, "it said \\x1b[2J\\u{9b}31m\\u{202e}\\nand more");
        assert_eq!(line.target, "a\\x07");
    }

    #[test]
    fn what_libraries_say_of_requests_is_kept_and_is_no_news() {
        use LogLevel::{Debug, Info, Trace, Warn};
        let mut ring = LogRing::default();
        let mut news = |level, target| {
            ring.push(Timestamp::EPOCH, level, target, "a line");
            ring.newest_news() == ring.newest()
        };
        assert!(!news(Debug, "hyper_util::client::legacy::pool"));
        assert!(!news(Trace, "actix_http::h1::dispatcher"));
        assert!(news(Debug, "hookyard::engine::lane"));
        assert!(news(Info, "actix_server::server") && news(Warn, "rustls::conn"));
        assert_eq!(ring.read(&LogQuery::default()).lines.len(), 5);
    }

    #[test]
    fn a_part_is_two_words_of_its_target() {
        for (target, part) in [
            ("hookyard::engine::lane::machine", "engine.lane"),
            ("hookyard::cli::serve", "cli.serve"),
            ("hookyard", "hookyard"),
            ("hyper::proto::h1", "hyper.proto"),
        ] {
            assert_eq!(part_of(target), part);
        }
    }

    #[test]
    fn level_words_read_back_and_worse_is_less() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::from_word(level.as_str()), Some(level));
        }
        assert_eq!(LogLevel::from_word("WARN"), None);
        assert!(LogLevel::Error < LogLevel::Warn);
    }
}
