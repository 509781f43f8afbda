//! What the console's mind does: messages in, commands out.

use std::time::Duration;

use proptest::prelude::*;

use super::link::Health;
use super::model::{Level, Model, Overlay, Screen};
use super::msg::{Call, Cmd, Failure, Msg};
use super::samples::{
    at, begun, calls, connected, deliveries, delivery, delivery_id, endpoint, hello, hello_at,
    list, model, no_rows, press, serve,
};
use super::update::update;
use crate::api::page::{Page, Searched};
use crate::api::stream::{Change, StreamFrame};
use crate::console::actions::ACTIONS;
use crate::console::app::deliveries::Older;
use crate::console::app::msg::{Answer, RequestId};
use crate::console::app::rows::{ROWS_MAX, RowLine};
use crate::console::input::bytes::Typed;
use crate::console::input::key::Key;
use crate::console::options::ExitReason;
use crate::domain::id::EndpointId;

fn change(rows: Vec<crate::api::delivery::DeliveryView>) -> Msg {
    Msg::Frame(Box::new(StreamFrame::Change(Box::new(Change {
        deliveries: rows,
        ..Change::default()
    }))))
}

fn toast(model: &Model) -> &str {
    model.toast.as_ref().map_or("", |toast| &toast.text)
}

#[test]
fn a_greeting_is_answered_with_a_snapshot_of_everything() {
    let mut model = model(false);
    update(&mut model, at(0), Msg::Started);
    let cmds = update(&mut model, at(5), hello());
    assert!(matches!(
        calls(&cmds)[..],
        [
            Call::Stats,
            Call::Endpoints { .. },
            Call::Egress,
            Call::Figures(_),
            Call::Causes(_),
            Call::Replays { .. },
            Call::Horizon,
            Call::Warning
        ]
    ));
    assert_eq!(model.link.health(at(5)), Health::Live);
}

#[test]
fn following_lets_new_rows_in_and_holding_counts_them() {
    let mut model = connected(false);
    assert!(list(&model).follows());
    update(&mut model, at(100), change(vec![delivery(10)]));
    assert_eq!(list(&model).rows.newest(), Some(delivery_id(10)));

    press(&mut model, 200, "f");
    assert_eq!(list(&model).cursor, Some(delivery_id(10)));
    let mut changed = deliveries()[0].clone();
    changed.state = "dead".into();
    update(&mut model, at(300), change(vec![delivery(11), changed]));
    assert_eq!(list(&model).rows.newest(), Some(delivery_id(10)));
    assert_eq!(list(&model).waiting.len(), 1);
    let shown = list(&model).rows.get(deliveries()[0].id).unwrap();
    assert_eq!(shown.state, "dead", "a held list still tells the truth");

    press(&mut model, 400, "f");
    assert!(list(&model).follows());
    assert_eq!(list(&model).rows.newest(), Some(delivery_id(11)));
}

#[test]
fn a_list_never_holds_more_than_its_bound() {
    let mut model = connected(false);
    let beyond = i64::try_from(ROWS_MAX).unwrap() + 1_000;
    for start in (100..100 + beyond).step_by(1_000) {
        let rows = (start..start + 1_000).map(delivery).collect();
        update(&mut model, at(100), change(rows));
    }
    assert_eq!(list(&model).rows.len(), ROWS_MAX);
    assert_eq!(list(&model).rows.newest(), Some(delivery_id(beyond + 99)));
    assert_eq!(list(&model).older, Older::Cut);
}

#[test]
fn replay_acts_on_a_row_that_was_chosen_never_on_one_that_moves() {
    let mut model = connected(false);
    assert_eq!(calls(&press(&mut model, 0, "r")), [] as [&Call; 0]);
    assert!(toast(&model).contains("choose the delivery"));
    press(&mut model, 100, "j r");
    let chosen = deliveries()[1].id;
    let cmds = update(&mut model, at(4_000), Msg::Tick);
    assert_eq!(calls(&cmds), [&Call::Replay(chosen)]);
    assert_eq!(
        calls(&press(&mut model, 4_100, "r")),
        [] as [&Call; 0],
        "one at a time"
    );
    assert_eq!(serve(&mut model, 4_200, cmds), []);
    assert!(
        toast(&model).ends_with("done, it is pending"),
        "{}",
        toast(&model)
    );
}

