//! The tour as it is walked: each step by the keys that it names, and nothing named that does nothing.

use super::model::Model;
use super::msg::{Call, Msg};
use super::samples::{at, begun, calls, press, serve};
use super::tour::{Hint, Tour, hint, rows};
use super::tour_steps::{STEPS, Way};
use super::update::update;
use crate::console::actions::{ActionId, EVERYWHERE, Place};
use crate::console::input::bytes::Typed;
use crate::console::input::key::Key;
use crate::console::keys::{Facts, KeyShelf, Keymap, Meaning};
use crate::console::view::paint::columns;
use crate::console::view::tests::screen;

/// A console that may change whatever it likes.
fn practising() -> Model {
    let mut model = begun(false);
    model.session.surroundings.practice = true;
    model
}

fn step_of(model: &Model) -> &'static str {
    let step = model.tour.and_then(Tour::step);
    step.map_or("", |step| step.title)
}

/// What the tour says is pressed next.
fn told(model: &Model) -> String {
    let step = model.tour.and_then(Tour::step).expect("a step");
    match hint(model, step) {
        Hint::Press(keys) => keys,
        other => panic!("{}: {other:?}", step.title),
    }
}

/// Types a word that is no key letter by letter, and a key as it is.
fn type_in(model: &mut Model, millis: &mut u64, words: &str) {
    for word in words.split(' ') {
        let keys: Vec<Key> = match Key::parse(word) {
            Some(key) => vec![key],
            None => word
                .chars()
                .map(|letter| Key::parse(&letter.to_string()).unwrap())
                .collect(),
        };
        for key in keys {
            // Dialogs are deaf at first.
            *millis += 400;
            let cmds = update(model, at(*millis), Msg::Typed(Typed::Key(key)));
            serve(model, *millis, cmds);
        }
    }
}

/// Walks the tour by what it says alone; gives the steps that were shown.
fn walk(model: &mut Model) -> Vec<&'static str> {
    let mut millis = 1_000;
    let begin = model.key(ActionId::Tour);
    type_in(model, &mut millis, &begin);
    let mut seen = vec![step_of(model)];
    while model.tour.is_some() {
        let (before, keys) = (step_of(model), told(model));
        type_in(model, &mut millis, &keys);
        if step_of(model) != before {
            seen.push(step_of(model));
        }
        assert!(millis < 60_000, "{before}: {keys} leads nowhere");
    }
    seen
}

#[test]
fn the_tour_is_walked_from_end_to_end_by_the_keys_it_names() {
    let mut model = practising();
    let seen = walk(&mut model);
    let titles: Vec<&str> = STEPS.iter().map(|step| step.title).chain([""]).collect();
    assert_eq!(seen, titles);
    assert_eq!(model.overlays, []);
}

#[test]
fn with_other_keys_it_names_those() {
    let text = "unbind = [\"D\", \"g ?\"]\n[everywhere]\n\"F\" = \"endpoint.deliveries\"\n\"ctrl-g\" = \"tour\"\n";
    let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
    let mut model = practising();
    model.keys = keys.unwrap();
    press(&mut model, 10, "ctrl-g 3");
    assert_eq!(told(&model), "F");
    assert_eq!(walk_on(&mut model), STEPS.len() - 2);
    // What has no key is said to have none, and is skipped.
    let text = "unbind = [\"D\"]\n";
    let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
    let mut model = practising();
    model.keys = keys.unwrap();
    press(&mut model, 10, "g ? 3");
    let step = model.tour.and_then(Tour::step).unwrap();
    assert_eq!(hint(&model, step), Hint::NoKey);
    assert!(screen(&model, 20).contains("no key does it"));
    press(&mut model, 30, "g n");
    assert_eq!(step_of(&model), STEPS[2].title);
}

/// Walks on from here; gives the steps that are done.
fn walk_on(model: &mut Model) -> usize {
    let (mut millis, mut done) = (1_000, 0);
    while model.tour.is_some() {
        let (before, keys) = (step_of(model), told(model));
        type_in(model, &mut millis, &keys);
        done += usize::from(step_of(model) != before && model.tour.is_some());
        assert!(millis < 200_000, "no end at {before}: {keys}");
    }
    done
}

#[test]
fn a_service_that_something_depends_on_is_only_looked_at() {
    for read_only in [false, true] {
        let mut model = begun(read_only);
        let mut changed = Vec::new();
        let mut millis = 1_000;
        press(&mut model, millis, "g ?");
        while model.tour.is_some() {
            let keys = told(&model);
            for word in keys.split(' ') {
                let one = |word: &str| Key::parse(word);
                let keys: Vec<Key> = match one(word) {
                    Some(key) => vec![key],
                    None => word
                        .chars()
                        .filter_map(|letter| one(&letter.to_string()))
                        .collect(),
                };
                for key in keys {
                    millis += 400;
                    let cmds = update(&mut model, at(millis), Msg::Typed(Typed::Key(key)));
                    changed.extend(
                        calls(&cmds)
                            .into_iter()
                            .filter(|call| call.changes())
                            .cloned(),
                    );
                    serve(&mut model, millis, cmds);
                }
            }
            assert!(millis < 200_000, "no end at {}", step_of(&model));
        }
        assert_eq!(changed, [] as [Call; 0]);
    }
}

