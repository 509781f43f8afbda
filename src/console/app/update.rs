//! The door of the console's mind: one message in, commands out.

use super::acts;
use super::answers;
use super::bell;
use super::beside;
use super::changes;
use super::columns;
use super::contexts;
use super::fetches;
use super::forms;
use super::frames;
use super::grace;
use super::link::{Due, Link};
use super::model::{Dirty, Level, Model, Overlay, Screen};
use super::msg::{Cmd, Msg, Now};
use super::notes;
use super::preview;
use super::reading;
use super::remembered;
use super::saved;
use super::saved_choice;
use super::sweep;
use super::take_away;
use super::themes;
use super::tour;
use crate::console::actions::{ActionId, Place};
use crate::console::input::bytes::Typed;
use crate::console::input::key::{Key, KeyCode};
use crate::console::keys::{Facts, Meaning};
use crate::console::options::ExitReason;

/// How long a question is deaf after it opens, in milliseconds: laggy lines deliver keys late.
const DEAF_MS: u128 = 300;

/// Takes over what happened and says what is to be done.
pub(crate) fn update(model: &mut Model, now: Now, msg: Msg) -> Vec<Cmd> {
    if model.writes.settle(now.elapsed) {
        model.tell(now, Level::Info, "no longer armed: changes are locked");
    }
    let mut cmds = match msg {
        Msg::Started => {
            model.link = Link::connecting(now, 0);
            vec![Cmd::OpenStream]
        }
        Msg::Typed(Typed::Key(key)) => {
            model.soil(Dirty::Now);
            key_pressed(model, now, key)
        }
        Msg::Typed(Typed::Paste(text)) => {
            model.soil(Dirty::Now);
            paste(model, now, &text)
        }
        Msg::Resized(columns, rows) => {
            model.fit((columns, rows));
            let mut cmds = vec![Cmd::Repaint];
            if let Screen::Inspector(inspector) = model.screen() {
                cmds.extend(fetches::fetch_exchange(model, inspector.id));
            }
            cmds
        }
        Msg::Sweeps(sweeps) => {
            model.sweeps = sweeps;
            model.soil(Dirty::Soon);
            Vec::new()
        }
        Msg::Tick => tick(model, now),
        Msg::StreamOpened => Vec::new(),
        Msg::Frame(frame) => frames::frame(model, now, *frame),
        Msg::StreamLost(reason) => {
            frames::lost(model, now, reason);
            Vec::new()
        }
        Msg::Answered(request, answer) => answers::answer(model, now, request, *answer),
        Msg::Outside(result) => {
            match result {
                Ok(text) if text.is_empty() => {}
                Ok(text) => model.tell(now, Level::Info, text),
                Err(reason) => model.tell(now, Level::Error, reason),
            }
            Vec::new()
        }
        Msg::Themed(result) => {
            themes::take(model, now, result);
            Vec::new()
        }
        Msg::Copied(result) => {
            match result {
                Ok(whereto) => model.tell(now, Level::Info, format!("copied to {whereto}")),
                Err(reason) => model.tell(now, Level::Warn, format!("not copied: {reason}")),
            }
            Vec::new()
        }
    };
    cmds.extend(follow_up(model, now));
    sweep::settle(model);
    tour::follow_up(model);
    cmds.extend(remembered::follow_up(model));
    cmds
}

/// What every change may ask for: windows that hold their cursor, rows below the last one, news that are over.
fn follow_up(model: &mut Model, now: Now) -> Vec<Cmd> {
    let mut cmds = grace::send_due(model, now);
    cmds.extend(bell::follow_up(model, now));
    let height = model.list_height();
    if let Some(screen) = model.screens.last() {
        model.history.note(screen);
    }
    if model
        .toast
        .as_ref()
        .is_some_and(|toast| now.elapsed >= toast.until)
    {
        model.toast = None;
        model.soil(Dirty::Soon);
        if let Some(text) = model.announced.take() {
            model.announce(now, text);
        }
    }
    if model.link.is_up() {
        cmds.extend(notes::fetch(model));
    }
    let Some(screen) = model.screens.last_mut() else {
        return cmds;
    };
    screen.settle(&model.data, height);
    let older = screen.wants_older(height);
    let count_at = screen.count_at();
    let shown = screen.id();
    cmds.extend(beside::fetch(model, now));
    if let Some(id) = shown
        && model.link.is_up()
    {
        if let Some(cursor) = older {
            cmds.extend(fetches::fetch_older(model, id, cursor));
        }
        cmds.extend(preview::fetch(model, now));
        if model.refetch_at().is_some_and(|at| now.elapsed >= at) {
            cmds.extend(fetches::fetch_newest(model, now, id));
        }
        if count_at.is_some_and(|at| now.elapsed >= at) {
            cmds.extend(fetches::fetch_count(model, now, id));
        }
    }
    cmds
}

