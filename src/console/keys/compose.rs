//! Layers of keys upon each other: what a file takes from those below it, and what cannot be meant.
//!
//! A later layer's key replaces the same key of those below, where both apply. It may not begin, or go on from, a key
//! below: one of the two would never be reached, and who wrote the file has to say which (`unbind`). Within a file no
//! key may be said twice for one place.

use super::file::{Bound, KeyFile, Unbound};
use super::keymap::{Binding, Keymap, Strokes};
use super::reach::is_reached;
use super::scope::Scope;
use super::within::opens_and_begins;
use crate::console::actions::Place;
use crate::domain::flaw::Flaw;

impl Keymap {
    /// Lays a file upon the keys; beside what came of it comes all that cannot be.
    pub(super) fn lay(&mut self, file: &KeyFile) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        for unbound in &file.unbound {
            if !self.unbind(unbound) {
                let scope = match unbound.scope {
                    Scope::All => "anywhere".to_owned(),
                    scope => format!("in [{}]", scope.name()),
                };
                let text = format!(
                    "{:?} means nothing {scope}: leave it out",
                    text(&unbound.strokes)
                );
                flaws.push(file.flaw(unbound.at, text));
            }
        }
        let mut own: Vec<Binding> = Vec::new();
        for bound in &file.bound {
            let within = own.iter().find_map(|first| begins_other(bound, first));
            let within = within.or_else(|| never_reached(bound, &own));
            let below = || {
                self.bindings
                    .iter()
                    .find_map(|below| unreached(bound, below))
            };
            if let Some(problem) = within.or_else(below) {
                flaws.push(file.flaw(bound.at, problem));
            }
            own.push(Binding {
                action: bound.action,
                strokes: bound.strokes.clone(),
                places: bound.places.clone(),
                when: bound.when.clone(),
                origin: file.origin(bound.at),
            });
        }
        // What has a condition leaves what is below to be meant where that is not met.
        for binding in own.iter().filter(|binding| binding.when.is_none()) {
            self.take(|strokes| strokes == &binding.strokes, &binding.places);
        }
        let count = own.len();
        own.append(&mut self.bindings);
        self.bindings = own;
        let (own, below) = self.bindings.split_at(count);
        for (index, (one, bound)) in own.iter().zip(&file.bound).enumerate() {
            let mut others = own[..index].iter().chain(below);
            if let Some(problem) = others.find_map(|other| opens_and_begins(one, other)) {
                flaws.push(file.flaw(bound.at, problem));
            }
        }
        flaws.sort();
        flaws
    }

    /// Takes a key away, and what it begins; whether it was there.
    fn unbind(&mut self, unbound: &Unbound) -> bool {
        let places: Vec<Place> = Scope::places(unbound.scope).collect();
        let begins = |strokes: &Strokes| strokes.0.starts_with(&unbound.strokes.0);
        let is_there =
            |binding: &Binding| begins(&binding.strokes) && meet(&binding.places, &places);
        let was_there = self.bindings.iter().any(is_there);
        self.take(begins, &places);
        was_there
    }

    /// Takes places from keys.
    fn take(&mut self, which: impl Fn(&Strokes) -> bool, places: &[Place]) {
        for binding in self.bindings.iter_mut().filter(|one| which(&one.strokes)) {
            binding.places.retain(|place| !places.contains(place));
        }
        self.bindings.retain(|binding| !binding.places.is_empty());
    }
}

/// What is wrong with a line beside an earlier one of the same file that it begins, or that begins it.
fn begins_other(bound: &Bound, first: &Binding) -> Option<String> {
    if !meet(&bound.places, &first.places) {
        return None;
    }
    shadow(bound, first, "take one of them out")
}