#[test]
fn a_refused_change_is_told_in_the_services_own_words() {
    let mut model = connected(false);
    press(&mut model, 0, "j r");
    let cmds = update(&mut model, at(4_000), Msg::Tick);
    let [Cmd::Call(request, _)] = cmds[..] else {
        panic!("{cmds:?}")
    };
    let failure = Failure::said("viewers may not replay");
    update(
        &mut model,
        at(4_050),
        Msg::Answered(request, None, Box::new(Err(failure))),
    );
    let toast = model.toast.as_ref().unwrap();
    assert_eq!(toast.level, Level::Error);
    assert!(toast.text.ends_with("failed: viewers may not replay"));
}

#[test]
fn pause_and_resume_act_at_once_and_disable_asks_with_no_as_its_default() {
    let mut model = connected(false);
    press(&mut model, 0, "3");
    let first = EndpointId::from_i64(1);
    let gone = EndpointId::from_i64(3);
    assert_eq!(calls(&press(&mut model, 10, "P")), [] as [&Call; 0]);
    assert!(toast(&model).contains("partner-old is disabled"));
    let cmds = press(&mut model, 20, "j P");
    assert_eq!(calls(&cmds), [&Call::Pause(first)]);
    assert_eq!(serve(&mut model, 40, cmds), []);
    let cmds = press(&mut model, 60, "P");
    // The list is sorted by attention: the paused one has moved, the cursor with it.
    assert_eq!(calls(&cmds), [&Call::Resume(first)]);
    serve(&mut model, 80, cmds);

    for (keys, expected) in [
        ("enter", None),
        ("esc", None),
        ("n", None),
        ("q", None),
        ("x z esc", None),
        ("y", Some(Call::Enable(gone))),
        ("tab enter", Some(Call::Enable(gone))),
    ] {
        press(&mut model, 1_000, "g g T");
        assert!(
            matches!(model.overlays[..], [Overlay::Confirm(_)]),
            "{keys}"
        );
        let cmds = press(&mut model, 2_000, keys);
        assert_eq!(calls(&cmds), Vec::from_iter(expected.as_ref()), "{keys}");
        assert_eq!(model.overlays, [], "{keys}");
        // The service refuses, so that everything is as before.
        for cmd in cmds {
            if let Cmd::Call(request, _) = cmd {
                let failure = Failure::said("no");
                update(
                    &mut model,
                    at(2_500),
                    Msg::Answered(request, None, Box::new(Err(failure))),
                );
            }
        }
    }
}

#[test]
fn a_question_is_deaf_to_a_yes_that_was_typed_before_it_was_there() {
    let mut model = connected(false);
    press(&mut model, 0, "3");
    let cmds = press(&mut model, 1_000, "T y");
    assert_eq!(calls(&cmds), [] as [&Call; 0]);
    assert_eq!(model.overlays.len(), 1);
    let pasted = update(
        &mut model,
        at(5_000),
        Msg::Typed(Typed::Paste("y\r".into())),
    );
    assert_eq!(calls(&pasted), [] as [&Call; 0]);
    assert_eq!(model.overlays.len(), 1, "a paste never confirms");
}

#[test]
fn a_bad_filter_stays_in_its_line_and_the_last_good_one_in_force() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "/ s t a t e : d e a d enter");
    assert_eq!(
        calls(&cmds),
        [
            &Call::SavedViews,
            &Call::Deliveries {
                filter: "state:dead".into(),
                cursor: None
            }
        ]
    );
    serve(&mut model, 200, cmds);
    let cmds = press(&mut model, 300, "/ x : ( enter");
    assert_eq!(calls(&cmds), [&Call::SavedViews]);
    let input = list(&model).input.as_ref().unwrap();
    assert_eq!(input.line.text(), "state:deadx:(");
    assert!(input.problem.is_some());
    assert_eq!(list(&model).filter, "state:dead");
    assert_eq!(list(&model).rows.len(), deliveries().len());
    let cmds = press(&mut model, 600, "esc esc");
    assert_eq!(
        calls(&cmds),
        [&Call::Deliveries {
            filter: String::new(),
            cursor: None
        }],
        "esc leaves the line, then clears the filter"
    );
}

