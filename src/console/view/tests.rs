//! What the screens look like where a test has to set up exactly what they show; `gallery` has every view as recorded.

use std::time::Duration;

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::Skin;
use super::screen::draw;
use crate::api::delivery::DeliveryView;
use crate::api::endpoint::RateLimitBody;
use crate::api::operator::OperatorView;
use crate::api::page::Page;
use crate::api::stream::{Change, LogNews, StreamFrame};
use crate::console::app::model::Model;
use crate::console::app::msg::{Answer, Call, Cmd, Msg};
use crate::console::app::samples::{
    at, connected, deliveries, delivery, endpoint, hello, hello_at, model, no_rows, press, serve,
};
use crate::console::app::times::Times;
use crate::console::app::update::update;
use crate::console::options::TerminalTraits;
use crate::console::theme::{Shelf, Theme};

/// A skin of sixteen colours.
pub(crate) fn skin(ascii: bool) -> Skin {
    let traits = TerminalTraits {
        locale: Some("C.UTF-8".into()),
        ..TerminalTraits::default()
    };
    Skin {
        theme: Theme::find(Some("ansi16"), Shelf::new(None), &traits).unwrap(),
        ascii,
        times: Times::default(),
    }
}

pub(crate) fn buffer(model: &Model, millis: u64, ascii: bool) -> Buffer {
    let (columns, rows) = model.terminal;
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let skin = Skin {
        times: model.times.clone(),
        ..skin(ascii)
    };
    draw(model, at(millis), &skin, &mut buffer);
    buffer
}

/// The screen as text, its trailing blanks cut.
pub(crate) fn screen(model: &Model, millis: u64) -> String {
    text(&buffer(model, millis, false))
}

