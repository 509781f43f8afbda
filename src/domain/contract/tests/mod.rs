//! What contracts promise, over every contract that is embedded and some that are not.

mod built_in;
mod loading;
mod loading_api;
mod rendering;
mod sets;
mod terms;
mod verifying;

use secrecy::SecretString;

use super::{Contract, RenderInput};
use crate::domain::event::Event;
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, EventId, SecretId};
use crate::domain::json::RawJson;
use crate::domain::sign::secret::OpenSecret;
use crate::domain::tenant::Audience;
use crate::domain::time::Timestamp;

/// 2026-04-13T10:18:00.250Z.
const NOON: Timestamp = Timestamp::from_millis(1_776_075_480_250);
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

/// The smallest contract, to be widened by a test.
const MINIMAL: &str =
    "name = \"x\"\nsummary = \"x\"\n[body]\nroot = \"data\"\n[retry]\nladder = [\"1m\"]\n";

fn load(text: &str) -> Contract {
    Contract::load("test.toml", text).unwrap()
}

fn event(attributes: Option<&str>, data: &str) -> Event {
    Event {
        id: EventId::from_i64(7),
        key: None,
        audience: Audience::Tenantless,
        event_type: "invoice.paid".parse().unwrap(),
        occurred_at: NOON,
        accepted_at: NOON,
        attributes: attributes.map(|text| RawJson::parse(text).unwrap()),
        data: RawJson::parse(data).unwrap(),
        test: false,
    }
}

fn secrets(texts: &[&str]) -> Vec<OpenSecret> {
    texts
        .iter()
        .zip(1..)
        .map(|(&text, id)| OpenSecret::new(SecretId::from_i64(id), SecretString::from(text)))
        .collect()
}

fn input<'a>(event: &'a Event, secrets: &'a [OpenSecret]) -> RenderInput<'a> {
    RenderInput {
        event,
        endpoint_id: EndpointId::from_i64(5),
        endpoint_url: "https://example.com/hooks",
        endpoint_headers: &[],
        timeout: None,
        delivery_id: DeliveryId::from_i64(8),
        attempt_id: AttemptId::from_i64(9),
        attempt_number: 1,
        attempt_time: NOON,
        secrets,
        service_keys: &[],
    }
}
