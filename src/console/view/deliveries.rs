//! The list of deliveries.

use ratatui::layout::{Position, Rect};

use super::paint::{Pen, Skin};
use super::rows::{column, not_fetched, not_here_yet, notes, right};
use super::table::{Column, Placed, headings, place};
use super::{bell, columns, filter_line, format, preview, state};
use crate::api::delivery::DeliveryView;
use crate::console::actions::{ActionId, Dialog, Place};
use crate::console::app::deliveries::{Deliveries, Older};
use crate::console::app::model::Model;
use crate::console::app::msg::Now;
use crate::console::app::rows::{Gap, RowLine};
use crate::console::app::rung::{BellMark, Belled};
use crate::console::theme::Role;

/// The columns from left to right; those of higher rank go first when it gets narrow.
pub(super) const COLUMNS: [Column; 11] = [
    column("TIME", 12, 12, 3),
    column("STATE", 11, 11, 0),
    column("RESULT", 8, 8, 1),
    column("ENDPOINT", 12, 32, 0),
    column("EVENT", 14, 32, 0),
    right("TRY", 3, 2),
    right("LAT", 5, 6),
    right("NEXT", 8, 4),
    right("LAST", 8, 8),
    column("EVENT ID", 17, 17, 9),
    column("ID", 6, 17, 7),
];

/// Draws it; gives the cursor's place while the filter is being typed.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    model: &Model,
    now: Now,
    list: &Deliveries,
    area: Rect,
) -> Option<Position> {
    let area = preview::draw(pen, model, now, list, area);
    title(pen, model, list, area);
    let columns = columns::shown(model, Place::Deliveries);
    let placed = place(&columns, area.width);
    headings(pen, &columns, &placed, area.x, area.y + 1);
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    if list.rows.len() == 0 {
        empty(pen, model, list, body);
    }
    let height = usize::from(body.height);
    let lines: Vec<RowLine<'_>> = match list.sweep.lines() {
        Some(ids) => {
            let rows = ids.iter().filter_map(|id| list.rows.get(*id));
            rows.map(RowLine::Delivery).collect()
        }
        None => list.rows.lines_from(list.offset).take(height).collect(),
    };
    for (y, line) in (body.top()..body.bottom()).zip(lines) {
        let line_area = Rect {
            y,
            height: 1,
            ..body
        };
        match line {
            RowLine::Gap(gap) => gap_row(pen, gap, line_area),
            RowLine::Delivery(delivery) => {
                for column in &placed {
                    let (text, role) = cell(pen, model, now, delivery, columns[column.index].title);
                    let x = body.x + column.x;
                    if columns[column.index].right {
                        pen.right(x, y, column.width, &text, role);
                    } else {
                        pen.text(x, y, column.width, &text, role);
                    }
                }
                if let Some(mark) = model.bells.mark(Belled::Delivery(delivery.id)) {
                    let behind = placed.first().map_or(0, |first| first.width);
                    bell::draw(pen, mark, (body.x + behind, y));
                }
                if list.marks.has(delivery.id) {
                    let mark = pen.skin().glyph("●", "*");
                    pen.text(beside_last(&placed, body), y, 1, mark, Role::Mark);
                }
                if list.cursor == Some(delivery.id) {
                    pen.shade(line_area, Role::Cursor);
                }
            }
        }
    }
    seam(pen, list, &placed, body);
    list.input
        .as_ref()
        .map(|input| filter_line::draw(pen, input, model.keys.within(Dialog::Filter), body))
}

/// The space before the last column, where a mark hides nothing; where there is but one column, its end.
fn beside_last(placed: &[Placed], body: Rect) -> u16 {
    let before = placed.last().and_then(|last| last.x.checked_sub(1));
    before.map_or(body.right().saturating_sub(1), |x| body.x + x)
}

/// Marks the newest row of a list that is swept: from there on down rows get older.
fn seam(pen: &mut Pen<'_>, list: &Deliveries, placed: &[Placed], body: Rect) {
    if list.sweep.lines().is_some() {
        let y = body.y + u16::try_from(list.sweep.newest()).unwrap_or(0);
        let mark = pen.skin().glyph("◂", "<");
        pen.text(beside_last(placed, body), y, 1, mark, Role::Accent);
    }
}

