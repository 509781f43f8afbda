//! The part of a contract's text that says which management routes the platform has: `[api]`, and `rate_limit`.

use super::api::{
    AnswerMember, AnswerValue, ApiAction, ApiField, ApiMethod, ApiRoute, ApiRules, Literal,
    NativeField, TestData, TestRequest, TestValue,
};
use super::error::ContractError;
use super::reader::{Table, Value, first_repeated, nearest_hint};
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

/// The status of an answer without a body.
const NO_CONTENT: u16 = 204;

/// Reads `rate_limit` of the contract or of its routes.
pub(super) fn rate_limit(table: &Table<'_>) -> Result<Option<RateLimit>, ContractError> {
    let Some(value) = table.find("rate_limit") else {
        return Ok(None);
    };
    let table = value.table("a table such as { requests = 60, per = \"1m\" }")?;
    table.allow_only(&["requests", "per"])?;
    let requests: u32 = table
        .require("requests", "a whole number")?
        .number(1..=RATE_LIMIT_REQUESTS_MAX)?;
    let per = table
        .require("per", "a duration such as \"1m\"")?
        .duration(RATE_LIMIT_PER_MIN..=RATE_LIMIT_PER_MAX)?;
    Ok(RateLimit::new(requests.into(), per).ok())
}

/// Reads `[api]`.
pub(super) fn api(root: &Table<'_>) -> Result<Option<ApiRules>, ContractError> {
    let Some(value) = root.find("api") else {
        return Ok(None);
    };
    let table = value.table("an [api] table")?;
    table.allow_only(KEYS)?;
    let mut rules = ApiRules {
        routes: routes(&table)?,
        fields: fields(&table)?,
        required: Vec::new(),
        list_member: list_member(&table)?,
        test_request: test_request(&table)?,
        rate_limit: rate_limit(&table)?,
    };
    check_id(&table, &rules)?;
    rules.required = required(&table, &rules)?;
    set_statuses(&table, &mut rules)?;
    set_answers(&table, &mut rules)?;
    check_use(&table, &rules)?;
    Ok(Some(rules))
}

