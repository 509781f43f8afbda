//! `[api]`: what loads, what its defaults are, and what the refusals say.

use super::super::{
    AnswerValue, ApiAction, ApiMethod, Contract, Literal, NativeField, TestData, TestValue,
};
use super::{MINIMAL, load};
use crate::domain::id::EndpointId;

/// Every key of `[api]`, none at its default.
const ROUTES: &str = r#"
[api]
create = "PUT /api/hooks"
list = "GET /api/hooks"
get = "GET /api/hooks/{id}"
update = "POST /api/hooks/{id}"
delete = "DELETE /api/hooks/{id}"
test = "POST /api/hooks/{id}/test"
status = { create = 201, delete = 204 }
fields = { id = "hookId", url = "target", event_types = "events", secret = "key", enabled = "active", created_at = "created" }
required = ["target", "key"]
list_member = "hooks"
answers = { create = ["hookId", "key"], get = ["target", { name = "kind", literal = "hook" }, { name = "version", literal = 2 }], test = [{ name = "ok", literal = true }, { name = "event", value = "test.id" }, "hookId"] }
test_request = { event_type = "event", data = "payload" }
rate_limit = { requests = 60, per = "1m" }
"#;

fn routed() -> Contract {
    load(&format!("{MINIMAL}{ROUTES}"))
}

#[test]
fn every_key_is_read_and_defaults_are_filled_in() {
    let contract = routed();
    let api = contract.api.as_ref().unwrap();
    let names = |action: ApiAction| -> Vec<&str> {
        let answer = &api.route(action).unwrap().answer;
        answer.iter().map(|member| member.name.as_str()).collect()
    };
    let create = api.route(ApiAction::Create).unwrap();
    assert_eq!((create.method, create.status), (ApiMethod::Put, 201));
    assert_eq!(create.to_string(), "PUT /api/hooks");
    assert_eq!(names(ApiAction::Create), ["hookId", "key"]);
    // The contract's order of fields, without the secret.
    assert_eq!(
        names(ApiAction::List),
        ["hookId", "target", "events", "active", "created"]
    );
    assert_eq!(names(ApiAction::Get), ["target", "kind", "version"]);
    assert_eq!(names(ApiAction::Delete), [""; 0]);
    let get = &api.route(ApiAction::Get).unwrap().answer;
    assert_eq!(get[0].value, AnswerValue::Field(NativeField::Url));
    assert_eq!(
        get[1].value,
        AnswerValue::Literal(Literal::Text("hook".to_owned()))
    );
    assert_eq!(get[2].value, AnswerValue::Literal(Literal::Number(2)));
    let test = &api.route(ApiAction::Test).unwrap().answer;
    assert_eq!(test[0].value, AnswerValue::Literal(Literal::Boolean(true)));
    assert_eq!(test[1].value, AnswerValue::Test(TestValue::Id));
    assert_eq!(api.required, [NativeField::Url, NativeField::Secret]);
    assert_eq!(api.list_member.as_deref(), Some("hooks"));
    assert_eq!(api.test_request.event_type.as_deref(), Some("event"));
    assert_eq!(
        api.test_request.data,
        TestData::Member("payload".to_owned())
    );
    let limit = "60 per 1m".parse().unwrap();
    assert_eq!(api.rate_limit, Some(limit));
    assert_eq!(api.field_named("active"), Some(NativeField::Enabled));
    assert_eq!(api.name_of(NativeField::Name), None);
}

#[test]
fn the_least_of_routes_has_defaults_for_the_rest() {
    let contract = load(&format!(
        "{MINIMAL}[api]\ncreate = \"POST /h\"\ntest = \"POST /h/{{id}}/t\"\ndelete = \"DELETE /h/{{id}}\"\n\
         fields = {{ url = \"url\", secret = \"secret\", id = \"id\" }}\ntest_request = {{ data = \".\" }}\n"
    ));
    let api = contract.api.as_ref().unwrap();
    assert_eq!(api.required, [NativeField::Url]);
    assert_eq!(api.test_request.data, TestData::Body);
    let answer = |action: ApiAction| api.route(action).unwrap().answer.clone();
    assert_eq!(answer(ApiAction::Create).len(), 3);
    assert_eq!(answer(ApiAction::Delete)[0].name, "id");
    assert_eq!(answer(ApiAction::Test)[0].name, "test_event_id");
    assert_eq!(api.rate_limit, None);
}