pub(crate) fn text(buffer: &Buffer) -> String {
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut covered = 0;
        for x in 0..buffer.area.width {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            covered = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn sized(columns: u16, rows: u16) -> Model {
    let mut model = connected(false);
    update(&mut model, at(0), Msg::Resized(columns, rows));
    model
}

fn inspector(columns: u16, rows: u16) -> Model {
    let mut model = sized(columns, rows);
    let cmds = press(&mut model, 0, "j j j j j enter");
    serve(&mut model, 50, cmds);
    model
}

#[test]
fn a_test_delivery_is_marked_in_the_list() {
    let mut model = connected(false);
    let tested = DeliveryView {
        test: true,
        ..delivery(21)
    };
    let change = Change {
        deliveries: vec![tested.clone()],
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(50), Msg::Frame(Box::new(frame)));
    let mark = format!("test {}", &tested.event_type.as_str()[..8]);
    assert!(!screen(&connected(false), 50).contains(&mark));
    let shown = screen(&model, 50);
    assert!(shown.contains(&mark), "{shown}");
}

#[test]
fn deliveries_held_with_a_row_selected() {
    let mut model = connected(true);
    press(&mut model, 0, "j j");
    let change = Change {
        deliveries: vec![delivery(20), delivery(21)],
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(50), Msg::Frame(Box::new(frame)));
    assert_snapshot!(screen(&model, 50));
}

/// The view behind a key, with its rows.
fn view(columns: u16, rows: u16, keys: &str) -> String {
    let mut model = sized(columns, rows);
    let cmds = press(&mut model, 0, keys);
    serve(&mut model, 50, cmds);
    let shown = screen(&model, 1_000);
    format!("{columns}x{rows} {keys}\n{shown}")
}

#[test]
fn pulse_at_five_sizes() {
    let views = [(40, 8), (60, 15), (80, 24), (120, 30), (160, 48)]
        .map(|(columns, rows)| view(columns, rows, "1"));
    assert_snapshot!(views.join("\n\n"));
}

#[test]
fn pulse_of_a_yard_in_which_all_is_well() {
    let mut model = model(false);
    let cmds = update(&mut model, at(0), Msg::Started);
    assert_eq!(cmds, [Cmd::OpenStream]);
    assert_snapshot!(screen(&model, 0));
}

#[test]
fn the_log_at_five_sizes_held_and_with_words() {
    let mut views = [(40, 8), (60, 15), (80, 24), (120, 30), (160, 48)]
        .map(|(columns, rows)| view(columns, rows, "8"))
        .to_vec();
    let mut model = sized(80, 24);
    let cmds = press(&mut model, 0, "8 j j");
    serve(&mut model, 50, cmds);
    let change = Change {
        log: Some(LogNews {
            newest: 30,
            newest_warning: 17,
        }),
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(100), Msg::Frame(Box::new(frame)));
    press(&mut model, 200, "j");
    views.push(screen(&model, 300));
    press(&mut model, 400, "/ e r r o r enter");
    views.push(screen(&model, 500));
    assert_snapshot!(views.join("\n\n"));
}

/// A console that was told who is there: name, door, consoles.
fn in_company(columns: u16, operators: &[(&str, &str, u32)]) -> Model {
    let mut model = sized(columns, 24);
    let view = |(who, via, consoles): &(&str, &str, u32)| OperatorView {
        who: (*who).to_owned(),
        via: (*via).to_owned(),
        since: at(0).wall,
        consoles: *consoles,
    };
    let change = Change {
        operators: Some(operators.iter().map(view).collect()),
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(50), Msg::Frame(Box::new(frame)));
    model
}

fn header(model: &Model) -> String {
    let shown = screen(model, 60);
    shown.lines().next().unwrap().to_owned()
}

#[test]
fn who_else_is_attached_stands_in_the_header_and_nothing_does_for_whoever_is_alone() {
    let both = [("bo", "tcp", 1), ("anna", "socket", 1)];
    let narrow = header(&in_company(80, &both));
    assert!(narrow.ends_with("  anna +1 online"), "{narrow}");
    let wide = header(&in_company(160, &both));
    assert!(wide.ends_with("  anna, bo online"), "{wide}");
    let twice = [("anna", "socket", 1), ("anna", "tcp", 2), ("bo", "tcp", 1)];
    let wide = header(&in_company(160, &twice));
    assert!(wide.ends_with("  anna x3, bo online"), "{wide}");
    let many = ["a", "b", "c", "d", "e", "anna"].map(|name| (name, "tcp", 1));
    let wide = header(&in_company(160, &many));
    assert!(wide.ends_with("  anna, a, b, c +2 online"), "{wide}");
    let alone = header(&in_company(160, &[("anna", "socket", 1)]));
    assert_eq!(alone, header(&sized(160, 24)));

    let mut down = in_company(80, &both);
    update(&mut down, at(100), Msg::StreamLost("gone".into()));
    let shown = screen(&down, 110);
    assert!(
        !shown.contains("online"),
        "who is there is not known: {shown}"
    );
}

#[test]
fn notes_are_shown_where_there_are_some_and_written_in_a_line() {
    let mut model = sized(80, 24);
    let cmds = press(&mut model, 0, "3 j j");
    serve(&mut model, 50, cmds);
    let of_endpoint = screen(&model, 100);
    let news = of_endpoint.lines().nth(22).unwrap();
    assert!(
        news.contains("  notes 1, 14:03:22 bo: told them"),
        "{of_endpoint}"
    );
    let mut model = inspector(80, 24);
    let shown = screen(&model, 100);
    assert!(
        shown.contains(" notes    1, 14:03:22 bo: told them, they look into it"),
        "{shown}"
    );
    press(&mut model, 200, "a t o l d");
    let typing = screen(&model, 300);
    press(&mut model, 400, "space");
    for _ in 0..90 {
        press(&mut model, 400, "x");
    }
    press(&mut model, 500, "e n d");
    let long = screen(&model, 600);
    let last = |screen: &str| {
        let lines: Vec<&str> = screen.lines().collect();
        lines[lines.len() - 2..].join("\n")
    };
    assert_snapshot!([last(&typing), last(&long)].join("\n"));
}

#[test]
fn the_dialog_of_a_replay_and_of_a_discard() {
    let views = [(80, 24), (60, 15)].map(|(columns, rows)| {
        let mut model = sized(columns, rows);
        let cmds = press(&mut model, 0, "5");
        serve(&mut model, 50, cmds);
        let cmds = press(&mut model, 100, "R");
        let waiting = screen(&model, 150);
        serve(&mut model, 200, cmds);
        press(&mut model, 1_000, "2 1 enter");
        let replay = screen(&model, 1_100);
        press(&mut model, 1_200, "esc");
        let cmds = press(&mut model, 1_300, "X");
        serve(&mut model, 1_400, cmds);
        format!("{waiting}\n\n{replay}\n\n{}", screen(&model, 2_000))
    });
    assert_snapshot!(views.join("\n\n"));
}

#[test]
fn too_small_a_screen_says_what_it_needs() {
    assert_snapshot!(screen(&sized(30, 7), 0));
    for size in [(1, 1), (0, 0), (39, 50), (200, 1)] {
        screen(&sized(size.0, size.1), 0);
    }
}

#[test]
fn ascii_glyphs_are_ascii() {
    let mut model = connected(false);
    for keys in ["f", "3", "T", "esc", "2", "j enter", "?"] {
        let cmds = press(&mut model, 1_000, keys);
        serve(&mut model, 1_500, cmds);
        let shown = text(&buffer(&model, 1_500, true));
        assert!(shown.is_ascii(), "{keys}: {shown}");
    }
}

#[test]
fn an_empty_list_says_what_to_do() {
    let mut empty = model(false);
    update(&mut empty, at(0), Msg::Started);
    let first = screen(&empty, 0);
    let cmds = update(&mut empty, at(0), hello());
    for cmd in cmds {
        if let Cmd::Call(request, Call::Deliveries { .. }) = cmd {
            let page = no_rows();
            let answer = Answer::Deliveries(page);
            update(
                &mut empty,
                at(0),
                Msg::Answered(request, None, Box::new(Ok(answer))),
            );
        }
    }
    assert_snapshot!(format!("{first}\n\n{}", screen(&empty, 0)));
}

#[test]
fn a_bad_filter_has_a_caret_under_its_place() {
    let mut model = connected(false);
    press(&mut model, 0, "/ s t a t e : d e d space e p : a");
    assert_snapshot!(screen(&model, 200));
}

#[test]
fn the_caret_stays_on_the_screen_in_a_long_filter() {
    for columns in [40, 60, 80] {
        let mut model = sized(columns, 15);
        press(&mut model, 0, "/");
        for _ in 0..40 {
            press(&mut model, 10, "s t a t e : d e d space");
            screen(&model, 10);
        }
        press(&mut model, 10, "home");
        screen(&model, 10);
    }
}

#[test]
fn a_lost_connection_is_told_in_words_and_its_return_leaves_a_gap_row() {
    let mut model = connected(false);
    update(
        &mut model,
        at(1_000),
        Msg::StreamLost(
            "service at /run/hookyard.sock is not reachable: connection refused".into(),
        ),
    );
    let down = screen(&model, 1_000);
    update(&mut model, at(9_000), Msg::Tick);
    let cmds = update(&mut model, at(9_500), hello_at(9_500));
    for cmd in cmds {
        if let Cmd::Call(request, Call::Deliveries { .. }) = cmd {
            let page = Page {
                items: vec![delivery(9)],
                next: Some("c".into()),
                searched: None,
            };
            let answer = Answer::Deliveries(page);
            update(
                &mut model,
                at(9_500),
                Msg::Answered(request, None, Box::new(Ok(answer))),
            );
        }
    }
    let back = screen(&model, 9_500);
    let stale = screen(&model, 24_500);
    let stale = stale.lines().next().unwrap();
    assert_snapshot!(format!("{down}\n\n{back}\n\n{stale}"));
}

#[test]
fn inspector_tabs() {
    let mut model = inspector(80, 24);
    let summary = screen(&model, 50);
    let mut tabs = vec![summary];
    for _ in 0..6 {
        let cmds = press(&mut model, 100, "l");
        serve(&mut model, 110, cmds);
        tabs.push(screen(&model, 110));
    }
    assert_snapshot!(tabs.join("\n\n"));
}

#[test]
fn a_wide_inspector_has_request_and_response_beside_its_summary() {
    let mut model = inspector(80, 24);
    let cmds = update(&mut model, at(60), Msg::Resized(160, 48));
    serve(&mut model, 70, cmds);
    let wide = screen(&model, 80);
    let cmds = update(&mut model, at(90), Msg::Resized(140, 30));
    serve(&mut model, 95, cmds);
    press(&mut model, 100, "K");
    assert_snapshot!([wide, screen(&model, 110)].join("\n\n"));
}

#[test]
fn an_inspector_scrolls_no_further_than_its_text() {
    let mut model = inspector(60, 15);
    press(&mut model, 100, "G");
    let end = screen(&model, 200);
    assert!(end.contains("att_"), "{end}");
    press(&mut model, 300, "g g");
    assert!(screen(&model, 400).contains("why"));
}

#[test]
fn endpoints_at_80x24_and_160x48() {
    let mut model = connected(false);
    press(&mut model, 0, "3 j");
    let narrow = screen(&model, 20);
    update(&mut model, at(20), Msg::Resized(160, 12));
    press(&mut model, 20, "o");
    let low = screen(&model, 20);
    let wide = view(160, 48, "3");
    assert_snapshot!([narrow, low, wide].join("\n\n"));
}

#[test]
fn the_tree_of_an_event_stands_below_a_small_list() {
    let mut model = sized(80, 24);
    let cmds = press(&mut model, 0, "4 z");
    serve(&mut model, 50, cmds);
    assert_snapshot!(screen(&model, 100));
}

#[test]
fn a_certificate_near_its_end_and_a_limit_that_is_reached_are_marked() {
    let mut model = connected(false);
    let mut near = endpoint(4, "billing-prod");
    let wall = at(0).wall;
    near.health.certificate_expires_at = Some(wall + Duration::from_hours(24 * 6 + 1));
    near.health.rate_limited = true;
    near.health.held_back_1h = 1_240;
    near.rate_limit = Some(RateLimitBody {
        requests: 60,
        per: "1m".into(),
    });
    let mut far = endpoint(2, "crm-sync");
    far.health.certificate_expires_at = Some(wall + Duration::from_hours(24 * 22));
    update(
        &mut model,
        at(10),
        Msg::Frame(Box::new(StreamFrame::Change(Box::new(Change {
            endpoints: vec![near, far],
            ..Change::default()
        })))),
    );
    update(&mut model, at(20), Msg::Resized(160, 12));
    press(&mut model, 20, "3 G o");
    let shown = screen(&model, 30);
    let row = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(row("billing-prod").contains("✓ ok       6d"), "{shown}");
    assert!(row("billing-prod").contains("at limit"), "{shown}");
    assert!(row("crm-sync").contains("✓ ok       -"), "{shown}");
    press(&mut model, 40, "k");
    let shown = format!("{shown}\n{}", screen(&model, 50));
    let about = "limit 60 per 1m, waiting for it, 1,240 held back in 1h  certificate runs out in 6 days, at 2026-11-2";
    assert!(shown.contains(about), "{shown}");
    assert!(shown.contains("egress 203.0.113.7"), "{shown}");
}

#[test]
fn an_unfinished_key_shows_how_it_goes_on() {
    let mut model = connected(false);
    press(&mut model, 0, "g");
    let shown = screen(&model, 30);
    assert!(
        shown.contains("g -  g first row  p pulse  d deliveries  e endpoints  x dead  r replays"),
        "{shown}"
    );
}

#[test]
fn states_are_told_by_glyph_and_word_and_role() {
    let skin = skin(false);
    let mut seen = Vec::new();
    for row in deliveries() {
        let shown = super::state::of_delivery(&skin, &row);
        assert!(!shown.word.is_empty() && !shown.glyph.is_empty());
        assert!(
            !seen
                .iter()
                .any(|(word, glyph)| *word == shown.word || *glyph == shown.glyph)
        );
        seen.push((shown.word, shown.glyph));
    }
}

#[test]
fn what_waits_behind_a_breaker_is_not_said_to_be_next() {
    let mut model = connected(false);
    let mut broken = endpoint(1, "partner-acme");
    broken.health.breaker = "open".into();
    let change = Change {
        endpoints: vec![broken],
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(50), Msg::Frame(Box::new(frame)));
    let shown = screen(&model, 60);
    assert_eq!(shown.matches(" breaker").count(), 2, "{shown}");
}

#[test]
fn forms_of_endpoints() {
    let mut model = sized(80, 24);
    let cmds = press(&mut model, 100, "3 +");
    serve(&mut model, 150, cmds);
    press(&mut model, 200, "h t t p s tab a c m e tab right tab space");
    let create = screen(&model, 300);
    press(&mut model, 400, "esc j E");
    let edit = screen(&model, 500);
    let mut model = sized(60, 15);
    let cmds = press(&mut model, 100, "3 K enter s e c enter");
    serve(&mut model, 150, cmds);
    let rotate = screen(&model, 200);
    // It is deaf at first.
    let cmds = press(&mut model, 600, "enter");
    serve(&mut model, 650, cmds);
    let secret = screen(&model, 700);
    assert_snapshot!([create, edit, rotate, secret].join("\n\n"));
}

#[test]
fn a_filter_being_typed_offers_what_could_stand_there() {
    let mut model = sized(80, 24);
    press(&mut model, 100, "/ s t a");
    let fields = screen(&model, 200);
    press(&mut model, 300, "tab ctrl-w e p : tab tab");
    let values = screen(&model, 400);
    let last = |screen: &str| {
        let lines: Vec<&str> = screen.lines().collect();
        lines[lines.len() - 2..].join("\n")
    };
    assert_snapshot!([last(&fields), last(&values)].join("\n"));
}

#[test]
fn words_of_a_list_stand_in_its_title() {
    let mut model = sized(80, 24);
    let cmds = press(&mut model, 100, "7");
    serve(&mut model, 150, cmds);
    press(&mut model, 200, "/ r e p l a y");
    let typing = screen(&model, 300);
    press(&mut model, 400, "x enter");
    let none = screen(&model, 500);
    assert_snapshot!([typing, none].join("\n\n"));
}

#[test]
fn a_cause_that_nobody_fails_for_any_more_says_so() {
    let mut model = sized(80, 24);
    let cmds = press(&mut model, 100, "1 j j j enter");
    for cmd in cmds {
        if let Cmd::Call(request, Call::Deliveries { .. }) = cmd {
            let page = Answer::Deliveries(no_rows());
            update(
                &mut model,
                at(200),
                Msg::Answered(request, None, Box::new(Ok(page))),
            );
        }
    }
    let shown = screen(&model, 300);
    assert!(shown.contains("they were tried again since"), "{shown}");
}

#[test]
fn a_selected_delivery_is_previewed_where_there_is_room() {
    let mut wide = sized(160, 30);
    let cmds = press(&mut wide, 100, "j j j");
    serve(&mut wide, 200, cmds);
    let mut tall = sized(80, 42);
    let cmds = press(&mut tall, 100, "j j j");
    serve(&mut tall, 200, cmds);
    assert_snapshot!([screen(&wide, 300), screen(&tall, 300)].join("\n\n"));
}
