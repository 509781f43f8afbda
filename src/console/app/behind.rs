//! How far what the service tells lies behind it: a line that cannot carry all of it queues it up, and what comes in time
//! may be old.
//!
//! The service says its own time with heartbeats and figures. The least difference to ours since the connection began is
//! that of the two clocks, and of the way; what is more was waited for in the queue.
//!
//! Where the clocks are apart, everything here is told by the service's, which stamps what happens: ages and waits would
//! be wrong by ours.

use std::time::Duration;

use super::msg::Now;
use crate::domain::time::Timestamp;

/// Less than this is no news: figures come once a second.
const TOLD_FROM: Duration = Duration::from_secs(2);

/// Clocks that are nearer than this are the same to a reader, and the way of a greeting may take as long.
const APART_FROM_MS: i64 = 2_000;

/// How far this machine's clock is off the service's, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skew {
    /// It shows less.
    Behind(u64),
    /// It shows more.
    Ahead(u64),
}

/// The comparison of the two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Behind {
    /// When the connection began.
    since: Duration,
    /// Our time less the service's where that was the least, in milliseconds; none before it was told.
    least_ms: Option<i64>,
    by: Duration,
    /// The service's time less ours, in milliseconds; 0 where they are near enough.
    skew_ms: i64,
}

impl Behind {
    /// Begins with a connection.
    pub(crate) fn begin(&mut self, now: Now) {
        *self = Self {
            since: now.elapsed,
            skew_ms: self.skew_ms,
            ..Self::default()
        };
    }

    /// The service's clock showed this as it greeted us at `now`, told by the clocks' difference so far. Whether that is
    /// another one now.
    pub(crate) fn compare(&mut self, now: Now, told: Timestamp) -> bool {
        let ours = now.wall.as_millis().saturating_sub(self.skew_ms);
        let apart = told.as_millis().saturating_sub(ours);
        let before = self.skew();
        self.skew_ms = if apart.abs() < APART_FROM_MS {
            0
        } else {
            apart
        };
        self.skew() != before
    }

    /// How far our clock is off, where that matters.
    pub(crate) fn skew(&self) -> Option<Skew> {
        let seconds = self.skew_ms.unsigned_abs() / 1_000;
        match self.skew_ms {
            0 => None,
            1.. => Some(Skew::Behind(seconds)),
            _ => Some(Skew::Ahead(seconds)),
        }
    }

    /// The service's time when our clock shows this.
    pub(crate) fn service_time(&self, ours: Timestamp) -> Timestamp {
        Timestamp::from_millis(ours.as_millis().saturating_add(self.skew_ms))
    }

    /// The service told its time. Whether the words are others now.
    pub(crate) fn hear(&mut self, now: Now, told: Timestamp) -> bool {
        let ours = i64::try_from(now.elapsed.as_millis()).unwrap_or(i64::MAX);
        let difference = ours.saturating_sub(told.as_millis());
        let before = self.seconds();
        let least = self.least_ms.unwrap_or(difference).min(difference);
        let by = u64::try_from(difference.saturating_sub(least)).unwrap_or(0);
        self.by = Duration::from_millis(by);
        self.least_ms = Some(least);
        if self.by > now.elapsed.saturating_sub(self.since) {
            // Nothing waits longer than the connection is old: the service's clock was set back.
            self.by = Duration::ZERO;
            self.least_ms = Some(difference);
        }
        self.seconds() != before
    }

    /// By how many whole seconds, where it is worth a word.
    pub(crate) fn seconds(&self) -> Option<u64> {
        (self.by >= TOLD_FROM).then_some(self.by.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::StreamFrame;
    use crate::console::app::model::Model;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, hello};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    /// What is heard at `now` of a service that said it at `told`, both in milliseconds; the clocks are a day apart.
    fn heard(behind: &mut Behind, now: u64, told: u64) -> Option<u64> {
        let day = Duration::from_secs(86_400);
        behind.hear(at(now), at(told).wall - day);
        behind.seconds()
    }

    #[test]
    fn what_waited_in_the_line_is_told_whatever_the_clocks_say() {
        let mut behind = Behind::default();
        assert_eq!(heard(&mut behind, 100, 0), None);
        assert_eq!(heard(&mut behind, 1_500, 1_000), None);
        assert_eq!(heard(&mut behind, 9_100, 4_000), Some(5));
        assert_eq!(heard(&mut behind, 9_200, 9_150), None, "it has caught up");
    }

    #[test]
    fn the_header_says_behind_in_the_place_of_live() {
        let mut model = connected(false);
        let mut header = |now, told: u64| {
            let frame = StreamFrame::Heartbeat { at: at(told).wall };
            update(&mut model, at(now), Msg::Frame(Box::new(frame)));
            let shown = screen(&model, now);
            shown.lines().next().unwrap_or_default().to_owned()
        };
        assert!(header(100, 90).contains("  LIVE  "));
        assert!(header(9_000, 1_000).contains("  BEHIND 8s  "));
        assert!(header(9_100, 9_050).contains("  LIVE  "));
    }

    #[test]
    fn a_clock_that_was_set_is_not_taken_for_a_queue() {
        let mut behind = Behind::default();
        behind.begin(at(50_000));
        assert_eq!(heard(&mut behind, 50_100, 50_000), None);
        assert_eq!(heard(&mut behind, 51_100, 11_000), None, "set back by 40 s");
        assert_eq!(heard(&mut behind, 55_200, 12_000), Some(3));
        assert_eq!(heard(&mut behind, 55_300, 90_000), None, "set forward");
        assert_eq!(heard(&mut behind, 56_300, 91_000), None);
    }

    /// A service whose clock is this many milliseconds ahead of `at(0)` greets the console.
    fn greeted(model: &mut Model, ahead_ms: i64) {
        let Msg::Frame(mut frame) = hello() else {
            panic!("a greeting is a frame");
        };
        let ours = at(0).wall;
        if let StreamFrame::Hello(hello) = &mut *frame {
            hello.info.now = Timestamp::from_millis(ours.as_millis() + ahead_ms);
        }
        let wall = model.behind.service_time(ours);
        update(model, Now { wall, ..at(0) }, Msg::Frame(frame));
    }

    #[test]
    fn instants_are_told_by_the_services_clock_where_ours_is_off_by_two_seconds() {
        let mut model = connected(false);
        let told = |model: &Model| {
            let shift = model.behind.service_time(at(0).wall).as_millis() - at(0).wall.as_millis();
            let toast = model.toast.as_ref().map(|toast| toast.text.clone());
            (shift, toast.unwrap_or_default())
        };
        greeted(&mut model, 1_999);
        assert_eq!(told(&model).0, 0);
        greeted(&mut model, 12_300);
        assert_eq!(
            told(&model),
            (
                12_300,
                "this machine's clock is 12s behind the service's: times here are the service's"
                    .to_owned()
            )
        );
        let header = screen(&model, 0).lines().next().unwrap().to_owned();
        assert!(header.contains("CLOCK -12s"), "{header}");
        greeted(&mut model, -5_000);
        assert_eq!(told(&model).0, -5_000);
        assert!(told(&model).1.contains("is 5s ahead of the service's"));
        greeted(&mut model, 300);
        assert_eq!((told(&model).0, model.behind.skew()), (0, None));
    }
}
