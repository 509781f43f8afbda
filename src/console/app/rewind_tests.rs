//! The past: stepping through it, what is fetched of it, and what it refuses.

use super::command;
use super::model::{Model, Screen};
use super::msg::{Answer, Call, Cmd, Failure, Msg};
use super::pulse::Row;
use super::samples::{at, calls, connected, delivery, hello, list, page_of, press, serve};
use super::update::update;
use crate::api::dead::DeadCausesView;
use crate::api::log::LogView;
use crate::api::page::Page;
use crate::api::stream::{Change, LogNews, StreamFrame};
use crate::console::actions::ACTIONS;
use crate::console::view::tests::screen;
use crate::domain::time::Timestamp;

/// 14:03:22 was the console's start: so many minutes after 14:00 UTC.
fn past(minutes: i64) -> Timestamp {
    Timestamp::from_millis(at(0).wall.as_millis() - 202_000 + minutes * 60_000)
}

fn toast(model: &Model) -> &str {
    model.toast.as_ref().map_or("", |toast| &toast.text)
}

/// The instants of the calls that ask for the past.
fn instants(cmds: &[Cmd]) -> Vec<Timestamp> {
    let calls = calls(cmds).into_iter();
    calls
        .filter_map(|call| match call {
            Call::Then(at, _) => Some(*at),
            _ => None,
        })
        .collect()
}

/// Deliveries of 14:02.
fn rewound() -> Model {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "<");
    serve(&mut model, 150, cmds);
    model
}

#[test]
fn a_step_goes_to_a_whole_minute_and_steps_grow_the_further_back() {
    let mut model = connected(false);
    let mut seen = Vec::new();
    for _ in 0..11 {
        let cmds = press(&mut model, 100, "<");
        seen.extend(instants(&cmds));
        serve(&mut model, 110, cmds);
    }
    let minutes = [2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -12];
    assert_eq!(seen, minutes.map(past));
    for minutes in [-7, -6, -5] {
        press(&mut model, 200, ">");
        assert_eq!(model.data.rewound, Some(past(minutes)));
    }
}

#[test]
fn what_the_breaker_does_now_is_not_told_of_the_past() {
    let mut model = rewound();
    for endpoint in model.data.endpoints.values_mut() {
        endpoint.health.breaker = "open".to_owned();
    }
    let is_told = |model: &Model| screen(model, 200).contains("  breaker");
    assert!(!is_told(&model));
    model.data.rewound = None;
    assert!(is_told(&model));
}

#[test]
fn forward_past_now_is_live_again_and_fetched_anew() {
    let mut model = rewound();
    press(&mut model, 200, ">");
    assert_eq!(model.data.rewound, Some(past(3)), "22 seconds ago");
    let cmds = press(&mut model, 300, ">");
    assert_eq!(model.data.rewound, None);
    assert!(instants(&cmds).is_empty());
    let all = calls(&cmds);
    assert!(
        all.iter()
            .any(|call| matches!(call, Call::Deliveries { .. }))
    );
    assert!(all.contains(&&Call::Stats));
    serve(&mut model, 350, cmds);
    assert!(list(&model).follows() && list(&model).loaded);
    assert_eq!(press(&mut model, 400, ">"), []);
    assert_eq!(toast(&model), "this is now: < steps back");
}

/// Refuses all that is asked, because it is kept only since then.
fn refuse(model: &mut Model, millis: u64, cmds: &[Cmd], since: Timestamp) -> Vec<Cmd> {
    let mut next = Vec::new();
    for cmd in cmds {
        let Cmd::Call(request, _) = cmd else { continue };
        let failure = Failure {
            kept_since: Some(since),
            ..Failure::said("too early")
        };
        let msg = Msg::Answered(*request, None, Box::new(Err(failure)));
        next.extend(update(model, at(millis), msg));
    }
    next
}