#[test]
fn changes_that_are_locked_on_the_way_are_no_longer_asked_for() {
    let mut model = practising();
    press(&mut model, 0, "g ?");
    let all = model.tour.unwrap().progress().1;
    assert_eq!(all, STEPS.len());
    press(&mut model, 10, "!");
    assert!(model.tour.unwrap().progress().1 < all);
    let few = model.tour.unwrap().progress();
    press(&mut model, 20, "!");
    assert_eq!(
        model.tour.unwrap().progress(),
        few,
        "it does not change its mind twice"
    );
}

#[test]
fn no_view_is_told_a_key_that_does_nothing_in_it() {
    let mut looked = 0;
    for step in STEPS {
        for place in EVERYWHERE {
            let mut model = practising();
            let way = match place {
                Place::Inspector => "2 j enter".to_owned(),
                place => Keymap::ops()
                    .keys_of(&Facts::of(Place::Pulse), ActionId::View(*place))
                    .remove(0),
            };
            for key in way.split(' ') {
                let cmds = press(&mut model, 10, key);
                serve(&mut model, 50, cmds);
            }
            assert_eq!(model.place(), *place);
            let Hint::Press(keys) = hint(&model, step) else {
                panic!("{} in {place:?} has no way on", step.title);
            };
            let strokes: Vec<Key> = keys.split(' ').filter_map(Key::parse).collect();
            let meaning = model.keys.meaning(&model.facts(), &strokes);
            assert!(
                matches!(meaning, Meaning::Action(_)),
                "{keys} of {} in {place:?}",
                step.title
            );
            looked += 1;
        }
    }
    assert_eq!(looked, STEPS.len() * EVERYWHERE.len());
}

#[test]
fn what_lies_upon_the_view_is_closed_first_and_a_line_is_left_or_ended() {
    let mut model = practising();
    press(&mut model, 0, "g ?");
    press(&mut model, 10, "?");
    assert_eq!(told(&model), "esc");
    press(&mut model, 20, "esc 4 /");
    assert_eq!(told(&model), "esc");
    press(&mut model, 60, "esc");
    let filter = STEPS
        .iter()
        .find(|step| matches!(step.way, Way::Filter(_)))
        .unwrap();
    let keys = |model: &Model| match hint(model, filter) {
        Hint::Press(keys) => keys,
        other => panic!("{other:?}"),
    };
    press(&mut model, 100, "2");
    assert_eq!(keys(&model), "/");
    press(&mut model, 110, "/");
    assert_eq!(keys(&model), "state:delivered enter");
    press(&mut model, 120, "s t");
    assert_eq!(keys(&model), "ate:delivered enter");
    press(&mut model, 130, "x");
    assert_eq!(keys(&model), "esc", "that leads nowhere");
}

#[test]
fn texts_fit_and_the_list_above_stays_of_use() {
    for step in STEPS {
        assert!(columns(step.say) < 60, "{}", step.say);
        assert!(columns(step.more) < 80, "{}", step.more);
        assert!(columns(step.title) <= 24, "{}", step.title);
    }
    for (size, taken) in [((160, 48), 3), ((80, 24), 3), ((60, 15), 2), ((40, 8), 0)] {
        assert_eq!(rows(size), taken);
        let mut model = practising();
        update(&mut model, at(0), Msg::Resized(size.0, size.1));
        press(&mut model, 10, "g ?");
        assert_eq!(model.size, (size.0, size.1 - taken));
        assert_eq!(model.terminal, size);
        press(&mut model, 20, "g ?");
        assert_eq!(model.size, size);
    }
}

#[test]
fn every_step_is_drawn_whole_at_eighty_columns() {
    let mut model = practising();
    let cmds = press(&mut model, 0, "g ?");
    serve(&mut model, 5, cmds);
    for number in 1..=STEPS.len() {
        let step = model.tour.and_then(Tour::step).unwrap();
        let shown = screen(&model, 10);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 24);
        let head = lines[21];
        assert!(
            head.contains(&format!("tour {number}/{}", STEPS.len())),
            "{head}"
        );
        assert!(
            head.contains(step.title) && head.contains("g n skips"),
            "{head}"
        );
        assert_eq!(lines[22].trim(), step.say);
        assert_eq!(lines[23].trim(), step.more);
        press(&mut model, 20, "g n");
    }
    assert_eq!(model.tour, None, "past the last step it is over");
    press(&mut model, 30, "g n");
    assert!(screen(&model, 40).contains("there is no tour: g ? begins one"));
}

#[test]
fn a_tour_that_waits_asks_for_nothing_and_wakes_nobody() {
    let waiting = |keys: &str| {
        let mut model = practising();
        let cmds = press(&mut model, 0, keys);
        serve(&mut model, 5, cmds);
        let cmds = update(&mut model, at(59_000), Msg::Tick);
        (calls(&cmds).len(), model.next_wakeup(at(60_000)))
    };
    assert_eq!(waiting("3 g ?"), waiting("3"));
    assert_eq!(waiting("3 g ?").0, 0);
}
