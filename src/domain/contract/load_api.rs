//! The part of a contract's text that says which management routes the platform has: `[api]`, and `rate_limit`; what
//! the routes answer is in `load_answers`.

use super::api::{
    ApiAction, ApiField, ApiMethod, ApiRoute, ApiRules, NativeField, TestData, TestRequest,
};
use super::error::ContractError;
use super::faults::Faults;
use super::load_answers;
use super::reader::{Table, Value, nearest_hint};
use super::route::RoutePath;
use crate::domain::limits::{
    CONTRACT_LIST_MAX, RATE_LIMIT_PER_MAX, RATE_LIMIT_PER_MIN, RATE_LIMIT_REQUESTS_MAX,
};
use crate::domain::rate_limit::RateLimit;

const KEYS: &[&str] = &[
    "create",
    "list",
    "get",
    "update",
    "delete",
    "test",
    "status",
    "fields",
    "required",
    "list_member",
    "answers",
    "test_request",
    "rate_limit",
];

/// Reads `rate_limit` of the contract or of its routes.
pub(super) fn rate_limit(table: &Table<'_>, faults: &mut Faults) -> Option<Option<RateLimit>> {
    let Some(value) = table.find("rate_limit") else {
        return Some(None);
    };
    let table = value.table("a table such as { requests = 60, per = \"1m\" }");
    let table = faults.keep(table)?;
    table.allow_only(&["requests", "per"], faults);
    let requests = table
        .require("requests", "a whole number")
        .and_then(|value| value.number(1..=RATE_LIMIT_REQUESTS_MAX));
    let requests = faults.keep(requests);
    let per = table
        .require("per", "a duration such as \"1m\"")
        .and_then(|value| value.duration(RATE_LIMIT_PER_MIN..=RATE_LIMIT_PER_MAX));
    let per = faults.keep(per);
    Some(RateLimit::new(requests?.into(), per?).ok())
}

/// Reads `[api]`.
pub(super) fn api(root: &Table<'_>, faults: &mut Faults) -> Option<Option<ApiRules>> {
    let Some(value) = root.find("api") else {
        return Some(None);
    };
    let table = faults.keep(value.table("an [api] table"))?;
    let is_known = table.allow_only(KEYS, faults);
    let routes = routes(&table, faults);
    let fields = fields(&table, faults);
    let list_member = faults.keep(list_member(&table));
    let test_request = test_request(&table, faults);
    let rate_limit = rate_limit(&table, faults);
    // What follows speaks of routes and fields; an unknown key may be meant as one of them.
    if !is_known {
        return None;
    }
    let mut rules = ApiRules {
        routes: routes?,
        fields: fields?,
        required: Vec::new(),
        list_member: list_member?,
        test_request: test_request?,
        rate_limit: rate_limit?,
    };
    let id = faults.keep(check_id(&table, &rules));
    let url = faults.keep(check_url(&table, &rules));
    id.and(url)?;
    let required = required(&table, &rules, faults);
    load_answers::set_statuses(&table, &mut rules, faults)?;
    load_answers::set_answers(&table, &mut rules, faults)?;
    rules.required = required?;
    faults.keep(load_answers::check_use(&table, &rules))?;
    Some(Some(rules))
}

fn routes(table: &Table<'_>, faults: &mut Faults) -> Option<Vec<ApiRoute>> {
    let mut routes: Vec<ApiRoute> = Vec::new();
    let mut is_whole = true;
    for &(word, action) in ApiAction::WORDS {
        let Some(value) = table.find(word) else {
            continue;
        };
        match faults.keep(route_beside(&routes, action, &value)) {
            Some(route) => routes.push(route),
            None => is_whole = false,
        }
    }
    if routes.is_empty() && is_whole {
        faults.note(table.refuse("create", "at least one route, or no [api] at all"));
    }
    (is_whole && !routes.is_empty()).then_some(routes)
}