#[test]
fn a_step_past_what_is_kept_stops_at_its_edge_and_says_so() {
    let oldest = past(1).moved_by(30_000);
    for view in ["1", "2", "4", "5", "6", "7"] {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, view);
        serve(&mut model, 50, cmds);
        let cmds = press(&mut model, 100, "< <");
        let cmds = refuse(&mut model, 150, &cmds, oldest);
        let mut asked = instants(&cmds);
        asked.dedup();
        assert_eq!(asked, [oldest], "{view}");
        assert_eq!(toast(&model), "the oldest that is kept: 14:01");
        serve(&mut model, 200, cmds);
        assert_eq!(model.shows_past(), Some(oldest));
        assert!(!screen(&model, 250).contains("too early"));
        let again = press(&mut model, 9_000, "<");
        assert!(calls(&again).is_empty(), "{view}: {again:?}");
        assert_eq!(toast(&model), "the oldest that is kept: 14:01");
        assert_eq!(model.data.rewound, Some(oldest));
        press(&mut model, 9_100, ">");
        assert_eq!(model.data.rewound, Some(oldest.moved_by(60_000)));
    }
}

#[test]
fn a_refusal_that_names_no_later_instant_is_shown_as_it_is() {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "<");
    let cmds = refuse(&mut model, 150, &cmds, past(2));
    assert!(cmds.is_empty(), "{cmds:?}");
    assert!(screen(&model, 200).contains("too early"));
}

#[test]
fn what_is_kept_only_since_now_leads_back_to_now() {
    let mut model = connected(false);
    let cmds = press(&mut model, 100, "<");
    let cmds = refuse(&mut model, 150, &cmds, past(60));
    assert_eq!(model.data.rewound, None);
    assert!(!cmds.is_empty() && instants(&cmds).is_empty());
}

#[test]
fn one_key_leads_home_from_however_far_and_the_footer_has_it_there() {
    let footer = |model: &Model| screen(model, 900).lines().last().unwrap().to_owned();
    let mut model = connected(false);
    assert!(!footer(&model).contains("L live"), "{}", footer(&model));
    for _ in 0..40 {
        let cmds = press(&mut model, 100, "<");
        serve(&mut model, 110, cmds);
    }
    assert!(footer(&model).starts_with("L live"), "{}", footer(&model));
    let cmds = press(&mut model, 200, "L");
    assert_eq!(model.data.rewound, None);
    assert!(!cmds.is_empty() && instants(&cmds).is_empty());
    serve(&mut model, 250, cmds);
    assert!(list(&model).follows());
    assert_eq!(press(&mut model, 300, "L"), []);
    assert_eq!(toast(&model), "this is now: < steps back");
}

#[test]
fn each_step_asks_once_and_what_comes_too_late_is_dropped() {
    let mut model = connected(false);
    let first = press(&mut model, 100, "<");
    let second = press(&mut model, 105, "<");
    assert_eq!((first.len(), second.len()), (1, 1));
    let Some(Cmd::Call(request, _)) = first.first() else {
        panic!("{first:?}");
    };
    let late = Answer::Deliveries(page_of(vec![delivery(9)]));
    update(
        &mut model,
        at(150),
        Msg::Answered(*request, None, Box::new(Ok(late))),
    );
    assert!(!list(&model).loaded);
    serve(&mut model, 160, second);
    assert!(list(&model).loaded && !list(&model).follows());
}

#[test]
fn changes_that_are_told_are_not_mixed_into_the_past() {
    let mut model = rewound();
    let rows = |model: &Model| {
        let rows = list(model).rows.deliveries();
        rows.map(|row| (row.id, row.state.clone()))
            .collect::<Vec<_>>()
    };
    let before = rows(&model);
    let mut changed = delivery(1);
    changed.state = "dead".into();
    let frame = StreamFrame::Change(Box::new(Change {
        deliveries: vec![changed, delivery(900)],
        deliveries_unlisted: 7,
        ..Change::default()
    }));
    update(&mut model, at(1_000), Msg::Frame(Box::new(frame)));
    let cmds = update(&mut model, at(9_000), Msg::Tick);
    assert!(calls(&cmds).is_empty(), "{cmds:?}");
    assert_eq!(rows(&model), before);
    assert_eq!(list(&model).waiting.len(), 0);
}

#[test]
fn a_connection_that_comes_back_shows_the_same_instant() {
    let mut model = rewound();
    update(&mut model, at(200), Msg::StreamLost("gone".into()));
    let cmds = update(&mut model, at(900), hello());
    assert_eq!(instants(&cmds).first(), Some(&past(2)));
    assert!(instants(&cmds).iter().all(|at| *at == past(2)));
    serve(&mut model, 950, cmds);
    let cmds = press(&mut model, 1_000, "ctrl-r");
    assert!(instants(&cmds).contains(&past(2)), "{cmds:?}");
    let asked = calls(&cmds);
    assert!(
        !asked
            .iter()
            .any(|call| matches!(call, Call::Deliveries { .. }))
    );
}