#[test]
fn pasted_text_goes_into_the_filter_line_and_never_acts() {
    let mut model = connected(false);
    let paste = |text: &str| Msg::Typed(Typed::Paste(text.into()));
    assert_eq!(update(&mut model, at(0), paste("jrP\rq")), []);
    assert!(list(&model).follows());
    press(&mut model, 10, "/");
    assert_eq!(
        update(&mut model, at(20), paste("state:dead\nep:\u{1b}[2Jx")),
        []
    );
    let input = list(&model).input.as_ref().unwrap();
    assert_eq!(input.line.text(), "state:dead ep:[2Jx");
}

#[test]
fn a_filtered_list_asks_the_service_again_at_most_once_a_second() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "/ a enter");
    serve(&mut model, 30, cmds);
    let cmds = update(&mut model, at(100), change(vec![delivery(50)]));
    assert_eq!(calls(&cmds), [] as [&Call; 0]);
    assert!(
        list(&model).rows.get(delivery_id(50)).is_none(),
        "the service decides what matches"
    );
    assert_eq!(model.next_wakeup(at(100)), Duration::from_millis(1_020));
    let cmds = update(&mut model, at(1_020), Msg::Tick);
    assert!(
        matches!(calls(&cmds)[..], [Call::Deliveries { .. }]),
        "{cmds:?}"
    );
    let cmds = update(&mut model, at(1_030), change(vec![delivery(51)]));
    assert_eq!(calls(&cmds), [] as [&Call; 0]);
}

#[test]
fn an_answer_for_a_screen_that_was_left_is_dropped() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "j enter");
    let [Cmd::Call(request, Call::Delivery(_)), ..] = cmds[..] else {
        panic!("{cmds:?}")
    };
    press(&mut model, 100, "q");
    let answer = Answer::Delivery(Box::new(super::samples::detail()));
    let before = format!("{model:?}");
    let cmds = update(
        &mut model,
        at(100),
        Msg::Answered(request, None, Box::new(Ok(answer))),
    );
    assert_eq!(cmds, []);
    assert_eq!(format!("{model:?}"), before);
    let cmds = update(
        &mut model,
        at(100),
        Msg::Answered(
            RequestId(9_999),
            None,
            Box::new(Ok(Answer::Deliveries(no_rows()))),
        ),
    );
    assert_eq!(cmds, []);
}

#[test]
fn the_inspector_shows_what_the_list_knew_and_fetches_an_exchange_when_its_tab_is_looked_at() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "j j j j j enter");
    let Screen::Inspector(inspector) = model.screen() else {
        panic!("no inspector")
    };
    assert_eq!(inspector.delivery().attempts, 3);
    assert!(inspector.detail.is_none());
    serve(&mut model, 50, cmds);
    let cmds = press(&mut model, 100, "l");
    assert!(matches!(calls(&cmds)[..], [Call::Attempt(_, 3)]));
    serve(&mut model, 120, cmds);
    assert_eq!(calls(&press(&mut model, 130, "l h")), [] as [&Call; 0]);
    let cmds = press(&mut model, 160, "K");
    assert!(matches!(calls(&cmds)[..], [Call::Attempt(_, 2)]));
    let cmds = update(&mut model, at(200), change(vec![deliveries()[4].clone()]));
    assert!(
        matches!(calls(&cmds)[..], [Call::Delivery(_)]),
        "a delivery that changes is fetched again: {cmds:?}"
    );
}

#[test]
fn a_lost_connection_keeps_what_was_loaded_and_its_return_tells_of_the_gap() {
    let mut model = connected(false);
    update(&mut model, at(3_000), Msg::StreamLost("broken pipe".into()));
    assert!(matches!(model.link.health(at(3_000)), Health::Down(_)));
    assert_eq!(list(&model).rows.len(), 6);
    assert_eq!(
        calls(&press(&mut model, 3_010, "j j r")),
        [] as [&Call; 0],
        "nothing is changed while nobody listens"
    );
    assert!(toast(&model).starts_with("not connected"));
    press(&mut model, 3_050, "f");

    let mut now = 3_100;
    let mut opened = false;
    while !opened {
        now = u64::try_from(model.next_wakeup(at(now)).as_millis()).unwrap();
        opened = update(&mut model, at(now), Msg::Tick).contains(&Cmd::OpenStream);
        assert!(now < 20_000);
    }
    let cmds = update(&mut model, at(now + 10), hello_at(now + 10));
    let newest: Vec<_> = (1..=3).map(|number| delivery(1_000 + number)).collect();
    for cmd in cmds {
        if let Cmd::Call(request, Call::Deliveries { .. }) = cmd {
            let page = Page {
                items: newest.clone(),
                next: Some("older".into()),
                searched: None,
            };
            let msg = Msg::Answered(request, None, Box::new(Ok(Answer::Deliveries(page))));
            update(&mut model, at(now + 20), msg);
        }
    }
    let lines: Vec<bool> = list(&model)
        .rows
        .lines()
        .map(|line| matches!(line, RowLine::Gap(_)))
        .collect();
    assert_eq!(
        lines,
        [
            false, false, false, true, false, false, false, false, false, false
        ]
    );
}

