//! What a simulation holds the breaker and the resumption after a hold to, told from outside: by what was sent and
//! answered alone.

use std::time::Duration;

use crate::domain::breaker::BreakerPolicy;
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

/// What has been seen of a lane's care.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Attempts answered, and failures in a row among them, since the breaker was last closed or the lane began anew.
    answers: u32,
    /// Whether an operator resumed the lane since: one failure may open the breaker then.
    resumed: bool,
    careful: Option<Careful>,
}

/// Since the breaker opened, or since an operator resumed a lane with a backlog.
#[derive(Debug)]
struct Careful {
    /// Requests that left since and are unanswered.
    out: Vec<DeliveryId>,
    /// Successes among those that left since.
    successes: u32,
    /// When the latest failed alone, if nothing succeeded since.
    failed_at: Option<Timestamp>,
    /// Whether the breaker has opened.
    opened: bool,
}

impl Watch {
    /// A lane begins that knows nothing but whether its breaker is open.
    pub(super) fn begin(&mut self, breaker_open: bool) {
        self.answers = 0;
        self.resumed = false;
        self.careful = breaker_open.then(|| Careful::new(true));
    }

    /// An operator resumed the lane.
    pub(super) fn resumed(&mut self) {
        self.resumed = true;
        if let Some(careful) = &mut self.careful {
            careful.failed_at = None;
            careful.out.clear();
        }
    }

    /// An operator resumed the lane, with more due than it may have in flight.
    pub(super) fn resumed_with_backlog(&mut self) {
        if self.careful.is_none() {
            self.careful = Some(Careful::new(false));
        }
    }

    /// Whether it has a backlog to be careful about, or none any more.
    pub(super) fn forget_backlog(&mut self) {
        if self.careful.as_ref().is_some_and(|careful| !careful.opened) {
            self.careful = None;
        }
    }

    /// The breaker opened.
    pub(super) fn opened(&mut self, policy: Option<BreakerPolicy>) -> Result<(), String> {
        let policy = policy.ok_or("it has no breaker")?;
        if !self.resumed && self.answers < policy.attempts_min {
            return Err(format!("opened on {} attempts", self.answers));
        }
        let failed_at = self.careful.as_ref().and_then(|careful| careful.failed_at);
        self.careful = Some(Careful {
            failed_at,
            ..Careful::new(true)
        });
        Ok(())
    }

    /// The breaker closed.
    pub(super) fn closed(&mut self) {
        self.answers = 0;
        self.resumed = false;
        self.careful = None;
    }

    /// The wall clock was set.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        if let Some(careful) = &mut self.careful {
            careful.failed_at = careful.failed_at.map(|at| at.moved_by(by_ms));
        }
    }

    /// A request leaves.
    pub(super) fn sent(
        &mut self,
        id: DeliveryId,
        now: Timestamp,
        policy: Option<BreakerPolicy>,
    ) -> Result<(), String> {
        let (Some(careful), Some(policy)) = (&mut self.careful, policy) else {
            return Ok(());
        };
        careful.out.push(id);
        // 1 alone, then 2, 4, 8 … at once: never more than have succeeded and one.
        if careful.out.len() > careful.successes as usize + 1 {
            return Err(format!("too many at once: {careful:?}"));
        }
        let least = policy.probe_first.saturating_mul(8) / 10;
        if careful.opened
            && careful
                .failed_at
                .is_some_and(|failed| now.since(failed) + Duration::from_millis(1) < least)
        {
            return Err(format!("a probe after less than {least:?}: {careful:?}"));
        }
        Ok(())
    }

    /// A request was answered.
    pub(super) fn answered(&mut self, id: DeliveryId, now: Timestamp, well: bool) {
        self.answers += 1;
        let Some(careful) = &mut self.careful else {
            return;
        };
        let before = careful.out.len();
        careful.out.retain(|&out| out != id);
        if careful.out.len() == before {
            return;
        }
        if well && !careful.opened {
            // How a ramp goes on that nothing tells of is not seen from outside.
            self.careful = None;
        } else if well {
            careful.successes += 1;
            careful.failed_at = None;
        } else if careful.successes == 0 {
            careful.failed_at = Some(now);
        }
    }

    /// Requests that were in flight are forgotten or left to another lane.
    pub(super) fn landed(&mut self, id: DeliveryId) {
        if let Some(careful) = &mut self.careful {
            careful.out.retain(|&out| out != id);
        }
    }
}

impl Careful {
    const fn new(opened: bool) -> Self {
        Self {
            out: Vec::new(),
            successes: 0,
            failed_at: None,
            opened,
        }
    }
}
