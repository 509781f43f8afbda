//! A form: lines that are filled in one by one, and a button that sends them.
//!
//! What the fields mean is known by whoever made the form ([`super::endpoint_form`]); here they are moved between and
//! typed into. The button is the last stop, so that no key held down at its opening sends anything.

use super::dialogs::Pressed;
use super::line::Line;
use crate::console::actions::Inside;

/// A form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form<S> {
    /// What it is about; not escaped.
    pub title: String,
    /// What it makes or changes.
    pub subject: S,
    /// Its lines from top to bottom.
    pub fields: Vec<Field>,
    /// The line that has the keys; one past the last is the button.
    pub at: usize,
    /// What the button says.
    pub button: &'static str,
    /// What is wrong with it, in words, not escaped.
    pub problem: Option<String>,
    /// Whether it is on its way.
    pub sending: bool,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Its name: what it is known by, on the screen too.
    pub name: &'static str,
    /// What may be filled in.
    pub hint: String,
    /// What is filled in.
    pub value: Value,
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Any text.
    Text(Line),
    /// Text that nobody should read over a shoulder.
    Secret(Line),
    /// Yes or no.
    Flag(bool),
    /// One of several; not escaped.
    Choice {
        /// What there is.
        options: Vec<String>,
        /// The chosen one.
        at: usize,
    },
    /// Any of several; not escaped.
    Ticks {
        /// What there is, and whether it is wanted.
        options: Vec<(String, bool)>,
        /// The one that has the keys.
        at: usize,
    },
    /// What cannot be changed; not escaped.
    Fixed(String),
}

/// What a key of a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing but to be drawn.
    Nothing,
    /// To be closed; nothing happens.
    Close,
    /// To be sent.
    Send,
    /// Another of several was chosen.
    Chosen(&'static str),
}

impl Field {
    /// A line for text.
    pub(crate) fn text(name: &'static str, text: &str, hint: impl Into<String>) -> Self {
        Self {
            name,
            hint: hint.into(),
            value: Value::Text(Line::with(text)),
        }
    }

    /// A line of another kind.
    pub(crate) fn new(name: &'static str, value: Value, hint: impl Into<String>) -> Self {
        Self {
            name,
            hint: hint.into(),
            value,
        }
    }
}

impl<S> Form<S> {
    /// A form that begins with its first line.
    pub(crate) const fn new(
        title: String,
        subject: S,
        fields: Vec<Field>,
        button: &'static str,
    ) -> Self {
        Self {
            title,
            subject,
            fields,
            at: 0,
            button,
            problem: None,
            sending: false,
        }
    }

    /// The line of this name.
    pub(crate) fn field_mut(&mut self, name: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name == name)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        Some(&field.value)
    }

    /// The text of a line without space around it; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.value(name) {
            Some(Value::Text(line) | Value::Secret(line)) => line.text().trim(),
            _ => "",
        }
    }

    /// The same, `None` where it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        let text = self.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Whether a line says yes.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Flag(true)))
    }

    /// Which one is chosen.
    pub(crate) fn chosen(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Choice { options, at }) => options.get(*at).map(String::as_str),
            _ => None,
        }
    }

    /// Those that are ticked.
    pub(crate) fn ticked(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::Ticks { options, .. }) => options
                .iter()
                .filter(|(_, ticked)| *ticked)
                .map(|(option, _)| option.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Shows what is wrong and goes to the line that it is about.
    pub(crate) fn refuse(&mut self, name: &str, problem: impl Into<String>) {
        self.problem = Some(problem.into());
        self.sending = false;
        if let Some(at) = self.fields.iter().position(|field| field.name == name) {
            self.at = at;
        }
    }

    /// Whether the line that has the keys takes text.
    pub(crate) fn is_typing(&self) -> bool {
        let field = self.fields.get(self.at);
        field.is_some_and(|field| matches!(field.value, Value::Text(_) | Value::Secret(_)))
    }

    /// Pasted text goes into the line that has the keys; whether it takes text.
    pub(crate) fn paste(&mut self, text: &str) -> bool {
        match self.fields.get_mut(self.at).map(|field| &mut field.value) {
            Some(Value::Text(line) | Value::Secret(line)) => {
                line.insert(text.trim());
                true
            }
            _ => false,
        }
    }

    /// Handles a key.
    pub(crate) fn key(&mut self, pressed: Pressed) -> Asked {
        match pressed.means {
            Some(Inside::Leave) => return Asked::Close,
            Some(Inside::Down) => self.turn(true),
            Some(Inside::Up) => self.turn(false),
            Some(Inside::Take) if self.at >= self.fields.len() => {
                return if self.sending {
                    Asked::Nothing
                } else {
                    Asked::Send
                };
            }
            Some(Inside::Take) => self.turn(true),
            _ => return self.fill_in(pressed),
        }
        Asked::Nothing
    }

    fn fill_in(&mut self, pressed: Pressed) -> Asked {
        self.problem = None;
        let right = match pressed.means {
            Some(Inside::Right) => Some(true),
            Some(Inside::Left) => Some(false),
            _ => None,
        };
        let is_toggle = pressed.means == Some(Inside::Toggle);
        let Some(field) = self.fields.get_mut(self.at) else {
            return Asked::Nothing;
        };
        match &mut field.value {
            Value::Text(line) | Value::Secret(line) => {
                if pressed.means.is_none() {
                    line.edit(pressed.key);
                }
            }
            Value::Flag(flag) if is_toggle => *flag = !*flag,
            Value::Choice { options, at } => {
                let before = *at;
                *at = stepped(*at, options.len(), right.or(is_toggle.then_some(true)));
                if *at != before {
                    return Asked::Chosen(field.name);
                }
            }
            Value::Ticks { options, at } => {
                *at = stepped(*at, options.len(), right);
                if let Some((_, ticked)) = options.get_mut(*at).filter(|_| is_toggle) {
                    *ticked = !*ticked;
                }
            }
            Value::Flag(_) | Value::Fixed(_) => {}
        }
        Asked::Nothing
    }

    /// To the next or previous line that can be changed, or the button.
    fn turn(&mut self, down: bool) {
        for _ in 0..=self.fields.len() {
            self.at = stepped(self.at, self.fields.len() + 1, Some(down));
            let field = self.fields.get(self.at);
            if !field.is_some_and(|field| matches!(field.value, Value::Fixed(_))) {
                return;
            }
        }
    }
}

