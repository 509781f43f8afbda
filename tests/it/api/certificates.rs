//! Certificates that run out soon, as the API tells of them.

use std::time::Duration;

use hookyard::api::stream::{Alert, StreamFrame};
use hookyard::client::FrameStream;
use hookyard::clock::{Clock, SystemClock};
use hookyard::domain::time::Timestamp;
use serde_json::json;

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_tls::Authority;

/// The next alert of a stream.
pub(super) async fn alert(stream: &mut FrameStream) -> Alert {
    let waiting = async {
        loop {
            if let StreamFrame::Change(mut change) = stream.next().await.unwrap().unwrap()
                && let Some(alert) = change.alerts.pop()
            {
                return alert;
            }
        }
    };
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, waiting)
        .await
        .expect("an alert")
}

#[tokio::test]
async fn a_certificate_near_its_end_is_an_alert_and_a_metric() {
    let authority = Authority::new();
    let service = Service::trusting(authority.roots_file()).await;
    let end = SystemClock::new().now() + Duration::from_hours(5 * 24 + 1);
    let receiver = Receiver::start_tls(authority.valid_until(&["127.0.0.1"], end));
    let mut stream = service.client().stream("alerts").await.unwrap();
    assert!(matches!(
        stream.next().await.unwrap(),
        Some(StreamFrame::Hello(_))
    ));
    let before = service.ask(Ask::get("/metrics")).await.body;
    assert!(before.contains("hookyard_certificates_expiring{days=\"21\"} 0\n"));
    assert!(!before.contains("hookyard_certificate_soonest_expiry_timestamp_seconds"));
    let endpoint = service
        .endpoint(json!({"url": receiver.url("/"), "name": "billing"}))
        .await;
    service.publish(json!({"type": "a.b", "data": 1})).await;
    let alert = alert(&mut stream).await;
    assert_eq!(alert.name, "certificate.expires");
    assert_eq!(
        alert.text,
        format!(
            "the certificate of billing ({}) runs out in 5 days, at {}",
            endpoint["id"].as_str().unwrap(),
            end.to_rfc3339_seconds()
        )
    );
    let delivery = service.ask(Ask::get("/v1/deliveries")).await.expect(200);
    let id = delivery["items"][0]["id"].as_str().unwrap();
    let shown = service.ask(Ask::get(&format!("/v1/deliveries/{id}"))).await;
    let whole_seconds = end.as_unix_seconds() * 1_000;
    let expected = Timestamp::from_millis(whole_seconds).to_rfc3339_millis();
    assert_eq!(
        shown.expect(200)["history"][0]["certificate_expires_at"],
        expected
    );
    let metrics = service.ask(Ask::get("/metrics")).await.body;
    for line in [
        "hookyard_certificates_expiring{days=\"21\"} 1".to_owned(),
        "hookyard_certificates_expiring{days=\"7\"} 1".to_owned(),
        "hookyard_certificates_expiring{days=\"1\"} 0".to_owned(),
        "hookyard_certificates_expiring{days=\"0\"} 0".to_owned(),
        format!(
            "hookyard_certificate_soonest_expiry_timestamp_seconds {}",
            end.as_unix_seconds()
        ),
    ] {
        assert!(metrics.lines().any(|shown| shown == line), "{line}");
    }
}
