//! The routes that contracts add, by contracts of our own invention: what holds here holds for any.

mod answers;
mod built_in;
mod callers;
mod catalogues;
mod limits;
mod refusals;
mod tests;

use serde_json::{Value, json};

use super::http::{Answer, Ask};
use super::service::Service;

/// A platform with all six routes, none of whose names is ours.
const HARBOUR: &str = r#"
name = "harbour"
summary = "Ships come and go"
id_prefix = "berth_"
catalogue = "closed"

[request]
success = "2xx"
[body]
root = "data"
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{body}"
encoding = "hex"
header = "X-Harbour-Signature"
[retry]
ladder = ["1s", "2s", "3s"]
retries_max = 4

[api]
create = "POST /harbour/hooks"
list = "GET /harbour/hooks"
get = "GET /harbour/hooks/{id}"
update = "PATCH /harbour/hooks/{id}"
delete = "DELETE /harbour/hooks/{id}"
test = "POST /harbour/hooks/{id}/try"
status = { create = 201 }
fields = { id = "berth", name = "title", url = "callback", event_types = "topics", secret = "key", enabled = "on", test_mode = "dry", retries = "again", headers = "extra", metadata = "la/bels", ordered = "queue", concurrency = "width", created_at = "made", updated_at = "changed" }
required = ["callback", "topics"]
list_member = "hooks"
answers = { create = ["key", "berth", "callback", "topics", "on", "made", { name = "kind", literal = "berth" }, { name = "version", literal = 2 }], update = ["berth", "title", "changed"], delete = ["berth", { name = "gone", literal = true }], test = ["berth", { name = "sent", value = "test.id" }, { name = "topic", value = "test.type" }, { name = "at", value = "test.time" }] }
test_request = { event_type = "topic", data = "cargo" }

[[event_type]]
name = "ship.arrived"
description = "A ship came in"
[[event_type]]
name = "ship.sailed"
description = "A ship left"
[[event_type]]
name = "crane.stuck"
description = "A crane needs help"
"#;

/// A platform that limits calls, lists a bare array, answers deletion with nothing and takes whole bodies as tests.
const PIER: &str = r#"
name = "pier"
summary = "Boats"
[body]
form = "ecmascript"
root = "data"
[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{body}"
encoding = "hex"
header = "X-Pier-Signature"
[retry]
ladder = []
[api]
create = "POST /pier/hooks"
list = "GET /pier/hooks"
get = "GET /pier/hooks/{id}"
delete = "DELETE /pier/hooks/{id}"
test = "POST /pier/hooks/{id}/test"
fields = { id = "id", url = "url", event_types = "events", secret = "secret" }
status = { delete = 204 }
test_request = { data = "." }
rate_limit = { requests = 4, per = "1m" }
"#;

/// A service with both, and the native default beside them.
async fn service() -> Service {
    Service::under(&[HARBOUR, PIER], &["standard", "harbour", "pier"], |_| {}).await
}

/// Registers under the first platform and tells the answer's body.
async fn registered(service: &Service, token: &str, members: Value) -> Value {
    let mut body = json!({"callback": "http://127.0.0.1:9/", "topics": ["ship.sailed"]});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let ask = Ask::post("/harbour/hooks", &body.to_string());
    service.ask_as(token, ask).await.expect(201)
}

/// The path of an endpoint that was registered under the first platform.
fn path(registered: &Value) -> String {
    format!("/harbour/hooks/{}", registered["berth"].as_str().unwrap())
}

/// The native view of it.
async fn native(service: &Service, registered: &Value) -> Value {
    let id = registered["berth"]
        .as_str()
        .unwrap()
        .replace("berth_", "ep_");
    let ask = Ask::get(&format!("/v1/endpoints/{id}"));
    service.ask(ask).await.expect(200)
}

/// What is wrong with which member: pointer and text of each error of a 422.
fn errors(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.expect(422);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let errors = problem["errors"].as_array().unwrap();
    let text = |error: &Value, member: &str| error[member].as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|error| (text(error, "pointer"), text(error, "detail")))
        .collect()
}
