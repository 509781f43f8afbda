//! A frame for all clients: made once, written out once for each choice of topics.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::api::stream::{Change, StreamFrame};

/// What a client wants to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Topics(u8);

/// The topics by name; a name's place is its bit.
const NAMES: [&str; 7] = [
    "deliveries",
    "endpoints",
    "stats",
    "alerts",
    "replays",
    "log",
    "presence",
];
/// The place of the topic that not everybody may hear of.
const LOG: usize = 5;
/// The place of the topic by which one sees and is seen.
const PRESENCE: usize = 6;
/// The choices that can be made of them.
const CHOICES: usize = 1 << NAMES.len();

impl Topics {
    /// All of them.
    pub(super) const ALL: Self = Self(0b111_1111);

    /// Reads a list such as `deliveries,stats`.
    ///
    /// # Errors
    /// A name that is no topic, with the known ones.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut topics = Self(0);
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let bit = NAMES
                .iter()
                .position(|known| *known == name)
                .ok_or_else(|| {
                    format!("{name:?} is not a topic; known are {}", NAMES.join(", "))
                })?;
            topics.0 |= 1 << bit;
        }
        if topics.0 == 0 {
            return Err(format!("no topic is named; known are {}", NAMES.join(", ")));
        }
        Ok(topics)
    }

    /// The same without the service's log; `None` where nothing else is among them.
    pub(super) const fn without_log(self) -> Option<Self> {
        match self.0 & !(1 << LOG) {
            0 => None,
            rest => Some(Self(rest)),
        }
    }

    /// Whether who is there is wanted to be known.
    pub(super) fn has_presence(self) -> bool {
        self.has(PRESENCE)
    }

    fn has(self, bit: usize) -> bool {
        self.0 & (1 << bit) != 0
    }
}

/// A frame for all clients.
#[derive(Debug)]
pub(super) struct Frame {
    /// The change before the frame's first.
    pub(super) seq_before: u64,
    /// The frame's last change.
    pub(super) seq: u64,
    /// Whether changes before this frame are lost to everybody.
    pub(super) after_gap: bool,
    change: Change,
    written: [OnceLock<Option<Bytes>>; CHOICES],
}

impl Frame {
    /// A frame of `change`, whose changes are those after `seq_before`.
    pub(super) fn new(seq_before: u64, change: Change, after_gap: bool) -> Self {
        Self {
            seq_before,
            seq: change.seq,
            after_gap,
            change,
            written: [const { OnceLock::new() }; CHOICES],
        }
    }

    /// The frame as bytes for clients with these topics; `None` when it has nothing for them.
    pub(super) fn bytes(&self, topics: Topics) -> Option<Bytes> {
        self.written[usize::from(topics.0)]
            .get_or_init(|| {
                let change = self.of(topics)?;
                Some(write(
                    &StreamFrame::Change(Box::new(change)),
                    Some(self.seq),
                ))
            })
            .clone()
    }

    fn of(&self, topics: Topics) -> Option<Change> {
        let mut change = self.change.clone();
        if !topics.has(0) {
            change.deliveries.clear();
            change.deliveries_unlisted = 0;
        }
        if !topics.has(1) {
            change.endpoints.clear();
        }
        if !topics.has(2) {
            change.stats = None;
        }
        if !topics.has(3) {
            change.alerts.clear();
        }
        if !topics.has(4) {
            change.replays.clear();
        }
        if !topics.has(LOG) {
            change.log = None;
        }
        if !topics.has_presence() {
            change.operators = None;
        }
        let is_empty = change
            == Change {
                seq: change.seq,
                ..Change::default()
            };
        (!is_empty).then_some(change)
    }
}

/// How far a client has come: the number of the latest change that it was told of or spared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    told: Option<u64>,
    /// Whether frames were lost since: what they told need not count as changes.
    lost: bool,
}