/// A route that answers no request of those before it.
fn route_beside(
    before: &[ApiRoute],
    action: ApiAction,
    value: &Value<'_>,
) -> Result<ApiRoute, ContractError> {
    let read = route(action, value)?;
    match before.iter().find(|other| other.meets(&read)) {
        Some(other) => Err(value.refuse(format!(
            "a route of its own: {read} and {other} of {} answer the same request",
            other.action.as_str()
        ))),
        None => Ok(read),
    }
}

fn route(action: ApiAction, value: &Value<'_>) -> Result<ApiRoute, ContractError> {
    let path = if action.is_about_one() {
        "/api/webhooks/{id}"
    } else {
        "/api/webhooks"
    };
    let methods: Vec<&str> = action.methods().iter().map(|one| one.as_str()).collect();
    let expected = format!("a method and a path such as \"{} {path}\"", methods[0]);
    let text = value.text(&expected)?;
    let (word, path_text) = text
        .split_once(' ')
        .ok_or_else(|| value.refuse_found(&expected))?;
    let known = ApiMethod::WORDS.iter().find(|(known, _)| *known == word);
    let method = known
        .map(|&(_, method)| method)
        .filter(|method| action.methods().contains(method))
        .ok_or_else(|| {
            value.refuse_found(&format!(
                "{expected}, its method one of {}",
                methods.join(", ")
            ))
        })?;
    let path = RoutePath::parse(path_text).map_err(|expected| value.refuse_found(&expected))?;
    match (action.is_about_one(), path.ids()) {
        (true, 1) | (false, 0) => {}
        (true, _) => {
            return Err(value.refuse_found("a path with {id} once: it is about one endpoint"));
        }
        (false, _) => {
            return Err(value.refuse_found("a path without {id}: it is about no single endpoint"));
        }
    }
    Ok(ApiRoute {
        action,
        method,
        path,
        status: 200,
        answer: Vec::new(),
    })
}

fn fields(table: &Table<'_>, faults: &mut Faults) -> Option<Vec<ApiField>> {
    let expected =
        "a table of fields and their names here, such as { id = \"id\", url = \"endpoint_url\" }";
    let entries = table
        .require("fields", expected)
        .and_then(|value| value.table(expected));
    let entries = faults.keep(entries)?;
    let known: Vec<&str> = NativeField::WORDS.iter().map(|&(word, _)| word).collect();
    entries.allow_only(&known, faults);
    let mut fields: Vec<ApiField> = Vec::new();
    let mut is_whole = true;
    for (word, value) in entries.in_order() {
        // Others have been refused, all of them.
        let found = NativeField::WORDS.iter().find(|(known, _)| *known == word);
        let name = faults.keep(own_name(&fields, &value));
        match (found, name) {
            (Some(&(_, field)), Some(name)) => fields.push(ApiField { field, name }),
            _ => is_whole = false,
        }
    }
    is_whole.then_some(fields)
}

/// A member's name that no field before it has.
fn own_name(before: &[ApiField], value: &Value<'_>) -> Result<String, ContractError> {
    let name = member_name(value)?;
    match before.iter().find(|other| other.name == name) {
        Some(other) => Err(value.refuse(format!(
            "a name of its own: {} has {name:?} already",
            other.field.as_str()
        ))),
        None => Ok(name),
    }
}

