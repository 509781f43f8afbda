//! What happens, as lines: bounded in number and in pace, so that whoever listens keeps up. Pure.

use std::time::Duration;

use super::rows;
use crate::api::stream::{Alert, Change, StreamFrame};
use crate::console::app::msg::Msg;
use crate::domain::id::DeliveryId;

/// Lines that are told at once; the others are counted.
const LINES_AT_ONCE: usize = 5;
/// How long what happens is collected: a delivery that changes meanwhile is told once, as it is then.
const COLLECTED: Duration = Duration::from_millis(500);
/// The shortest time between two tellings: what five lines take to be read out.
const PACE: Duration = Duration::from_secs(3);
/// How long after a loss the service is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What happened and was not told yet.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Lines, the first to be told first, with the delivery that they are about.
    lines: Vec<(Option<DeliveryId>, String)>,
    /// What happened besides.
    more: u64,
    /// When the first of it happened.
    since: Option<Duration>,
    /// When something was last told.
    told: Option<Duration>,
    /// When the stream is to be opened again; none while it is open or being opened.
    again: Option<Duration>,
    /// Whether there is no connection, and that is told.
    is_lost: bool,
}

impl News {
    /// Takes over what came of the stream.
    pub(super) fn take(&mut self, now: Duration, msg: Msg) {
        match msg {
            Msg::StreamOpened if self.is_lost => {
                self.is_lost = false;
                self.put(
                    now,
                    None,
                    "Following again; what was missed is not told.".into(),
                );
            }
            Msg::StreamLost(reason) => {
                self.again = Some(now + AGAIN);
                if !self.is_lost {
                    self.is_lost = true;
                    let text = format!("Following is interrupted: {reason}. It is tried again.");
                    self.put(now, None, text);
                }
            }
            Msg::Frame(frame) => self.frame(now, *frame),
            _ => {}
        }
    }

    fn frame(&mut self, now: Duration, frame: StreamFrame) {
        match frame {
            StreamFrame::Change(change) => self.change(now, &change),
            StreamFrame::Gap { missed } => {
                self.since.get_or_insert(now);
                self.more += missed.max(1);
            }
            StreamFrame::Bye => self.put(now, None, "The service is about to stop.".into()),
            StreamFrame::Hello(_) | StreamFrame::Heartbeat { .. } => {}
        }
    }

    fn change(&mut self, now: Duration, change: &Change) {
        for Alert { name, text, .. } in &change.alerts {
            self.put(now, None, format!("alert {name}: {text}"));
        }
        for delivery in &change.deliveries {
            let line = format!("now {}", rows::delivery(delivery).text);
            self.put(now, Some(delivery.id), line);
        }
        if change.deliveries_unlisted > 0 {
            self.since.get_or_insert(now);
            self.more += change.deliveries_unlisted;
        }
    }

    /// What is about no delivery comes before what is, and pushes out the last of it.
    fn put(&mut self, now: Duration, about: Option<DeliveryId>, line: String) {
        self.since.get_or_insert(now);
        let known =
            |(known, _): &&mut (Option<DeliveryId>, String)| about.is_some() && *known == about;
        if let Some((_, text)) = self.lines.iter_mut().find(known) {
            *text = line;
            return;
        }
        let at = match about {
            Some(_) => self.lines.len(),
            None => self
                .lines
                .iter()
                .filter(|(about, _)| about.is_none())
                .count(),
        };
        self.lines.insert(at, (about, line));
        if self.lines.len() > LINES_AT_ONCE {
            self.lines.truncate(LINES_AT_ONCE);
            self.more += 1;
        }
    }

    /// How long until there is something to tell; none while there is nothing.
    pub(super) fn told_in(&self, now: Duration) -> Option<Duration> {
        let collected = self.since? + COLLECTED;
        let paced = self.told.map_or(Duration::ZERO, |told| told + PACE);
        Some(collected.max(paced).saturating_sub(now))
    }

    /// How long until the stream is to be opened again; none while it is open.
    pub(super) fn again_in(&self, now: Duration) -> Option<Duration> {
        self.again.map(|again| again.saturating_sub(now))
    }

    /// The stream is being opened again.
    pub(super) fn opens(&mut self) {
        self.again = None;
    }

    /// What there is to tell.
    pub(super) fn tell(&mut self, now: Duration) -> Vec<String> {
        self.told = Some(now);
        self.since = None;
        let lines = std::mem::take(&mut self.lines);
        let mut lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        let more = std::mem::take(&mut self.more);
        if more > 0 {
            lines.push(format!("and {more} more: deliveries lists them"));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::delivery::DeliveryView;
    use crate::console::app::samples::{at, delivery};

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn change(deliveries: Vec<DeliveryView>, alerts: &[&str]) -> Msg {
        let alert = |text: &&str| Alert {
            at: at(0).wall,
            name: "breaker.opened".into(),
            text: (*text).into(),
        };
        let change = Change {
            deliveries,
            alerts: alerts.iter().map(alert).collect(),
            ..Change::default()
        };
        Msg::Frame(Box::new(StreamFrame::Change(Box::new(change))))
    }

    #[test]
    fn a_delivery_that_changes_twice_is_told_once_as_it_is_then() {
        let mut news = News::default();
        assert_eq!(news.told_in(ms(0)), None);
        let row = |state: &str| DeliveryView {
            state: state.into(),
            ..delivery(3)
        };
        news.take(ms(0), change(vec![row("pending")], &[]));
        news.take(ms(100), change(vec![row("dead")], &[]));
        assert_eq!(news.told_in(ms(100)), Some(ms(400)));
        let lines = news.tell(ms(500));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("now dead, "), "{lines:?}");
        assert_eq!(news.told_in(ms(600)), None);
    }

    #[test]
    fn a_burst_is_five_lines_and_a_number_and_alerts_are_not_lost_in_it() {
        let mut news = News::default();
        news.take(ms(0), change((0..40).map(delivery).collect(), &[]));
        news.take(ms(10), change(Vec::new(), &["acme is held"]));
        let lines = news.tell(ms(500));
        assert_eq!(lines.len(), 6, "{lines:?}");
        assert_eq!(lines[0], "alert breaker.opened: acme is held");
        assert_eq!(lines[5], "and 36 more: deliveries lists them");
        // The next ones wait until these can have been read.
        news.take(ms(600), change(vec![delivery(1)], &[]));
        assert_eq!(news.told_in(ms(600)), Some(ms(2_900)));
    }

    #[test]
    fn a_loss_is_told_once_however_often_it_is_tried_again() {
        let mut news = News::default();
        news.take(ms(0), Msg::StreamOpened);
        news.take(ms(10), Msg::StreamLost("refused".into()));
        assert_eq!(news.again_in(ms(10)), Some(AGAIN));
        let lines = news.tell(ms(500));
        assert_eq!(
            lines,
            ["Following is interrupted: refused. It is tried again."]
        );
        news.opens();
        assert_eq!(news.again_in(ms(6_000)), None);
        news.take(ms(6_000), Msg::StreamLost("refused".into()));
        assert_eq!(news.told_in(ms(6_000)), None);
        news.opens();
        news.take(ms(12_000), Msg::StreamOpened);
        assert!(news.tell(ms(13_000))[0].starts_with("Following again"));
        let gap = StreamFrame::Gap { missed: 7 };
        news.take(ms(14_000), Msg::Frame(Box::new(gap)));
        assert_eq!(news.tell(ms(20_000)), ["and 7 more: deliveries lists them"]);
    }
}