#[test]
fn routes_print_to_a_text_that_loads_to_them() {
    let signed = MINIMAL.to_owned()
        + ROUTES
        + "[[signature]]\nalgorithm = \"hmac-sha256\"\nkey = \"text\"\nsigned = \"{body}\"\nencoding = \"hex\"\nheader = \"X-S\"\n";
    for contract in [routed(), load(&signed)] {
        assert_eq!(load(contract.canonical_text()), contract);
    }
    assert!(!load(MINIMAL).canonical_text().contains("api"));
}

#[test]
fn an_id_is_shown_with_the_contracts_prefix_and_read_back() {
    let contract = load(&format!("id_prefix = \"webhook_\"\n{MINIMAL}"));
    let id = EndpointId::from_i64(5);
    assert_eq!(contract.shown_id(id), "webhook_0000000000005");
    assert_eq!(contract.read_shown_id("webhook_0000000000005"), Some(id));
    for other in ["ep_0000000000005", "webhook_5", "0000000000005", ""] {
        assert_eq!(contract.read_shown_id(other), None, "{other}");
    }
}

/// What is replaced in [`ROUTES`], by what, and the refusal.
const REFUSALS: &[(&str, &str, &str)] = &[
    (
        "create = \"PUT",
        "create = \"FETCH",
        "9: api.create: a method and a path such as \"POST /api/webhooks\", its method one of POST, PUT, found \"FETCH /api/hooks\"",
    ),
    (
        "list = \"GET",
        "list = \"POST",
        "10: api.list: a method and a path such as \"GET /api/webhooks\", its method one of GET, found \"POST /api/hooks\"",
    ),
    (
        "create = \"PUT /api/hooks\"",
        "create = \"/api/hooks\"",
        "9: api.create: a method and a path such as \"POST /api/webhooks\", found \"/api/hooks\"",
    ),
    (
        "create = \"PUT /api/hooks\"",
        "create = 1",
        "9: api.create: a method and a path such as \"POST /api/webhooks\", found 1",
    ),
    (
        "get = \"GET /api/hooks/{id}\"",
        "get = \"GET /api/hooks/one\"",
        "11: api.get: a path with {id} once: it is about one endpoint, found \"GET /api/hooks/one\"",
    ),
    (
        "get = \"GET /api/hooks/{id}\"",
        "get = \"GET /api/{id}/{id}\"",
        "11: api.get: a path with {id} once: it is about one endpoint, found \"GET /api/{id}/{id}\"",
    ),
    (
        "create = \"PUT /api/hooks\"",
        "create = \"PUT /api/hooks/{id}\"",
        "9: api.create: a path without {id}: it is about no single endpoint, found \"PUT /api/hooks/{id}\"",
    ),
    (
        "get = \"GET /api/hooks/{id}\"",
        "get = \"GET /api/hooks/{uid}\"",
        "11: api.get: a path such as /api/webhooks/{id}: segments of A-Z a-z 0-9 . _ ~ -, or {id}, each behind a /, found \"GET /api/hooks/{uid}\"",
    ),
    (
        "list = \"GET /api/hooks\"",
        "list = \"GET /v1/endpoints\"",
        "10: api.list: another path: /v1/endpoints is Hookyard's own, found \"GET /v1/endpoints\"",
    ),
    (
        "test = \"POST /api/hooks/{id}/test\"",
        "test = \"POST /api/hooks/{id}\"",
        "14: api.test: a route of its own: POST /api/hooks/{id} and POST /api/hooks/{id} of update answer the same request",
    ),
    (
        "get = ",
        "show = ",
        "11: api.show: a known key; known keys here are create, list, get, update, delete, test, status, fields, required, list_member, answers, test_request, rate_limit",
    ),
    (
        "create = 201",
        "create = 302",
        "15: api.status.create: a whole number from 200 to 299, found 302",
    ),
    (
        "create = 201",
        "creat = 201",
        "15: api.status.creat: a route of this contract: it has create, list, get, update, delete, test",
    ),
    (
        "create = 201",
        "list = 204",
        "15: api.status.list: a status with a body: list has something to say",
    ),
    (
        "event_types = ",
        "event_type = ",
        "16: api.fields.event_type: a known key; did you mean event_types?; known keys here are id, name, url, event_types, secret, enabled, test_mode, retries, headers, metadata, ordered, concurrency, created_at, updated_at, verification_keys",
    ),
    (
        "enabled = \"active\"",
        "enabled = \"target\"",
        "16: api.fields.enabled: a name of its own: url has \"target\" already",
    ),
    (
        "enabled = \"active\"",
        "enabled = \"\"",
        "16: api.fields.enabled: a member's name of 1 to 64 characters, none of them a control character, found \"\"",
    ),
    (
        "id = \"hookId\", ",
        "",
        "16: api.fields: id among them: without it nobody could call GET /api/hooks/{id}",
    ),
    (
        "url = \"target\", ",
        "",
        "16: api.fields: url among them: create needs it",
    ),
    (
        "required = [\"target\", \"key\"]",
        "required = [\"url\"]",
        "17: api.required[0]: a name that fields gives; it gives hookId, target, events, key, active, created, found \"url\"",
    ),
    (
        "required = [\"target\", \"key\"]",
        "required = [\"key\"]",
        "17: api.required: url among them: there is no endpoint without one",
    ),
    (
        "required = [\"target\", \"key\"]",
        "required = [\"target\", \"created\"]",
        "17: api.required[1]: a field that callers can set, found \"created\"",
    ),
    (
        "required = [\"target\", \"key\"]",
        "required = [\"target\", \"target\"]",
        "17: api.required[1]: every field once, found \"target\"",
    ),
    (
        "create = [\"hookId\", \"key\"]",
        "create = [\"hookid\"]",
        "19: api.answers.create[0]: a name that fields gives; did you mean hookId?; it gives hookId, target, events, key, active, created, found \"hookid\"",
    ),
    (
        "create = [\"hookId\", \"key\"]",
        "list = [\"hookId\", \"key\"]",
        "19: api.answers.list[1]: a member without the secret: create alone shows it, once, found \"key\"",
    ),
    (
        "create = [\"hookId\", \"key\"]",
        "create = [\"hookId\", \"hookId\"]",
        "19: api.answers.create: every member once, found \"hookId\" again",
    ),
    (
        "create = [\"hookId\", \"key\"]",
        "create = [{ name = \"event\", value = \"test.id\" }]",
        "19: api.answers.create[0].value: a literal: only the answer to test knows a test event",
    ),
    (
        "value = \"test.id\"",
        "value = \"test.uid\"",
        "19: api.answers.test[1].value: one of test.id, test.type, test.time, found \"test.uid\"",
    ),
    (
        "literal = true }",
        "literal = 1.5 }",
        "19: api.answers.test[0].literal: a whole number from 0 to 4294967295, found 1.5",
    ),
    (
        "literal = true }",
        "literal = true, value = \"test.id\" }",
        "19: api.answers.test[0]: a field's name, { name = …, literal = … } or { name = …, value = \"test.id\" }: literal or value, one of them",
    ),
    (
        "answers = { create",
        "answers = { delete = [\"hookId\"], create",
        "19: api.answers.delete: no answer: a 204 has no body",
    ),
    (
        "event_type = \"event\", data = \"payload\"",
        "event_type = \"event\", data = \".\"",
        "20: api.test_request.data: a member: where the whole body is the data, nothing in it can be the event type",
    ),
    (
        "event_type = \"event\", data = \"payload\"",
        "event_type = \"event\", data = \"event\"",
        "20: api.test_request.data: another member than event_type's",
    ),
    (
        "event_type = \"event\", data = \"payload\"",
        "type = \"event\"",
        "20: api.test_request.type: a known key; known keys here are event_type, data",
    ),
    (
        "requests = 60, ",
        "",
        "21: api.rate_limit.requests: a whole number; the key is missing",
    ),
];

