//! What bells ring for, how often, and what they ask of the service.

use super::model::Model;
use super::msg::{Answer, Call, Cmd, Failure, Msg};
use super::requests::Purpose;
use super::rung::{BellMark, Belled};
use super::sample_views::replays;
use super::samples::{
    at, begun, calls, connected, deliveries, delivery, endpoint, hello_at, list, page_of, press,
    serve,
};
use super::update::update;
use crate::api::delivery::DeliveryView;
use crate::api::endpoint::EndpointView;
use crate::api::stream::{Change, StreamFrame};
use crate::console::view::tests::{buffer, screen, text};

fn rings(cmds: &[Cmd]) -> Vec<&str> {
    let rings = cmds.iter().filter_map(|cmd| match cmd {
        Cmd::Ring(text) => Some(&**text),
        _ => None,
    });
    rings.collect()
}

fn change(change: Change) -> Msg {
    Msg::Frame(Box::new(StreamFrame::Change(Box::new(change))))
}

fn rows(rows: Vec<DeliveryView>) -> Msg {
    change(Change {
        deliveries: rows,
        ..Change::default()
    })
}

fn told(endpoint: &EndpointView) -> Msg {
    change(Change {
        endpoints: vec![endpoint.clone()],
        ..Change::default()
    })
}

fn toast(model: &Model) -> &str {
    model.toast.as_ref().map_or("", |toast| &toast.text)
}

/// The list under `state:dead`, with a bell on it.
fn listening() -> Model {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "/ s t a t e : d e a d enter");
    serve(&mut model, 200, cmds);
    press(&mut model, 300, "b");
    assert_eq!(model.bells.count(), 1, "{}", toast(&model));
    model
}

/// The questions of a bell among the commands, and what is told once they are answered with these rows.
fn answered(
    model: &mut Model,
    millis: u64,
    cmds: Vec<Cmd>,
    rows: &[DeliveryView],
) -> (Vec<String>, Vec<Cmd>) {
    let (mut asked, mut more) = (Vec::new(), Vec::new());
    for cmd in cmds {
        if let Cmd::Call(request, Call::Glance(filter)) = cmd {
            asked.push(filter);
            let answer = Ok(Answer::Deliveries(page_of(rows.to_vec())));
            let msg = Msg::Answered(request, None, Box::new(answer));
            more.extend(update(model, at(millis), msg));
        }
    }
    (asked, more)
}

#[test]
fn no_bell_is_set_on_what_was() {
    for view in ["2", "6"] {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, view);
        serve(&mut model, 10, cmds);
        let cmds = press(&mut model, 100, "<");
        serve(&mut model, 110, cmds);
        press(&mut model, 200, "j b");
        assert_eq!(model.bells.count(), 0, "{view}");
        let toast = &model.toast.as_ref().unwrap().text;
        assert!(toast.starts_with("this is the past, and a bell"), "{toast}");
    }
}

#[test]
fn nothing_rings_unless_somebody_asks() {
    let mut model = connected(false);
    let cmds = update(&mut model, at(50), rows(vec![delivery(30)]));
    assert_eq!(rings(&cmds), [""; 0]);
    press(&mut model, 100, "j b b");
    let mut row = deliveries()[0].clone();
    row.state = "pending".into();
    let cmds = update(&mut model, at(150), rows(vec![row]));
    assert_eq!(rings(&cmds), [""; 0]);
    assert_eq!(model.bells.asks_at(), None);
}

#[test]
fn in_hours_of_quiet_nothing_rings_and_all_is_told() {
    for (hours, silent) in [("14:00-15:00", true), ("22:00-07:00", false)] {
        let mut model = connected(false);
        model.session.surroundings.quiet = hours.parse().ok();
        let cmds = press(&mut model, 0, "/ s t a t e : d e a d enter");
        serve(&mut model, 200, cmds);
        press(&mut model, 300, "b");
        let said = toast(&model).ends_with("; silent until 15:00");
        assert_eq!(said, silent, "{}", toast(&model));
        // What was just said is read first.
        let came = delivery(30);
        let cmds = update(&mut model, at(20_000), rows(vec![came.clone()]));
        let (_, cmds) = answered(&mut model, 20_100, cmds, std::slice::from_ref(&came));
        assert_eq!(rings(&cmds).is_empty(), silent, "{hours}");
        assert!(toast(&model).starts_with("bell: "), "{}", toast(&model));
        let mark = model.bells.mark(Belled::Delivery(came.id));
        assert_eq!(mark, Some(BellMark::Rang));
    }
}