fn tick(model: &mut Model, now: Now) -> Vec<Cmd> {
    // Ages and countdowns are words on the screen.
    model.soil(Dirty::Soon);
    match model.link.due(now) {
        Due::Nothing => Vec::new(),
        Due::Connect { failures } => {
            model.link = Link::connecting(now, failures);
            vec![Cmd::OpenStream]
        }
        Due::GiveUp(reason) => {
            frames::lost(model, now, reason.to_owned());
            vec![Cmd::CloseStream]
        }
    }
}

/// Pasted text is text: it goes into the line that is being typed, or nowhere.
fn paste(model: &mut Model, now: Now, text: &str) -> Vec<Cmd> {
    if let Some(Overlay::Palette(palette)) = model.overlays.last_mut() {
        palette.line.insert(text);
        return Vec::new();
    }
    if let Some(dialog) = model.dialog_mut() {
        if !dialog.paste(text) {
            model.tell(now, Level::Warn, "pasted text never confirms: type it");
        }
        return Vec::new();
    }
    if matches!(model.overlays.last(), Some(Overlay::Arm(_))) {
        model.tell(now, Level::Warn, "pasted text never confirms: type it");
        return Vec::new();
    }
    if let Some(Overlay::Prompt(prompt)) = model.overlays.last_mut() {
        prompt.line.insert(text);
        return Vec::new();
    }
    if let Some(Overlay::Note(note)) = model.overlays.last_mut() {
        note.line.insert(text);
        return Vec::new();
    }
    if let Some(Overlay::Save(save)) = model.overlays.last_mut() {
        save.line.insert(text);
        return Vec::new();
    }
    if let Some(form) = model.form_mut() {
        if !form.paste(text) {
            model.tell(now, Level::Warn, "this line takes no text");
        }
        return Vec::new();
    }
    if model.overlays.is_empty()
        && let Some(Screen::Deliveries(list)) = model.screens.last_mut()
        && let Some(input) = &mut list.input
    {
        input.paste(text, &model.data);
        return Vec::new();
    }
    let typing = |model: &Model| {
        let sieve = model.screen().sieve();
        sieve.is_some_and(|sieve| sieve.line().is_some())
    };
    if model.overlays.is_empty() && typing(model) {
        model.screen_mut().with_sieve(|sieve| sieve.paste(text));
        reading::seek(model);
        return Vec::new();
    }
    let opens = model
        .keys
        .key_of(&Facts::of(Place::Deliveries), ActionId::Filter);
    let text =
        format!("pasted text does nothing here: {opens} in Deliveries opens the filter line");
    model.tell(now, Level::Warn, text);
    Vec::new()
}

