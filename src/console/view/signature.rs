//! What a consumer checks: which headers prove where a request comes from, by which secret, and how to check it here.

use super::text::Text;
use crate::api::delivery::RequestView;
use crate::console::app::command::quoted;
use crate::console::theme::Role;

/// Parts of the names of headers that are about the signature.
const SIGNS: [&str; 5] = ["signature", "-id", "timestamp", "webhook-", "digest"];

/// Adds the lines.
pub(super) fn add(text: &mut Text, request: &RequestView, contract: Option<&str>) {
    text.field("contract", contract.unwrap_or("not known"), Role::Text);
    text.field("sha256", &request.body_sha256, Role::Text);
    let secrets: Vec<String> = request.secret_ids.iter().map(ToString::to_string).collect();
    let signed_by = if secrets.is_empty() {
        "no secret".to_owned()
    } else {
        secrets.join(", ")
    };
    text.field("secrets", &signed_by, Role::Text);
    let keys: Vec<String> = request
        .service_key_ids
        .iter()
        .map(ToString::to_string)
        .collect();
    if !keys.is_empty() {
        text.field("keys", &keys.join(", "), Role::Text);
    }
    text.empty();
    text.line(" HEADERS THAT PROVE IT", Role::Muted);
    let about = request.headers.iter().filter(|header| {
        let name = header.name.to_ascii_lowercase();
        SIGNS.iter().any(|part| name.contains(part))
    });
    let about: Vec<_> = about.cloned().collect();
    if about.is_empty() {
        text.line(" none: this contract does not sign", Role::LevelWarn);
    }
    text.headers(&about);
    text.empty();
    if let Some(contract) = contract {
        let command = format!(
            "hookyard verify --contract {} --secret-file FILE < request.txt",
            quoted(contract)
        );
        text.field("check", &command, Role::Text);
    }
}
