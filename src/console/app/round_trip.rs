//! How long the service takes to answer, there and back: the least of the last few answers, for more of one is its work.
//!
//! The header has it beside LIVE where it can be felt. It changes there only when it has become another: each change costs
//! bytes, and the line may be one of those on which they count.

use std::time::Duration;

/// Answers that are compared.
const ANSWERS: usize = 8;
/// Less than this cannot be felt.
const FELT: Duration = Duration::from_millis(20);

/// How long the service takes to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoundTrip {
    /// The latest answers, the next one's place going round; none where there were fewer.
    latest: [Option<Duration>; ANSWERS],
    next: usize,
    shown: Option<Duration>,
}

impl RoundTrip {
    /// An answer took so long. Whether what is shown is another now.
    pub(crate) fn hear(&mut self, took: Duration) -> bool {
        self.latest[self.next] = Some(took);
        self.next = (self.next + 1) % ANSWERS;
        let least = self.latest.into_iter().flatten().min();
        let felt = least.filter(|least| *least >= FELT);
        let differs = match (self.shown, felt) {
            (Some(shown), Some(felt)) => shown.abs_diff(felt) > shown / 4,
            (shown, felt) => shown.is_some() != felt.is_some(),
        };
        if differs {
            self.shown = felt;
        }
        differs
    }

    /// Milliseconds, where that can be felt.
    pub(crate) fn millis(&self) -> Option<u128> {
        self.shown.map(|shown| shown.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::{Answer, Msg, RequestId};
    use crate::console::app::samples::{at, connected};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    fn heard(round_trip: &mut RoundTrip, millis: u64) -> bool {
        round_trip.hear(Duration::from_millis(millis))
    }

    #[test]
    fn the_least_of_the_latest_answers_counts_where_it_is_felt() {
        let mut round_trip = RoundTrip::default();
        assert!(!heard(&mut round_trip, 19));
        assert_eq!(round_trip.millis(), None);
        for _ in 0..ANSWERS - 1 {
            assert!(!heard(&mut round_trip, 84), "the short one still counts");
        }
        assert!(heard(&mut round_trip, 900));
        assert_eq!(round_trip.millis(), Some(84));
        assert!(!heard(&mut round_trip, 70), "near enough");
        assert!(heard(&mut round_trip, 62));
        assert_eq!(round_trip.millis(), Some(62));
        assert!(heard(&mut round_trip, 3));
        assert_eq!(round_trip.millis(), None);
    }

    #[test]
    fn the_header_has_it_beside_live() {
        let mut model = connected(false);
        let (nobodys, took) = (RequestId(9_999), Duration::from_millis(84));
        let answer = Box::new(Ok(Answer::Contracts(Vec::new())));
        update(
            &mut model,
            at(100),
            Msg::Answered(nobodys, Some(took), answer),
        );
        let shown = screen(&model, 100);
        assert!(shown.lines().next().unwrap().contains("  LIVE 84ms  "));
    }
}