#[test]
fn a_list_without_a_filter_has_no_bell() {
    let mut model = connected(false);
    press(&mut model, 0, "b");
    assert_eq!(model.bells.count(), 0);
    assert!(
        toast(&model).contains("under a filter (/)"),
        "{}",
        toast(&model)
    );
}

#[test]
fn a_filter_rings_for_what_the_service_says_came_under_it_wherever_one_looks() {
    let mut model = listening();
    let cmds = press(&mut model, 400, "7");
    serve(&mut model, 450, cmds);
    let came = delivery(30);
    let cmds = update(&mut model, at(500), rows(vec![came.clone()]));
    assert_eq!(rings(&cmds), [""; 0], "it may be anything");
    let (asked, cmds) = answered(&mut model, 600, cmds, std::slice::from_ref(&came));
    assert_eq!(asked, [format!("(state:dead) id:{}", came.id)]);
    assert_eq!(rings(&cmds), [format!("{} came under state:dead", came.id)]);

    // What stays under it is no news; what left it and comes again is.
    let again = |model: &mut Model, millis, passes: &[DeliveryView]| {
        let mut cmds = update(model, at(millis), rows(vec![delivery(30)]));
        cmds.extend(update(model, at(millis + 2_000), Msg::Tick));
        let (asked, cmds) = answered(model, millis + 2_010, cmds, passes);
        assert_eq!(asked.len(), 1);
        rings(&cmds).len()
    };
    assert_eq!(again(&mut model, 10_000, std::slice::from_ref(&came)), 0);
    assert_eq!(again(&mut model, 20_000, &[]), 0);
    assert_eq!(again(&mut model, 30_000, &[came]), 1);
}

#[test]
fn a_bell_asks_at_most_every_two_seconds_and_about_nothing_while_nothing_changes() {
    let mut model = listening();
    let glances = |cmds: &[Cmd]| {
        let calls = calls(cmds).into_iter();
        calls.filter(|call| matches!(call, Call::Glance(_))).count()
    };
    let cmds = update(&mut model, at(500), rows(vec![delivery(30)]));
    assert_eq!(glances(&cmds), 1);
    answered(&mut model, 550, cmds, &[]);
    let cmds = update(&mut model, at(600), rows(vec![delivery(31), delivery(32)]));
    assert_eq!(glances(&cmds), 0);
    assert_eq!(model.bells.asks_at(), Some(at(2_500).elapsed));
    assert!(model.next_wakeup(at(600)) <= at(2_500).elapsed);
    let cmds = update(&mut model, at(2_500), Msg::Tick);
    assert_eq!(glances(&cmds), 1);
    answered(&mut model, 2_600, cmds, &[]);
    assert_eq!(model.bells.asks_at(), None);
    assert_eq!(glances(&update(&mut model, at(60_000), Msg::Tick)), 0);
}

#[test]
fn a_flood_is_looked_at_as_a_whole() {
    let mut model = listening();
    let flood = Change {
        deliveries: (30..130).map(delivery).collect(),
        deliveries_unlisted: 4_000,
        ..Change::default()
    };
    let cmds = update(&mut model, at(500), change(flood));
    let dead = [delivery(31), delivery(77)];
    let (asked, cmds) = answered(&mut model, 600, cmds, &dead);
    assert_eq!(asked, ["state:dead"]);
    assert_eq!(rings(&cmds), ["2 came under state:dead"]);
}

