//! From view to view: what is found again, and what the first one leads to.

use super::msg::{Call, Cmd, Msg};
use super::samples::{at, begun, calls, connected, list, press, serve};
use super::update::update;
use crate::api::stats::InfoView;
use crate::api::stream::{Change, Hello, LogNews, StreamFrame};
use crate::console::actions::Place;

#[test]
fn the_bar_stays_on_an_endpoint_that_another_order_would_move_from_under_it() {
    for view in ["3", "1"] {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, view);
        serve(&mut model, 10, cmds);
        // The worst one is disabled.
        while model.selected_endpoint().unwrap().status != "active" {
            press(&mut model, 50, "j");
        }
        let worst = model.selected_endpoint().unwrap().id;
        for status in ["paused", "active"] {
            let cmds = press(&mut model, 100, "P");
            serve(&mut model, 110, cmds);
            let still = model.selected_endpoint().unwrap();
            assert_eq!((still.id, &*still.status), (worst, status), "{view}");
        }
    }
}

#[test]
fn a_view_is_found_again_as_it_was_left() {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "/ s t a t e : d e a d enter");
    serve(&mut model, 300, cmds);
    let cmds = press(&mut model, 400, "j j");
    serve(&mut model, 450, cmds);
    let cursor = list(&model).cursor;
    for keys in ["5", "3", "1"] {
        let cmds = press(&mut model, 500, keys);
        serve(&mut model, 550, cmds);
        assert!(model.screens.len() <= 2, "{keys}");
    }
    let cmds = press(&mut model, 600, "2");
    assert_eq!(calls(&cmds).len(), 1, "what it missed is fetched");
    assert_eq!(
        (&*list(&model).filter, list(&model).cursor),
        ("state:dead", cursor)
    );
}

#[test]
fn the_first_view_leads_to_an_endpoint_a_cause_and_a_replay() {
    for (keys, place) in [
        ("enter", Place::Deliveries),
        ("j j j enter", Place::Deliveries),
        ("G enter", Place::Replays),
    ] {
        let mut model = begun(false);
        press(&mut model, 100, keys);
        assert_eq!(model.place(), place, "{keys}");
    }
    let mut model = begun(false);
    press(&mut model, 100, "j j j enter");
    assert_eq!(list(&model).filter, "cause:9f86d081884c");
}

#[test]
fn who_may_not_read_the_log_is_not_told_so_on_the_first_view() {
    let mut model = super::samples::model(false);
    update(&mut model, at(0), Msg::Started);
    let info = InfoView {
        role: "viewer".into(),
        ..InfoView::default()
    };
    let hello = StreamFrame::Hello(Box::new(Hello {
        info,
        heartbeat_s: 5,
    }));
    let cmds = update(&mut model, at(5), Msg::Frame(Box::new(hello)));
    assert!(!calls(&cmds).contains(&&Call::Warning), "{cmds:?}");
}

#[test]
fn a_new_warning_in_the_log_outdates_the_first_view() {
    let mut model = begun(false);
    let heard = |newest_warning| {
        let news = LogNews {
            newest: 40,
            newest_warning,
        };
        Msg::Frame(Box::new(StreamFrame::Change(Box::new(Change {
            log: Some(news),
            ..Change::default()
        }))))
    };
    update(&mut model, at(1_000), heard(17));
    assert_eq!(update(&mut model, at(6_000), Msg::Tick), [], "it is known");
    let cmds = update(&mut model, at(6_100), heard(33));
    assert!(calls(&cmds).contains(&&Call::Warning), "{cmds:?}");
}

#[test]
fn the_first_view_is_fetched_again_while_something_happens_but_not_at_each_change() {
    let mut model = begun(false);
    let happens = || {
        let stats = super::sample_views::last_hour();
        Msg::Frame(Box::new(StreamFrame::Change(Box::new(Change {
            stats: Some(Box::new(stats)),
            ..Change::default()
        }))))
    };
    assert_eq!(update(&mut model, at(1_000), happens()), []);
    assert_eq!(update(&mut model, at(4_900), happens()), []);
    let cmds = update(&mut model, at(5_000), Msg::Tick);
    assert_eq!(calls(&cmds).len(), 5);
    serve(&mut model, 5_100, cmds);
    assert_eq!(
        update(&mut model, at(10_500), Msg::Tick),
        [],
        "nothing happened since"
    );
}

#[test]
fn the_palette_finds_actions_and_endpoints_by_a_few_letters() {
    for (keys, place) in [
        (": a u d i t enter", Place::Audit),
        ("ctrl-p r e p l a y s enter", Place::Replays),
        (": esc", Place::Pulse),
    ] {
        let mut model = begun(false);
        press(&mut model, 100, keys);
        assert_eq!((model.place(), model.overlays.len()), (place, 0), "{keys}");
    }
    let mut model = begun(false);
    press(&mut model, 100, ": c r m - s y n c enter");
    assert_eq!(list(&model).title.as_deref(), Some("crm-sync"));
    press(&mut model, 300, ": q q q enter");
    assert_eq!(model.overlays.len(), 1, "nothing fits, nothing is done");
}

#[test]
fn the_palette_changes_nothing_in_a_console_that_may_only_look() {
    let mut model = begun(true);
    let cmds = press(&mut model, 100, ": p a u s e enter");
    assert_eq!(calls(&cmds), [&Call::SavedViews], "what it lists");
}

