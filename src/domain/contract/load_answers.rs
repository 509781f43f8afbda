//! The part of a contract's text that says what its management routes answer: `status` and `answers` of `[api]`.

use super::api::{
    AnswerMember, AnswerValue, ApiAction, ApiRoute, ApiRules, Literal, NativeField, TestValue,
};
use super::error::ContractError;
use super::faults::Faults;
use super::load_api::{member_name, named_field};
use super::reader::{Table, Value, first_repeated};
use crate::domain::limits::CONTRACT_LIST_MAX;

/// The status of an answer without a body.
const NO_CONTENT: u16 = 204;

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

/// Reads `status`.
pub(super) fn set_statuses(
    table: &Table<'_>,
    rules: &mut ApiRules,
    faults: &mut Faults,
) -> Option<()> {
    let Some(value) = table.find("status") else {
        return Some(());
    };
    let statuses = faults.keep(value.table("a table such as { create = 201 }"))?;
    let set = |(word, value): (&str, Value<'_>)| set_status(rules, word, &value);
    faults
        .all(statuses.in_order().into_iter().map(set))
        .map(drop)
}

fn set_status(rules: &mut ApiRules, word: &str, value: &Value<'_>) -> Result<(), ContractError> {
    let route = route_of(rules, word, value)?;
    let status = value.number(200..=299)?;
    route.status = u16::try_from(status).map_err(|_| value.refuse("a status"))?;
    if route.status == NO_CONTENT && route.action == ApiAction::List {
        return Err(value.refuse("a status with a body: list has something to say"));
    }
    Ok(())
}

/// Reads `answers`, and fills in what it leaves out.
pub(super) fn set_answers(
    table: &Table<'_>,
    rules: &mut ApiRules,
    faults: &mut Faults,
) -> Option<()> {
    for index in 0..rules.routes.len() {
        if rules.routes[index].status != NO_CONTENT {
            rules.routes[index].answer = default_answer(rules, rules.routes[index].action);
        }
    }
    let Some(value) = table.find("answers") else {
        return Some(());
    };
    let expected = "a table of answers such as { create = [\"id\", \"url\"] }";
    let answers = faults.keep(value.table(expected))?;
    let mut is_whole = true;
    for (word, value) in answers.in_order() {
        is_whole &= set_answer(rules, word, &value, faults).is_some();
    }
    is_whole.then_some(())
}

fn set_answer(
    rules: &mut ApiRules,
    word: &str,
    value: &Value<'_>,
    faults: &mut Faults,
) -> Option<()> {
    let route = faults.keep(route_of(rules, word, value))?;
    let (action, status) = (route.action, route.status);
    if status == NO_CONTENT {
        faults.note(value.refuse("no answer: a 204 has no body"));
        return None;
    }
    let expected = "a list of members such as [\"id\", { name = \"deleted\", literal = true }]";
    let items = faults.keep(value.list(CONTRACT_LIST_MAX, expected))?;
    let members: Vec<Option<AnswerMember>> = items
        .iter()
        .map(|item| answer_member(item, action, rules, faults))
        .collect();
    let answer: Vec<AnswerMember> = members.into_iter().collect::<Option<_>>()?;
    let names = answer.iter().map(|member| member.name.as_str());
    if let Some(name) = first_repeated(names) {
        faults.note(value.refuse(format!("every member once, found {name:?} again")));
    }
    faults.keep(route_of(rules, word, value))?.answer = answer;
    Some(())
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
    faults: &mut Faults,
) -> Option<AnswerMember> {
    if item.is_text() {
        return faults.keep(field_member(item, action, rules));
    }
    let expected = "a field's name, { name = …, literal = … } or { name = …, value = \"test.id\" }";
    let table = faults.keep(item.table(expected))?;
    table.allow_only(&["name", "literal", "value"], faults);
    let name = table
        .require("name", "the member's name")
        .and_then(|value| member_name(&value));
    let name = faults.keep(name);
    let value = match (table.find("literal"), table.find("value")) {
        (Some(value), None) => literal(&value).map(AnswerValue::Literal),
        (None, Some(value)) => test_value(&value, action).map(AnswerValue::Test),
        _ => Err(item.refuse(format!("{expected}: literal or value, one of them"))),
    };
    let value = faults.keep(value);
    Some(AnswerMember {
        name: name?,
        value: value?,
    })
}

/// A field, by its name on these routes.
fn field_member(
    item: &Value<'_>,
    action: ApiAction,
    rules: &ApiRules,
) -> Result<AnswerMember, ContractError> {
    let field = named_field(item, rules)?;
    if field == NativeField::Secret && action != ApiAction::Create {
        let expected = "a member without the secret: create alone shows it, once";
        return Err(item.refuse_found(expected));
    }
    Ok(AnswerMember {
        name: item.text("a name")?.to_owned(),
        value: AnswerValue::Field(field),
    })
}

fn test_value(value: &Value<'_>, action: ApiAction) -> Result<TestValue, ContractError> {
    let told = value.word(TestValue::WORDS)?;
    if action != ApiAction::Test {
        return Err(value.refuse("a literal: only the answer to test knows a test event"));
    }
    Ok(told)
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
pub(super) fn check_use(table: &Table<'_>, rules: &ApiRules) -> Result<(), ContractError> {
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