#[test]
fn a_silent_connection_is_given_up_and_opened_anew() {
    let mut model = connected(false);
    let mut now = 0;
    let mut words = Vec::new();
    loop {
        now = u64::try_from(model.next_wakeup(at(now)).as_millis()).unwrap();
        let cmds = update(&mut model, at(now), Msg::Tick);
        let health = model.link.health(at(now));
        let word = crate::console::view::header::link_words(health).0;
        words.push(word.split(' ').next().unwrap().to_owned());
        if cmds.contains(&Cmd::CloseStream) {
            break;
        }
        assert!(now < 60_000);
    }
    words.dedup();
    // The snapshot's news come and go first.
    assert_eq!(words, ["SLOW", "STALE", "DOWN"]);
    assert_eq!(now, 30_000);
}

#[test]
fn rows_below_are_fetched_when_the_reader_comes_near_the_end() {
    let mut model = begun(false);
    let cmds = press(&mut model, 0, "2");
    let page = |from: i64, next: Option<&str>| Page {
        items: (from..from + 100).rev().map(delivery).collect(),
        next: next.map(str::to_owned),
        searched: Some(Searched {
            rows: 1_000,
            limited: next.is_some(),
        }),
    };
    let answer = |model: &mut Model, cmds: Vec<Cmd>, page: Page<_>| -> Vec<Cmd> {
        let request = cmds.iter().find_map(|cmd| match cmd {
            Cmd::Call(request, Call::Deliveries { .. }) => Some(*request),
            _ => None,
        });
        let answer = Box::new(Ok(Answer::Deliveries(page)));
        update(model, at(10), Msg::Answered(request.unwrap(), None, answer))
    };
    assert_eq!(
        calls(&answer(&mut model, cmds, page(200, Some("c1")))),
        [] as [&Call; 0]
    );
    let cmds = press(&mut model, 20, "G");
    assert_eq!(
        calls(&cmds),
        [&Call::Deliveries {
            filter: String::new(),
            cursor: Some("c1".into())
        }]
    );
    answer(&mut model, cmds, page(100, None));
    assert_eq!(list(&model).rows.len(), 200);
    assert_eq!(list(&model).older, Older::End);
    let searched = list(&model).searched.clone();
    let searched = searched.map(|searched| (searched.rows, searched.limited));
    assert_eq!(searched, Some((2_000, false)), "both pages together");
    assert_eq!(
        list(&model).cursor,
        Some(delivery_id(200)),
        "the cursor stays"
    );
}

#[test]
fn q_goes_up_and_out_and_ctrl_c_twice_always_quits() {
    let mut model = connected(false);
    assert_eq!(press(&mut model, 0, "?"), []);
    assert_eq!(press(&mut model, 10, "q"), [], "q closes the help");
    press(&mut model, 20, "j enter");
    assert_eq!(model.screens.len(), 3);
    press(&mut model, 60, "q q");
    assert!(matches!(model.screen(), Screen::Pulse(_)));
    assert_eq!(press(&mut model, 80, "q"), [Cmd::Exit(ExitReason::Quit)]);
    press(&mut model, 90, "4 / x ctrl-c");
    let sieve = model.screen().sieve().unwrap();
    assert!(sieve.line().is_none() && !sieve.is_set());
    press(&mut model, 1_500, "2 / ctrl-c");
    assert!(list(&model).input.is_none());
    assert_eq!(
        press(&mut model, 2_000, "ctrl-c"),
        [Cmd::Exit(ExitReason::Quit)]
    );
    assert_eq!(press(&mut model, 5_000, "ctrl-c"), []);
}