/// A member's name on these routes.
pub(super) fn member_name(value: &Value<'_>) -> Result<String, ContractError> {
    let expected = "a member's name of 1 to 64 characters, none of them a control character";
    let is_name = |text: &str| {
        (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    Ok(value.text_where(expected, is_name)?.to_owned())
}

/// Who is told of an endpoint must learn its id, or the routes about one could not be called.
fn check_id(table: &Table<'_>, rules: &ApiRules) -> Result<(), ContractError> {
    let about_one = rules
        .routes
        .iter()
        .find(|route| route.action.is_about_one());
    match about_one {
        Some(route) if rules.name_of(NativeField::Id).is_none() => Err(table.refuse(
            "fields",
            format!("id among them: without it nobody could call {route}"),
        )),
        _ => Ok(()),
    }
}

/// There is no endpoint without a URL, so it needs a name where one is made.
fn check_url(table: &Table<'_>, rules: &ApiRules) -> Result<(), ContractError> {
    let creates = rules.route(ApiAction::Create).is_some();
    if creates && rules.name_of(NativeField::Url).is_none() {
        return Err(table.refuse("fields", "url among them: create needs it"));
    }
    Ok(())
}

/// A field by its name on these routes.
pub(super) fn named_field(
    value: &Value<'_>,
    rules: &ApiRules,
) -> Result<NativeField, ContractError> {
    let name = value.text("the name of a listed field")?;
    rules.field_named(name).ok_or_else(|| {
        let names: Vec<&str> = rules.fields.iter().map(|one| one.name.as_str()).collect();
        let hint = nearest_hint(name, names.iter().copied());
        value.refuse_found(&format!(
            "a name that fields gives{hint}; it gives {}",
            names.join(", ")
        ))
    })
}

fn required(table: &Table<'_>, rules: &ApiRules, faults: &mut Faults) -> Option<Vec<NativeField>> {
    let creates = rules.route(ApiAction::Create).is_some();
    let Some(value) = table.find("required") else {
        let url = creates.then_some(NativeField::Url);
        return Some(url.into_iter().collect());
    };
    if !creates {
        faults.note(value.refuse("no such key without create: nothing else requires fields"));
        return None;
    }
    let expected = "a list of field names such as [\"url\"]";
    let items = faults.keep(value.list(CONTRACT_LIST_MAX, expected))?;
    let mut seen = Vec::new();
    let field = |item: &Value<'_>| {
        let field = named_field(item, rules)?;
        if !field.is_writable() {
            return Err(item.refuse_found("a field that callers can set"));
        }
        if seen.contains(&field) {
            return Err(item.refuse_found("every field once"));
        }
        seen.push(field);
        Ok(field)
    };
    let required = faults.all(items.iter().map(field))?;
    if !required.contains(&NativeField::Url) {
        faults.note(value.refuse("url among them: there is no endpoint without one"));
    }
    Some(required)
}

fn list_member(table: &Table<'_>) -> Result<Option<String>, ContractError> {
    match table.find("list_member") {
        Some(value) if table.find("list").is_none() => {
            Err(value.refuse("no such key without list: nothing else is wrapped"))
        }
        Some(value) => member_name(&value).map(Some),
        None => Ok(None),
    }
}

fn test_request(table: &Table<'_>, faults: &mut Faults) -> Option<TestRequest> {
    let Some(value) = table.find("test_request") else {
        return Some(TestRequest::default());
    };
    if table.find("test").is_none() {
        faults.note(value.refuse("no such key without test"));
        return None;
    }
    let expected = "a table such as { event_type = \"event\", data = \"test_data\" }";
    let table = faults.keep(value.table(expected))?;
    table.allow_only(&["event_type", "data"], faults);
    let event_type = table.find("event_type").map(|value| member_name(&value));
    let event_type = faults.keep(event_type.transpose());
    let data = faults.keep(test_data(&table));
    Some(TestRequest {
        event_type: event_type?,
        data: data?,
    })
}

fn test_data(table: &Table<'_>) -> Result<TestData, ContractError> {
    let Some(value) = table.find("data") else {
        return Ok(TestData::None);
    };
    let event_type = table.find("event_type");
    let name = member_name(&value)?;
    if name == "." {
        return match event_type {
            None => Ok(TestData::Body),
            Some(_) => Err(value.refuse(
                "a member: where the whole body is the data, nothing in it can be the event type",
            )),
        };
    }
    if event_type.is_some_and(|other| member_name(&other).is_ok_and(|other| other == name)) {
        return Err(value.refuse("another member than event_type's"));
    }
    Ok(TestData::Member(name))
}
