//! The door of the console's mind: one message in, commands out.

use super::ahead;
use super::answers;
use super::bell;
use super::beside;
use super::count;
use super::dialogs;
use super::elsewhere;
use super::fetches;
use super::frames;
use super::grace;
use super::link::{Due, Link};
use super::model::{Dirty, Level, Model, Overlay, Screen};
use super::msg::{Cmd, Msg, Now};
use super::notes;
use super::preview;
use super::probing;
use super::reading;
use super::remembered;
use super::sieve::Sieve;
use super::sweep;
use super::themes;
use super::tour;
use crate::console::actions::{ActionId, Dialog, Place};
use crate::console::input::bytes::Typed;
use crate::console::input::key::Key;
use crate::console::keys::{Facts, Meaning};
use crate::console::options::ExitReason;

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
        Msg::Typed(typed) => take_typed(model, now, typed),
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
        Msg::Answered(request, took, answer) => {
            if took.is_some_and(|took| model.round_trip.hear(took)) {
                model.soil(Dirty::Soon);
            }
            answers::answer(model, now, request, *answer)
        }
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
        Msg::Probed(at, result) => probing::take(model, at, result),
        Msg::Copied(result) => {
            match result {
                Ok(whereto) => model.tell(now, Level::Info, format!("copied to {whereto}")),
                Err(reason) => model.tell(now, Level::Warn, format!("not copied: {reason}")),
            }
            Vec::new()
        }
    };
    cmds.extend(ahead::follow_up(model, now));
    cmds.extend(follow_up(model, now));
    sweep::settle(model);
    tour::follow_up(model);
    cmds.extend(remembered::follow_up(model));
    cmds
}

/// What came from the terminal.
fn take_typed(model: &mut Model, now: Now, typed: Typed) -> Vec<Cmd> {
    match typed {
        Typed::Key(key) => {
            model.soil(Dirty::Now);
            let before = model.overlays.last().map(Overlay::dialog);
            bell::see(model);
            let cmds = key_pressed(model, now, key);
            dialogs::note(model, now, before, key);
            cmds
        }
        Typed::Paste(text) => {
            model.soil(Dirty::Now);
            paste(model, now, &text)
        }
        Typed::Background(background) => themes::fit(model, background),
    }
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
    let shown = screen.id();
    let count_at = screen.count_at();
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
    if dialogs::paste(model, now, text) {
        return Vec::new();
    }
    if let Some(Screen::Deliveries(list)) = model.screens.last_mut()
        && let Some(input) = &mut list.input
    {
        input.paste(text, &model.data);
        return Vec::new();
    }
    if model.line() == Some(Dialog::Words) {
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
    if !model.overlays.is_empty() {
        return dialogs::key(model, now, key);
    }
    if let Some(line) = model.line() {
        return dialogs::line_key(model, now, line, key);
    }
    if count::goes_on(model, key) {
        return Vec::new();
    }
    if model.strokes.is_empty() {
        model.strokes_since = now.elapsed;
    }
    model.strokes.push(key);
    let meaning = model.keys.meaning(&model.facts(), &model.strokes);
    let explained = match model.strokes.len() {
        1 => elsewhere::explained(model, key, meaning),
        _ => None,
    };
    if let Some(explained) = explained {
        return elsewhere::tell(model, now, explained, |model| {
            meant(model, now, key, meaning)
        });
    }
    meant(model, now, key, meaning)
}

/// Does what the strokes that end with this key mean.
fn meant(model: &mut Model, now: Now, key: Key, meaning: Meaning) -> Vec<Cmd> {
    match meaning {
        Meaning::Prefix => Vec::new(),
        Meaning::Action(action) => {
            model.strokes.clear();
            count::act(model, now, action, key)
        }
        Meaning::Nothing => {
            let unfinished = model.strokes.len() > 1;
            model.strokes.clear();
            model.count = None;
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
    model.count = None;
    let cmds = themes::cancelled(model.overlays.drain(..));
    if let Screen::Deliveries(list) = model.screen_mut() {
        list.input = None;
    }
    if model.line() == Some(Dialog::Words) {
        model.screen_mut().with_sieve(Sieve::give_up);
        reading::seek(model);
    }
    model.tell(now, Level::Info, "ctrl-c again quits");
    cmds
}
