//! Replays that are to be told of: each at most twice a second, and none forgotten.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::id::ReplayId;

/// Time between two tellings of one replay.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What is still to be told.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Changed since they were told of last.
    changed: BTreeSet<ReplayId>,
    /// Since when those told of lately must rest.
    told: HashMap<ReplayId, Stopwatch>,
}

impl Progress {
    /// Takes in what changed.
    pub(super) fn add(&mut self, ids: BTreeSet<ReplayId>) {
        self.changed.extend(ids);
    }

    /// Whether somebody is to be told of one now.
    pub(super) fn is_due(&self) -> bool {
        self.changed.iter().any(|id| self.has_rested(*id))
    }

    /// Those to be told of now; the others keep.
    pub(super) fn take_due(&mut self) -> Vec<ReplayId> {
        let (due, later): (Vec<_>, _) = std::mem::take(&mut self.changed)
            .into_iter()
            .partition(|id| self.has_rested(*id));
        self.changed = BTreeSet::from_iter::<Vec<_>>(later);
        self.told.retain(|_, since| since.elapsed() < TELL_EVERY);
        let told = due.iter().map(|&id| (id, Stopwatch::start()));
        self.told.extend(told);
        due
    }

    fn has_rested(&self, id: ReplayId) -> bool {
        let since = self.told.get(&id);
        since.is_none_or(|since| since.elapsed() >= TELL_EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ReplayId = ReplayId::from_i64(1);
    const TWO: ReplayId = ReplayId::from_i64(2);

    #[test]
    fn a_replay_told_of_just_now_rests_and_is_not_forgotten() {
        let mut progress = Progress::default();
        progress.add(BTreeSet::from([ONE]));
        assert_eq!(progress.take_due(), [ONE]);
        progress.add(BTreeSet::from([ONE, TWO]));
        // A machine that stands still for half a second between these lines lets it rest for long enough.
        let due = progress.take_due();
        assert!(due == [TWO] || due == [ONE, TWO], "{due:?}");
        assert!(due.contains(&ONE) || progress.changed.contains(&ONE));
        assert!(!progress.is_due() || progress.has_rested(ONE));
    }
}
