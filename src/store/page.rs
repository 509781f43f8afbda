//! Pages of lists: newest first, continued after the last row seen, never by counting rows.

use std::fmt;
use std::str::FromStr;

use crate::domain::id::Id;
use crate::domain::time::Timestamp;

/// One page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when there is none. A page may be short, even empty, and still have a
    /// next one: a filter that SQL has no index for looks at a bounded number of rows at a time.
    pub next: Option<Cursor>,
}

/// A place in a list, stable while rows come and go: opaque to callers, who may give the id of a row instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(i64);

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: use the next member of the page before, or the id of a row")]
pub struct InvalidCursor;

enum Place {}

impl Cursor {
    /// The place after the row with this id.
    pub(super) const fn after(id: i64) -> Self {
        Self(id)
    }

    /// The cursor of a list of what there was at `at`: later rows are not in it.
    #[must_use]
    pub fn until(cursor: Option<Self>, at: Option<Timestamp>) -> Option<Self> {
        let edge = at.map(|at| Self(Id::<Place>::first_at(at.moved_by(1)).as_i64()));
        cursor.into_iter().chain(edge).min_by_key(|place| place.0)
    }

    /// Rows of the page that starts here have smaller ids.
    pub(super) fn below(cursor: Option<Self>) -> i64 {
        cursor.map_or(i64::MAX, |cursor| cursor.0)
    }
}

impl<T> Page<T> {
    /// A page of at most `limit` rows out of up to `limit + 1` that were read.
    pub(super) fn cut(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Cursor(id(last)));
        Self { items, next }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&Id::<Place>::from_i64(self.0).body())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        // An id is its kind, an underscore, and what a cursor is too.
        let body = text.rsplit_once('_').map_or(text, |(_, body)| body);
        Id::<Place>::from_body(body)
            .map(|id| Self(id.as_i64()))
            .ok_or(InvalidCursor)
    }
}
