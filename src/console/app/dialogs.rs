//! Keys and pasted text while something lies upon a view, or is typed in it: what they mean by the table, who hears them.
//!
//! **Promise.** What begins something is not begun by the key that opened the dialog, by a key that came while it was
//! opening, or by pasted text; escape always closes.

use std::time::Duration;

use super::acts;
use super::changes;
use super::columns;
use super::contexts;
use super::forms;
use super::model::{Confirm, Level, Model, Overlay, Screen};
use super::msg::{Cmd, Now};
use super::notes;
use super::plan::Field;
use super::reading;
use super::saved;
use super::saved_choice;
use super::sieve::Sieve;
use super::take_away;
use super::themes;
use crate::console::actions::{ActionId, Dialog, Inside, Place};
use crate::console::input::key::Key;
use crate::console::keys::{Facts, Keymap};
use crate::console::view::help;

/// How long a dialog is deaf to what begins something: laggy lines deliver keys late.
pub(crate) const DEAF: Duration = Duration::from_millis(300);

/// What is said of text that was pasted where something is confirmed.
const NEVER_CONFIRMS: &str = "pasted text never confirms: type it";

/// A key as a dialog hears it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pressed {
    /// Which.
    pub key: Key,
    /// What it asks for; none where it is text, or nothing.
    pub means: Option<Inside>,
}

/// How the dialog that has the keys came to be open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opened {
    /// When.
    at: Duration,
    /// By which key, while no other was pressed since.
    by: Option<Key>,
}

impl Opened {
    /// Whether no key was meant for it yet.
    fn is_deaf(self, now: Now) -> bool {
        now.elapsed.saturating_sub(self.at) < DEAF
    }
}

impl Pressed {
    /// A key in a dialog, where text is being typed or not.
    pub(crate) fn new(keys: &Keymap, dialog: Dialog, is_typing: bool, key: Key) -> Self {
        let means = keys.within(dialog).meaning(key, is_typing);
        Self { key, means }
    }
}

impl Overlay {
    /// What it is as a place of keys.
    pub(crate) const fn dialog(&self) -> Dialog {
        match self {
            Self::Help { .. } => Dialog::Help,
            Self::Confirm(_) => Dialog::Confirm,
            Self::Palette(_) => Dialog::Palette,
            Self::Plan(_) => Dialog::Plan,
            Self::Form(_) => Dialog::Form,
            Self::Prompt(_) | Self::Note(_) | Self::Save(_) | Self::Arm(_) => Dialog::Line,
            Self::Secret(_) => Dialog::Secret,
            Self::Themes(_) | Self::Contexts(_) | Self::Saved(_) => Dialog::Choice,
            Self::Columns(choice) => match choice.wants {
                columns::Wants::Columns => Dialog::Columns,
                columns::Wants::Order => Dialog::Choice,
            },
        }
    }

    /// Whether keys that type are text now.
    fn is_typing(&self) -> bool {
        match self {
            Self::Plan(dialog) => dialog.field != Field::Skip,
            Self::Form(form) => form.is_typing(),
            other => other.dialog().takes_text(),
        }
    }
}

impl Model {
    /// The line that is being typed in the view.
    pub(crate) fn line(&self) -> Option<Dialog> {
        match self.screen() {
            Screen::Deliveries(list) if list.input.is_some() => Some(Dialog::Filter),
            other => {
                let words = other.sieve().and_then(Sieve::line);
                words.map(|_| Dialog::Words)
            }
        }
    }

    /// Closes dialogs of a kind, and their keys where those lie upon them.
    pub(crate) fn close(&mut self, dialog: Dialog) {
        self.overlays.retain(|overlay| match overlay {
            Overlay::Help { of, .. } => *of != Place::Over(dialog),
            other => other.dialog() != dialog,
        });
    }
}

/// A key for what lies uppermost.
pub(super) fn key(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    let Some(overlay) = model.overlays.last() else {
        return Vec::new();
    };
    let dialog = overlay.dialog();
    let pressed = Pressed::new(&model.keys, dialog, overlay.is_typing(), key);
    if pressed.means == Some(Inside::Keys) && dialog != Dialog::Help {
        return show_keys(model, dialog);
    }
    match overlay {
        Overlay::Help { .. } => help_key(model, pressed),
        Overlay::Confirm(_) => confirm_key(model, now, pressed),
        Overlay::Palette(_) => acts::palette_key(model, now, pressed),
        Overlay::Plan(_) => changes::dialog_key(model, now, pressed),
        Overlay::Prompt(_) => take_away::key(model, now, pressed),
        Overlay::Note(_) => notes::key(model, now, pressed),
        Overlay::Save(_) => saved::key(model, now, pressed),
        Overlay::Saved(_) => saved_choice::key(model, now, pressed),
        Overlay::Arm(_) => acts::arming_key(model, now, pressed),
        Overlay::Themes(_) => themes::key(model, now, pressed),
        Overlay::Columns(_) => {
            columns::key(model, now, pressed);
            Vec::new()
        }
        Overlay::Contexts(_) => contexts::key(model, now, pressed),
        Overlay::Form(_) => forms::key(model, now, pressed),
        Overlay::Secret(_) => forms::secret_key(model, now, pressed),
    }
}