/// What is wrong with a line that never counts, for an earlier one of the same key does, or it cannot be met.
fn never_reached(bound: &Bound, own: &[Binding]) -> Option<String> {
    let same: Vec<&Binding> = own
        .iter()
        .filter(|one| one.strokes == bound.strokes)
        .collect();
    let key = text(&bound.strokes);
    let always = |one: &&&Binding| one.when.is_none() && meet(&bound.places, &one.places);
    if let Some(first) = same.iter().find(always) {
        let places = Scope::words(&common(&bound.places, &first.places));
        let (name, origin) = (bound.action.name, &first.origin);
        let told = format!(
            "{key:?} is bound twice in {places}: here to {name}, at {origin} to {}",
            first.action.name
        );
        let is_plain = bound.when.is_none();
        let remedy = ": give the earlier one a condition, or put this one before it";
        return Some(if is_plain { told } else { told + remedy });
    }
    let is_free = |before: &[&Binding], place: Place| {
        let before = before.iter().filter(|one| one.places.contains(&place));
        let before: Vec<_> = before.map(|one| &one.when).collect();
        is_reached(&[place], &before, bound.when.as_ref())
    };
    if bound.places.iter().any(|place| is_free(&same, *place)) {
        return None;
    }
    let places = Scope::words(&bound.places);
    if let Some(when) = &bound.when
        && !bound.places.iter().any(|place| is_free(&[], *place))
    {
        return Some(format!(
            "{key:?} is never reached: {:?} cannot be in {places}",
            when.to_string()
        ));
    }
    let first = same.iter().find(|one| meet(&bound.places, &one.places))?;
    Some(format!(
        "{key:?} is never reached in {places}: whenever it could be, what stands before it counts ({}, {}): make that \
         condition narrower",
        first.action.name, first.origin
    ))
}

/// What is wrong with a line upon a key below it.
fn unreached(bound: &Bound, below: &Binding) -> Option<String> {
    if !meet(&bound.places, &below.places) {
        return None;
    }
    let remedy = format!("say unbind = [{:?}] if that is meant", text(&below.strokes));
    shadow(bound, below, &remedy)
}

/// What is said of two keys of which one begins the other, and so acts before the other is typed.
fn shadow(bound: &Bound, other: &Binding, remedy: &str) -> Option<String> {
    let (new, old) = (&bound.strokes.0, &other.strokes.0);
    let (short, long) = (text(&bound.strokes), text(&other.strokes));
    let (name, origin) = (other.action.name, &other.origin);
    if old.len() > new.len() && old.starts_with(new) {
        return Some(format!(
            "{short:?} acts before {long:?} ({name}, {origin}) can be typed: {remedy}"
        ));
    }
    let (long, short) = (short, long);
    (new.len() > old.len() && new.starts_with(old)).then(|| {
        format!("{long:?} is never reached: {short:?} ({name}, {origin}) acts first: {remedy}")
    })
}

fn text(strokes: &Strokes) -> String {
    strokes.to_string()
}

fn meet(one: &[Place], other: &[Place]) -> bool {
    one.iter().any(|place| other.contains(place))
}

