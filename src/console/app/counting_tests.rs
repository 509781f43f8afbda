//! How many deliveries a filter picks: asked for once, and again only after something changed.

use super::deliveries::Older;
use super::model::{Model, Screen};
use super::msg::{Answer, Call, Cmd, Failure, Msg};
use super::samples::{at, calls, connected, delivery, list, press};
use super::update::update;
use crate::api::delivery::{DeliveryCount, DeliveryView};
use crate::api::page::Page;
use crate::api::stream::{Change, StreamFrame};

/// Answers the fetches of rows with a first page; gives what follows.
fn serve_page(model: &mut Model, millis: u64, cmds: Vec<Cmd>, next: Option<&str>) -> Vec<Cmd> {
    let mut rest = Vec::new();
    for cmd in cmds {
        let Cmd::Call(request, Call::Deliveries { .. }) = cmd else {
            continue;
        };
        let page = Page {
            items: (1..=200).map(delivery).collect::<Vec<DeliveryView>>(),
            next: next.map(str::to_owned),
            searched: None,
        };
        let msg = Msg::Answered(request, None, Box::new(Ok(Answer::Deliveries(page))));
        rest.extend(update(model, at(millis), msg));
    }
    rest
}

fn counts(cmds: &[Cmd]) -> usize {
    let counts = calls(cmds).into_iter();
    counts
        .filter(|call| matches!(call, Call::Count(filter) if filter == "state:dead"))
        .count()
}

/// A list with a filter and more rows than a page, and the request that asks how many.
fn filtered() -> (Model, Cmd) {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "/ s t a t e : d e a d enter");
    assert_eq!(
        counts(&cmds),
        0,
        "not before it is known to be more than a page"
    );
    let cmds = serve_page(&mut model, 200, cmds, Some("older"));
    assert_eq!(counts(&cmds), 1, "{cmds:?}");
    let mut cmds = cmds.into_iter();
    let asked = cmds.find(|cmd| matches!(cmd, Cmd::Call(_, Call::Count(_))));
    (model, asked.unwrap())
}

fn answer(model: &mut Model, millis: u64, asked: &Cmd, result: Result<Answer, Failure>) {
    let Cmd::Call(request, _) = asked else {
        panic!("{asked:?}");
    };
    let msg = Msg::Answered(*request, None, Box::new(result));
    update(model, at(millis), msg);
}

fn counted(count: u64, exact: bool) -> Result<Answer, Failure> {
    Ok(Answer::Count(DeliveryCount {
        count,
        exact,
        looked_at: 200_000,
    }))
}

fn change(model: &mut Model, millis: u64) -> Vec<Cmd> {
    let change = Change {
        deliveries: vec![delivery(900)],
        ..Change::default()
    };
    let frame = Msg::Frame(Box::new(StreamFrame::Change(Box::new(change))));
    update(model, at(millis), frame)
}

#[test]
fn a_filter_with_more_than_a_page_is_counted_once_and_again_only_after_rows_changed() {
    let (mut model, asked) = filtered();
    answer(&mut model, 300, &asked, counted(1_013, true));
    let known = list(&model).matching().unwrap();
    assert_eq!((known.count, known.exact), (1_013, true));
    assert_eq!(list(&model).count_at(), None, "no wake-up for it either");
    for millis in [1_000, 6_000, 60_000] {
        let frame = StreamFrame::Heartbeat {
            at: at(millis).wall,
        };
        let cmds = update(&mut model, at(millis), Msg::Frame(Box::new(frame)));
        assert_eq!(counts(&cmds), 0, "{millis}");
    }
    let cmds = change(&mut model, 60_100);
    assert_eq!(counts(&cmds), 1, "long after the first");
    let Some(asked) = cmds
        .iter()
        .find(|cmd| matches!(cmd, Cmd::Call(_, Call::Count(_))))
    else {
        panic!("{cmds:?}");
    };
    answer(&mut model, 60_200, asked, counted(10_000, false));
    assert_eq!(counts(&change(&mut model, 60_300)), 0, "too soon");
    assert!(model.next_wakeup(at(60_300)) <= at(65_100).elapsed);
    assert_eq!(counts(&update(&mut model, at(65_000), Msg::Tick)), 0);
    assert_eq!(counts(&update(&mut model, at(65_100), Msg::Tick)), 1);
}

#[test]
fn what_is_loaded_whole_and_what_has_no_filter_is_not_counted() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "/ s t a t e : d e a d enter");
    let rest = serve_page(&mut model, 200, cmds, None);
    assert_eq!(counts(&rest), 0, "{rest:?}");
    assert_eq!(counts(&change(&mut model, 9_000)), 0);
    let mut model = connected(false);
    if let Screen::Deliveries(list) = model.screen_mut() {
        list.older = Older::From("older".into());
    }
    let cmds = update(&mut model, at(300), Msg::Tick);
    let is_count = |call: &&Call| matches!(call, Call::Count(_));
    assert!(!calls(&cmds).iter().any(is_count), "{cmds:?}");
}

#[test]
fn a_count_that_fails_says_nothing_and_is_not_asked_for_over_and_over() {
    let (mut model, asked) = filtered();
    let failure = Failure::said("no such route");
    answer(&mut model, 300, &asked, Err(failure));
    assert!(list(&model).matching().is_none());
    assert!(list(&model).error.is_none() && model.toast.is_none());
    assert_eq!(counts(&update(&mut model, at(30_000), Msg::Tick)), 0);
}

#[test]
fn one_that_is_not_answered_is_not_asked_for_twice_nor_waited_for_awake() {
    let (mut model, _) = filtered();
    change(&mut model, 300);
    for millis in [6_000, 12_000] {
        change(&mut model, millis);
        assert_eq!(counts(&update(&mut model, at(millis), Msg::Tick)), 0);
        let again = list(&model).count_at().unwrap();
        assert!(again > at(millis).elapsed, "{again:?}");
    }
}

#[test]
fn another_filter_forgets_the_count_of_the_one_before() {
    let (mut model, asked) = filtered();
    answer(&mut model, 300, &asked, counted(7_000, true));
    let cmds = press(&mut model, 400, "/ ctrl-u s t a t e : h e l d enter");
    assert!(list(&model).matching().is_none());
    let rest = serve_page(&mut model, 600, cmds, Some("older"));
    let asks = |call: &&Call| matches!(call, Call::Count(filter) if filter == "state:held");
    assert_eq!(calls(&rest).into_iter().filter(asks).count(), 1);
    // What was asked for the old one is not waited for.
    let (mut model, asked) = filtered();
    press(&mut model, 400, "/ ctrl-u s t a t e : h e l d enter");
    answer(&mut model, 500, &asked, counted(7_000, true));
    assert!(list(&model).counted.is_none());
}