/// One further to the right or left of so many, around the ends.
fn stepped(at: usize, count: usize, right: Option<bool>) -> usize {
    match right {
        _ if count == 0 => 0,
        None => at.min(count - 1),
        Some(true) => (at + 1) % count,
        Some(false) => at.checked_sub(1).unwrap_or(count - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Dialog;
    use crate::console::input::key::Key;
    use crate::console::keys::Keymap;

    fn form() -> Form<()> {
        let choice = Value::Choice {
            options: vec!["a".to_owned(), "b".to_owned()],
            at: 0,
        };
        let ticks = Value::Ticks {
            options: vec![("x".to_owned(), false), ("y".to_owned(), true)],
            at: 0,
        };
        let fields = vec![
            Field::text("name", "", ""),
            Field::new("kind", choice, ""),
            Field::new("fixed", Value::Fixed("as it is".to_owned()), ""),
            Field::new("types", ticks, ""),
            Field::new("test", Value::Flag(false), ""),
        ];
        Form::new("A form".to_owned(), (), fields, "Create")
    }

    fn typed(form: &mut Form<()>, keys: &str) -> Asked {
        let mut asked = Asked::Nothing;
        for key in keys.split(' ') {
            let key = Key::parse(key).unwrap();
            let is_typing = form.is_typing();
            asked = form.key(Pressed::new(&Keymap::ops(), Dialog::Form, is_typing, key));
        }
        asked
    }

    #[test]
    fn every_kind_of_line_is_filled_in_from_the_keyboard() {
        let mut form = form();
        typed(&mut form, "n o w");
        assert_eq!(typed(&mut form, "tab right"), Asked::Chosen("kind"));
        typed(&mut form, "tab space right space tab space");
        assert_eq!(form.text("name"), "now");
        assert_eq!(form.chosen("kind"), Some("b"));
        assert_eq!(form.ticked("types"), ["x"]);
        assert!(form.is_set("test"));
        assert!(!form.paste("text"), "a flag takes no text");
    }

    #[test]
    fn only_the_button_sends_and_only_once() {
        let mut form = form();
        assert_eq!(typed(&mut form, "enter enter enter enter"), Asked::Nothing);
        assert_eq!(form.at, form.fields.len());
        assert_eq!(typed(&mut form, "enter"), Asked::Send);
        form.sending = true;
        assert_eq!(typed(&mut form, "enter"), Asked::Nothing);
        form.refuse("types", "none is ticked");
        assert_eq!((form.at, form.sending), (3, false));
        assert_eq!(typed(&mut form, "esc"), Asked::Close);
    }

    #[test]
    fn the_way_leads_around_and_past_what_cannot_be_changed() {
        let mut form = form();
        let stops: Vec<usize> = (0..5)
            .map(|_| {
                typed(&mut form, "down");
                form.at
            })
            .collect();
        assert_eq!(stops, [1, 3, 4, 5, 0]);
        typed(&mut form, "up up up up");
        assert_eq!(form.at, 1);
    }
}
