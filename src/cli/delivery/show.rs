//! One delivery, or one of its attempts, in full.

use super::rows::{micros_text, state_text};
use crate::api::delivery::{
    AttemptDetail, AttemptView, BodyView, DeliveryDetail, HeaderView, PhasesView, RequestView,
};
use crate::cli::lists::or_empty;
use crate::cli::output::{Column, Field, Format, FormatArgs, Output, json_line};
use crate::client::Client;
use crate::domain::escape;
use crate::domain::id::DeliveryId;

/// Prints a delivery with its attempts.
pub(super) async fn delivery(
    client: &Client,
    output: Output,
    id: DeliveryId,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let detail = client.delivery(id).await?;
    output.one(format, &detail, &fields(&detail))?;
    if format.json || detail.history.is_empty() {
        return Ok(());
    }
    if output.is_terminal() {
        output.print("\n")?;
    }
    output.list(format, &attempt_columns(&detail.history), &detail.history)
}

/// The columns of a list of attempts: what a rate limit did and when certificates end, where any attempt knows.
fn attempt_columns(attempts: &[AttemptView]) -> Vec<Column<'static, AttemptView>> {
    let mut columns: Vec<Column<'static, AttemptView>> = vec![
        ("ATTEMPT", &|attempt| attempt.number.to_string()),
        ("STARTED", &|attempt| attempt.started_at.to_string()),
        ("STATUS", &|attempt| or_empty(attempt.status)),
        ("CLASS", &|attempt| or_empty(attempt.class.as_ref())),
        ("TOOK", &|attempt| micros_text(attempt.phases.total_us)),
        ("ADDRESS", &|attempt| {
            or_empty(attempt.remote_address.as_ref())
        }),
    ];
    if attempts.iter().any(|attempt| attempt.held_back.is_some()) {
        columns.push(("HELD BACK", &|attempt| {
            let word = |held| if held { "yes" } else { "no" };
            or_empty(attempt.held_back.map(word))
        }));
    }
    if attempts
        .iter()
        .any(|attempt| attempt.certificate_expires_at.is_some())
    {
        columns.push(("CERTIFICATE UNTIL", &|attempt| {
            let until = attempt.certificate_expires_at;
            or_empty(until.map(|until| until.to_rfc3339_seconds()))
        }));
    }
    if attempts.iter().any(|attempt| attempt.replay_id.is_some()) {
        columns.push(("REPLAY", &|attempt| or_empty(attempt.replay_id)));
    }
    columns.push(("FAILURE", &|attempt| or_empty(attempt.failure.as_ref())));
    columns
}