#[test]
fn a_delivery_rings_until_it_is_at_an_end_and_its_words_are_told() {
    let mut model = connected(false);
    press(&mut model, 0, "j j b");
    let mut row = list(&model).selected().unwrap().clone();
    assert_eq!(row.state, "dead");
    let cmds = update(&mut model, at(150), rows(vec![row.clone()]));
    assert_eq!(rings(&cmds), [""; 0]);
    row.state = "pending".to_owned();
    let cmds = update(&mut model, at(200), rows(vec![row.clone()]));
    assert_eq!(
        rings(&cmds),
        [format!("{} to partner-acme is pending", row.id)]
    );
    assert_eq!(model.bells.count(), 1);
    row.state = "delivered".to_owned();
    let cmds = update(&mut model, at(300), rows(vec![row.clone()]));
    assert_eq!(rings(&cmds), [""; 0], "a moment ago it rang");
    update(&mut model, at(4_500), Msg::Tick);
    let expected = format!("bell: {} to partner-acme is delivered", row.id);
    assert_eq!(toast(&model), expected, "and is told all the same");
    assert_eq!(model.bells.count(), 0);
}

/// A console in Endpoints with the bar on one that is well.
fn upon_an_endpoint_that_is_well() -> (Model, EndpointView) {
    let mut model = begun(false);
    let cmds = press(&mut model, 0, "3");
    serve(&mut model, 10, cmds);
    let well = endpoint(4, "billing-prod");
    press(&mut model, 20, "G");
    while model.selected_endpoint().unwrap().id != well.id {
        press(&mut model, 30, "k");
    }
    (model, well)
}

