//! `/v1/audit`: who did what, when, to what and from where.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::answers::{list_refusal, ok, page};
use super::caller::Caller;
use super::past;
use super::problem::Refusal;
use super::query::Query;
use super::state::State;
use crate::api::audit::{AuditEntryView, AuditParams};
use crate::api::page::Page;
use crate::api::paths;
use crate::api::problem::Problem;
use crate::domain::time::Timestamp;
use crate::engine::{AuditEntry, AuditQuery};

const PARAMETERS: [&str; 8] = [
    "limit", "cursor", "who", "what", "target", "since", "until", "at",
];

/// Lists what people, tokens and the service did, newest first.
#[utoipa::path(get, path = paths::AUDIT, tag = "service", params(AuditParams),
    responses((status = 200, body = Page<AuditEntryView>), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Also for a token that is confined to a tenant.")))]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    caller.whole_service("the audit log is of", "ask an operator of it")?;
    let query = Query::of(&request, &PARAMETERS)?;
    let text = |name: &str| query.text(name).map(str::to_owned);
    let at = past::instant(&query, &state)?.map(|at| at.moved_by(1));
    let until = instant(&query, "until")?.into_iter().chain(at).min();
    let wanted = AuditQuery {
        who: text("who"),
        action: text("what"),
        subject: text("target"),
        since: instant(&query, "since")?,
        until,
    };
    let found = state.engine.audit(&wanted, &query.page()?).await;
    ok(&page(found.map_err(list_refusal)?, view))
}

fn instant(query: &Query, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let read = |text: &str| {
        text.parse().map_err(|_| {
            let detail = format!("{text:?} is no instant: give one such as 2026-04-13T10:18:00Z");
            Refusal::bad_query(name, detail)
        })
    };
    query.text(name).map(read).transpose()
}

fn view(entry: AuditEntry) -> AuditEntryView {
    AuditEntryView {
        id: entry.id,
        at: entry.at,
        who: entry.actor.who,
        via: entry.actor.via.as_str().to_owned(),
        from: entry.actor.from,
        what: entry.action,
        target: entry.subject,
        count: entry.count,
        before: entry.before.map(value),
        after: entry.after.map(value),
        detail: entry.detail.map(value),
        note: entry.note,
    }
}

/// JSON of the log; what is none is shown as the text that it is.
fn value(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