#[test]
fn every_view_with_a_past_is_asked_for_it_and_the_command_says_when() {
    let mut model = rewound();
    let at = past(2);
    for (key, command) in [
        ("1", format!("hookyard stats --window 60m --at {at}")),
        ("2", format!("hookyard delivery list --at {at}")),
        ("4", format!("hookyard event list --at {at}")),
        ("5", format!("hookyard dead causes --at {at}")),
        (
            "6",
            format!("hookyard replay show rpl_0000000000003 --at {at}"),
        ),
        ("7", format!("hookyard audit --at {at}")),
        ("8", format!("hookyard log --at {at}")),
    ] {
        let cmds = press(&mut model, 300, key);
        assert!(instants(&cmds).iter().all(|asked| *asked == at));
        serve(&mut model, 310, cmds);
        assert!(model.screen().has_past(), "{key}");
        assert_eq!(command::of(&model), command);
    }
    let cmds = press(&mut model, 400, "3");
    assert!(instants(&cmds).is_empty(), "{cmds:?}");
    assert_eq!(model.shows_past(), None, "endpoints are of now");
    assert!(!command::of(&model).contains("--at"));
}

#[test]
fn dead_letters_of_the_past_lead_to_what_died_so_and_say_whether_there_may_be_more() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "5");
    serve(&mut model, 50, cmds);
    let cmds = press(&mut model, 100, "<");
    let Some(Cmd::Call(request, _)) = cmds.first() else {
        panic!("{cmds:?}");
    };
    let mut items = super::sample_views::dead_causes();
    for cause in &mut items {
        (cause.succeeding, cause.succeeding_now) = (None, None);
    }
    let causes = DeadCausesView {
        limited: true,
        kept_since: Some(past(-600)),
        items,
        ..DeadCausesView::default()
    };
    let answer = Answer::DeadCauses(Box::new(causes));
    update(
        &mut model,
        at(150),
        Msg::Answered(*request, None, Box::new(Ok(answer))),
    );
    let shown = screen(&model, 200);
    assert!(shown.contains("at least 318 of 3 causes"), "{shown}");
    assert!(shown.contains("of what was made since 04:00"), "{shown}");
    assert!(!shown.contains("failing") && !shown.contains("ok now"));
    for key in ["enter", "C"] {
        let cmds = press(&mut model, 300, key);
        assert_eq!(instants(&cmds), [past(2)]);
        assert_eq!(list(&model).filter, "state:dead class:status status:503");
        press(&mut model, 400, "q");
    }
}

#[test]
fn pulse_has_only_figures_and_replays_of_the_past() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "1");
    serve(&mut model, 10, cmds);
    let cmds = press(&mut model, 100, "<");
    assert_eq!(instants(&cmds), [past(2); 2]);
    assert_eq!(calls(&cmds).len(), 2);
    serve(&mut model, 110, cmds);
    let Screen::Pulse(pulse) = model.screen() else {
        panic!("another view");
    };
    assert!(pulse.stats.is_some() && pulse.causes.is_empty() && pulse.outlook.is_none());
    let rows = pulse.rows(&model.data, 20);
    assert!(!rows.is_empty() && rows.iter().all(|row| matches!(row, Row::Replay(_))));
}

#[test]
fn replays_of_the_past_stand_still_and_say_where_nothing_tells_how_far_they_were() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "6");
    serve(&mut model, 50, cmds);
    let cmds = press(&mut model, 100, "<");
    assert_eq!(instants(&cmds), [past(2)]);
    serve(&mut model, 150, cmds);
    let before = screen(&model, 200);
    let row = before.lines().find(|line| line.contains("running   -"));
    assert!(row.is_some(), "{before}");
    let mut moved = super::sample_views::replays().remove(0);
    moved.state = "finished".into();
    let change = Change {
        replays: vec![moved],
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(1_000), Msg::Frame(Box::new(frame)));
    let rows = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&screen(&model, 1_100)), rows(&before));
    let cmds = press(&mut model, 1_200, "enter");
    assert!(calls(&cmds).is_empty());
    assert!(toast(&model).starts_with("its deliveries of then"));
    let cmds = press(&mut model, 1_300, "L");
    serve(&mut model, 1_400, cmds);
    assert!(!screen(&model, 1_500).contains("running   -"));
}

