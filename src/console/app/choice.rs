//! A list that one line is chosen of: where its keys lead.

use crate::console::actions::Inside;

/// The line of `count` that is chosen after a key in a list of which `rows` rows are seen.
pub(super) fn moved(means: Option<Inside>, chosen: usize, count: usize, rows: u16) -> usize {
    let half = usize::from(rows / 2).max(1);
    let last = count.saturating_sub(1);
    match means {
        Some(Inside::Down) => (chosen + 1).min(last),
        Some(Inside::Up) => chosen.saturating_sub(1),
        Some(Inside::HalfDown) => chosen.saturating_add(half).min(last),
        Some(Inside::HalfUp) => chosen.saturating_sub(half),
        Some(Inside::First) => 0,
        Some(Inside::Last) => last,
        _ => chosen,
    }
}
