//! What a console remembers of a service until it shows it again: the columns of its lists, how times are told, how far
//! Pulse looks back, whether previews are open, and which keys of other programs were explained. What lists are sorted by
//! is not among it: it belongs to a question of the moment.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Columns;
use super::looking_back::Window;
use super::model::{Model, Screen};
use super::msg::Cmd;
use super::times::TimeStyle;
use crate::console::actions::{EVERYWHERE, Place};

/// What is remembered of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The columns of views where they were chosen.
    pub columns: BTreeMap<Place, Columns>,
    /// How instants are told.
    pub style: TimeStyle,
    /// How far the first view looks back.
    pub window: Window,
    /// Whether lists show the selected row beside them.
    pub previews: bool,
    /// Keys of another program that were explained: of every service.
    pub explained: BTreeSet<&'static str>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            columns: BTreeMap::new(),
            style: TimeStyle::default(),
            window: Window::default(),
            previews: true,
            explained: BTreeSet::new(),
        }
    }
}

impl Remembered {
    /// Puts it in force, and notes that the file has it.
    pub(crate) fn recall(self, model: &mut Model) {
        model.columns.clone_from(&self.columns);
        model.times.style = self.style;
        model.previews = self.previews;
        model.explained.clone_from(&self.explained);
        if let Some(Screen::Pulse(pulse)) = model.screens.first_mut()
            && pulse.window != self.window
        {
            pulse.look_back(self.window);
        }
        model.remembered = Some(Box::new(self));
    }

    /// This, with what differs between two others as the later one has it.
    pub(crate) fn changed(self, before: &Self, after: &Self) -> Self {
        fn pick<T: Clone + PartialEq>(this: T, before: &T, after: &T) -> T {
            if before == after { this } else { after.clone() }
        }
        let mut columns = self.columns;
        for place in EVERYWHERE {
            match (before.columns.get(place), after.columns.get(place)) {
                (before, after) if before == after => {}
                (_, Some(after)) => {
                    columns.insert(*place, after.clone());
                }
                (_, None) => {
                    columns.remove(place);
                }
            }
        }
        Self {
            columns,
            style: pick(self.style, &before.style, &after.style),
            window: pick(self.window, &before.window, &after.window),
            previews: pick(self.previews, &before.previews, &after.previews),
            // Whatever was explained once stays so.
            explained: &self.explained | &after.explained,
        }
    }

    /// What is in force.
    fn of(model: &Model) -> Self {
        let mut columns = model.columns.clone();
        columns.retain(|_, columns| columns.is_chosen());
        Self {
            columns,
            style: model.times.style,
            window: window(model),
            previews: model.previews,
            explained: model.explained.clone(),
        }
    }

    /// Whether it is what is in force: asked after every message, and copies nothing.
    fn is_of(&self, model: &Model) -> bool {
        self.style == model.times.style
            && self.previews == model.previews
            && self.explained == model.explained
            && self.window == window(model)
            && chosen(&self.columns).eq(chosen(&model.columns))
    }
}

/// Says what is to be remembered where something else is in force by now.
pub(super) fn follow_up(model: &mut Model) -> Option<Cmd> {
    if model.remembered.as_ref()?.is_of(model) {
        return None;
    }
    let remembered = Box::new(Remembered::of(model));
    model.remembered = Some(remembered.clone());
    Some(Cmd::Remember(remembered))
}

fn window(model: &Model) -> Window {
    match model.screens.first() {
        Some(Screen::Pulse(pulse)) => pulse.window,
        _ => Window::default(),
    }
}

/// The columns of views where something was chosen; how far a list is scrolled is no choice.
pub(crate) fn chosen(
    columns: &BTreeMap<Place, Columns>,
) -> impl Iterator<Item = (Place, Vec<&'static str>, Vec<&'static str>)> {
    let chosen = columns.iter().filter(|(_, columns)| columns.is_chosen());
    chosen.map(|(place, columns)| {
        let (order, hidden) = columns.chosen();
        (*place, order.to_vec(), hidden.iter().copied().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, begun, connected, press};
    use crate::console::app::update::update;

    fn kept(cmds: &[Cmd]) -> Vec<&Remembered> {
        let kept = cmds.iter().filter_map(|cmd| match cmd {
            Cmd::Remember(remembered) => Some(&**remembered),
            _ => None,
        });
        kept.collect()
    }

    #[test]
    fn each_thing_that_is_remembered_is_kept_once_when_it_changes_and_found_again() {
        let mut model = begun(false);
        Remembered::default().recall(&mut model);
        let before = model.remembered.clone();
        assert_eq!(kept(&press(&mut model, 100, "j k ? esc")), [] as [&_; 0]);
        assert_eq!(model.remembered, before);
        update(&mut model, at(100), Msg::Resized(160, 48));
        let mut last = None;
        for keys in ["}", "2 t", "c space", "J", "esc o"] {
            let cmds = press(&mut model, 200, keys);
            let [one] = kept(&cmds)[..] else {
                panic!("{keys}: {cmds:?}");
            };
            last = Some(one.clone());
        }
        let last = last.unwrap();
        assert_eq!((last.style, last.previews), (TimeStyle::Local, false));
        assert_eq!(last.window, Window::SixHours);
        let mut again = begun(false);
        last.clone().recall(&mut again);
        assert_eq!(Remembered::of(&again), last);
        assert_eq!(kept(&press(&mut again, 100, "2 j")), [] as [&_; 0]);
    }

    #[test]
    fn an_order_of_rows_a_look_at_columns_and_a_scrolled_list_are_not_kept() {
        let mut model = connected(false);
        Remembered::default().recall(&mut model);
        let cmds = press(&mut model, 100, "s enter S c j esc l h l");
        assert_eq!(kept(&cmds), [] as [&_; 0]);
    }

    #[test]
    fn a_console_without_a_file_keeps_nothing() {
        let mut model = connected(false);
        assert_eq!(kept(&press(&mut model, 100, "t o")), [] as [&_; 0]);
    }
}
