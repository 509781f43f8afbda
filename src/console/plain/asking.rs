//! A form as questions, one after the other: the same lines and rules as the forms of the console that draws. Pure.

use crate::api::contract::ContractView;
use crate::console::app::endpoint_form::EndpointForm;
use crate::console::app::form::{Field, Value};
use crate::console::app::line::Line;
use crate::console::app::msg::Call;

/// Names that are read out of several.
const NAMED_MAX: usize = 20;

/// What an answer leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Another question, or the same again.
    Asks(Vec<String>),
    /// Nothing is done.
    Left,
    /// To be sent, with what it is in words.
    Send(Call, String),
}

/// A form that is being filled in.
#[derive(Debug)]
pub(super) struct Asking {
    form: EndpointForm,
    contracts: Vec<ContractView>,
    /// Whether all lines were asked, and one is only mended.
    is_mended: bool,
}

impl Asking {
    /// Begins with the first line.
    pub(super) fn new(mut form: EndpointForm, contracts: Vec<ContractView>) -> Self {
        form.take_contracts(&contracts);
        // A secret would be read on the screen, and stay in its scrollback: the service makes one.
        form.fields
            .retain(|field| !matches!(field.value, Value::Secret(_)));
        let mut asking = Self {
            form,
            contracts,
            is_mended: false,
        };
        asking.pass_fixed();
        asking
    }

    /// What is asked now.
    pub(super) fn question(&self) -> Vec<String> {
        let Some(field) = self.form.fields.get(self.form.at) else {
            return vec![format!(
                "{}: {}? Answer yes or no, or the name of a line to change it.",
                self.form.title, self.form.button
            )];
        };
        let now = shown(&field.value);
        let hint = match &field.value {
            Value::Choice { options, .. } => format!("one of {}", options.join(", ")),
            Value::Ticks { options, .. } => {
                let names = options.iter().map(|(name, _)| name.as_str());
                let named: Vec<&str> = names.take(NAMED_MAX).collect();
                let more = match options.len() - named.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("those wanted of {}{more}, or none", named.join(", "))
            }
            Value::Flag(_) => format!("{}: yes or no", field.hint),
            _ => format!("{}; - empties it", field.hint),
        };
        vec![format!(
            "{}, {hint}. It is {now}: enter keeps that.",
            field.name
        )]
    }

    /// How it begins, and the first question.
    pub(super) fn begin(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{}. Each line is asked for; no leaves.",
            self.form.title
        )];
        lines.extend(self.question());
        lines
    }

    /// Takes an answer.
    pub(super) fn answer(&mut self, line: &str) -> Step {
        let line = line.trim();
        let at = self.form.at;
        let is_flag = |field: &Field| matches!(field.value, Value::Flag(_));
        let leaves = match self.form.fields.get(at) {
            Some(field) if is_flag(field) => matches!(line, "cancel" | "quit"),
            _ => matches!(line, "no" | "n" | "cancel" | "quit"),
        };
        if leaves {
            return Step::Left;
        }
        let Some(field) = self.form.fields.get_mut(at) else {
            return self.send(line);
        };
        let name = field.name;
        if let Err(problem) = fill(&mut field.value, line) {
            return self.again(format!("{name}: {problem}."));
        }
        if matches!(field.value, Value::Choice { .. }) {
            self.form.offer_types(&self.contracts);
        }
        self.form.at = if self.is_mended {
            self.form.fields.len()
        } else {
            at + 1
        };
        self.pass_fixed();
        self.is_mended |= self.form.at >= self.form.fields.len();
        Step::Asks(self.question())
    }

    fn again(&self, problem: String) -> Step {
        let mut lines = vec![problem];
        lines.extend(self.question());
        Step::Asks(lines)
    }

    /// The answer to the last question.
    fn send(&mut self, line: &str) -> Step {
        if let Some(at) = self.form.fields.iter().position(|one| one.name == line) {
            self.form.at = at;
            return Step::Asks(self.question());
        }
        if !matches!(line, "yes" | "y") {
            return self.again(format!("{line:?} is neither yes, no nor a line."));
        }
        match self.form.call() {
            Ok(Some(call)) => Step::Send(call, self.form.what()),
            Ok(None) => Step::Left,
            Err((name, problem)) => {
                self.form.refuse(name, problem.clone());
                self.again(format!("Not sent: {problem}."))
            }
        }
    }

    /// The service refused it: what was answered stays.
    pub(super) fn refused(&self, reason: String) -> Vec<String> {
        let mut lines = vec![reason];
        lines.extend(self.question());
        lines
    }

    fn pass_fixed(&mut self) {
        let fixed = |field: &Field| match &field.value {
            Value::Fixed(_) => true,
            Value::Ticks { options, .. } => options.is_empty(),
            _ => false,
        };
        while self.form.fields.get(self.form.at).is_some_and(fixed) {
            self.form.at += 1;
        }
    }
}