/// What a delivery has to say under a heading, here and wherever else deliveries are listed.
pub(super) fn cell(
    pen: &Pen<'_>,
    model: &Model,
    now: Now,
    delivery: &DeliveryView,
    column: &str,
) -> (String, Role) {
    let skin = pen.skin();
    match column {
        "TIME" => (
            pen.skin().times.exact(now.wall, delivery.created_at),
            Role::Muted,
        ),
        "STATE" => {
            let shown = state::of_delivery(skin, delivery);
            (format!("{} {}", shown.glyph, shown.word), shown.role)
        }
        "RESULT" => {
            let (text, _, role) =
                state::of_result(skin, delivery.last_status, delivery.last_class.as_deref());
            (text, role)
        }
        "ENDPOINT" => (model.endpoint_name(delivery), Role::Text),
        "EVENT" if delivery.test => (format!("test {}", delivery.event_type), Role::Muted),
        "EVENT" => (delivery.event_type.to_string(), Role::Text),
        "TRY" => (delivery.attempts.to_string(), Role::Text),
        "LAT" => (
            delivery
                .last_latency_us
                .map_or_else(|| "-".to_owned(), format::micros),
            Role::Muted,
        ),
        "NEXT" => next(skin, model, now, delivery),
        "LAST" => (
            delivery
                .last_attempt_at
                .map_or_else(|| "-".to_owned(), |at| pen.skin().times.near(now.wall, at)),
            Role::Muted,
        ),
        "EVENT ID" => (delivery.event_id.to_string(), Role::Muted),
        "ID" => (format::short_id(delivery.id), Role::Muted),
        _ => (String::new(), Role::Text),
    }
}

/// When the next attempt is due, absolutely: a countdown would redraw every row each second.
fn next(skin: &Skin, model: &Model, now: Now, delivery: &DeliveryView) -> (String, Role) {
    let endpoint = model.data.endpoints.get(&delivery.endpoint_id);
    let breaker = endpoint.map(|endpoint| &*endpoint.health.breaker);
    match (delivery.state.as_str(), delivery.next_attempt_at) {
        // What is due now, or what the endpoint's breaker does, says nothing of then.
        ("pending", Some(at)) if model.data.rewound.is_some() => {
            (skin.times.near(now.wall, at), Role::StateRetrying)
        }
        (_, None) if model.data.rewound.is_some() => ("-".to_owned(), Role::Muted),
        ("pending", _) if matches!(breaker, Some("open" | "half-open")) => {
            ("breaker".to_owned(), Role::StateDead)
        }
        ("pending", Some(at)) if at > now.wall => {
            (skin.times.near(now.wall, at), Role::StateRetrying)
        }
        ("pending", _) => ("now".to_owned(), Role::StateInflight),
        _ => ("-".to_owned(), Role::Muted),
    }
}

