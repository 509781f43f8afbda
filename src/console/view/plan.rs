//! The dialog before many deliveries are replayed or discarded.

use ratatui::layout::{Position, Rect};

use super::format;
use super::paint::{Pen, wrap_words};
use super::typed;
use super::window::{self, Height};
use crate::api::replay::PlanView;
use crate::console::actions::Inside;
use crate::console::app::line::Line;
use crate::console::app::msg::Now;
use crate::console::app::plan::{Field, Intent, PlanDialog, Stage};
use crate::console::keys::Within;
use crate::console::theme::Role;
use crate::domain::escape;

/// The widest the dialog gets.
const WIDTH_MAX: u16 = 80;
/// The columns of what a line is about.
const NAME: u16 = 11;
/// The columns of what is filled in, where the hint stands beside it.
const VALUE: u16 = 40;
/// Lines that a list in it may take.
const LISTED_MAX: usize = 3;

/// Draws it; gives the place of the cursor.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    dialog: &PlanDialog,
    own: Within<'_>,
    now: Now,
    area: Rect,
) -> Option<Position> {
    let width = area.width.min(WIDTH_MAX);
    let inner = width.saturating_sub(4 + NAME);
    let facts = facts(dialog, own, now, inner);
    let fields = dialog.fields();
    let wanted = facts.len() + fields.len() + 4;
    let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height);
    let rect = window::open(pen, area, (width, height), Height::Third);
    pen.text(
        rect.x + 2,
        rect.y,
        width.saturating_sub(4),
        &title(dialog),
        Role::Strong,
    );
    // A small screen shows the lines around the one that has the keys, and what is selected.
    let listed = dialog.plan().map_or(0, |_| fields.len());
    let rows = listed.min(usize::from(height.saturating_sub(4)).max(1));
    let at = fields.iter().position(|field| *field == dialog.field);
    let skipped = (at.unwrap_or(0) + 1).saturating_sub(rows);
    let rows_for_fields = u16::try_from(rows).unwrap_or(0) + 1;
    let rows_for_facts = height.saturating_sub(rows_for_fields + 2);
    for (row, (name, text, role)) in (0..rows_for_facts).zip(&facts) {
        let y = rect.y + 1 + row;
        pen.text(rect.x + 2, y, NAME - 1, name, Role::Muted);
        pen.text(rect.x + 2 + NAME, y, inner, text, *role);
    }
    let mut cursor = None;
    let first = rect.bottom().saturating_sub(rows_for_fields + 1);
    if dialog.plan().is_some() {
        for (y, field) in (first..).zip(fields.iter().skip(skipped).take(rows)) {
            let line = Rect {
                x: rect.x + 2,
                y,
                width: width.saturating_sub(4),
                height: 1,
            };
            cursor = cursor.or(draw_field(pen, dialog, own, now, *field, line));
        }
    }
    last_line(pen, dialog, own, rect);
    cursor
}

fn title(dialog: &PlanDialog) -> String {
    let verb = match dialog.intent {
        Intent::Replay => "Replay",
        Intent::Discard => "Discard",
    };
    match dialog.plan() {
        None => format!(" {verb} "),
        Some(plan) => format!(
            " {verb} {} deliveries   {} on {} ",
            format::count(plan.matched),
            plan.id,
            dialog.label
        ),
    }
}

