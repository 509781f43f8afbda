//! The screen as a whole: header, title, panel, news, footer, and what lies upon them.
//!
//! ```text
//! header    HOOKYARD local  LIVE  RO   pending 3 held 0 dead 1 delivered 812  12.4/s  fail 2.8%  in flight 4
//! title     Deliveries  /state:dead   FOLLOW
//! panel     …
//! news      replay dlv_…: done          (or why the selected row waits)
//! footer    enter open  r replay  f follow/hold  / filter  ? help
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::{self, Pen, Skin};
use super::{
    arming, audit, beside, columns, confirm, contexts, dead, deliveries, endpoints, events, footer,
    form, format, header, help, inspector, log, note, palette, plan, pulse, replays, saved,
    saved_choice, sieve, themes, tour, typed,
};
use crate::console::actions::Inside;
use crate::console::app::dialogs::facts_of;
use crate::console::app::model::{Level, Model, Overlay, Screen};
use crate::console::app::msg::Now;
use crate::console::app::sieve::Sieve;
use crate::console::app::take_away::{Prompt, Wanted};
use crate::console::keys::Within;
use crate::console::theme::Role;

/// The smallest screen that anything can be told on.
const SMALLEST: (u16, u16) = (40, 8);

/// Draws the console; gives the place of the cursor where text is being typed.
pub(crate) fn draw(model: &Model, now: Now, skin: &Skin, buffer: &mut Buffer) -> Option<Position> {
    let mut pen = Pen::new(buffer, skin);
    if let Some(under_way) = model.tour {
        pen = tour::draw(pen, model, under_way);
    }
    let area = pen.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(&mut pen);
        return None;
    }
    header::draw(&mut pen, model, now, row(area, 0));
    let panel = Rect {
        y: area.y + 1,
        height: area.height - 3,
        ..area
    };
    let panel = match model.screen() {
        Screen::Deliveries(_) => panel,
        _ => beside::draw(&mut pen, model, now, panel),
    };
    let cursor = match model.screen() {
        Screen::Pulse(view) => {
            pulse::draw(&mut pen, model, now, view, panel);
            None
        }
        Screen::Deliveries(list) => deliveries::draw(&mut pen, model, now, list, panel),
        Screen::Inspector(view) => {
            inspector::draw(&mut pen, model, now, view, panel);
            None
        }
        Screen::Endpoints(list) => {
            endpoints::draw(&mut pen, model, now, list, panel);
            None
        }
        Screen::Events(list) => {
            events::draw(&mut pen, model, now, list, panel);
            None
        }
        Screen::Dead(list) => {
            dead::draw(&mut pen, model, now, list, panel);
            None
        }
        Screen::Replays(list) => {
            replays::draw(&mut pen, model, now, list, panel);
            None
        }
        Screen::Audit(list) => {
            audit::draw(&mut pen, model, now, list, panel);
            None
        }
        Screen::Log(view) => {
            log::draw(&mut pen, model, now, view, panel);
            None
        }
    };
    sieve::badge(&mut pen, model, row(panel, 0));
    let words = model.screen().sieve().and_then(Sieve::line);
    let cursor = cursor.or_else(|| words.map(|words| sieve::line(&mut pen, model, words, area)));
    if cursor.is_none() {
        footer::news(&mut pen, model, now, row(area, area.height - 2));
        footer::keys(&mut pen, model, now, row(area, area.height - 1));
    }
    let mut cursor = cursor;
    for overlay in &model.overlays {
        cursor = lie_upon(&mut pen, model, now, overlay, area);
    }
    cursor
}

/// Draws what lies upon a view; gives the place of the cursor where text is being typed.
fn lie_upon(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    overlay: &Overlay,
    area: Rect,
) -> Option<Position> {
    let own = model.keys.within(overlay.dialog());
    match overlay {
        Overlay::Help { of, scroll } => {
            let facts = facts_of(model, *of);
            help::draw(pen, &model.keys, &facts, *scroll, area);
        }
        Overlay::Confirm(question) => confirm::draw(pen, question, own, area),
        Overlay::Palette(palette) => {
            return palette::draw(pen, model, palette, area);
        }
        Overlay::Plan(dialog) => return plan::draw(pen, dialog, own, now, area),
        Overlay::Prompt(prompt) => {
            let cursor = prompt_line(pen, prompt, own, area);
            warn(pen, model, area);
            return Some(cursor);
        }
        Overlay::Themes(choice) => themes::draw(pen, model, choice, area),
        Overlay::Columns(choice) => columns::draw(pen, model, *choice, area),
        Overlay::Note(written) => {
            let cursor = note::line(pen, written, own, area);
            warn(pen, model, area);
            return Some(cursor);
        }
        Overlay::Save(save) => {
            let cursor = saved::line(pen, model, save, area);
            warn(pen, model, area);
            return Some(cursor);
        }
        Overlay::Contexts(choice) => contexts::draw(pen, model, *choice, area),
        Overlay::Saved(choice) => saved_choice::draw(pen, model, choice, now, area),
        Overlay::Arm(arming) => {
            return arming::draw(pen, arming, &model.session.label, own, area);
        }
        Overlay::Form(open) => return form::draw(pen, open, own, area),
        Overlay::Secret(note) => form::secret(pen, note, own, area),
    }
    None
}

/// What went wrong with a line that is being typed, where its hint stands: the line lies upon the news.
fn warn(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let bad = model.toast.as_ref();
    let Some(toast) = bad.filter(|toast| toast.level != Level::Info) else {
        return;
    };
    let line = row(area, area.height - 1);
    pen.clear(line);
    pen.text(line.x, line.y, line.width, &toast.text, Role::LevelWarn);
}

/// The prompt, in the last two rows.
fn prompt_line(pen: &mut Pen<'_>, prompt: &Prompt, own: Within<'_>, area: Rect) -> Position {
    let (name, does, what) = match prompt.wanted {
        Wanted::File => (
            "write to:",
            "writes it",
            "a new .ndjson .json .csv .tsv .txt .sh",
        ),
        Wanted::Command => ("| ", "runs it", "a command of your shell"),
    };
    let count = format::count(prompt.rows.len() as u64);
    let (takes, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
    let hint = format!("{count} rows; {takes} {does}, {leaves} leaves; {what}");
    typed::draw(pen, name, &prompt.line, (&hint, Role::Muted), area)
}

/// One row of an area.
const fn row(area: Rect, index: u16) -> Rect {
    Rect {
        y: area.y + index,
        height: 1,
        ..area
    }
}

fn too_small(pen: &mut Pen<'_>) {
    let area = pen.area();
    let (columns, rows) = SMALLEST;
    let lines = [
        format!("need {columns}x{rows}, have {}x{}", area.width, area.height),
        "hookyard delivery list".to_owned(),
        "works at any size".to_owned(),
    ];
    let top = area.height.saturating_sub(3) / 2;
    for (index, line) in (0_u16..).zip(&lines) {
        let left = area.width.saturating_sub(paint::columns(line)) / 2;
        let role = if index == 0 {
            Role::Strong
        } else {
            Role::Muted
        };
        pen.text(left, top + index, area.width, line, role);
    }
}
