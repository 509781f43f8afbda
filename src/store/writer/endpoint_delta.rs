//! What a flush changes in an endpoint's one row of counters: its ledger, and how its latest attempts ended.

use std::fmt::Write;

use super::super::ledger::LedgerDelta;
use super::sql::Mix;
use super::values::Rows;
use crate::domain::attempt::Failure;
use crate::domain::failing::FailingRun;
use crate::domain::id::EndpointId;
use crate::domain::limits::LAST_FAILURE_CHARS_MAX;
use crate::domain::time::Timestamp;

/// An endpoint's part of a flush.
#[derive(Debug, Default)]
pub(super) struct EndpointDelta {
    /// Its deliveries.
    pub(super) ledger: LedgerDelta,
    /// Its run of failures as it is then; `None` while nobody has looked at the one before.
    pub(super) run: Option<FailingRun>,
    last_success_at: Option<Timestamp>,
    last_failure_at: Option<Timestamp>,
    /// Only meant where there is a time of it; kept to be written over without a new allocation.
    last_failure: String,
    /// Failures since the flush's last success, or since its beginning where it has none.
    failures: i64,
    certificate_expires_at: Option<Timestamp>,
}

impl EndpointDelta {
    /// A receiver showed a certificate that runs out then.
    pub(super) fn certificate(&mut self, expires_at: Option<Timestamp>) {
        self.certificate_expires_at = expires_at.or(self.certificate_expires_at);
    }

    /// An attempt ended at `at`; to be called in the order in which attempts are recorded.
    pub(super) fn ended(&mut self, at: Timestamp, failure: Option<&Failure>) {
        let Some(failure) = failure else {
            self.last_success_at = Some(at);
            self.failures = 0;
            return;
        };
        self.failures += 1;
        self.last_failure_at = Some(at);
        self.last_failure.clear();
        write!(self.last_failure, "{}: ", failure.class.as_str())
            .expect("writing to memory does not fail");
        let room = LAST_FAILURE_CHARS_MAX - self.last_failure.len();
        self.last_failure.extend(failure.text.chars().take(room));
    }

    /// Whether there is nothing but successes to be noted of its attempts, and there was nothing before.
    pub(super) const fn is_well(&self) -> bool {
        self.last_failure_at.is_none() && self.run.is_none()
    }

    /// Its row; the columns of attempts and of trouble only where the statement takes them.
    pub(super) fn row(&self, id: EndpointId, mix: Mix, rows: &mut Rows) {
        let row = rows
            .row(id.as_i64())
            .int(self.ledger.created)
            .int(self.ledger.pending)
            .int(self.ledger.delivered)
            .int(self.ledger.dead);
        if mix.attempts {
            row.int_or_null(self.last_success_at.map(Timestamp::as_millis))
                .int_or_null(self.certificate_expires_at.map(Timestamp::as_millis));
        }
        if mix.attempts && mix.trouble {
            let failure = self.last_failure_at.map(|_| self.last_failure.as_str());
            row.int_or_null(self.last_failure_at.map(Timestamp::as_millis))
                .text_or_null(failure)
                .int(self.failures);
            let run = self.run.filter(|run| run.since_ms.is_some());
            row.int_or_null(run.and_then(|run| run.since_ms))
                .int_or_null(run.map(|run| run.seen_ms))
                .int(run.map_or(0, |run| run.failing_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::FailureClass;

    fn row_of(outcomes: Vec<Option<&str>>) -> String {
        let mut delta = EndpointDelta::default();
        for (at, text) in (1..).zip(outcomes) {
            let failure = text.map(|text| Failure {
                class: FailureClass::Status,
                text: text.to_owned(),
            });
            delta.ended(Timestamp::from_millis(at), failure.as_ref());
        }
        let mut rows = Rows::new();
        let mix = Mix {
            attempts: true,
            trouble: true,
            ..Mix::default()
        };
        delta.row(EndpointId::from_i64(7), mix, &mut rows);
        rows.finish()
    }

    #[test]
    fn failures_are_counted_from_the_last_success_on() {
        for (outcomes, expected) in [
            (vec![], "[[7,0,0,0,0,null,null,null,null,0,null,null,0]]"),
            (
                vec![Some("a"), Some("b")],
                r#"[[7,0,0,0,0,null,null,2,"status: b",2,null,null,0]]"#,
            ),
            (
                vec![Some("a"), None, Some("b"), Some("c")],
                r#"[[7,0,0,0,0,2,null,4,"status: c",2,null,null,0]]"#,
            ),
            (
                vec![Some("a"), None],
                r#"[[7,0,0,0,0,2,null,1,"status: a",0,null,null,0]]"#,
            ),
        ] {
            assert_eq!(row_of(outcomes), expected);
        }
    }
}
