//! What is marked of a list of deliveries: rows one by one, or all that its filter matches but some.

use std::collections::BTreeSet;

use crate::domain::id::DeliveryId;

/// Rows that can be named one by one: what a filter has room for.
pub(crate) const NAMED_MAX: usize = 60;

/// The marks of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The rows that were named: those that are marked, or with `others` those that are not.
    named: BTreeSet<DeliveryId>,
    /// Whether all that the filter matches is marked but the named rows; the service knows how many that is.
    others: bool,
    /// The row that was named last.
    last: Option<DeliveryId>,
}

impl Marks {
    /// Whether nothing is marked.
    pub(crate) fn is_empty(&self) -> bool {
        !self.others && self.named.is_empty()
    }

    /// Whether a row is marked; of one that the filter matches.
    pub(crate) fn has(&self, id: DeliveryId) -> bool {
        self.named.contains(&id) != self.others
    }

    /// The row that was named last.
    pub(crate) const fn last(&self) -> Option<DeliveryId> {
        self.last
    }

    /// Marks a row, or takes its mark away; whether there was room for one more name.
    pub(crate) fn toggle(&mut self, id: DeliveryId) -> bool {
        self.last = Some(id);
        self.named.remove(&id) || self.name(id)
    }

    /// Marks all of these; whether there was room for their names.
    pub(crate) fn mark(&mut self, rows: impl Iterator<Item = DeliveryId>) -> bool {
        for id in rows {
            if self.others {
                self.named.remove(&id);
            } else if !self.named.contains(&id) && !self.name(id) {
                return false;
            }
            self.last = Some(id);
        }
        true
    }

    /// Marks all that the filter matches.
    pub(crate) fn mark_all(&mut self) {
        *self = Self {
            others: true,
            ..Self::default()
        };
    }

    /// Marks nothing.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What is marked is no longer, and all else that the filter matches is.
    pub(crate) const fn invert(&mut self) {
        self.others = !self.others;
    }

    /// What is marked of what `filter` matches, as a filter; none where nothing is, and where it is everything there
    /// is: nobody means that.
    pub(crate) fn selection(&self, filter: &str) -> Option<String> {
        let filter = filter.trim();
        let named: Vec<String> = self.named.iter().map(ToString::to_string).collect();
        let named = named.join(",");
        match (self.others, self.named.is_empty(), filter.is_empty()) {
            (false, true, _) | (true, _, true) => None,
            (false, false, _) => Some(format!("id:{named}")),
            (true, true, false) => Some(filter.to_owned()),
            (true, false, false) => Some(format!("({filter}) -id:{named}")),
        }
    }

    /// The same in a few words: `3 marked`, `all matching but 2`.
    pub(crate) fn in_words(&self) -> String {
        match (self.others, self.named.len()) {
            (false, count) => format!("{count} marked"),
            (true, 0) => "all matching marked".to_owned(),
            (true, count) => format!("all matching but {count} marked"),
        }
    }

    fn name(&mut self, id: DeliveryId) -> bool {
        self.named.len() < NAMED_MAX && self.named.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::delivery;

    fn id(number: i64) -> DeliveryId {
        delivery(number).id
    }

    #[test]
    fn marks_and_their_inversion_select_by_name() {
        let mut marks = Marks::default();
        assert_eq!(marks.selection("state:dead"), None);
        marks.toggle(id(1));
        assert!(marks.has(id(1)) && !marks.has(id(2)));
        let one = format!("id:{}", id(1));
        assert_eq!(marks.selection("state:dead"), Some(one.clone()));
        marks.invert();
        assert!(!marks.has(id(1)) && marks.has(id(2)));
        let others = marks.selection("state:dead or lat>2s");
        assert_eq!(others, Some(format!("(state:dead or lat>2s) -{one}")));
        assert_eq!(marks.in_words(), "all matching but 1 marked");
        marks.toggle(id(1));
        assert_eq!(marks.selection(" state:dead "), Some("state:dead".into()));
        marks.invert();
        assert!(marks.is_empty());
    }

    #[test]
    fn everything_there_is_is_never_a_selection() {
        let mut marks = Marks::default();
        marks.mark_all();
        assert_eq!(marks.selection(""), None);
        marks.toggle(id(1));
        assert_eq!(marks.selection(" "), None);
        assert!(!marks.is_empty());
    }

    #[test]
    fn no_more_rows_are_named_than_a_filter_has_room_for() {
        let mut marks = Marks::default();
        let many = i64::try_from(NAMED_MAX).unwrap();
        assert!(marks.mark((1..=many).map(id)));
        assert!(marks.mark((1..=many).map(id)), "they are named already");
        assert!(!marks.toggle(id(many + 1)));
        marks.mark_all();
        assert!(
            marks.mark((1..=2 * many).map(id)),
            "they are marked already"
        );
        assert!(marks.has(id(2 * many)));
    }
}