impl Position {
    /// Frames were lost to the client.
    pub(super) const fn note_loss(&mut self) {
        self.lost = true;
    }

    /// Goes on to `frame`; tells how many changes lie between, where any do (0: it is not known how many).
    pub(super) fn gap_before(&mut self, frame: &Frame) -> Option<u64> {
        let before = self.told.replace(frame.seq).unwrap_or(frame.seq_before);
        let missed = frame.seq_before.saturating_sub(before);
        let lost = std::mem::take(&mut self.lost);
        (missed > 0 || frame.after_gap || lost).then_some(missed)
    }
}

/// A frame as one SSE message: `event`, `id` where it has a number, one line of `data`, an empty line.
pub(super) fn write(frame: &StreamFrame, seq: Option<u64>) -> Bytes {
    let kind = match frame {
        StreamFrame::Hello(_) => "hello",
        StreamFrame::Change(_) => "change",
        StreamFrame::Gap { .. } => "gap",
        StreamFrame::Heartbeat { .. } => "heartbeat",
        StreamFrame::Bye => "bye",
    };
    let mut message = format!("event: {kind}\n").into_bytes();
    if let Some(seq) = seq {
        message.extend_from_slice(format!("id: {seq}\n").as_bytes());
    }
    message.extend_from_slice(b"data: ");
    // JSON has its line breaks escaped, so the data is one line; these types always serialise.
    if let Err(error) = serde_json::to_writer(&mut message, frame) {
        tracing::error!(%error, "a stream frame does not serialise");
    }
    message.extend_from_slice(b"\n\n");
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::Alert;
    use crate::domain::time::Timestamp;

    #[test]
    fn topics_are_read_and_unknown_ones_refused() {
        assert_eq!(
            Topics::parse("deliveries,endpoints, stats,alerts,replays,log,presence"),
            Ok(Topics::ALL)
        );
        assert_eq!(
            Topics::parse("deliveries,weather").unwrap_err(),
            "\"weather\" is not a topic; known are deliveries, endpoints, stats, alerts, replays, log, presence"
        );
        assert!(Topics::parse("").is_err());
    }

    #[test]
    fn the_log_can_be_left_out() {
        let both = Topics::parse("stats,log").unwrap();
        assert_eq!(both.without_log(), Some(Topics::parse("stats").unwrap()));
        assert_eq!(Topics::parse("log").unwrap().without_log(), None);
    }

    #[test]
    fn a_client_that_lost_frames_is_told_how_many_changes_it_missed() {
        let frame = |seq_before, seq, after_gap| {
            let change = Change {
                seq,
                ..Change::default()
            };
            Frame::new(seq_before, change, after_gap)
        };
        let mut position = Position::default();
        assert_eq!(position.gap_before(&frame(40, 50, false)), None);
        assert_eq!(position.gap_before(&frame(50, 55, false)), None);
        assert_eq!(position.gap_before(&frame(70, 75, false)), Some(15));
        assert_eq!(position.gap_before(&frame(75, 80, true)), Some(0));
        position.note_loss();
        assert_eq!(position.gap_before(&frame(80, 80, false)), Some(0));
        assert_eq!(position.gap_before(&frame(80, 81, false)), None);
    }

    #[test]
    fn a_frame_is_one_message_and_only_for_those_it_concerns() {
        let change = Change {
            seq: 7,
            alerts: vec![Alert {
                at: Timestamp::EPOCH,
                name: "x".to_owned(),
                text: "two\nlines".to_owned(),
            }],
            ..Change::default()
        };
        let frame = Frame::new(5, change, false);
        assert_eq!(frame.bytes(Topics::parse("stats").unwrap()), None);
        let text = frame.bytes(Topics::parse("alerts").unwrap()).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.starts_with("event: change\nid: 7\ndata: {\"kind\":\"change\",\"seq\":7,"));
        assert!(text.ends_with("\n\n"));
        assert_eq!(text.matches('\n').count(), 4);
    }
}