#[test]
fn everything_that_can_be_wrong_names_line_key_and_expectation() {
    for (from, to, refusal) in REFUSALS {
        assert!(ROUTES.contains(from), "{from}");
        let text = format!("{MINIMAL}{}", ROUTES.replacen(from, to, 1));
        let error = Contract::load("acme.toml", &text).unwrap_err();
        assert_eq!(error.to_string(), format!("acme.toml:{refusal}"));
    }
}

#[test]
fn faults_of_several_routes_fields_and_answers_are_told_together() {
    let refused = |text: &str| -> Vec<String> {
        let errors = Contract::load("acme.toml", &format!("{MINIMAL}{text}")).unwrap_err();
        errors.iter().map(|error| error.key.clone()).collect()
    };
    let routes = ROUTES
        .replace("PUT /api/hooks", "FETCH /api/hooks")
        .replace("GET /api/hooks/{id}", "GET /api/hooks/one")
        .replace("enabled = \"active\"", "enabled = \"target\"")
        .replace("requests = 60", "requests = 0");
    // Statuses and answers speak of routes and fields that are not known now.
    assert_eq!(
        refused(&routes),
        [
            "api.create",
            "api.get",
            "api.fields.enabled",
            "api.rate_limit.requests"
        ]
    );
    let answers = ROUTES
        .replace(
            "\"target\", \"key\"]\nlist",
            "\"target\", \"created\"]\nlist",
        )
        .replace("create = [\"hookId\"", "create = [\"hookid\"")
        .replace("get = [\"target\"", "get = [\"key\"");
    assert_eq!(
        refused(&answers),
        [
            "api.required[1]",
            "api.answers.create[0]",
            "api.answers.get[0]"
        ]
    );
}