fn fields(detail: &DeliveryDetail) -> Vec<Field> {
    let delivery = &detail.delivery;
    let all = [
        ("id", delivery.id.to_string()),
        ("state", state_text(delivery)),
        ("why", detail.why.clone()),
        ("event", delivery.event_id.to_string()),
        ("type", delivery.event_type.to_string()),
        ("endpoint", delivery.endpoint_id.to_string()),
        ("name", or_empty(delivery.endpoint_name.as_ref())),
        ("attempts", delivery.attempts.to_string()),
        ("cause", or_empty(delivery.cause.as_ref())),
        ("next attempt", or_empty(delivery.next_attempt_at)),
        ("replay", or_empty(delivery.replay_id)),
        ("test", if delivery.test { "yes" } else { "" }.to_owned()),
        ("created", delivery.created_at.to_string()),
        ("updated", delivery.updated_at.to_string()),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Prints an attempt with its request and its response.
pub(super) async fn attempt(
    client: &Client,
    output: Output,
    id: DeliveryId,
    number: u32,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let detail = client.attempt(id, number).await?;
    if output.format(format) == Format::Json {
        return output.print(&(json_line(&detail)? + "\n"));
    }
    output.print(&attempt_text(&detail))
}

/// The attempt as text, everything in it escaped.
fn attempt_text(detail: &AttemptDetail) -> String {
    let attempt = &detail.attempt;
    let mut text = format!(
        "attempt {} ({}), started {}\n{}\n",
        attempt.number,
        attempt.id,
        attempt.started_at,
        phases_text(&attempt.phases)
    );
    if let Some(address) = &attempt.remote_address {
        text.push_str(&format!("address {}\n", escape::line(address)));
    }
    if let Some(end) = attempt.certificate_expires_at {
        let until = end.to_rfc3339_seconds();
        text.push_str(&format!("certificate valid until {until}\n"));
    }
    if let Some(replay) = attempt.replay_id {
        text.push_str(&format!("made for {replay}\n"));
    }
    if attempt.held_back == Some(true) {
        text.push_str("the endpoint's rate limit had made it wait\n");
    }
    if let Some(failure) = &attempt.failure {
        let class = attempt.class.as_deref().unwrap_or("failed");
        text.push_str(&format!(
            "{}: {}\n",
            escape::line(class),
            escape::line(failure)
        ));
    }
    match &detail.request {
        Some(request) => {
            text.push_str(&format!(
                "\n{} {}\n",
                escape::line(&request.method),
                escape::line(&request.url)
            ));
            push_message(&mut text, &request.headers, &request.body);
            if let Some(signers) = signers_text(request) {
                text.push_str(&format!("signed by {signers}\n"));
            }
        }
        None => {
            let why = detail.request_missing.as_deref().unwrap_or("not kept");
            text.push_str(&format!("\nno request to show: {}\n", escape::line(why)));
        }
    }
    if let Some(response) = &detail.response {
        text.push_str(&format!("\nHTTP {}\n", response.status));
        push_message(&mut text, &response.headers, &response.body);
        if response.truncated {
            text.push_str("(more came than was kept)\n");
        }
    }
    text
}

/// The secrets that signed, then the service's own keys; `None` for a request without a signature.
fn signers_text(request: &RequestView) -> Option<String> {
    let secrets = request.secret_ids.iter().map(ToString::to_string);
    let keys = request.service_key_ids.iter().map(ToString::to_string);
    let signers: Vec<String> = secrets.chain(keys).collect();
    (!signers.is_empty()).then(|| signers.join(", "))
}

fn push_message(text: &mut String, headers: &[HeaderView], body: &BodyView) {
    for header in headers {
        text.push_str(&format!(
            "{}: {}\n",
            escape::line(&header.name),
            escape::line(&header.value)
        ));
    }
    text.push('\n');
    match body {
        BodyView::Text(body) if body.is_empty() => {}
        BodyView::Text(body) => {
            text.push_str(&escape::block(body));
            text.push('\n');
        }
        BodyView::Base64(body) => {
            text.push_str(&format!("(not text; base64) {}\n", escape::line(body)));
        }
    }
}

fn phases_text(phases: &PhasesView) -> String {
    let named = [
        ("dns", phases.dns_us),
        ("connect", phases.connect_us),
        ("tls", phases.tls_us),
        ("first byte", phases.first_byte_us),
        ("body", phases.body_us),
    ];
    let mut parts: Vec<String> = named
        .into_iter()
        .filter_map(|(name, micros)| Some(format!("{name} {}", micros_text(micros?))))
        .collect();
    parts.push(format!("in all {}", micros_text(phases.total_us)));
    if phases.reused {
        parts.push("on a kept connection".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(more: &serde_json::Value) -> AttemptView {
        let mut attempt = serde_json::json!({
            "id": "att_0000000000001", "number": 1, "started_at": "2026-04-13T10:18:00Z",
            "remote_address": null, "status": 200, "class": null, "failure": null,
            "phases": PhasesView::default(),
        });
        for (name, value) in more.as_object().unwrap() {
            attempt[name] = value.clone();
        }
        serde_json::from_value(attempt).unwrap()
    }

    /// Heads and the first attempt's cells.
    fn shown(attempts: &[AttemptView]) -> Vec<(&'static str, String)> {
        let columns = attempt_columns(attempts);
        let cells = columns
            .iter()
            .map(|(head, cell)| (*head, cell(&attempts[0])));
        cells.collect()
    }

    #[test]
    fn limits_and_certificates_have_columns_where_an_attempt_knows_of_them() {
        let plain = attempt(&serde_json::json!({}));
        let heads = |attempts: &[AttemptView]| -> Vec<&str> {
            shown(attempts).iter().map(|(head, _)| *head).collect()
        };
        let usual = [
            "ATTEMPT", "STARTED", "STATUS", "CLASS", "TOOK", "ADDRESS", "FAILURE",
        ];
        assert_eq!(heads(std::slice::from_ref(&plain)), usual);
        let limited = attempt(&serde_json::json!({"held_back": true}));
        let until = serde_json::json!({"certificate_expires_at": "2026-05-01T00:00:00Z"});
        let cells = shown(&[limited, attempt(&until), plain.clone()]);
        assert_eq!(
            cells[6..8],
            [
                ("HELD BACK", "yes".to_owned()),
                ("CERTIFICATE UNTIL", String::new())
            ]
        );
        let cells = shown(&[attempt(&until), plain]);
        assert_eq!(
            cells[6],
            ("CERTIFICATE UNTIL", "2026-05-01T00:00:00Z".to_owned())
        );
    }

    #[test]
    fn who_signed_is_named_secrets_first() {
        let request = |secrets: &[&str], keys: &[&str]| -> RequestView {
            serde_json::from_value(serde_json::json!({
                "method": "POST", "url": "http://a.example/", "headers": [], "body": {"text": "{}"},
                "body_sha256": "", "secret_ids": secrets, "service_key_ids": keys,
            }))
            .unwrap()
        };
        let both = request(
            &["sec_0000000000002", "sec_0000000000001"],
            &["key_0000000000001"],
        );
        assert_eq!(
            signers_text(&both).as_deref(),
            Some("sec_0000000000002, sec_0000000000001, key_0000000000001")
        );
        assert_eq!(signers_text(&request(&[], &[])), None);
    }
}