fn title(pen: &mut Pen<'_>, model: &Model, list: &Deliveries, area: Rect) {
    let mut x = area.x;
    let right = area.right();
    let mut put = |pen: &mut Pen<'_>, text: &str, role: Role, room: u16| {
        let room = room.min(right.saturating_sub(x));
        let used = pen.text(x, area.y, room, text, role);
        if used > 0 {
            x += used + 2;
        }
    };
    put(pen, "Deliveries", Role::Strong, area.width);
    if let Some(title) = &list.title {
        put(pen, &format!("of {title}"), Role::Accent, 30);
    }
    if list.filter != list.base_filter || (list.title.is_none() && !list.filter.is_empty()) {
        let room = area.width / 2;
        put(pen, &format!("/{}", list.filter), Role::Match, room);
    }
    if model.data.rewound.is_some() {
        put(pen, "PAST", Role::LevelWarn, area.width);
    } else if list.follows() {
        put(pen, "FOLLOW", Role::StateOk, area.width);
    } else {
        let waiting = list.waiting.len();
        let held = if waiting > 0 {
            format!("HELD +{} new", format::count(waiting as u64))
        } else {
            "HELD".to_owned()
        };
        put(pen, &held, Role::StatePaused, area.width);
    }
    if let Some(by) = list.rows.sorting() {
        put(pen, &by.in_words(), Role::Accent, area.width);
    }
    if model.bells.is_on_filter(&list.filter) {
        let text = format!("{} bell", bell::glyph(pen.skin(), BellMark::Set));
        put(pen, &text, Role::LevelWarn, area.width);
    }
    if !list.marks.is_empty() {
        put(pen, &list.marks.in_words(), Role::Mark, area.width);
    }
    let more = match list.older {
        Older::From(_) | Older::Cut | Older::Unknown => "+",
        Older::End => "",
    };
    let loaded = format::count(list.rows.len() as u64);
    put(
        pen,
        &format!("{loaded}{more} loaded"),
        Role::Muted,
        area.width,
    );
    if let Some(counted) = list.matching() {
        let more = if counted.exact { "" } else { "+" };
        let text = format!("{}{more} match", format::count(counted.count));
        put(pen, &text, Role::Text, area.width);
    }
    if let Some(searched) = &list.searched {
        let limit = if searched.limited {
            ", older ones left out"
        } else {
            ""
        };
        let text = format!("searched {} rows{limit}", format::count(searched.rows));
        put(pen, &text, Role::LevelWarn, area.width);
    }
    if let Some(error) = &list.error {
        put(pen, error, Role::LevelError, area.width);
    }
}

fn empty(pen: &mut Pen<'_>, model: &Model, list: &Deliveries, body: Rect) {
    let filtered = !list.filter.is_empty();
    if let Some(error) = &list.error {
        return notes(pen, body, &not_fetched(model, error, body.width));
    }
    if !list.loaded {
        return notes(pen, body, &not_here_yet(model));
    }
    if model.data.rewound.is_some() {
        return notes(pen, body, &["No delivery was like that then."]);
    }
    if filtered && list.filter == list.base_filter {
        let why = match list.filter.starts_with("cause:") {
            true => {
                "The latest attempt of none failed for this cause: they were tried again since."
            }
            false => "No delivery of it is left.",
        };
        let back = format!("{} goes back.", model.key(ActionId::Back));
        return notes(pen, body, &[why, &back]);
    }
    if filtered {
        let (clear, change) = (model.key(ActionId::Back), model.key(ActionId::Filter));
        let remedy = format!("{clear} clears the filter, {change} changes it.");
        return notes(pen, body, &["No delivery matches.", &remedy]);
    }
    let lines = [
        "No deliveries yet.",
        "hookyard endpoint create URL     makes an endpoint",
        "hookyard event publish --type T  publishes an event",
    ];
    notes(pen, body, &lines);
}

fn gap_row(pen: &mut Pen<'_>, gap: Gap, area: Rect) {
    let text = match gap {
        Gap::Outage(outage) => format!(
            " no connection {} to {}: rows from here on may be missing or old ",
            pen.skin().times.of_day(outage.from),
            pen.skin().times.of_day(outage.to)
        ),
        Gap::Missed => " more came than was listed: rows are missing here ".to_owned(),
    };
    pen.rule(area.x, area.y, area.width);
    pen.text(
        area.x + 2,
        area.y,
        area.width.saturating_sub(4),
        &text,
        Role::LevelWarn,
    );
}

#[cfg(test)]
mod tests {
    use crate::console::app::samples::{connected, press};
    use crate::console::view::tests::screen;

    #[test]
    fn a_mark_stands_before_the_last_column_and_hides_nothing() {
        let mut model = connected(false);
        press(&mut model, 0, "2 j j j j j");
        let bare = screen(&model, 100);
        press(&mut model, 110, "space");
        let marked = screen(&model, 200);
        let row = |shown: &str| {
            let row = shown.lines().find(|line| line.contains("retrying"));
            row.map(str::to_owned).unwrap_or_default()
        };
        assert!(row(&bare).ends_with(" 14:04:02"), "{bare}");
        assert!(row(&marked).ends_with("●14:04:02"), "{marked}");
        assert_eq!(row(&marked).replace('●', " "), row(&bare));
    }
}