fn routes(table: &Table<'_>) -> Result<Vec<ApiRoute>, ContractError> {
    let mut routes: Vec<ApiRoute> = Vec::new();
    for &(word, action) in ApiAction::WORDS {
        let Some(value) = table.find(word) else {
            continue;
        };
        let read = route(action, &value)?;
        if let Some(other) = routes.iter().find(|other| other.meets(&read)) {
            return Err(value.refuse(format!(
                "a route of its own: {read} and {other} of {} answer the same request",
                other.action.as_str()
            )));
        }
        routes.push(read);
    }
    if routes.is_empty() {
        return Err(table.refuse("create", "at least one route, or no [api] at all"));
    }
    Ok(routes)
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

fn fields(table: &Table<'_>) -> Result<Vec<ApiField>, ContractError> {
    let expected =
        "a table of fields and their names here, such as { id = \"id\", url = \"endpoint_url\" }";
    let entries = table.require("fields", expected)?.table(expected)?;
    let known: Vec<&str> = NativeField::WORDS.iter().map(|&(word, _)| word).collect();
    entries.allow_only(&known)?;
    let mut fields: Vec<ApiField> = Vec::new();
    for (word, value) in entries.in_order() {
        let found = NativeField::WORDS.iter().find(|(known, _)| *known == word);
        let &(_, field) = found.ok_or_else(|| value.refuse("a known field"))?;
        let name = member_name(&value)?;
        if let Some(other) = fields.iter().find(|other| other.name == name) {
            return Err(value.refuse(format!(
                "a name of its own: {} has {name:?} already",
                other.field.as_str()
            )));
        }
        fields.push(ApiField { field, name });
    }
    Ok(fields)
}

/// A member's name on these routes.
fn member_name(value: &Value<'_>) -> Result<String, ContractError> {
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

/// A field by its name on these routes.
fn named_field(value: &Value<'_>, rules: &ApiRules) -> Result<NativeField, ContractError> {
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

fn required(table: &Table<'_>, rules: &ApiRules) -> Result<Vec<NativeField>, ContractError> {
    let creates = rules.route(ApiAction::Create).is_some();
    if creates && rules.name_of(NativeField::Url).is_none() {
        return Err(table.refuse("fields", "url among them: create needs it"));
    }
    let Some(value) = table.find("required") else {
        return Ok(if creates {
            vec![NativeField::Url]
        } else {
            Vec::new()
        });
    };
    if !creates {
        return Err(value.refuse("no such key without create: nothing else requires fields"));
    }
    let mut required = Vec::new();
    for item in value.list(CONTRACT_LIST_MAX, "a list of field names such as [\"url\"]")? {
        let field = named_field(&item, rules)?;
        if !field.is_writable() {
            return Err(item.refuse_found("a field that callers can set"));
        }
        if required.contains(&field) {
            return Err(item.refuse_found("every field once"));
        }
        required.push(field);
    }
    if !required.contains(&NativeField::Url) {
        return Err(value.refuse("url among them: there is no endpoint without one"));
    }
    Ok(required)
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

fn test_request(table: &Table<'_>) -> Result<TestRequest, ContractError> {
    let Some(value) = table.find("test_request") else {
        return Ok(TestRequest::default());
    };
    if table.find("test").is_none() {
        return Err(value.refuse("no such key without test"));
    }
    let table = value.table("a table such as { event_type = \"event\", data = \"test_data\" }")?;
    table.allow_only(&["event_type", "data"])?;
    let event_type = match table.find("event_type") {
        Some(value) => Some(member_name(&value)?),
        None => None,
    };
    let data = match table.find("data") {
        None => TestData::None,
        Some(value) => match member_name(&value)? {
            dot if dot == "." && event_type.is_some() => {
                return Err(value.refuse(
                    "a member: where the whole body is the data, nothing in it can be the event type",
                ));
            }
            dot if dot == "." => TestData::Body,
            name if Some(&name) == event_type.as_ref() => {
                return Err(value.refuse("another member than event_type's"));
            }
            name => TestData::Member(name),
        },
    };
    Ok(TestRequest { event_type, data })
}

/// A key of `status` or `answers`: one of the contract's routes.
fn route_of<'a>(
    rules: &'a mut ApiRules,
    word: &str,
    value: &Value<'_>,
) -> Result<&'a mut ApiRoute, ContractError> {
    let words: Vec<&str> = rules.routes.iter().map(|one| one.action.as_str()).collect();
    let expected = format!("a route of this contract: it has {}", words.join(", "));
    rules
        .routes
        .iter_mut()
        .find(|route| route.action.as_str() == word)
        .ok_or_else(|| value.refuse(expected))
}

fn set_statuses(table: &Table<'_>, rules: &mut ApiRules) -> Result<(), ContractError> {
    let Some(value) = table.find("status") else {
        return Ok(());
    };
    for (word, value) in value.table("a table such as { create = 201 }")?.in_order() {
        let route = route_of(rules, word, &value)?;
        let status = value.number(200..=299)?;
        route.status = u16::try_from(status).map_err(|_| value.refuse("a status"))?;
        if route.status == NO_CONTENT && route.action == ApiAction::List {
            return Err(value.refuse("a status with a body: list has something to say"));
        }
    }
    Ok(())
}

fn set_answers(table: &Table<'_>, rules: &mut ApiRules) -> Result<(), ContractError> {
    for index in 0..rules.routes.len() {
        if rules.routes[index].status != NO_CONTENT {
            rules.routes[index].answer = default_answer(rules, rules.routes[index].action);
        }
    }
    let Some(value) = table.find("answers") else {
        return Ok(());
    };
    let expected = "a table of answers such as { create = [\"id\", \"url\"] }";
    for (word, value) in value.table(expected)?.in_order() {
        let (action, status) = {
            let route = route_of(rules, word, &value)?;
            (route.action, route.status)
        };
        if status == NO_CONTENT {
            return Err(value.refuse("no answer: a 204 has no body"));
        }
        let mut answer = Vec::new();
        let expected = "a list of members such as [\"id\", { name = \"deleted\", literal = true }]";
        for item in value.list(CONTRACT_LIST_MAX, expected)? {
            answer.push(answer_member(&item, action, rules)?);
        }
        let names = answer
            .iter()
            .map(|member: &AnswerMember| member.name.as_str());
        if let Some(name) = first_repeated(names) {
            return Err(value.refuse(format!("every member once, found {name:?} again")));
        }
        route_of(rules, word, &value)?.answer = answer;
    }
    Ok(())
}

/// What a route answers where the contract does not say: all fields, the secret to `create` alone; of a deleted
/// endpoint its id; of a test the event's.
fn default_answer(rules: &ApiRules, action: ApiAction) -> Vec<AnswerMember> {
    let shown = |field: NativeField| match action {
        ApiAction::Create => true,
        ApiAction::List | ApiAction::Get | ApiAction::Update => field != NativeField::Secret,
        ApiAction::Delete => field == NativeField::Id,
        ApiAction::Test => false,
    };
    let fields = rules.fields.iter().filter(|listed| shown(listed.field));
    let mut answer: Vec<AnswerMember> = fields
        .map(|listed| AnswerMember {
            name: listed.name.clone(),
            value: AnswerValue::Field(listed.field),
        })
        .collect();
    if action == ApiAction::Test {
        answer.push(AnswerMember {
            name: "test_event_id".to_owned(),
            value: AnswerValue::Test(TestValue::Id),
        });
    }
    answer
}

fn answer_member(
    item: &Value<'_>,
    action: ApiAction,
    rules: &ApiRules,
) -> Result<AnswerMember, ContractError> {
    if item.is_text() {
        let field = named_field(item, rules)?;
        if field == NativeField::Secret && action != ApiAction::Create {
            return Err(
                item.refuse_found("a member without the secret: create alone shows it, once")
            );
        }
        return Ok(AnswerMember {
            name: item.text("a name")?.to_owned(),
            value: AnswerValue::Field(field),
        });
    }
    let expected = "a field's name, { name = …, literal = … } or { name = …, value = \"test.id\" }";
    let table = item.table(expected)?;
    table.allow_only(&["name", "literal", "value"])?;
    let name = member_name(&table.require("name", "the member's name")?)?;
    let value = match (table.find("literal"), table.find("value")) {
        (Some(literal_value), None) => AnswerValue::Literal(literal(&literal_value)?),
        (None, Some(value)) => {
            let told = value.word(TestValue::WORDS)?;
            if action != ApiAction::Test {
                return Err(value.refuse("a literal: only the answer to test knows a test event"));
            }
            AnswerValue::Test(told)
        }
        _ => return Err(item.refuse(format!("{expected}: literal or value, one of them"))),
    };
    Ok(AnswerMember { name, value })
}

fn literal(value: &Value<'_>) -> Result<Literal, ContractError> {
    if value.is_text() {
        let expected = "text of at most 256 characters";
        let text = value.text_where(expected, |text| text.chars().count() <= 256)?;
        return Ok(Literal::Text(text.to_owned()));
    }
    if value.is_boolean() {
        return value.boolean().map(Literal::Boolean);
    }
    value.number(0..=u32::MAX).map(Literal::Number)
}

/// An id that no answer shows is as good as none.
fn check_use(table: &Table<'_>, rules: &ApiRules) -> Result<(), ContractError> {
    let shows_id = |action: ApiAction| {
        rules.route(action).is_some_and(|route| {
            let mut values = route.answer.iter().map(|member| &member.value);
            values.any(|value| *value == AnswerValue::Field(NativeField::Id))
        })
    };
    let about_one = rules
        .routes
        .iter()
        .find(|route| route.action.is_about_one());
    match about_one {
        Some(route) if !shows_id(ApiAction::Create) && !shows_id(ApiAction::List) => Err(table
            .refuse(
                "answers",
                format!(
                    "the id in the answer to create or list: without it nobody could call {route}"
                ),
            )),
        _ => Ok(()),
    }
}
