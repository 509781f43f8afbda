//! How a lane slows down for a receiver that says it is overloaded.

use std::time::Duration;

use rand::Rng;

use crate::domain::time::Timestamp;

/// The pause after the first sign of overload.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause between two probes: a receiver that is back is found within it.
const LONGEST: Duration = Duration::from_secs(60);

/// A lane's back-off; boxed, because most lanes have none.
#[derive(Clone, Debug, Default)]
pub(super) struct Cooling(Option<Box<Strikes>>);

/// What a receiver said last: nothing starts before `until`, then one request at a time until one succeeds.
#[derive(Clone, Copy, Debug, Default)]
struct Strikes {
    /// Signs of overload in a row.
    in_a_row: u32,
    /// Before this nothing starts.
    until: Timestamp,
}

impl Cooling {
    /// Another sign of overload: pauses of about 1 s, 2 s, 4 s … up to 60 s, each 20 % more or less; longer when the
    /// receiver asks for it, within the same bound.
    pub(super) fn strike(&mut self, now: Timestamp, rng: &mut dyn Rng, asked: Option<Duration>) {
        let strikes = self.0.get_or_insert_default();
        // Requests that were in flight together count as one sign.
        if now < strikes.until {
            return;
        }
        let doubled = FIRST
            .saturating_mul(1 << strikes.in_a_row.min(6))
            .min(LONGEST);
        let share = u32::try_from(rng.next_u64() % 401).unwrap_or(0) + 800;
        let pause = doubled.saturating_mul(share) / 1_000;
        strikes.until = now + pause.max(asked.unwrap_or_default()).min(LONGEST);
        strikes.in_a_row = strikes.in_a_row.saturating_add(1);
    }

    /// A success: the receiver is well again.
    pub(super) fn recover(&mut self) {
        self.0 = None;
    }

    /// The wall clock was set.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        if let Some(strikes) = &mut self.0 {
            strikes.until = strikes.until.moved_by(by_ms);
        }
    }

    /// Before this nothing starts; `None` when it has passed.
    pub(super) fn pause(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.0.as_ref().map(|strikes| strikes.until);
        until.filter(|&until| now < until)
    }

    /// Whether one request at a time is enough.
    pub(super) const fn probes(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn pauses_double_to_a_minute_and_end_with_a_success() {
        let mut cooling = Cooling::default();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut now = Timestamp::from_millis(1_000_000);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            cooling.strike(now, &mut rng, None);
            cooling.strike(now, &mut rng, None);
            let until = cooling.pause(now).unwrap();
            pauses.push(until.since(now).as_millis());
            now = until;
        }
        for (pause, expected) in pauses.iter().zip([1, 2, 4, 8, 16, 32, 60, 60]) {
            assert!(
                (expected * 800..=expected * 1_200).contains(pause),
                "{pauses:?}"
            );
        }
        assert!(cooling.probes());
        cooling.recover();
        assert!(!cooling.probes() && cooling.pause(now).is_none());
    }
}
