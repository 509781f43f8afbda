//! Ends of certificates: which are near, and which have been warned of.

use std::time::Duration;

use hookyard::domain::certificate::Nearness;
use hookyard::domain::endpoint::{DisabledReason, EndpointStatus};
use hookyard::domain::id::EndpointId;
use hookyard::domain::limits::CERTIFICATES_REMEMBERED_MAX;
use hookyard::domain::time::Timestamp;
use hookyard::store::{AfterAttempt, CertificateWarning, NearCertificate};

use super::fixture::{START, Yard};

const FIRST: EndpointId = EndpointId::from_i64(0);

fn days(number: u64) -> Duration {
    Duration::from_hours(24 * number)
}

fn warning(
    endpoint_id: EndpointId,
    expires_at: Timestamp,
    nearness: Nearness,
) -> CertificateWarning {
    CertificateWarning {
        endpoint_id,
        expires_at,
        nearness,
    }
}

/// An attempt has shown a certificate that runs out a day after [`START`].
async fn shown(yard: &Yard) -> EndpointId {
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    yard.store.record(record).await.unwrap();
    endpoint.id
}

#[tokio::test]
async fn each_threshold_of_a_certificate_is_warned_of_once_and_a_restart_forgets_nothing() {
    let yard = Yard::new().await;
    let id = shown(&yard).await;
    let end = START + days(1);
    let warn = |yard: &Yard, nearness| {
        let store = yard.store.clone();
        async move {
            store
                .warn_of_certificate(warning(id, end, nearness))
                .await
                .unwrap()
        }
    };
    assert!(warn(&yard, Nearness::Week).await);
    assert!(!warn(&yard, Nearness::Week).await);
    assert!(!warn(&yard, Nearness::ThreeWeeks).await);
    let yard = yard.reopened().await;
    assert!(!warn(&yard, Nearness::Week).await);
    assert!(warn(&yard, Nearness::Day).await);
    let near = NearCertificate {
        endpoint_id: id,
        expires_at: end,
        warned: Some(Nearness::Day),
    };
    let read = yard.store.near_certificates(FIRST, end).await.unwrap();
    assert_eq!(read, (vec![near], false));
    // Another certificate of the same receiver has thresholds of its own.
    let other = warning(id, end + days(2), Nearness::Week);
    assert!(yard.store.warn_of_certificate(other).await.unwrap());
    assert!(!warn(&yard, Nearness::Day).await);
}

#[tokio::test]
async fn subscribers_hear_of_a_warning_and_not_of_its_repetition() {
    let yard = Yard::new().await;
    let id = shown(&yard).await;
    let mut changes = yard.store.subscribe();
    let first = warning(id, START + days(1), Nearness::Day);
    let last = warning(id, START + days(1), Nearness::Over);
    for warning in [first, first, last] {
        yard.store.warn_of_certificate(warning).await.unwrap();
    }
    // A call is answered before subscribers hear of it: what came before may come as well.
    let mut heard = Vec::new();
    while !heard.contains(&last) {
        heard.extend(changes.recv().await.unwrap().certificates.iter().copied());
    }
    assert_eq!(heard, [first, last]);
}

#[tokio::test]
async fn ever_new_certificates_are_warned_of_up_to_a_bound_until_old_ones_are_forgotten() {
    let yard = Yard::new().await;
    let id = shown(&yard).await;
    let number = |number: u32| {
        let end = START + Duration::from_secs(u64::from(number));
        warning(id, end, Nearness::Day)
    };
    for index in 0..CERTIFICATES_REMEMBERED_MAX {
        assert!(yard.store.warn_of_certificate(number(index)).await.unwrap());
    }
    let one_more = number(CERTIFICATES_REMEMBERED_MAX);
    assert!(!yard.store.warn_of_certificate(one_more).await.unwrap());
    // One that is remembered comes nearer all the same.
    let nearer = CertificateWarning {
        nearness: Nearness::Over,
        ..number(0)
    };
    assert!(yard.store.warn_of_certificate(nearer).await.unwrap());
    yard.clock.advance(days(31));
    assert!(yard.store.warn_of_certificate(one_more).await.unwrap());
}

#[tokio::test]
async fn disabled_endpoints_and_certificates_far_from_their_end_are_left_out() {
    let yard = Yard::new().await;
    let id = shown(&yard).await;
    let end = START + days(1);
    let early = Timestamp::from_millis(end.as_millis() - 1);
    let none = yard.store.near_certificates(FIRST, early).await.unwrap();
    assert_eq!(none.0, []);
    assert_eq!(yard.store.near_certificates(id, end).await.unwrap().0, []);
    let counts = yard.store.certificate_counts(START).await.unwrap();
    assert_eq!((counts.within, counts.soonest), ([1, 1, 1, 0], Some(end)));
    let counts = yard.store.certificate_counts(end).await.unwrap();
    assert_eq!(counts.within, [1, 1, 1, 1]);
    let mut endpoint = yard.store.endpoint(id).await.unwrap();
    endpoint.status = EndpointStatus::Disabled {
        reason: DisabledReason::Operator,
    };
    let version = endpoint.version;
    let note = super::fixture::note();
    yard.store
        .update_endpoint(note, endpoint, version)
        .await
        .unwrap();
    assert_eq!(
        yard.store.near_certificates(FIRST, end).await.unwrap().0,
        []
    );
    let counts = yard.store.certificate_counts(end).await.unwrap();
    assert_eq!((counts.within, counts.soonest), ([0; 4], None));
}

#[tokio::test]
async fn an_endpoint_that_does_not_exist_is_not_warned_of() {
    let yard = Yard::new().await;
    let nobody = warning(EndpointId::from_i64(77), START, Nearness::Over);
    assert!(!yard.store.warn_of_certificate(nobody).await.unwrap());
}
