//! Room for items: what each endpoint may have under way, so that none holds the others up.

use std::collections::HashMap;

use crate::domain::id::EndpointId;
use crate::domain::limits::{
    REPLAY_OPEN_BEHIND_BREAKER_MAX, REPLAY_OPEN_MAX, REPLAY_OPEN_PER_ENDPOINT_MAX,
};

/// Whether an endpoint takes items now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Takes,
    /// Its breaker is open or half-open: a few are needed for probes, and more would only wait.
    Probes,
    /// It is paused or disabled.
    Holds,
}

impl Standing {
    /// By the endpoint's stored status and its breaker. A deleted one takes what is then left out.
    pub fn of(status: &str, breaker_open: bool) -> Self {
        match status {
            "paused" | "disabled" => Self::Holds,
            "active" if breaker_open => Self::Probes,
            _ => Self::Takes,
        }
    }

    /// Items that an endpoint which stands so may have under way.
    const fn most(self) -> u64 {
        match self {
            Self::Takes => REPLAY_OPEN_PER_ENDPOINT_MAX as u64,
            Self::Probes => REPLAY_OPEN_BEHIND_BREAKER_MAX as u64,
            Self::Holds => 0,
        }
    }
}

/// What of one replay is under way, by endpoint. What a paused endpoint holds counts against nobody else.
#[derive(Clone, Debug, Default)]
pub struct Room {
    open: HashMap<EndpointId, u64>,
    /// Those of endpoints that are not held.
    moving: u64,
}

impl Room {
    /// With so many items under way to each endpoint.
    pub fn new(open: impl IntoIterator<Item = (EndpointId, Standing, u64)>) -> Self {
        let mut room = Self::default();
        for (id, standing, count) in open {
            room.open.insert(id, count);
            if standing != Standing::Holds {
                room.moving += count;
            }
        }
        room
    }

    /// Items that may still be released to the endpoint.
    pub fn left(&self, id: EndpointId, standing: Standing) -> u64 {
        let open = self.open.get(&id).copied().unwrap_or(0);
        let all = u64::from(REPLAY_OPEN_MAX).saturating_sub(self.moving);
        standing.most().saturating_sub(open).min(all)
    }

    /// Takes the place of one item, if there is one.
    pub fn take(&mut self, id: EndpointId, standing: Standing) -> bool {
        if self.left(id, standing) == 0 {
            return false;
        }
        *self.open.entry(id).or_default() += 1;
        self.moving += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: EndpointId = EndpointId::from_i64(1);
    const TWO: EndpointId = EndpointId::from_i64(2);

    #[test]
    fn a_held_endpoint_takes_nothing_and_costs_the_others_nothing() {
        let mut room = Room::new([(ONE, Standing::Holds, 50_000)]);
        assert!(!room.take(ONE, Standing::Holds));
        for _ in 0..REPLAY_OPEN_PER_ENDPOINT_MAX {
            assert!(room.take(TWO, Standing::Takes));
        }
        assert!(!room.take(TWO, Standing::Takes), "its own bound");
    }

    #[test]
    fn behind_an_open_breaker_go_a_few() {
        let mut room = Room::default();
        let taken = (0..100).filter(|_| room.take(ONE, Standing::Probes));
        assert_eq!(
            taken.count(),
            usize::try_from(REPLAY_OPEN_BEHIND_BREAKER_MAX).unwrap()
        );
    }

    #[test]
    fn all_endpoints_together_have_a_bound() {
        let open = u64::from(REPLAY_OPEN_MAX) - 1;
        let mut room = Room::new([(ONE, Standing::Takes, open)]);
        assert!(room.take(TWO, Standing::Takes));
        assert!(!room.take(TWO, Standing::Takes));
    }

    #[test]
    fn a_status_and_a_breaker_say_how_an_endpoint_stands() {
        for (status, breaker_open, standing) in [
            ("active", false, Standing::Takes),
            ("active", true, Standing::Probes),
            ("paused", true, Standing::Holds),
            ("disabled", false, Standing::Holds),
            ("deleted", true, Standing::Takes),
        ] {
            assert_eq!(Standing::of(status, breaker_open), standing, "{status}");
        }
    }
}