#[test]
fn an_embedded_console_is_not_suspended() {
    let mut model = connected(false);
    assert_eq!(press(&mut model, 0, "ctrl-z"), [Cmd::Suspend]);
    model.session.embedded = true;
    assert_eq!(press(&mut model, 10, "ctrl-z"), []);
    assert!(toast(&model).contains("would stop all deliveries"));
}

#[test]
fn every_change_is_refused_in_a_console_that_may_only_look() {
    for action in ACTIONS {
        for place in [
            "f",
            "j enter",
            "1 j",
            "1 j j j j",
            "3 j",
            "4 j",
            "5 j",
            "6 j",
            "7 j",
        ] {
            let mut model = connected(true);
            press(&mut model, 0, place);
            let Some(key) = action.keys.first() else {
                continue;
            };
            let mut cmds = press(&mut model, 1_000, key);
            cmds.extend(press(&mut model, 3_000, "y"));
            assert!(
                calls(&cmds).iter().all(|call| !call.changes()),
                "{} in {place}",
                action.name
            );
        }
    }
}

/// One step of a random session.
#[derive(Clone, Debug)]
enum Step {
    Key(usize),
    Paste(String),
    Change(i64),
    Lost,
    Hello,
    Gap,
    Tick,
    Resize(u16, u16),
    Refuse,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0_usize..200).prop_map(Step::Key),
        1 => "\\PC{0,8}".prop_map(Step::Paste),
        2 => (0_i64..300).prop_map(Step::Change),
        1 => Just(Step::Lost),
        1 => Just(Step::Hello),
        1 => Just(Step::Gap),
        1 => Just(Step::Tick),
        1 => (0_u16..200, 0_u16..60).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => Just(Step::Refuse),
    ]
}

fn strokes() -> Vec<Key> {
    let mut strokes: Vec<Key> = ACTIONS
        .iter()
        .flat_map(|action| action.keys.iter().flat_map(|keys| keys.split(' ')))
        .filter_map(Key::parse)
        .collect();
    strokes.extend(
        ["y", "n", "x", ":", "(", "a", "backspace", "ctrl-w"].map(|key| Key::parse(key).unwrap()),
    );
    strokes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_session_panics_and_no_change_leaves_a_console_that_may_only_look(
        steps in proptest::collection::vec(step(), 0..60), read_only in any::<bool>()
    ) {
        let strokes = strokes();
        let mut model = connected(read_only);
        let mut millis = 0;
        for step in steps {
            millis += 370;
            let msg = match step {
                Step::Key(index) => Msg::Typed(Typed::Key(strokes[index % strokes.len()])),
                Step::Paste(text) => Msg::Typed(Typed::Paste(text)),
                Step::Change(number) => change(vec![delivery(number), delivery(number + 1)]),
                Step::Lost => Msg::StreamLost("gone".into()),
                Step::Hello => hello(),
                Step::Gap => Msg::Frame(Box::new(StreamFrame::Gap { missed: 3 })),
                Step::Tick => Msg::Tick,
                Step::Resize(columns, rows) => Msg::Resized(columns, rows),
                Step::Refuse => Msg::Answered(RequestId(millis), None, Box::new(Err(Failure::said("no")))),
            };
            let cmds = update(&mut model, at(millis), msg);
            if read_only {
                prop_assert!(calls(&cmds).iter().all(|call| !call.changes()));
            }
            prop_assert!(model.next_wakeup(at(millis)) > Duration::ZERO);
            serve(&mut model, millis, cmds);
            let (columns, rows) = model.size;
            let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, columns, rows));
            crate::console::view::draw(&model, at(millis), &crate::console::view::tests::skin(false), &mut buffer);
        }
        prop_assert!(!model.screens.is_empty());
    }
}

#[test]
fn endpoints_that_hurt_come_first() {
    let mut model = connected(false);
    press(&mut model, 0, "3");
    let order: Vec<_> = super::endpoints::by_attention(&model.data.endpoints)
        .iter()
        .map(|endpoint| endpoint.name.clone().unwrap())
        .collect();
    assert_eq!(
        order,
        ["partner-old", "partner-acme", "crm-sync", "billing-prod"]
    );
    let frame = StreamFrame::Change(Box::new(Change {
        endpoints: vec![endpoint(9, "another")],
        ..Change::default()
    }));
    update(&mut model, at(10), Msg::Frame(Box::new(frame)));
    assert_eq!(model.data.endpoints.len(), 5);
}
