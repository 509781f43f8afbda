//! The choice of a saved view: each with what it stands for, to be gone to or deleted.

use super::acts::locked;
use super::changes::ask;
use super::choice::moved;
use super::dialogs::Pressed;
use super::model::{Level, Model, Overlay};
use super::msg::{Call, Cmd, Now};
use super::opening::open_deliveries;
use super::saved;
use crate::api::saved_view::SavedView;
use crate::console::actions::Inside;

/// The choice of a saved view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SavedChoice {
    /// The chosen one by its name, which stays when others come or go; none for the first.
    pub chosen: Option<String>,
}

impl SavedChoice {
    /// The line of the chosen one among these.
    pub(crate) fn line(&self, views: &[SavedView]) -> usize {
        let is_chosen = |view: &SavedView| Some(&view.name) == self.chosen.as_ref();
        views.iter().position(is_chosen).unwrap_or(0)
    }
}

/// Opens the choice, and asks for what there is now.
pub(super) fn open(model: &mut Model) -> Vec<Cmd> {
    model.overlays.push(Overlay::Saved(SavedChoice::default()));
    saved::fetch(model).into_iter().collect()
}

/// A key for the choice.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let rows = model.size.1;
    let views = model.data.saved.views();
    let Some(Overlay::Saved(choice)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let line = choice.line(views);
    match (pressed.means, views.get(line).cloned()) {
        (Some(Inside::Leave), _) => {
            model.overlays.pop();
        }
        (Some(Inside::Take), Some(view)) => {
            model.overlays.pop();
            let filter = format!("@{}", view.name);
            return open_deliveries(model, now, filter.clone(), filter);
        }
        (Some(Inside::Delete), Some(view)) => delete(model, now, &view),
        (means, _) => {
            let to = moved(means, line, views.len(), rows);
            choice.chosen = views.get(to).map(|view| view.name.clone());
        }
    }
    Vec::new()
}

/// Asks whether it is to be deleted.
fn delete(model: &mut Model, now: Now, view: &SavedView) {
    let what = format!("delete @{}", view.name);
    if let Some(refusal) = locked(model, &what) {
        model.tell(now, Level::Warn, refusal);
        return;
    }
    let Ok(name) = view.name.parse() else {
        return;
    };
    let consequences = vec![
        format!("It stands for {}", view.filter),
        "Filters that name it are refused from then on.".to_owned(),
    ];
    ask(model, what, consequences, Call::DeleteView(name));
}

/// One is gone: the next takes its place under the bar.
pub(super) fn forget(model: &mut Model, name: &str) {
    let views = model.data.saved.views();
    let at = views.iter().position(|view| view.name == name);
    let next = at.and_then(|at| {
        let before = || views.get(at.checked_sub(1)?);
        views.get(at + 1).or_else(before)
    });
    let next = next.map(|view| view.name.clone());
    for overlay in &mut model.overlays {
        if let Overlay::Saved(choice) = overlay
            && choice.chosen.as_deref().is_none_or(|chosen| chosen == name)
        {
            choice.chosen.clone_from(&next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::{Failure, Msg};
    use crate::console::app::samples::{at, begun, calls, press, serve};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    fn opened(read_only: bool) -> Model {
        let mut model = begun(read_only);
        let cmds = press(&mut model, 0, "g s");
        assert_eq!(calls(&cmds), [&Call::SavedViews]);
        assert!(screen(&model, 5).contains("they are being fetched"));
        serve(&mut model, 10, cmds);
        model
    }

    fn told(model: &Model) -> &str {
        model.toast.as_ref().map_or("", |toast| &toast.text)
    }

    #[test]
    fn saved_views_are_listed_with_who_and_when_and_enter_shows_their_deliveries() {
        let mut model = opened(false);
        let shown = screen(&model, 20);
        assert!(
            shown.contains("@oncall") && shown.contains("state:dead or status:5xx"),
            "{shown}"
        );
        let cmds = press(&mut model, 30, "j enter");
        let expected = Call::Deliveries {
            filter: "@oncall".to_owned(),
            cursor: None,
        };
        assert_eq!(calls(&cmds), [&expected]);
        assert_eq!(model.overlays, []);
        press(&mut model, 40, "g s esc");
        assert_eq!(model.overlays, []);
    }

    #[test]
    fn one_is_deleted_after_a_question_that_the_same_key_does_not_answer() {
        let mut model = opened(false);
        assert_eq!(press(&mut model, 100, "X X enter"), [], "the default is no");
        assert!(
            told(&model).contains("nothing was done"),
            "{}",
            told(&model)
        );
        press(&mut model, 1_000, "X");
        assert!(screen(&model, 1_010).contains("Filters that name it are refused"));
        assert_eq!(press(&mut model, 1_050, "y"), [], "it is deaf at first");
        let cmds = press(&mut model, 2_000, "y");
        let name = "acme".parse().unwrap();
        assert_eq!(calls(&cmds), [&Call::DeleteView(name)]);
        serve(&mut model, 2_010, cmds);
        assert_eq!(told(&model), "delete @acme: done");
        let names = model.data.saved.views().iter().map(|view| &*view.name);
        assert_eq!(names.collect::<Vec<_>>(), ["oncall"]);
        let expected = SavedChoice {
            chosen: Some("oncall".to_owned()),
        };
        assert_eq!(model.overlays, [Overlay::Saved(expected)]);
        press(&mut model, 3_000, "X");
        let cmds = press(&mut model, 4_000, "y");
        serve(&mut model, 4_010, cmds);
        let shown = screen(&model, 4_020);
        assert!(shown.contains("No filter is saved yet"), "{shown}");
        assert_eq!(press(&mut model, 5_000, "j X enter"), []);
    }

    #[test]
    fn nothing_is_deleted_where_nothing_may_change() {
        let mut model = opened(true);
        assert_eq!(press(&mut model, 100, "X"), []);
        assert_eq!(told(&model), "read-only: this console may not delete @acme");
        assert_eq!(model.overlays.len(), 1);
    }

    #[test]
    fn why_there_is_no_list_is_told() {
        let mut model = begun(false);
        let cmds = press(&mut model, 0, "g s");
        let Some(Cmd::Call(request, _)) = cmds.first() else {
            panic!("{cmds:?}");
        };
        let failure = Failure::said("403: views are of the whole service");
        update(
            &mut model,
            at(10),
            Msg::Answered(*request, None, Box::new(Err(failure))),
        );
        let shown = screen(&model, 20);
        assert!(shown.contains("views are of the whole service"), "{shown}");
    }

    #[test]
    fn a_view_that_comes_meanwhile_does_not_change_what_is_chosen() {
        let mut model = opened(false);
        press(&mut model, 20, "j");
        let mut views = model.data.saved.views().to_vec();
        let new = SavedView {
            name: "first".into(),
            ..views[0].clone()
        };
        views.insert(1, new);
        saved::take(&mut model, views);
        press(&mut model, 30, "X");
        assert!(screen(&model, 40).contains("delete @oncall?"));
    }
}
