//! The request that would be sent for an event, byte for byte, with a secret and a key made for the purpose.

use std::path::PathBuf;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::source;
use crate::api::event::PublishEvent;
use crate::cli::context::Context;
use crate::cli::entropy::entropy;
use crate::cli::failure::Failure;
use crate::cli::input::{read_secret, read_text};
use crate::cli::output::{json_line, note};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::contract::{Contract, RenderInput};
use crate::domain::escape;
use crate::domain::event::{Event, NewEvent};
use crate::domain::id::IdMint;
use crate::domain::limits::EVENT_BYTES_DEFAULT;
use crate::domain::request::PreparedRequest;
use crate::domain::sign::secret::{self, OpenSecret};
use crate::domain::sign::service_key::ServiceKey;
use crate::domain::tenant::Audience;
use crate::domain::time::Timestamp;

/// Where the request would go unless said otherwise.
const URL_DEFAULT: &str = "https://example.com/hooks";

/// What to render.
#[derive(Args, Debug)]
pub(super) struct RenderArgs {
    /// The contract: a known one's name, or a file.
    contract: String,
    /// The event, as it would be published: JSON with type and data; - for standard input.
    #[arg(long, value_name = "FILE|-")]
    event: String,
    /// Where it would go.
    #[arg(long, value_name = "URL", default_value = URL_DEFAULT)]
    to: Url,
    /// When it would be sent, such as 2026-04-13T10:18:00Z; now when absent.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Sign with this secret instead of a throw-away one; others on this machine can see it among the processes.
    #[arg(long, value_name = "S", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// The file of that secret.
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
    /// Print JSON: the request, and what it is signed with.
    #[arg(long)]
    json: bool,
}

/// What signs the request.
struct Signers {
    /// Of the endpoint; `None` where the contract takes none.
    secret: Option<SecretString>,
    /// Of the service; `None` where the contract takes none.
    key: Option<ServiceKey>,
    /// Whether the secret was made here.
    is_throw_away: bool,
}

/// Prints it.
pub(super) fn run(args: &RenderArgs, context: &Context) -> anyhow::Result<()> {
    let contract = source::find(Some(&args.contract), &context.environment)?;
    let now = args.at.unwrap_or_else(|| SystemClock::new().now());
    let mut mint = IdMint::after(0);
    let event = read_event(&args.event)?.accept(mint.next(now), now);
    let signers = signers(args, &contract, &mut mint, now)?;
    let request = rendered(args, &contract, &event, &signers, &mut mint, now)?;
    let head = head(&request, &args.to);
    let body = String::from_utf8(request.body.clone())?;
    if args.json {
        let line = json_line(&json_of(&request, &body, &signers))?;
        return context.output.print(&(line + "\n"));
    }
    if context.output.is_terminal() {
        context
            .output
            .print(&escape::block(&head.replace('\r', "")))?;
        context
            .output
            .print(&format!("{}\n", escape::block(&body)))?;
    } else {
        context.output.print(&format!("{head}{body}"))?;
    }
    tell_signers(&signers);
    Ok(())
}

fn read_event(file: &str) -> anyhow::Result<NewEvent> {
    let limit = u64::try_from(EVENT_BYTES_DEFAULT).unwrap_or(u64::MAX);
    let text = read_text(file, limit)?;
    let refused = |why: String| {
        let name = if file == "-" { "standard input" } else { file };
        Failure::usage(format!(
            "{name} is no event: {why}; expected JSON as it is published, such as {{\"type\": \"task.created\", \
             \"data\": {{\"id\": 7}}}}"
        ))
    };
    let event: PublishEvent =
        serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let is_object = |json: &crate::domain::json::RawJson| json.as_str().starts_with('{');
    if !event.attributes.as_ref().is_none_or(is_object) {
        return Err(refused("attributes are no JSON object".to_owned()));
    }
    let audience = Audience::from_text(event.tenant.as_deref());
    Ok(NewEvent {
        key: event.id,
        audience: audience.map_err(|error| refused(error.to_string()))?,
        event_type: event.event_type,
        occurred_at: event.occurred_at,
        attributes: event.attributes,
        data: event.data,
        test: event.test,
    })
}