#[test]
fn an_endpoint_rings_when_it_breaks_and_recovers_and_a_failure_is_no_break() {
    let (mut model, well) = upon_an_endpoint_that_is_well();
    press(&mut model, 50, "b");
    let mut millis = 1_000;
    let mut ring = |model: &mut Model, change: &dyn Fn(&mut EndpointView)| {
        let mut other = well.clone();
        change(&mut other);
        millis += 5_000;
        let cmds = update(model, at(millis), told(&other));
        rings(&cmds)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(ring(&mut model, &|_| ()), [""; 0]);
    assert_eq!(
        ring(&mut model, &|one| one.health.consecutive_failures = 2),
        [""; 0]
    );
    assert_eq!(
        ring(&mut model, &|one| one.health.consecutive_failures = 3),
        ["billing-prod fails"]
    );
    assert_eq!(
        ring(&mut model, &|one| one.health.consecutive_failures = 4),
        [""; 0]
    );
    assert_eq!(
        ring(&mut model, &|one| one.health.breaker = "open".into()),
        ["billing-prod is behind an open breaker"]
    );
    assert_eq!(
        ring(&mut model, &|one| one.health.breaker = "half-open".into()),
        [""; 0]
    );
    assert_eq!(ring(&mut model, &|_| ()), ["billing-prod is well"]);
    assert_eq!(
        ring(&mut model, &|one| one.status = "paused".into()),
        ["billing-prod is paused"]
    );
}

/// What stands behind the name of a row, on a screen drawn in either set of glyphs.
fn behind(model: &Model, words: &str) -> [String; 2] {
    [false, true].map(|ascii| {
        let shown = text(&buffer(model, 300, ascii));
        let mut lines = shown.lines().skip(2);
        let line = lines.find(|line| line.contains(words)).unwrap_or_default();
        let rest = line.split_once(words).map_or("", |(_, rest)| rest);
        rest.trim_start().chars().take(1).collect()
    })
}

#[test]
fn rows_with_a_bell_have_a_mark_and_another_when_it_rang_until_the_bar_was_on_them() {
    let (mut model, well) = upon_an_endpoint_that_is_well();
    assert_ne!(behind(&model, "billing-prod"), ["◇", "^"]);
    press(&mut model, 50, "b");
    assert_eq!(behind(&model, "billing-prod"), ["◇", "^"]);
    // Also where somebody who was elsewhere comes back to it.
    press(&mut model, 60, "7");
    let mut broken = well.clone();
    broken.health.breaker = "open".into();
    update(&mut model, at(100), told(&broken));
    press(&mut model, 200, "3");
    assert_eq!(behind(&model, "billing-prod"), ["◆", "!"]);
    press(&mut model, 300, "k j");
    assert_eq!(behind(&model, "billing-prod"), ["◇", "^"]);
    press(&mut model, 400, "b");
    assert!(!["◇", "◆"].contains(&&*behind(&model, "billing-prod")[0]));
    // Pulse lists endpoints, too.
    press(&mut model, 500, "1 j b");
    assert_eq!(model.bells.count(), 1, "{}", toast(&model));
    let shown = screen(&model, 600);
    assert!(shown.contains("◇✗ failing"), "{shown}");
}

#[test]
fn a_list_with_a_bell_says_so_and_marks_what_came_under_its_filter() {
    let mut model = listening();
    assert!(screen(&model, 400).contains("◇ bell"));
    let cmds = update(&mut model, at(500), rows(vec![delivery(30)]));
    answered(&mut model, 600, cmds, &[delivery(30)]);
    let came = Belled::Delivery(delivery(30).id);
    assert_eq!(model.bells.mark(came), Some(BellMark::Rang));
    let others = list(&model).rows.deliveries();
    let others: Vec<_> = others.filter(|row| row.id != delivery(30).id).collect();
    assert!(!others.is_empty());
    let mark = |row: &&DeliveryView| model.bells.mark(Belled::Delivery(row.id));
    assert_eq!(others.iter().find_map(mark), None);
    press(&mut model, 700, "esc");
    assert!(!screen(&model, 800).contains("◇ bell"), "another filter");
}

#[test]
fn a_replay_rings_when_it_ends_and_has_no_bell_any_more() {
    let mut model = begun(false);
    let cmds = press(&mut model, 0, "6");
    serve(&mut model, 10, cmds);
    press(&mut model, 20, "b");
    assert_eq!(model.bells.count(), 1, "{}", toast(&model));
    let mut replay = replays().remove(0);
    replay.state = "finished".into();
    replay.ended_at = Some(at(0).wall);
    let cmds = update(
        &mut model,
        at(100),
        change(Change {
            replays: vec![replay.clone()],
            ..Change::default()
        }),
    );
    assert_eq!(rings(&cmds), [format!("{} is finished", replay.id)]);
    assert_eq!(model.bells.count(), 0);
}

#[test]
fn what_happened_while_there_was_no_connection_is_asked_for() {
    let mut model = connected(false);
    press(&mut model, 0, "j j b");
    let mut row = list(&model).selected().unwrap().clone();
    update(&mut model, at(1_000), Msg::StreamLost("gone".into()));
    let cmds = update(&mut model, at(3_000), hello_at(3_000));
    row.state = "discarded".into();
    let (asked, cmds) = answered(&mut model, 3_100, cmds, &[row.clone()]);
    assert_eq!(asked, [format!("id:{}", row.id)]);
    assert_eq!(rings(&cmds).len(), 1);
}

#[test]
fn a_bell_that_cannot_ask_says_why_and_goes() {
    let mut model = listening();
    let cmds = update(&mut model, at(500), rows(vec![delivery(30)]));
    for cmd in cmds {
        if let Cmd::Call(request, Call::Glance(_)) = cmd {
            let failure = Failure::said("the filter has too many terms");
            let msg = Msg::Answered(request, None, Box::new(Err(failure)));
            update(&mut model, at(600), msg);
        }
    }
    assert_eq!(
        toast(&model),
        "no bell any more on state:dead: the filter has too many terms"
    );
    assert_eq!(model.bells.count(), 0);
}

#[test]
fn bells_are_few_and_the_oldest_gives_way() {
    let mut model = connected(false);
    for number in 0..9 {
        let row = DeliveryView {
            state: "pending".into(),
            ..delivery(100 + number)
        };
        update(&mut model, at(0), rows(vec![row]));
    }
    press(&mut model, 10, "j b j b j b j b j b j b j b j b");
    assert_eq!(model.bells.count(), 8);
    press(&mut model, 500, "j b");
    assert_eq!(model.bells.count(), 8);
    assert!(
        toast(&model).contains("has none any more, 8 are set"),
        "{}",
        toast(&model)
    );
    assert!(
        !model
            .requests
            .any(|purpose| matches!(purpose, Purpose::Bell(_)))
    );
}