/// A key for the line that is typed in the view.
pub(super) fn line_key(model: &mut Model, now: Now, line: Dialog, key: Key) -> Vec<Cmd> {
    let pressed = Pressed::new(&model.keys, line, true, key);
    if pressed.means == Some(Inside::Keys) {
        return show_keys(model, line);
    }
    if line == Dialog::Filter {
        return acts::filter_key(model, now, pressed);
    }
    model.screen_mut().with_sieve(|sieve| sieve.key(pressed));
    if pressed.means != Some(Inside::Take) {
        reading::seek(model);
    }
    Vec::new()
}

fn show_keys(model: &mut Model, dialog: Dialog) -> Vec<Cmd> {
    model.overlays.push(Overlay::Help {
        of: Place::Over(dialog),
        scroll: 0,
    });
    Vec::new()
}

/// Notes whether the key that was pressed opened a dialog; `before` had the keys.
pub(super) fn note(model: &mut Model, now: Now, before: Option<Dialog>, key: Key) {
    let after = model.overlays.last().map(Overlay::dialog);
    if after != before {
        model.opened = Opened {
            at: now.elapsed,
            by: Some(key),
        };
    } else if model.opened.by != Some(key) {
        model.opened.by = None;
    }
}

/// Why this key may begin nothing in the dialog that has the keys; none where it may.
pub(super) fn refusal(model: &Model, now: Now, key: Key) -> Option<String> {
    let too_soon = || format!("{key} came too soon after this opened: press it again");
    opened_by(model, key).or_else(|| model.opened.is_deaf(now).then(too_soon))
}

/// What is said of a key that opened the dialog, while it is the only one that was pressed.
pub(super) fn opened_by(model: &Model, key: Key) -> Option<String> {
    let is_opener = model.opened.by == Some(key);
    is_opener.then(|| format!("{key} opened this: it begins nothing here before another key"))
}

/// Pasted text is text: it goes into the line that is being typed, or nowhere; whether anything lies upon the view.
pub(super) fn paste(model: &mut Model, now: Now, text: &str) -> bool {
    let Some(overlay) = model.overlays.last_mut() else {
        return false;
    };
    let refused = match overlay {
        Overlay::Palette(palette) => {
            palette.line.insert(text);
            None
        }
        Overlay::Prompt(prompt) => {
            prompt.line.insert(text);
            None
        }
        Overlay::Note(note) => {
            note.line.insert(text);
            None
        }
        Overlay::Save(save) => {
            save.line.insert(text);
            None
        }
        Overlay::Plan(dialog) => (!dialog.paste(text)).then_some(NEVER_CONFIRMS),
        Overlay::Arm(_) | Overlay::Confirm(_) => Some(NEVER_CONFIRMS),
        Overlay::Form(form) => (!form.paste(text)).then_some("this line takes no text"),
        Overlay::Help { .. }
        | Overlay::Secret(_)
        | Overlay::Saved(_)
        | Overlay::Themes(_)
        | Overlay::Columns(_)
        | Overlay::Contexts(_) => Some("pasted text does nothing here"),
    };
    if let Some(text) = refused {
        model.tell(now, Level::Warn, text);
    }
    true
}

/// What conditions of keys can ask for where these keys are; a dialog's keys have none.
pub(crate) fn facts_of(model: &Model, of: Place) -> Facts {
    if of.is_view() {
        model.facts()
    } else {
        Facts::of(of)
    }
}

fn help_key(model: &mut Model, pressed: Pressed) -> Vec<Cmd> {
    let Some(&Overlay::Help { of, scroll }) = model.overlays.last() else {
        return Vec::new();
    };
    let facts = facts_of(model, of);
    let opens_it = model
        .keys
        .meaning(&facts, &[pressed.key])
        .is(ActionId::Help);
    let half = usize::from(model.size.1 / 2).max(1);
    let end = help::scroll_end(&model.keys, &facts, model.size);
    let moved = match pressed.means {
        Some(Inside::Down) => scroll + 1,
        Some(Inside::Up) => scroll.saturating_sub(1),
        Some(Inside::HalfDown) => scroll + half,
        Some(Inside::HalfUp) => scroll.saturating_sub(half),
        Some(Inside::First) => 0,
        Some(Inside::Last) => end,
        Some(Inside::Leave | Inside::Take | Inside::Keys) => {
            model.overlays.pop();
            return Vec::new();
        }
        Some(Inside::Search) if of.is_view() => {
            model.overlays.pop();
            return acts::open_palette(model);
        }
        _ if opens_it => {
            model.overlays.pop();
            return Vec::new();
        }
        _ => scroll,
    };
    if let Some(Overlay::Help { scroll, .. }) = model.overlays.last_mut() {
        *scroll = moved.min(end);
    }
    Vec::new()
}

fn confirm_key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Confirm(confirm)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let is_yes = match pressed.means {
        Some(Inside::Yes) => true,
        Some(Inside::No | Inside::Leave) => false,
        Some(Inside::Take) => confirm.yes,
        Some(Inside::Turn) => {
            confirm.yes = !confirm.yes;
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    if let Some(text) = refusal(model, now, pressed.key).filter(|_| is_yes) {
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    let Some(Overlay::Confirm(Confirm { what, call, .. })) = model.overlays.pop() else {
        return Vec::new();
    };
    if is_yes {
        let cmds = changes::change(model, now, &what, None, call);
        if cmds.is_empty() {
            let text = format!("{what}: not sent, for nothing may be changed now");
            model.tell(now, Level::Warn, text);
        }
        return cmds;
    }
    model.tell(now, Level::Info, "cancelled, nothing was done");
    Vec::new()
}