fn signers(
    args: &RenderArgs,
    contract: &Contract,
    mint: &mut IdMint,
    now: Timestamp,
) -> anyhow::Result<Signers> {
    let given: Option<SecretString> = match (&args.secret, &args.secret_file) {
        (Some(secret), _) => Some(secret.clone().into()),
        (None, Some(path)) => Some(read_secret(path)?),
        (None, None) => None,
    };
    if let Some(secret) = &given {
        contract
            .check_secret(secret.expose_secret())
            .map_err(|error| {
                Failure::usage(format!(
                    "the secret does not fit contract {}: {error}",
                    contract.name
                ))
            })?;
    }
    let is_throw_away = given.is_none();
    let secret = match given {
        None if contract.signs_with_secrets() => Some(contract.new_secret(&entropy()?)),
        given => given,
    };
    let key = if contract.signs_with_service_key() {
        Some(ServiceKey::from_seed(mint.next(now), &entropy()?))
    } else {
        None
    };
    Ok(Signers {
        secret,
        key,
        is_throw_away,
    })
}

fn rendered(
    args: &RenderArgs,
    contract: &Contract,
    event: &Event,
    signers: &Signers,
    mint: &mut IdMint,
    now: Timestamp,
) -> anyhow::Result<PreparedRequest> {
    let terms = [
        contract.check_url(args.to.as_str()),
        contract.check_event_type(&event.event_type),
    ];
    for refused in terms {
        refused.map_err(|error| Failure::usage(error.to_string()))?;
    }
    let secrets: Vec<OpenSecret> = signers
        .secret
        .iter()
        .map(|secret| OpenSecret::new(mint.next(now), secret.clone()))
        .collect();
    let service_keys: Vec<ServiceKey> = signers.key.iter().cloned().collect();
    let input = RenderInput {
        event,
        endpoint_id: mint.next(now),
        endpoint_url: args.to.as_str(),
        endpoint_headers: &[],
        timeout: None,
        delivery_id: mint.next(now),
        attempt_id: mint.next(now),
        attempt_number: 1,
        attempt_time: now,
        secrets: &secrets,
        service_keys: &service_keys,
    };
    contract.render(&input).map_err(|error| {
        Failure::failed(format!(
            "no request can be made of the event, so its delivery would be dead: {error}"
        ))
    })
}

/// The head as it goes over the wire: the transport adds the last three headers.
fn head(request: &PreparedRequest, url: &Url) -> String {
    let mut head = format!("{} {}", request.method, url.path());
    if let Some(query) = url.query() {
        head.push_str(&format!("?{query}"));
    }
    head.push_str(" HTTP/1.1\r\n");
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    head.push_str(&format!(
        "Accept: */*\r\nHost: {host}{port}\r\nContent-Length: {}\r\n\r\n",
        request.body.len()
    ));
    head
}

fn json_of(request: &PreparedRequest, body: &str, signers: &Signers) -> serde_json::Value {
    let headers: Vec<serde_json::Value> = request
        .headers
        .iter()
        .map(|(name, value)| serde_json::json!({"name": name, "value": value}))
        .collect();
    serde_json::json!({
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": {"text": body},
        "body_sha256": hex::encode(request.body_sha256),
        "secret": signers.secret.as_ref().filter(|_| signers.is_throw_away).map(|secret| secret.expose_secret()),
        "public_key": signers.key.as_ref().map(|key| secret::public_text(key.public())),
    })
}

/// Says, beside the request, what it can be verified with.
fn tell_signers(signers: &Signers) {
    if let Some(secret) = signers.secret.as_ref().filter(|_| signers.is_throw_away) {
        note(&format!(
            "signed with a throw-away secret: {}",
            secret.expose_secret()
        ));
    }
    if let Some(key) = &signers.key {
        note(&format!(
            "signed with a throw-away key of the service; its public half: {}",
            secret::public_text(key.public())
        ));
    }
}