/// What is filled in, in words.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Text(line) => line.text().trim().to_owned(),
        Value::Secret(_) => String::new(),
        Value::Flag(true) => "yes".to_owned(),
        Value::Flag(false) => "no".to_owned(),
        Value::Choice { options, at } => options.get(*at).cloned().unwrap_or_default(),
        Value::Ticks { options, .. } => {
            let ticked = options.iter().filter(|(_, ticked)| *ticked);
            let names: Vec<&str> = ticked.map(|(name, _)| name.as_str()).collect();
            names.join(", ")
        }
        Value::Fixed(text) => text.clone(),
    };
    if text.is_empty() {
        "empty".to_owned()
    } else {
        text
    }
}

/// Fills in an answer; an empty one keeps what is there.
fn fill(value: &mut Value, answer: &str) -> Result<(), String> {
    if answer.is_empty() {
        return Ok(());
    }
    match value {
        Value::Text(line) | Value::Secret(line) => {
            *line = Line::with(if answer == "-" { "" } else { answer });
        }
        Value::Flag(flag) => {
            *flag = match answer {
                "yes" | "y" => true,
                "no" | "n" => false,
                other => return Err(format!("{other:?} is neither yes nor no")),
            };
        }
        Value::Choice { options, at } => {
            let chosen = options.iter().position(|option| option == answer);
            *at = chosen.ok_or_else(|| format!("{answer:?} is none of them"))?;
        }
        Value::Ticks { options, .. } => {
            let named = answer.split([',', ' ']).filter(|name| !name.is_empty());
            let named: Vec<&str> = named.filter(|name| *name != "none").collect();
            let is_known = |name: &&&str| !options.iter().any(|(known, _)| known == **name);
            if let Some(unknown) = named.iter().find(is_known) {
                return Err(format!("{unknown:?} is none of them"));
            }
            for (name, ticked) in options {
                *ticked = named.contains(&name.as_str());
            }
        }
        Value::Fixed(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::endpoint_form;
    use crate::console::app::sample_views::contracts;
    use crate::console::app::samples::endpoint;

    fn asked(asking: &mut Asking, answers: &[&str]) -> Step {
        let mut step = Step::Left;
        for answer in answers {
            step = asking.answer(answer);
        }
        step
    }

    /// Enter until the last question.
    fn keep_the_rest(asking: &mut Asking) {
        while asking.form.at < asking.form.fields.len() {
            asking.answer("");
        }
    }

    #[test]
    fn a_new_endpoint_is_asked_for_line_by_line_and_sent_by_yes_alone() {
        let mut asking = Asking::new(endpoint_form::create(), contracts());
        assert!(asking.begin()[1].starts_with("url, where requests go"));
        asked(&mut asking, &["https://a.example/in", "acme"]);
        keep_the_rest(&mut asking);
        assert!(
            matches!(asking.answer(""), Step::Asks(_)),
            "enter is no yes"
        );
        // A line can be mended, and the way leads back to the question.
        let Step::Asks(lines) = asked(&mut asking, &["name", "acme-2"]) else {
            panic!("it was left");
        };
        assert!(lines[0].contains("Answer yes or no"), "{lines:?}");
        let Step::Send(Call::CreateEndpoint(body), what) = asking.answer("yes") else {
            panic!("it was not sent");
        };
        assert_eq!(
            (&*body.url, body.name.as_deref()),
            ("https://a.example/in", Some("acme-2"))
        );
        assert_eq!(body.secret, None, "the service makes it");
        assert!(what.contains("https://a.example/in"));
    }

    #[test]
    fn what_is_wrong_is_told_and_asked_again() {
        let mut asking = Asking::new(endpoint_form::create(), contracts());
        keep_the_rest(&mut asking);
        let Step::Asks(lines) = asking.answer("yes") else {
            panic!("it was sent");
        };
        assert!(lines[0].contains("an endpoint needs a URL"), "{lines:?}");
        assert!(lines[1].starts_with("url, "), "{lines:?}");
        asking.answer("https://a.example/in");
        for (name, answer, says) in [
            ("contract", "nope", "is none of them"),
            ("test mode", "maybe", "neither yes nor no"),
        ] {
            let Step::Asks(lines) = asked(&mut asking, &[name, answer]) else {
                panic!("{name}");
            };
            assert!(lines[0].contains(says), "{lines:?}");
            asking.answer("");
        }
        let Step::Asks(lines) = asked(&mut asking, &["in flight", "many", "yes"]) else {
            panic!("it was sent");
        };
        assert!(lines[0].contains("many is no number"), "{lines:?}");
    }

    #[test]
    fn an_edit_sends_what_was_changed_and_nothing_where_nothing_was() {
        let known = endpoint(3, "acme");
        let mut asking = Asking::new(endpoint_form::edit(&known), contracts());
        keep_the_rest(&mut asking);
        assert_eq!(asking.answer("yes"), Step::Left);
        let mut asking = Asking::new(endpoint_form::edit(&known), contracts());
        asking.answer("https://b.example/in");
        keep_the_rest(&mut asking);
        let Step::Send(Call::EditEndpoint(_, patch), _) = asking.answer("y") else {
            panic!("it was not sent");
        };
        assert_eq!(patch.url.as_deref(), Some("https://b.example/in"));
        assert_eq!(patch.name, None);
        let mut asking = Asking::new(endpoint_form::edit(&known), contracts());
        assert_eq!(asking.answer("no"), Step::Left);
    }
}