#[test]
fn the_view_before_is_one_key_away_and_so_is_the_way_back() {
    let mut model = begun(false);
    for (keys, place) in [
        ("-", Place::Pulse),
        ("3", Place::Endpoints),
        ("-", Place::Pulse),
        ("- 5", Place::Dead),
        ("enter -", Place::Endpoints),
        ("-", Place::Dead),
    ] {
        let cmds = press(&mut model, 100, keys);
        serve(&mut model, 200, cmds);
        assert_eq!(model.place(), place, "{keys}");
    }
}

#[test]
fn words_leave_the_rows_of_a_list_that_have_them_and_keys_act_on_those() {
    let mut model = begun(false);
    let cmds = press(&mut model, 100, "3");
    serve(&mut model, 150, cmds);
    press(&mut model, 200, "/ c r m");
    let name = |model: &crate::console::app::model::Model| {
        let selected = model.selected_endpoint();
        selected.and_then(|endpoint| endpoint.name.clone())
    };
    assert_eq!(name(&model).as_deref(), Some("crm-sync"));
    press(&mut model, 300, "enter j j");
    assert_eq!(
        name(&model).as_deref(),
        Some("crm-sync"),
        "it is the only one"
    );
    press(&mut model, 400, "/ z");
    assert_eq!(name(&model), None);
    press(&mut model, 500, "esc");
    assert_eq!(
        name(&model).as_deref(),
        Some("crm-sync"),
        "as it was before"
    );
    press(&mut model, 600, "esc");
    assert_eq!(model.screen().counts(&model.data), (4, 4));
    assert_eq!(model.place(), Place::Endpoints, "the words went first");
}

#[test]
fn failures_are_one_key_apart() {
    let mut model = connected(false);
    let mut failed = |keys: &str| {
        press(&mut model, 100, keys);
        let row = model.selected_delivery().unwrap();
        (row.id, row.last_class.is_some())
    };
    let (first, is_failure) = failed("}");
    assert!(is_failure);
    let (second, is_failure) = failed("}");
    assert!(is_failure && second < first);
    assert_eq!(failed("{").0, first);
    failed("} } } } }");
    let text = model.toast.as_ref().unwrap().text.clone();
    assert_eq!(text, "no failure below among the loaded rows");
}

#[test]
fn a_range_is_marked_and_shown_alone() {
    let mut model = connected(false);
    press(&mut model, 100, "M");
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .contains("nothing is marked")
    );
    press(&mut model, 200, "j space j j v");
    let marks = list(&model).marks.clone();
    assert_eq!(
        marks.in_words(),
        "4 marked",
        "from the marked row to the cursor"
    );
    let cmds = press(&mut model, 300, "M");
    let [Call::Deliveries { filter, .. }] = calls(&cmds)[..] else {
        panic!("nothing is fetched: {cmds:?}");
    };
    assert_eq!(filter.split(',').count(), 4);
    assert_eq!(list(&model).marks, marks, "they stay marked");
    serve(&mut model, 400, cmds);
    press(&mut model, 500, "esc");
    assert_eq!(list(&model).filter, "");
}

#[test]
fn a_replay_of_all_that_matches_but_one_is_planned_by_the_service() {
    let mut model = connected(false);
    press(&mut model, 100, "j * space R");
    let text = model.toast.as_ref().unwrap().text.clone();
    assert!(text.contains("all deliveries are too many"), "{text}");
    let cmds = press(&mut model, 200, "/ d e a d enter");
    serve(&mut model, 300, cmds);
    press(&mut model, 400, "*");
    assert_eq!(list(&model).marks.in_words(), "all matching marked");
    press(&mut model, 410, "g g space");
    let left_out = list(&model).rows.newest().unwrap();
    let cmds = press(&mut model, 500, "R");
    let [Call::Plan(_, filter)] = calls(&cmds)[..] else {
        panic!("no plan: {cmds:?}");
    };
    assert_eq!(*filter, format!("(dead) -id:{left_out}"));
}

#[test]
fn a_list_whose_answer_is_late_asks_once_and_wakes_nobody_for_it() {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "/ d e a d enter");
    serve(&mut model, 200, cmds);
    let row = list(&model).rows.deliveries().next().cloned();
    let changed = |model: &mut crate::console::app::model::Model, millis| {
        let change = Change {
            deliveries: Vec::from_iter(row.clone()),
            ..Change::default()
        };
        let frame = StreamFrame::Change(Box::new(change));
        update(model, at(millis), Msg::Frame(Box::new(frame)))
    };
    let asked = changed(&mut model, 1_500);
    let pages = |cmds: &[Cmd]| {
        let calls = calls(cmds).into_iter();
        let pages = calls.filter(|call| matches!(call, Call::Deliveries { .. }));
        pages.count()
    };
    assert_eq!(pages(&asked), 1, "{asked:?}");
    changed(&mut model, 1_600);
    let cmds = update(&mut model, at(4_000), Msg::Tick);
    assert_eq!(pages(&cmds), 0, "its answer is on its way");
    assert!(model.next_wakeup(at(4_000)) > at(4_000).elapsed);
    serve(&mut model, 4_100, asked);
    let fetched_at = list(&model).fetched_at;
    assert_eq!(fetched_at, Some(at(4_100).elapsed), "and asked again then");
}
