//! Deliveries in a list.

use crate::api::delivery::DeliveryView;
use crate::cli::lists::or_empty;
use crate::cli::output::Column;

/// The columns of a list of deliveries.
pub(crate) fn delivery_columns() -> [Column<'static, DeliveryView>; 9] {
    [
        ("ID", &|delivery| delivery.id.to_string()),
        ("CREATED", &|delivery| delivery.created_at.to_string()),
        ("STATE", &state_text),
        ("TYPE", &type_text),
        ("ENDPOINT", &|delivery| {
            delivery
                .endpoint_name
                .clone()
                .unwrap_or_else(|| delivery.endpoint_id.to_string())
        }),
        ("ATTEMPTS", &|delivery| delivery.attempts.to_string()),
        ("LAST", &last_text),
        ("TOOK", &|delivery| {
            delivery
                .last_latency_us
                .map_or_else(String::new, micros_text)
        }),
        ("NEXT", &|delivery| or_empty(delivery.next_attempt_at)),
    ]
}

/// The event's type, marked where it is a test.
fn type_text(delivery: &DeliveryView) -> String {
    let mark = if delivery.test { " (test)" } else { "" };
    format!("{}{mark}", delivery.event_type)
}

/// The state, and why.
pub(super) fn state_text(delivery: &DeliveryView) -> String {
    match &delivery.reason {
        Some(reason) => format!("{} ({reason})", delivery.state),
        None => delivery.state.clone(),
    }
}

fn last_text(delivery: &DeliveryView) -> String {
    match (delivery.last_status, &delivery.last_class) {
        (Some(status), _) => status.to_string(),
        (None, Some(class)) => class.clone(),
        (None, None) => String::new(),
    }
}

/// Microseconds as people read them: `850µs`, `12.3ms`, `2.41s`.
pub(super) fn micros_text(micros: u64) -> String {
    if micros < 1_000 {
        return format!("{micros}µs");
    }
    if micros < 1_000_000 {
        return format!("{}.{}ms", micros / 1_000, micros % 1_000 / 100);
    }
    format!("{}.{:02}s", micros / 1_000_000, micros % 1_000_000 / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_marked_beside_its_type() {
        let mut delivery: DeliveryView = serde_json::from_value(serde_json::json!({
            "id": "dlv_0000000000001", "event_id": "evt_0000000000001", "event_type": "packet.signed",
            "endpoint_id": "ep_0000000000001", "endpoint_name": null, "state": "pending", "reason": null,
            "attempts": 0, "next_attempt_at": null, "last_attempt_at": null, "last_status": null,
            "last_class": null, "last_latency_us": null, "test": true,
            "created_at": "2026-04-13T10:18:00Z", "updated_at": "2026-04-13T10:18:00Z",
        }))
        .unwrap();
        assert_eq!(type_text(&delivery), "packet.signed (test)");
        delivery.test = false;
        assert_eq!(type_text(&delivery), "packet.signed");
    }

    #[test]
    fn durations_are_short() {
        for (micros, text) in [
            (0, "0µs"),
            (999, "999µs"),
            (12_340, "12.3ms"),
            (2_419_999, "2.41s"),
        ] {
            assert_eq!(micros_text(micros), text);
        }
    }
}