fn common(one: &[Place], other: &[Place]) -> Vec<Place> {
    let both = one.iter().copied();
    both.filter(|place| other.contains(place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::ActionId;
    use crate::console::actions::Marking;
    use crate::console::actions::Place::{Deliveries, Endpoints, Inspector};
    use crate::console::input::key::Key;
    use crate::console::keys::{Facts, Meaning};

    fn lay(text: &str) -> (Keymap, Vec<String>) {
        let mut keys = Keymap::ops();
        let (file, mut flaws) = KeyFile::read("keys.toml".into(), text.into());
        flaws.extend(keys.lay(&file));
        flaws.sort();
        (keys, flaws.iter().map(Flaw::to_string).collect())
    }

    fn means(keys: &Keymap, place: Place, strokes: &str) -> Option<ActionId> {
        let strokes: Vec<Key> = strokes.split(' ').filter_map(Key::parse).collect();
        match keys.meaning(&Facts::of(place), &strokes) {
            Meaning::Action(action) => Some(action.id),
            Meaning::Prefix | Meaning::Nothing => None,
        }
    }

    #[test]
    fn a_file_binds_replaces_and_unbinds_where_it_says() {
        let (keys, flaws) = lay(
            "unbind = [\"ctrl-z\"]\n[everywhere]\n\"F\" = \"view.endpoints\"\n[deliveries]\n\"r\" = \"list.follow\"\n\
             \"m m\" = \"delivery.replay\"\nunbind = [\"D\"]\n",
        );
        assert_eq!(flaws, [] as [&str; 0]);
        assert_eq!(means(&keys, Deliveries, "r"), Some(ActionId::Follow));
        assert_eq!(means(&keys, Inspector, "r"), Some(ActionId::Replay));
        assert_eq!(means(&keys, Deliveries, "m m"), Some(ActionId::Replay));
        assert_eq!(means(&keys, Deliveries, "f"), Some(ActionId::Follow));
        assert_eq!(means(&keys, Deliveries, "D"), None);
        assert!(means(&keys, Endpoints, "D").is_some());
        assert_eq!(means(&keys, Endpoints, "ctrl-z"), None);
        assert_eq!(
            keys.key_of(&Facts::of(Deliveries), ActionId::Follow),
            "r",
            "what was said last is shown"
        );
        assert_eq!(
            keys.keys_of(&Facts::of(Deliveries), ActionId::Replay),
            ["m m"]
        );
        assert_eq!(
            keys.keys_of(&Facts::of(Inspector), ActionId::View(Endpoints))[0],
            "F"
        );
    }

    #[test]
    fn unbinding_what_begins_others_takes_them_all() {
        let (keys, flaws) = lay("unbind = [\"g\"]\n[everywhere]\n\"g\" = \"row.first\"\n");
        assert_eq!(flaws, [] as [&str; 0]);
        assert_eq!(means(&keys, Deliveries, "g"), Some(ActionId::First));
        assert_eq!(
            keys.keys_of(&Facts::of(Deliveries), ActionId::View(Endpoints)),
            ["3"]
        );
    }

    #[test]
    fn every_fault_of_a_file_is_told_at_once_with_both_places() {
        let (_, flaws) = lay(
            "unbind = [\"ctrl-b\", \"é\", 7]\npresets = \"ops\"\n[list]\n\"z\" = \"help\"\n\"ctrl-a\" = \"help\"\n\
             \"v\" = \"delivery.reply\"\n\"d\" = \"delivery.diff\"\n\"w\" = 1\n[deliveries]\n\"z\" = \"quit\"\n\
             \"g\" = \"help\"\n\"r r\" = \"help\"\n\"v\" = \"help\"\n\"v v\" = \"quit\"\n[lst]\n",
        );
        let expected = [
            "keys.toml:1:11: ctrl-b cannot be bound: tmux takes it for itself",
            "keys.toml:1:21: \"é\" means nothing anywhere: leave it out",
            "keys.toml:1:26: expected a key in quotes, such as \"x\"",
            "keys.toml:2:1: \"presets\" stands in no part: write it below [everywhere], [list], [dialog] or [NAME]",
            "keys.toml:5:1: ctrl-a cannot be bound: screen takes it for itself",
            "keys.toml:6:7: action \"delivery.reply\" is not known, perhaps \"delivery.replay\": `hookyard keys print` \
             lists them",
            "keys.toml:7:7: delivery.diff does nothing in [list]: it works in inspector",
            "keys.toml:8:7: expected the name of an action in quotes, such as \"delivery.replay\"",
            "keys.toml:10:1: \"z\" is bound twice in deliveries: here to quit, at keys.toml:4:1 to help",
            "keys.toml:11:1: \"g\" acts before \"g g\" (row.first, preset ops) can be typed: say unbind = [\"g g\"] if \
             that is meant",
            "keys.toml:12:1: \"r r\" is never reached: \"r\" (delivery.replay, preset ops) acts first: say unbind = \
             [\"r\"] if that is meant",
            "keys.toml:14:1: \"v v\" is never reached: \"v\" (help, keys.toml:13:1) acts first: take one of them out",
        ];
        let (told, last) = flaws.split_at(expected.len());
        assert_eq!(told, expected);
        assert!(
            last[0].starts_with(
                "keys.toml:15:2: [lst] is no part of a file of keys, perhaps \"list\""
            ),
            "{last:?}"
        );
        assert_eq!(last.len(), 1);
    }

    #[test]
    fn a_line_that_stands_twice_names_the_first_and_the_rest_is_still_read() {
        let (_, flaws) = lay("[list]\n\"m\" = \"help\"\n\"m\" = \"quit\"\n\"n\" = \"quti\"\n");
        assert_eq!(flaws.len(), 2, "{flaws:?}");
        assert_eq!(
            flaws[0],
            "keys.toml:3:1: \"m\" stands twice, first at keys.toml:2:1: keep one of them"
        );
        assert!(
            flaws[1].starts_with("keys.toml:4:7: action \"quti\" is not known, perhaps \"quit\"")
        );
        let (_, flaws) = lay("[list\n\"m\" = \"help\"\n");
        assert!(flaws[0].starts_with("keys.toml:1:"), "{flaws:?}");
    }

    #[test]
    fn keys_with_conditions_stand_upon_each_other_and_upon_what_is_below() {
        let (keys, flaws) = lay(
            "[deliveries]\n\"R\" = { action = \"delivery.replay\", when = \"marks == 0\" }\n\
             \"x\" = [ { action = \"row.unmark\", when = \"marks > 0\" }, { action = \"list.follow\", when = \
             \"following\" }, \"help\" ]\n",
        );
        assert_eq!(flaws, [] as [&str; 0]);
        let means = |strokes: &str, facts: &Facts| {
            let strokes: Vec<Key> = strokes.split(' ').filter_map(Key::parse).collect();
            match keys.meaning(facts, &strokes) {
                Meaning::Action(action) => Some(action.id),
                Meaning::Prefix | Meaning::Nothing => None,
            }
        };
        let none = Facts::of(Deliveries);
        let some = Facts {
            marks: 2,
            following: true,
            ..none
        };
        assert_eq!(means("R", &none), Some(ActionId::Replay));
        assert_eq!(
            means("R", &some),
            Some(ActionId::PlanReplay),
            "the table's own"
        );
        assert_eq!(means("x", &some), Some(ActionId::Mark(Marking::Clear)));
        assert_eq!(
            means("x", &Facts { marks: 0, ..some }),
            Some(ActionId::Follow)
        );
        assert_eq!(means("x", &none), Some(ActionId::Help));
        assert_eq!(keys.keys_of(&none, ActionId::Replay), ["R", "r"]);
        assert_eq!(keys.keys_of(&some, ActionId::Replay), ["r"]);
    }

    #[test]
    fn a_condition_that_is_wrong_or_never_met_is_told_with_its_place() {
        let (_, flaws) = lay("[deliveries]\n\
             \"a\" = { action = \"help\", when = \"marks > 0 & live\" }\n\
             \"c\" = { action = \"help\", when = \"mraks > 0\" }\n\
             \"e\" = { action = \"help\", when = \"marks < 0\" }\n\
             \"i\" = [ \"help\", { action = \"quit\", when = \"live\" } ]\n\
             \"m\" = [ { action = \"help\", when = \"live\" }, { action = \"quit\", when = \"live && armed\" } ]\n\
             \"n\" = [ { action = \"help\", when = \"live\" }, { action = \"back\", when = \"!live\" }, \"quit\" ]\n\
             \"p\" = { when = \"live\" }\n\
             \"s\" = { action = \"help\", if = \"live\" }\n\
             \"t\" = []\n\
             \"w\" = { action = \"help\", when = 7 }\n");
        let expected = [
            "keys.toml:2:44: a single & means nothing: write &&",
            "keys.toml:3:34: \"mraks\" is no fact, perhaps \"marks\": known are",
            "keys.toml:4:1: \"e\" is never reached: \"marks < 0\" cannot be in deliveries",
            "keys.toml:5:17: \"i\" is bound twice in deliveries: here to quit, at keys.toml:5:9 to help: give the earlier \
             one a condition, or put this one before it",
            "keys.toml:6:45: \"m\" is never reached in deliveries: whenever it could be, what stands before it counts \
             (help, keys.toml:6:9): make that condition narrower",
            "keys.toml:7:82: \"n\" is never reached in deliveries",
            "keys.toml:8:7: an action is missing: write { action = \"NAME\", when = \"CONDITION\" }",
            "keys.toml:9:26: \"if\" is not known here: there are action and when",
            "keys.toml:10:7: a list of what a key means has 1 to 8 entries",
            "keys.toml:11:33: expected a condition in quotes, such as \"marks > 0\"",
        ];
        assert_eq!(flaws.len(), expected.len(), "{flaws:#?}");
        for (told, expected) in flaws.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}\n{expected}");
        }
    }
}