#[test]
fn keys_that_belong_to_a_missing_route_are_refused() {
    let refused = |lines: &str| {
        let text = format!("{MINIMAL}[api]\n{lines}");
        Contract::load("acme.toml", &text).unwrap_err().to_string()
    };
    let fields = "fields = { id = \"id\", url = \"url\" }\n";
    assert_eq!(
        refused(fields),
        "acme.toml:7: api.create: at least one route, or no [api] at all"
    );
    let get = "get = \"GET /h/{id}\"\n";
    for (key, refusal) in [
        (
            "list_member = \"hooks\"",
            "acme.toml:10: api.list_member: no such key without list: nothing else is wrapped",
        ),
        (
            "test_request = { data = \".\" }",
            "acme.toml:10: api.test_request: no such key without test",
        ),
        (
            "required = [\"url\"]",
            "acme.toml:10: api.required: no such key without create: nothing else requires fields",
        ),
        (
            "status = { create = 201 }",
            "acme.toml:10: api.status.create: a route of this contract: it has get",
        ),
        (
            "answers = { get = [\"url\"] }",
            "acme.toml:10: api.answers: the id in the answer to create or list: without it nobody could call GET /h/{id}",
        ),
    ] {
        assert_eq!(refused(&format!("{get}{fields}{key}\n")), refusal);
    }
}

#[test]
fn a_consumer_that_could_learn_no_secret_is_a_fault_of_the_contract() {
    let signature = "[[signature]]\nalgorithm = \"hmac-sha256\"\nkey = \"text\"\nsigned = \"{body}\"\nencoding = \"hex\"\nheader = \"X-S\"\n";
    let silent = ROUTES
        .replace("create = [\"hookId\", \"key\"]", "create = [\"hookId\"]")
        .replace(
            "required = [\"target\", \"key\"]",
            "required = [\"target\"]",
        );
    assert!(Contract::load("x", &format!("{MINIMAL}{silent}")).is_ok());
    let error = Contract::load("acme.toml", &format!("{MINIMAL}{silent}{signature}")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "acme.toml:8: api: the secret in required or in the answer to create: a consumer that knows none could \
         verify nothing"
    );
    // The service's own key needs no secret.
    let service = signature
        .replace("hmac-sha256", "ed25519")
        .replace("\"text\"", "\"service\"");
    assert!(Contract::load("x", &format!("{MINIMAL}{silent}{service}")).is_ok());
}