type Fact = (&'static str, String, Role);

/// What there is to know, a line each.
fn facts(dialog: &PlanDialog, own: Within<'_>, now: Now, width: u16) -> Vec<Fact> {
    let mut facts = Vec::new();
    add(&mut facts, width, "selected", &dialog.title, Role::Text);
    if dialog.title != dialog.filter {
        add(&mut facts, width, "", &dialog.filter, Role::Muted);
    }
    match &dialog.stage {
        Stage::Planning => add(
            &mut facts,
            width,
            "plan",
            "the service freezes the set …",
            Role::Muted,
        ),
        Stage::Failed(reason) => {
            add(&mut facts, width, "no plan", reason, Role::LevelError);
            let (again, leaves) = (own.key(Inside::Take), own.key(Inside::Leave));
            let hint = format!("{again} tries again, {leaves} goes back");
            add(&mut facts, width, "", &hint, Role::Muted);
        }
        Stage::Planned(plan) | Stage::Starting(plan) => {
            of_plan(&mut facts, dialog, plan, now, width)
        }
    }
    facts
}

fn add(facts: &mut Vec<Fact>, width: u16, name: &'static str, text: &str, role: Role) {
    let shown = escape::line(text);
    for (index, line) in wrap_words(&shown, width)
        .into_iter()
        .take(LISTED_MAX)
        .enumerate()
    {
        facts.push((if index == 0 { name } else { "" }, line, role));
    }
}

fn of_plan(facts: &mut Vec<Fact>, dialog: &PlanDialog, plan: &PlanView, now: Now, width: u16) {
    let near = |at: Option<_>| at.map_or_else(|| "-".to_owned(), |at| format::near(now.wall, at));
    let set = format!(
        "{} frozen, {}, created {} to {}, sha256 {}",
        format::count(plan.matched),
        format::bytes(plan.bytes),
        near(plan.oldest),
        near(plan.newest),
        plan.hash.get(..8).unwrap_or_default()
    );
    if let Some(filter) = &plan.stands_for {
        add(facts, width, "stands for", filter, Role::Text);
    }
    add(facts, width, "set", &set, Role::Text);
    if plan.left_out > 0 {
        let text = format!(
            "{} matched and cannot be replayed: no endpoint or no payload any more",
            format::count(plan.left_out)
        );
        add(facts, width, "left out", &text, Role::LevelWarn);
    }
    for warning in &plan.warnings {
        add(facts, width, "warning", warning, Role::LevelWarn);
    }
    let spread: Vec<String> = plan
        .endpoints
        .iter()
        .take(LISTED_MAX)
        .map(|endpoint| {
            let id = || endpoint.id.to_string();
            let name = endpoint.name.clone().unwrap_or_else(id);
            format!("{name} {}", format::count(endpoint.count))
        })
        .collect();
    let listed = spread.len();
    let others = plan.endpoints.len() as u64 + plan.endpoints_unlisted - listed as u64;
    let more = if others > 0 {
        format!(", {} more", format::count(others))
    } else {
        String::new()
    };
    add(
        facts,
        width,
        "endpoints",
        &format!("{}{more}", spread.join(", ")),
        Role::Text,
    );
    if plan.already_delivered > 0 && dialog.intent == Intent::Replay {
        let text = format!(
            "{} are delivered already",
            format::count(plan.already_delivered)
        );
        add(facts, width, "", &text, Role::Text);
    }
    if dialog.intent == Intent::Discard {
        let text = "discarded deliveries are not sent unless somebody replays them";
        add(facts, width, "then", text, Role::LevelWarn);
    }
}

fn draw_field(
    pen: &mut Pen<'_>,
    dialog: &PlanDialog,
    own: Within<'_>,
    now: Now,
    field: Field,
    line: Rect,
) -> Option<Position> {
    let has_keys = dialog.field == field;
    let role = if has_keys { Role::Accent } else { Role::Muted };
    let name = match field {
        Field::Rate => "rate",
        Field::Canary => "canary",
        Field::Stop => "stop",
        Field::Skip => "delivered",
        Field::Note => "note",
        Field::Confirm => {
            return confirm_line(pen, dialog, own, now, line);
        }
    };
    pen.text(line.x, line.y, NAME - 1, name, role);
    let room = line.width.saturating_sub(NAME);
    let x = line.x + NAME;
    let eta = dialog.plan().map_or_else(String::new, |plan| {
        format!(
            "such as 50/s or 600/m; at {} it takes {}",
            format::pace(&plan.rate),
            plan.eta
        )
    });
    let (text, hint): (&Line, &str) = match field {
        Field::Rate => (&dialog.rate, &eta),
        Field::Canary => (
            &dialog.canary,
            "go first; the rest only if all of them succeed",
        ),
        Field::Stop => (
            &dialog.stop,
            "stop by itself: share of the last so many that failed",
        ),
        Field::Note => (&dialog.note, "why, for the audit log"),
        Field::Skip | Field::Confirm => {
            let text = if dialog.skip_delivered {
                "[x] left out"
            } else {
                "[ ] sent again"
            };
            let text = format!("{text}   {} changes", own.key(Inside::Toggle));
            pen.text(x, line.y, room, &text, Role::Text);
            return has_keys.then_some(Position {
                x: x + 1,
                y: line.y,
            });
        }
    };
    let place = (x, line.y);
    let (used, at) = typed::field(pen, text, has_keys, place, (room, VALUE));
    let hint_x = x + used.max(8) + 2;
    pen.text(
        hint_x,
        line.y,
        (x + room).saturating_sub(hint_x),
        hint,
        Role::Muted,
    );
    at
}

fn confirm_line(
    pen: &mut Pen<'_>,
    dialog: &PlanDialog,
    own: Within<'_>,
    now: Now,
    line: Rect,
) -> Option<Position> {
    if !dialog.hears(now.elapsed) {
        // What is typed now is not heard; the prompt comes when it is.
        return None;
    }
    let gate = dialog.gate()?;
    let takes = own.key(Inside::Take);
    let prompt = match &dialog.plan()?.matched {
        0 => format!(
            "nothing matches: {takes} or {} goes back",
            own.key(Inside::Leave)
        ),
        _ => format!("Type {} and {takes} to start:", gate.text),
    };
    let has_keys = dialog.field == Field::Confirm;
    let role = if has_keys { Role::Accent } else { Role::Muted };
    let used = pen.text(line.x, line.y, line.width, &prompt, role);
    let x = line.x + used + 1;
    let room = (line.x + line.width).saturating_sub(x);
    let at = typed::text(pen, &dialog.typed, Role::Strong, (x, line.y), room);
    has_keys.then_some(at)
}

/// What is wrong, or what keys do.
fn last_line(pen: &mut Pen<'_>, dialog: &PlanDialog, own: Within<'_>, rect: Rect) {
    if dialog.plan().is_some() {
        let command = format!(" = {} ", dialog.command());
        let room = rect.width.saturating_sub(4);
        pen.text(rect.x + 2, rect.bottom() - 1, room, &command, Role::Muted);
    }
    let y = rect.bottom().saturating_sub(2);
    let (text, role) = match (&dialog.problem, &dialog.stage) {
        (Some(problem), _) => (problem.clone(), Role::LevelError),
        (None, Stage::Starting(_)) => ("starting …".to_owned(), Role::LevelInfo),
        // There is no line yet that could be filled in.
        (None, Stage::Planning | Stage::Failed(_)) => {
            (format!("{} back", own.key(Inside::Leave)), Role::Muted)
        }
        (None, _) => {
            let full = format!(
                "{} fields   {} on the last starts   {} back",
                own.key(Inside::Down),
                own.key(Inside::Take),
                own.key(Inside::Leave)
            );
            let room = rect.width.saturating_sub(4);
            (window::hint(full, own, room), Role::Muted)
        }
    };
    pen.text(rect.x + 2, y, rect.width.saturating_sub(4), &text, role);
}
