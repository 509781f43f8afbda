//! What a consumer does not see of an attempt: the inside of the operator's network (promise P7).
//!
//! A refused target's text names the address that a resolver answered. To an operator that is the remedy; to the
//! consumer who registered the name it would be a map.

use crate::domain::attempt::{Attempt, Failure, FailureClass};

/// What a consumer reads instead.
const NOT_ALLOWED: &str = "the target is not allowed here";

/// Takes out of an attempt what only operators may know.
pub(super) fn redact(attempt: &mut Attempt) {
    if is_blocked(attempt) {
        attempt.remote_address = None;
        attempt.failure = Some(Failure {
            class: FailureClass::Blocked,
            text: NOT_ALLOWED.to_owned(),
        });
    }
}

/// The sentence on a delivery, without the text of a refused target.
pub(super) fn sentence(attempts: &[Attempt], why: String) -> String {
    attempts
        .iter()
        .filter(|attempt| is_blocked(attempt))
        .filter_map(|attempt| attempt.failure.as_ref())
        .fold(why, |why, failure| why.replace(&failure.text, NOT_ALLOWED))
}

/// The sentence on a discarded delivery, without the note that operators left for each other.
pub(super) fn without_note(why: &str, note: &str) -> String {
    why.replace(&format!(" ({note})"), "")
}

/// An endpoint's last failure as its owner may read it, `class: text`; the delivery tells an operator more.
pub(super) fn last_failure(text: String) -> String {
    let class = FailureClass::Blocked.as_str();
    match text.split_once(": ") {
        Some((found, _)) if found == class => format!("{class}: {NOT_ALLOWED}"),
        _ => text,
    }
}

fn is_blocked(attempt: &Attempt) -> bool {
    attempt
        .failure
        .as_ref()
        .is_some_and(|failure| failure.class == FailureClass::Blocked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Phases;
    use crate::domain::id::Id;
    use crate::domain::time::Timestamp;

    const BLOCKED: &str = "10.1.2.3 is private: allow it with targets.allow = [\"10.0.0.0/8\"]";

    fn failed(class: FailureClass) -> Attempt {
        Attempt {
            id: Id::from_i64(1),
            delivery_id: Id::from_i64(2),
            event_id: Id::from_i64(3),
            endpoint_id: Id::from_i64(4),
            number: 1,
            started_at: Timestamp::EPOCH,
            revision: [0; 32],
            url: "http://db.example/".to_owned(),
            signatures: Vec::new(),
            secret_ids: Vec::new(),
            service_key_ids: Vec::new(),
            body_sha256: [0; 32],
            held_back: None,
            replay_id: None,
            certificate_expires_at: None,
            remote_address: Some(([10, 1, 2, 3], 80).into()),
            phases: Phases::default(),
            response: None,
            failure: Some(Failure {
                class,
                text: BLOCKED.to_owned(),
            }),
        }
    }

    #[test]
    fn a_refused_targets_address_is_taken_out_wherever_it_stands() {
        let mut attempt = failed(FailureClass::Blocked);
        let why = format!("Attempt 2 follows; the last one failed: {BLOCKED}.");
        assert_eq!(
            sentence(std::slice::from_ref(&attempt), why),
            "Attempt 2 follows; the last one failed: the target is not allowed here."
        );
        redact(&mut attempt);
        assert!(!format!("{attempt:?}").contains("10.1.2.3"));
        assert_eq!(
            last_failure(format!("blocked: {BLOCKED}")),
            "blocked: the target is not allowed here"
        );
    }

    #[test]
    fn other_failures_stay_as_they_are() {
        let mut attempt = failed(FailureClass::Connect);
        redact(&mut attempt);
        assert_eq!(attempt, failed(FailureClass::Connect));
    }
}