fn key_pressed(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    if key == Key::ctrl('c') {
        return cancel(model, now);
    }
    match model.overlays.last() {
        Some(Overlay::Help { .. }) => return help_key(model, key),
        Some(Overlay::Confirm(_)) => return confirm_key(model, now, key),
        Some(Overlay::Palette(_)) => return acts::palette_key(model, now, key),
        Some(Overlay::Plan(_)) => return changes::dialog_key(model, now, key),
        Some(Overlay::Prompt(_)) => return take_away::key(model, key),
        Some(Overlay::Note(_)) => return notes::key(model, now, key),
        Some(Overlay::Save(_)) => return saved::key(model, now, key),
        Some(Overlay::Saved(_)) => return saved_choice::key(model, now, key),
        Some(Overlay::Arm(_)) => return acts::arming_key(model, now, key),
        Some(Overlay::Themes(_)) => return themes::key(model, now, key),
        Some(Overlay::Columns(_)) => {
            columns::key(model, now, key);
            return Vec::new();
        }
        Some(Overlay::Contexts(_)) => return contexts::key(model, now, key),
        Some(Overlay::Form(_)) => return forms::key(model, now, key),
        Some(Overlay::Secret(_)) => return forms::secret_key(model, now, key),
        None => {}
    }
    if let Screen::Deliveries(list) = model.screen()
        && list.input.is_some()
    {
        return acts::filter_key(model, now, key);
    }
    if model
        .screen()
        .sieve()
        .is_some_and(|sieve| sieve.line().is_some())
    {
        model.screen_mut().with_sieve(|sieve| sieve.key(key));
        if key.code != KeyCode::Enter {
            reading::seek(model);
        }
        return Vec::new();
    }
    if model.strokes.is_empty() {
        model.strokes_since = now.elapsed;
    }
    model.strokes.push(key);
    match model.keys.meaning(&model.facts(), &model.strokes) {
        Meaning::Prefix => Vec::new(),
        Meaning::Action(action) => {
            model.strokes.clear();
            acts::act(model, now, action)
        }
        Meaning::Nothing => {
            let unfinished = model.strokes.len() > 1;
            model.strokes.clear();
            if !unfinished {
                let text = match model.keys.unmet(&model.facts(), &[key]) {
                    Some(when) => format!("{key} does nothing here now: it needs {when}"),
                    None => {
                        let help = model.key(ActionId::Help);
                        format!("{key} does nothing here: {help} shows the keys")
                    }
                };
                model.tell(now, Level::Info, text);
            }
            Vec::new()
        }
    }
}

/// Leaves what is open; pressed twice within a second it always ends the console.
fn cancel(model: &mut Model, now: Now) -> Vec<Cmd> {
    let again = model
        .cancelled_at
        .is_some_and(|at| now.elapsed.saturating_sub(at).as_secs() < 1);
    if again {
        return vec![Cmd::Exit(ExitReason::Quit)];
    }
    model.cancelled_at = Some(now.elapsed);
    model.strokes.clear();
    model.overlays.clear();
    if let Screen::Deliveries(list) = model.screen_mut() {
        list.input = None;
    }
    model.tell(now, Level::Info, "ctrl-c again quits");
    Vec::new()
}

fn help_key(model: &mut Model, key: Key) -> Vec<Cmd> {
    let half = usize::from(model.size.1 / 2).max(1);
    if model
        .keys
        .meaning(&model.facts(), &[key])
        .is(ActionId::Help)
    {
        model.overlays.pop();
        return Vec::new();
    }
    let Some(Overlay::Help { scroll }) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match (key.code, key.ctrl) {
        (KeyCode::Char('j') | KeyCode::Down, false) => *scroll += 1,
        (KeyCode::Char('k') | KeyCode::Up, false) => *scroll = scroll.saturating_sub(1),
        (KeyCode::Char('d'), true) | (KeyCode::PageDown, _) => *scroll += half,
        (KeyCode::Char('u'), true) | (KeyCode::PageUp, _) => *scroll = scroll.saturating_sub(half),
        (KeyCode::Char('g') | KeyCode::Home, false) => *scroll = 0,
        (KeyCode::Char('q') | KeyCode::Esc | KeyCode::Enter, false) => {
            model.overlays.pop();
            return Vec::new();
        }
        _ => {}
    }
    let lines = crate::console::view::help::lines(&model.keys, &model.facts(), model.size.0).len();
    let shown = crate::console::view::help::height(model.size.1);
    if let Some(Overlay::Help { scroll }) = model.overlays.last_mut() {
        *scroll = (*scroll).min(lines.saturating_sub(shown));
    }
    Vec::new()
}

fn confirm_key(model: &mut Model, now: Now, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Confirm(confirm)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let deaf = now.elapsed.saturating_sub(confirm.opened).as_millis() < DEAF_MS;
    let answer = match key.code {
        KeyCode::Char('y') if !key.ctrl && !key.alt => Some(true),
        KeyCode::Char('n' | 'q') | KeyCode::Esc => Some(false),
        KeyCode::Enter => Some(confirm.yes),
        KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
            confirm.yes = !confirm.yes;
            None
        }
        _ => None,
    };
    match answer {
        // A yes that comes at once was typed before the question was there.
        Some(true) if deaf => Vec::new(),
        Some(true) => {
            let confirm = confirm.clone();
            model.overlays.pop();
            changes::change(model, now, &confirm.what, None, confirm.call)
        }
        Some(false) => {
            model.overlays.pop();
            model.tell(now, Level::Info, "cancelled, nothing was done");
            Vec::new()
        }
        None => Vec::new(),
    }
}
