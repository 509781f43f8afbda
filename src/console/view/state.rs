//! States in glyph, word and role: never in colour alone.

use super::paint::Skin;
use crate::api::delivery::DeliveryView;
use crate::api::endpoint::EndpointView;
use crate::console::theme::Role;
use crate::domain::certificate::Nearness;
use crate::domain::time::Timestamp;

/// A state as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// One column.
    pub glyph: &'static str,
    /// The word of the glossary.
    pub word: &'static str,
    /// What it means.
    pub role: Role,
}

/// Where a delivery stands.
pub(crate) fn of_delivery(skin: &Skin, delivery: &DeliveryView) -> Shown {
    let failed = delivery.last_class.is_some();
    let (unicode, ascii, word, role) = match delivery.state.as_str() {
        "delivered" => ("✓", ".", "delivered", Role::StateOk),
        "pending" if failed => ("↻", "~", "retrying", Role::StateRetrying),
        "pending" => ("▸", ">", "pending", Role::StateInflight),
        "held" => ("‖", "=", "held", Role::StatePaused),
        "dead" => ("■", "#", "dead", Role::StateDead),
        "discarded" => ("-", "-", "discarded", Role::Muted),
        _ => ("?", "?", "unknown", Role::LevelWarn),
    };
    Shown {
        glyph: skin.glyph(unicode, ascii),
        word,
        role,
    }
}

/// What came of an attempt: its status or the class of its failure, and what that means.
pub(crate) fn of_result(
    skin: &Skin,
    status: Option<u16>,
    class: Option<&str>,
) -> (String, &'static str, Role) {
    let (ok, bad) = (skin.glyph("✓", "."), skin.glyph("✗", "x"));
    match (status, class) {
        (Some(status), None) => (status.to_string(), ok, Role::StateOk),
        (Some(status), Some("status")) => (status.to_string(), bad, Role::StateFailed),
        (_, Some(class)) => (class.to_owned(), bad, Role::StateFailed),
        (None, None) => ("-".to_owned(), " ", Role::Muted),
    }
}

/// How an endpoint is.
pub(crate) fn of_endpoint(skin: &Skin, endpoint: &EndpointView) -> Shown {
    let health = &endpoint.health;
    let (unicode, ascii, word, role) = match endpoint.status.as_str() {
        "active" if health.breaker == "open" => ("✗", "x", "breaker", Role::StateDead),
        "active" if health.breaker == "half-open" => ("↻", "~", "half-open", Role::StateRetrying),
        "active" if health.consecutive_failures > 0 => ("✗", "x", "failing", Role::StateFailed),
        "active" if health.last_success_at.is_none() && health.attempts_1h == 0 => {
            ("▸", ">", "idle", Role::Muted)
        }
        "active" => ("✓", ".", "ok", Role::StateOk),
        "paused" => ("‖", "=", "paused", Role::StatePaused),
        "disabled" => match endpoint.status_reason.as_deref() {
            Some("gone") => ("■", "#", "gone", Role::StateDead),
            Some("failing") => ("■", "#", "gave up", Role::StateDead),
            _ => ("■", "#", "disabled", Role::StatePaused),
        },
        "deleted" => ("-", "-", "deleted", Role::Muted),
        _ => ("?", "?", "unknown", Role::LevelWarn),
    };
    Shown {
        glyph: skin.glyph(unicode, ascii),
        word,
        role,
    }
}

/// The colour of a certificate's end as it looked at `now`; `far` where that is further than 21 days.
pub(super) fn certificate_role(end: Timestamp, now: Timestamp, far: Role) -> Role {
    match Nearness::of(end, now) {
        None => far,
        Some(Nearness::ThreeWeeks | Nearness::Week) => Role::LevelWarn,
        Some(Nearness::Day | Nearness::Over) => Role::LevelError,
    }
}
