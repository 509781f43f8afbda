//! What was looked at, and the way back and forth through it.

use super::deliveries::Deliveries;
use super::fetches::{fetch_detail, fetch_newest, refresh_shown};
use super::inspector::Inspector;
use super::model::{Level, Model, Screen};
use super::msg::{Cmd, Now};
use super::navigation::{close_above, go, restart};
use crate::api::delivery::DeliveryView;
use crate::console::actions::Place;

/// Visits that are remembered; the oldest go.
const VISITS_MAX: usize = 50;

/// What was looked at, oldest first, and where in it one stands.
#[derive(Debug, Default)]
pub(crate) struct History {
    visits: Vec<Visit>,
    at: usize,
}

/// Something that was looked at.
#[derive(Clone, Debug)]
enum Visit {
    /// A view.
    View(Place),
    /// Deliveries by a filter, of something.
    Deliveries {
        filter: String,
        base_filter: String,
        title: Option<String>,
    },
    /// One delivery, as it was known then.
    Delivery(Box<DeliveryView>),
}

impl Visit {
    fn of(screen: &Screen) -> Self {
        match screen {
            Screen::Deliveries(list) => Self::Deliveries {
                filter: list.filter.clone(),
                base_filter: list.base_filter.clone(),
                title: list.title.clone(),
            },
            Screen::Inspector(inspector) => Self::Delivery(Box::new(inspector.delivery().clone())),
            other => Self::View(other.place()),
        }
    }

    /// Whether a screen shows it.
    fn is_of(&self, screen: &Screen) -> bool {
        match (self, screen) {
            (
                Self::Deliveries {
                    filter,
                    title,
                    base_filter,
                },
                Screen::Deliveries(list),
            ) => *filter == list.filter && *title == list.title && *base_filter == list.base_filter,
            (Self::Delivery(known), Screen::Inspector(inspector)) => {
                known.id == inspector.delivery_id
            }
            (Self::View(place), other) => *place == other.place(),
            _ => false,
        }
    }
}

impl History {
    /// Notes what is shown; what lay ahead of the last visit is forgotten once something else is.
    pub(super) fn note(&mut self, screen: &Screen) {
        if self
            .visits
            .get(self.at)
            .is_some_and(|visit| visit.is_of(screen))
        {
            return;
        }
        self.visits.truncate(self.at + 1);
        self.visits.push(Visit::of(screen));
        if self.visits.len() > VISITS_MAX {
            self.visits.remove(0);
        }
        self.at = self.visits.len() - 1;
    }

    /// The visit before this one, or after it, which is the one to stand at from now on.
    fn step(&mut self, forth: bool) -> Option<Visit> {
        let to = match forth {
            true => self.at + 1,
            false => self.at.checked_sub(1)?,
        };
        let visit = self.visits.get(to)?.clone();
        self.at = to;
        Some(visit)
    }
}

/// Goes to what was looked at before, or after.
pub(super) fn step(model: &mut Model, now: Now, forth: bool) -> Vec<Cmd> {
    let Some(visit) = model.history.step(forth) else {
        let text = match forth {
            true => "this is what you looked at last",
            false => "this is what you looked at first",
        };
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    // What lies below the screen is found as it was left.
    let below = model.screens.iter().rposition(|screen| visit.is_of(screen));
    if let Some(at) = below {
        close_above(model, at);
        return refresh_shown(model, now);
    }
    match visit {
        Visit::View(place) => go(model, now, place),
        Visit::Deliveries {
            filter,
            base_filter,
            title: Some(title),
        } => {
            let id = model.new_screen_id();
            let mut list = Deliveries::new(id, base_filter, Some(title));
            if list.filter != filter {
                list.set_filter(filter);
            }
            model.push(Screen::Deliveries(Box::new(list)));
            fetch_newest(model, now, id)
        }
        Visit::Deliveries { filter, .. } => {
            let mut cmds = go(model, now, Place::Deliveries);
            if let Screen::Deliveries(list) = model.screen_mut()
                && list.filter != filter
            {
                list.set_filter(filter);
                let id = list.id;
                cmds = restart(model, now, id);
            }
            cmds
        }
        Visit::Delivery(known) => {
            let id = model.new_screen_id();
            model.push(Screen::Inspector(Box::new(Inspector::new(id, *known))));
            fetch_detail(model, id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::{connected, press, serve};
    use crate::console::app::shown::shown;

    fn after(model: &mut Model, keys: &str) -> String {
        let cmds = press(model, 100, keys);
        serve(model, 150, cmds);
        match model.screen() {
            Screen::Deliveries(list) => format!("{} {}", shown(model), list.filter),
            _ => shown(model),
        }
    }

    #[test]
    fn the_way_back_leads_through_views_filters_and_deliveries_and_forth_again() {
        let mut model = connected(false);
        let mut way = vec![after(&mut model, "2")];
        for keys in ["/ d e a d enter", "j enter", "3", "enter", "5"] {
            way.push(after(&mut model, keys));
        }
        assert_eq!(way[1], "deliveries dead");
        assert_eq!(way[2], "inspector.summary");
        for step in (0..5).rev() {
            assert_eq!(after(&mut model, "["), way[step], "back to {step}");
        }
        for place in &way[1..] {
            assert_eq!(after(&mut model, "]"), *place, "forth");
        }
        after(&mut model, "]");
        let text = model.toast.as_ref().unwrap().text.clone();
        assert_eq!(text, "this is what you looked at last");
    }

    #[test]
    fn another_way_from_the_middle_forgets_what_lay_ahead() {
        let mut model = connected(false);
        for keys in ["3", "4", "5", "[ [", "7"] {
            after(&mut model, keys);
        }
        assert_eq!(after(&mut model, "]"), "audit");
        assert_eq!(after(&mut model, "["), "endpoints");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut model = connected(false);
        for _ in 0..VISITS_MAX {
            after(&mut model, "3");
            after(&mut model, "4");
        }
        assert_eq!(model.history.visits.len(), VISITS_MAX);
        assert_eq!(after(&mut model, "["), "endpoints");
    }
}
