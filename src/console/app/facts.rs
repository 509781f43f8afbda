//! What conditions of keys can ask for, as the console is now.

use super::endpoints::is_listed;
use super::model::{Model, Screen};
use super::sieve::Sieve;
use super::writes::Writes;
use crate::console::keys::Facts;

/// All of it; no more than the view where no key has a condition.
pub(crate) fn facts(model: &Model) -> Facts {
    let place = model.place();
    if !model.keys.has_conditions() {
        return Facts::of(place);
    }
    let screen = model.screen();
    let sifted = screen.sieve().is_some_and(Sieve::is_set);
    let (rows, filtered, following) = match screen {
        Screen::Pulse(view) => {
            let rows = view.rows(&model.data, model.list_height());
            (rows.len(), false, false)
        }
        Screen::Deliveries(list) => {
            let filtered = !list.filter.trim().is_empty();
            (list.rows.len(), filtered, list.follows())
        }
        Screen::Inspector(_) => (0, false, false),
        Screen::Endpoints(_) => {
            let endpoints = model.data.endpoints.values();
            (
                endpoints.filter(|one| is_listed(one)).count(),
                sifted,
                false,
            )
        }
        Screen::Log(log) => (screen.counts(&model.data).1, sifted, log.follows()),
        Screen::Events(_) | Screen::Dead(_) | Screen::Replays(_) | Screen::Audit(_) => {
            (screen.counts(&model.data).1, sifted, false)
        }
    };
    let marks = match screen {
        Screen::Deliveries(list) => {
            let rows = list.rows.deliveries();
            let marked = rows.filter(|row| list.marks.has(row.id)).count();
            marked.max(usize::from(!list.marks.is_empty()))
        }
        _ => 0,
    };
    Facts {
        place,
        marks,
        rows,
        readonly: !model.writes.allowed(),
        armed: matches!(model.writes, Writes::Armed(_)),
        live: model.link.is_up(),
        filtered,
        following,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Place;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, press, serve};
    use crate::console::app::update::update;
    use crate::console::keys::KeyShelf;

    fn with_conditions() -> Model {
        let mut model = connected(false);
        let text = "[everywhere]\n\"Z\" = { action = \"help\", when = \"live\" }\n";
        let keys = KeyShelf::new(None).text("keys.toml", text.to_owned());
        model.keys = keys.unwrap();
        model
    }

    #[test]
    fn facts_are_what_the_screen_shows() {
        let mut model = with_conditions();
        let begun = facts(&model);
        let expected = Facts {
            rows: 6,
            following: true,
            ..Facts::of(Place::Deliveries)
        };
        assert_eq!(begun, expected);
        press(&mut model, 10, "space space !");
        let expected = Facts {
            marks: 2,
            following: false,
            readonly: true,
            ..begun
        };
        assert_eq!(facts(&model), expected);
        let cmds = press(&mut model, 50, "/ s t a t e : d e a d enter");
        serve(&mut model, 200, cmds);
        assert!(facts(&model).filtered);
        update(&mut model, at(300), Msg::StreamLost("gone".into()));
        assert!(!facts(&model).live);
        let cmds = press(&mut model, 400, "3 / a c m e");
        serve(&mut model, 500, cmds);
        let now = facts(&model);
        assert_eq!(
            (now.place, now.rows, now.filtered),
            (Place::Endpoints, 4, true)
        );
    }
}