#[test]
fn a_log_of_the_past_stands_still_and_says_where_what_is_kept_begins() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "8");
    serve(&mut model, 50, cmds);
    let cmds = press(&mut model, 100, "<");
    assert_eq!(instants(&cmds), [past(2)]);
    serve(&mut model, 150, cmds);
    let shown = screen(&model, 200);
    assert!(
        shown.contains("PAST") && shown.contains("a breaker opened"),
        "{shown}"
    );
    let news = LogNews {
        newest: 99,
        newest_warning: 99,
    };
    let change = Change {
        log: Some(news),
        ..Change::default()
    };
    let frame = StreamFrame::Change(Box::new(change));
    update(&mut model, at(1_000), Msg::Frame(Box::new(frame)));
    let cmds = update(&mut model, at(9_000), Msg::Tick);
    assert!(calls(&cmds).is_empty(), "{cmds:?}");
    let cmds = press(&mut model, 9_100, "<");
    let Some(Cmd::Call(request, _)) = cmds.first() else {
        panic!("{cmds:?}");
    };
    let nothing = LogView {
        items: Vec::new(),
        newest: 0,
        ..super::sample_views::log()
    };
    let answer = Answer::Log(Box::new(nothing));
    let msg = Msg::Answered(*request, None, Box::new(Ok(answer)));
    update(&mut model, at(9_200), msg);
    let shown = screen(&model, 9_300);
    assert!(shown.contains("Of that time no line is kept."), "{shown}");
    assert!(
        shown.contains("What is kept begins at 14:03:22."),
        "{shown}"
    );
    press(&mut model, 9_400, "f");
    assert!(toast(&model).starts_with("nothing new comes in the past"));
    let cmds = press(&mut model, 9_500, "L");
    serve(&mut model, 9_600, cmds);
    assert!(screen(&model, 9_700).contains("FOLLOW"));
}

#[test]
fn what_a_filter_picks_is_counted_as_it_was() {
    let mut model = rewound();
    let cmds = press(&mut model, 200, "/ s t a t e : d e a d enter");
    serve(&mut model, 250, cmds);
    let cmds = press(&mut model, 1_000, "<");
    let Some(Cmd::Call(request, _)) = cmds.first() else {
        panic!("{cmds:?}");
    };
    let page = Page {
        next: Some("more".to_owned()),
        ..page_of(vec![delivery(1)])
    };
    let answer = Answer::Deliveries(page);
    let msg = Msg::Answered(*request, None, Box::new(Ok(answer)));
    let mut cmds = update(&mut model, at(1_050), msg);
    cmds.extend(update(&mut model, at(9_000), Msg::Tick));
    let count = Box::new(Call::Count("state:dead".to_owned()));
    assert!(
        calls(&cmds).contains(&&Call::Then(past(1), count)),
        "{cmds:?}"
    );
}

#[test]
fn nothing_follows_in_the_past() {
    let mut model = rewound();
    press(&mut model, 200, "f");
    assert_eq!(
        toast(&model),
        "nothing new comes in the past: L goes back to now"
    );
    assert!(!list(&model).follows());
}

#[test]
fn a_change_that_waits_goes_out_before_the_past_is_shown() {
    let mut model = connected(false);
    press(&mut model, 100, "j j r");
    let id = model.selected_delivery().unwrap().id;
    let cmds = press(&mut model, 500, "<");
    assert_eq!(calls(&cmds).first(), Some(&&Call::Replay(id)));
}

#[test]
fn every_change_is_refused_in_the_past() {
    for action in ACTIONS {
        for place in ["f", "j", "1 j", "3 j", "4 j", "5 j", "6 j", "7 j"] {
            let mut model = connected(false);
            let cmds = press(&mut model, 0, place);
            serve(&mut model, 50, cmds);
            let cmds = press(&mut model, 100, "<");
            serve(&mut model, 150, cmds);
            if matches!(action.name, "time.forth" | "time.live") {
                continue;
            }
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
    let mut model = rewound();
    press(&mut model, 200, "r");
    assert!(
        toast(&model).starts_with("this is the past, and a change would be of now: L goes back"),
        "{}",
        toast(&model)
    );
}
