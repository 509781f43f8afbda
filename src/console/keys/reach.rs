//! Whether a key with a condition is ever reached: tried out in every state of the console that its condition, and those
//! of the keys before it, can tell apart.

use super::when::{Condition, Count, Facts};
use crate::console::actions::Place;

/// Whether somewhere in these places `own` holds and none of `before` does.
pub(super) fn is_reached(
    places: &[Place],
    before: &[&Option<Condition>],
    own: Option<&Condition>,
) -> bool {
    let all = || before.iter().filter_map(|one| one.as_ref()).chain(own);
    let marks = edges(all().flat_map(|one| one.numbers(Count::Marks)));
    let rows = edges(all().flat_map(|one| one.numbers(Count::Rows)));
    let holds = |one: Option<&Condition>, facts: &Facts| one.is_none_or(|one| one.holds(facts));
    let is_free =
        |facts: &Facts| holds(own, facts) && !before.iter().any(|one| holds(one.as_ref(), facts));
    places.iter().any(|place| {
        marks.iter().any(|marks| {
            rows.iter().any(|rows| {
                (0..32_u8).any(|flags| {
                    facts(*place, *marks, *rows, flags).is_some_and(|facts| is_free(&facts))
                })
            })
        })
    })
}

/// The numbers around which something changes.
fn edges(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let around = numbers.flat_map(|number| {
        let after = number.saturating_add(1);
        [number.saturating_sub(1), number, after]
    });
    let mut edges: Vec<usize> = around.chain([0, 1]).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// A state of the console; none where it cannot be.
fn facts(place: Place, marks: usize, rows: usize, flags: u8) -> Option<Facts> {
    let flag = |bit: u8| flags & (1 << bit) != 0;
    let facts = Facts {
        place,
        marks,
        rows,
        readonly: flag(0),
        armed: flag(1),
        live: flag(2),
        filtered: flag(3),
        following: flag(4),
    };
    let follows = matches!(place, Place::Deliveries | Place::Log);
    let has_filter = !matches!(place, Place::Pulse | Place::Inspector);
    let cannot_be = marks > 0 && place != Place::Deliveries
        || rows > 0 && place == Place::Inspector
        || facts.readonly && facts.armed
        || facts.following && !follows
        || facts.filtered && !has_filter;
    (!cannot_be).then_some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::EVERYWHERE;

    fn reached(places: &[Place], before: &[&str], own: &str) -> bool {
        let read =
            |text: &str| (!text.is_empty()).then(|| Condition::read(text).expect("a condition"));
        let before: Vec<Option<Condition>> = before.iter().map(|text| read(text)).collect();
        let before: Vec<&Option<Condition>> = before.iter().collect();
        is_reached(places, &before, read(own).as_ref())
    }

    #[test]
    fn what_those_before_leave_over_is_reached() {
        let everywhere = EVERYWHERE;
        assert!(reached(everywhere, &["marks > 0"], ""));
        assert!(reached(everywhere, &["marks > 0"], "marks > 0 || live"));
        assert!(reached(everywhere, &["marks < 5"], "marks > 3"));
        assert!(reached(everywhere, &["readonly", "armed"], "live"));
        assert!(reached(&[Place::Deliveries], &["view == dead"], ""));
    }

    #[test]
    fn what_they_take_away_or_cannot_be_is_not() {
        let everywhere = EVERYWHERE;
        assert!(!reached(everywhere, &[""], "live"));
        assert!(!reached(everywhere, &["live", "!live"], "marks > 0"));
        assert!(!reached(everywhere, &["marks > 3"], "marks >= 5"));
        assert!(!reached(everywhere, &[], "marks < 0"));
        assert!(!reached(everywhere, &[], "armed && readonly"));
        assert!(!reached(&[Place::Dead], &["view == dead"], ""));
        assert!(!reached(&[Place::Dead], &[], "marks > 0"));
        assert!(!reached(&[Place::Dead], &[], "view == deliveries"));
        assert!(!reached(&[Place::Inspector], &[], "rows > 0"));
        assert!(!reached(&[Place::Endpoints], &[], "following"));
    }
}
