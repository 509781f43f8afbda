//! Paths of the native API, written once for server, client and documents.

/// `POST` publishes one event, `GET` lists them.
pub const EVENTS: &str = "/v1/events";
/// `POST` publishes up to 1,000.
pub const EVENTS_BATCH: &str = "/v1/events/batch";
/// One event.
pub const EVENT: &str = "/v1/events/{id}";
/// Its deliveries.
pub const EVENT_DELIVERIES: &str = "/v1/events/{id}/deliveries";
/// `POST` sends it to an endpoint it never reached.
pub const EVENT_DELIVER: &str = "/v1/events/{id}/deliver";
/// `POST` creates, `GET` lists.
pub const ENDPOINTS: &str = "/v1/endpoints";
/// `GET`, `PATCH`, `DELETE` one.
pub const ENDPOINT: &str = "/v1/endpoints/{id}";
/// `POST` pauses.
pub const ENDPOINT_PAUSE: &str = "/v1/endpoints/{id}/pause";
/// `POST` resumes.
pub const ENDPOINT_RESUME: &str = "/v1/endpoints/{id}/resume";
/// `POST` enables.
pub const ENDPOINT_ENABLE: &str = "/v1/endpoints/{id}/enable";
/// `POST` disables.
pub const ENDPOINT_DISABLE: &str = "/v1/endpoints/{id}/disable";
/// `POST` sends a test event.
pub const ENDPOINT_TEST: &str = "/v1/endpoints/{id}/test";
/// `POST` makes a new secret.
pub const ENDPOINT_ROTATE_SECRET: &str = "/v1/endpoints/{id}/rotate-secret";
/// `GET` tells what happened at it lately.
pub const ENDPOINT_STATS: &str = "/v1/endpoints/{id}/stats";
/// `GET` shows the newest secret; audited.
pub const ENDPOINT_SECRET: &str = "/v1/endpoints/{id}/secret";
/// `POST` replays its dead deliveries since a time.
pub const ENDPOINT_RECOVER: &str = "/v1/endpoints/{id}/recover";
/// `GET` lists, by filter.
pub const DELIVERIES: &str = "/v1/deliveries";
/// `GET` counts, by filter.
pub const DELIVERIES_COUNT: &str = "/v1/deliveries/count";
/// One delivery with its attempts.
pub const DELIVERY: &str = "/v1/deliveries/{id}";
/// One attempt with request and response.
pub const ATTEMPT: &str = "/v1/deliveries/{id}/attempts/{number}";
/// `POST` puts it back to work.
pub const DELIVERY_REPLAY: &str = "/v1/deliveries/{id}/replay";
/// `POST` gives it up.
pub const DELIVERY_DISCARD: &str = "/v1/deliveries/{id}/discard";
/// Dead deliveries by cause.
pub const DEAD_CAUSES: &str = "/v1/dead/causes";
/// `POST` gives dead deliveries up together.
pub const DEAD_DISCARD: &str = "/v1/dead/discard";
/// `GET` tells dead deliveries line by line.
pub const DEAD_EXPORT: &str = "/v1/dead/export";
/// `POST` takes such lines.
pub const DEAD_IMPORT: &str = "/v1/dead/import";
/// `POST` plans and starts, `GET` lists.
pub const REPLAYS: &str = "/v1/replays";
/// One replay, or a plan.
pub const REPLAY: &str = "/v1/replays/{id}";
/// `POST` holds it.
pub const REPLAY_PAUSE: &str = "/v1/replays/{id}/pause";
/// `POST` lets it go on.
pub const REPLAY_RESUME: &str = "/v1/replays/{id}/resume";
/// `POST` ends it.
pub const REPLAY_CANCEL: &str = "/v1/replays/{id}/cancel";
/// Totals and the last minutes.
pub const STATS: &str = "/v1/stats";
/// Where every delivery stands: in all, by day, by endpoint.
pub const LEDGER: &str = "/v1/ledger";
/// What goes out in the time to come.
pub const HORIZON: &str = "/v1/horizon";
/// Why attempts fail.
pub const CAUSES: &str = "/v1/causes";
/// `GET` shows who did what.
pub const AUDIT: &str = "/v1/audit";
/// `GET` shows the newest lines of the service's own log.
pub const LOG: &str = "/v1/log";
/// `POST` writes a note down, `GET` lists those about something.
pub const NOTES: &str = "/v1/notes";
/// `GET` lists the saved views.
pub const VIEWS: &str = "/v1/views";
/// `GET`, `PUT`, `DELETE` one.
pub const VIEW: &str = "/v1/views/{name}";
/// `GET` shows who watches the service live.
pub const OPERATORS: &str = "/v1/operators";
/// Server-sent events.
pub const STREAM: &str = "/v1/stream";
/// `POST` creates, `GET` lists.
pub const TOKENS: &str = "/v1/tokens";
/// `DELETE` revokes.
pub const TOKEN: &str = "/v1/tokens/{id}";
/// The loaded contracts.
pub const CONTRACTS: &str = "/v1/contracts";
/// The event types that enabled contracts describe.
pub const EVENT_TYPES: &str = "/v1/event-types";
/// One contract.
pub const CONTRACT: &str = "/v1/contracts/{name}";
/// The public halves of the keys that the service signs with under it.
pub const CONTRACT_KEYS: &str = "/v1/contracts/{name}/keys";
/// `POST` makes the next one.
pub const CONTRACT_KEYS_ROTATE: &str = "/v1/contracts/{name}/keys/rotate";
/// The addresses that requests leave from.
pub const EGRESS: &str = "/v1/egress";
/// Who answers, and who is asking.
pub const INFO: &str = "/v1/info";
/// Alive.
pub const HEALTHZ: &str = "/healthz";
/// Store writable, lanes moving.
pub const READYZ: &str = "/readyz";
/// Prometheus.
pub const METRICS: &str = "/metrics";
/// The OpenAPI description.
pub const OPENAPI: &str = "/openapi.json";
/// The same for people.
pub const DOCS: &str = "/docs";

#[cfg(test)]
mod tests {
    use crate::domain::contract::OWN_PATHS;

    /// Otherwise a contract could take one of them away.
    #[test]
    fn contracts_can_claim_none_of_them() {
        for line in include_str!("paths.rs").lines() {
            let Some((_, rest)) = line.split_once("&str = \"") else {
                continue;
            };
            let path = rest.trim_end_matches("\";");
            let is_own = |own: &&str| path == *own || path.starts_with(&format!("{own}/"));
            assert!(OWN_PATHS.iter().any(is_own), "{path}");
        }
    }
}
