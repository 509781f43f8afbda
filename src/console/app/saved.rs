//! Saved views: those there are, and saving the filter in force as another.

use super::changes::change;
use super::dialogs::Pressed;
use super::line::Line;
use super::model::{Level, Model, Overlay, Screen};
use super::msg::{Call, Cmd, Now};
use super::requests::Purpose;
use super::saved_choice;
use crate::api::saved_view::SavedView;
use crate::console::actions::{ActionId, Inside, Saving};
use crate::domain::filter::{Filter, InvalidViewName, SavedFilters, ViewName};

/// The saved views as they were told last.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    views: Vec<SavedView>,
    /// The same for reading filters; none while nobody has told.
    filters: Option<SavedFilters>,
    /// Why they could not be fetched, in words, not escaped.
    problem: Option<String>,
}

impl Saved {
    /// By name.
    pub(crate) fn views(&self) -> &[SavedView] {
        &self.views
    }

    /// What names stand for; none while that is not known.
    pub(crate) const fn filters(&self) -> Option<&SavedFilters> {
        self.filters.as_ref()
    }

    /// Why they could not be fetched; not escaped.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Notes why they could not be fetched.
    pub(super) fn fail(&mut self, problem: String) {
        self.problem = Some(problem);
    }

    /// The one of this name.
    fn named(&self, name: &str) -> Option<&SavedView> {
        self.views.iter().find(|view| view.name == name)
    }

    fn replace(&mut self, views: Vec<SavedView>) {
        let named = |view: &SavedView| Some((view.name.parse().ok()?, view.filter.clone()));
        self.filters = Some(views.iter().filter_map(named).collect());
        self.problem = None;
        self.views = views;
    }
}

/// A name for the filter in force, while it is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaveLine {
    /// What is going to be saved.
    pub filter: String,
    /// What is typed.
    pub line: Line,
}

/// What there is to say about the name as far as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SaveNote {
    /// It would be a new one.
    New,
    /// It would take the place of this filter.
    Replaces(String),
    /// It can be none.
    Wrong(String),
}

impl SaveLine {
    fn name(&self) -> Result<ViewName, InvalidViewName> {
        let text = self.line.text().trim();
        text.strip_prefix('@').unwrap_or(text).parse()
    }

    /// What there is to say about the name.
    pub(crate) fn note(&self, saved: &Saved) -> SaveNote {
        if self.line.text().is_empty() {
            return SaveNote::New;
        }
        match self.name() {
            Err(error) => SaveNote::Wrong(error.to_string()),
            Ok(name) => match saved.named(name.as_str()) {
                Some(known) => SaveNote::Replaces(known.filter.clone()),
                None => SaveNote::New,
            },
        }
    }
}

/// Asks for the saved views: others may have saved some since.
pub(super) fn fetch(model: &mut Model) -> Option<Cmd> {
    if !model.link.is_up() {
        return None;
    }
    model.call(Purpose::SavedViews, Call::SavedViews)
}

/// Takes over what there is; a filter that is being typed is read with it.
pub(super) fn take(model: &mut Model, views: Vec<SavedView>) {
    model.data.saved.replace(views);
    if let Some(Screen::Deliveries(list)) = model.screens.last_mut()
        && let Some(input) = &mut list.input
    {
        input.hear(&list.rows, &model.data);
    }
}

/// Does what an action on saved views says.
pub(super) fn act(model: &mut Model, now: Now, how: Saving) -> Vec<Cmd> {
    match how {
        Saving::Filter => ask(model, now),
        Saving::Choose => saved_choice::open(model),
    }
}

/// Asks for a name for the filter in force.
fn ask(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Screen::Deliveries(list) = model.screen() else {
        return Vec::new();
    };
    let filter = list.filter.trim().to_owned();
    if filter.is_empty() {
        let text = format!(
            "no filter is in force: {} sets one",
            model.key(ActionId::Filter)
        );
        model.tell(now, Level::Info, text);
        return Vec::new();
    }
    if let Err(errors) = Filter::parse_to_save(&filter) {
        model.tell(now, Level::Warn, format!("this filter: {errors}"));
        return Vec::new();
    }
    let line = Line::default();
    model
        .overlays
        .push(Overlay::Save(SaveLine { filter, line }));
    fetch(model).into_iter().collect()
}

/// A key for the line.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Save(save)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match pressed.means {
        Some(Inside::Leave) => {
            model.overlays.pop();
            return Vec::new();
        }
        Some(Inside::Take) => {}
        Some(_) => return Vec::new(),
        None => {
            save.line.edit(pressed.key);
            return Vec::new();
        }
    }
    if save.line.text().trim().is_empty() {
        model.overlays.pop();
        model.tell(now, Level::Info, "nothing was saved");
        return Vec::new();
    }
    let name = match save.name() {
        Ok(name) => name,
        Err(error) => {
            model.tell(now, Level::Warn, error.to_string());
            return Vec::new();
        }
    };
    let what = format!("save @{name}");
    let call = Call::SaveView(name, save.filter.clone());
    let cmds = change(model, now, &what, None, call);
    if cmds.is_empty() {
        // What was typed stays.
        let text = "it cannot be sent now: not connected, changes locked, or too much under way";
        model.tell(now, Level::Warn, text);
    } else {
        model.overlays.pop();
    }
    cmds
}

/// Takes over one that was saved; it is in the audit log as well.
pub(super) fn saved(model: &mut Model, now: Now, what: &str, view: SavedView) {
    let text = format!("{what}: done, it stands for {}", view.filter);
    model.tell(now, Level::Info, text);
    let mut views = std::mem::take(&mut model.data.saved.views);
    views.retain(|known| known.name != view.name);
    views.push(view);
    views.sort_by(|one, other| one.name.cmp(&other.name));
    take(model, views);
    outdate_audit(model);
}

/// One was deleted, which is in the audit log as well.
pub(super) fn deleted(model: &mut Model, now: Now, what: &str, name: &ViewName) {
    model.tell(now, Level::Info, format!("{what}: done"));
    saved_choice::forget(model, name.as_str());
    let mut views = std::mem::take(&mut model.data.saved.views);
    views.retain(|known| known.name != name.as_str());
    take(model, views);
    outdate_audit(model);
}

fn outdate_audit(model: &mut Model) {
    for screen in &mut model.screens {
        if let Screen::Audit(list) = screen {
            list.fetched.outdated = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::deliveries::Deliveries;
    use crate::console::app::msg::{Failure, Msg};
    use crate::console::app::samples::{at, begun, calls, connected, list, press, serve};
    use crate::console::app::update::update;
    use crate::console::input::bytes::Typed;

    fn told(model: &Model) -> &str {
        model.toast.as_ref().map_or("", |toast| &toast.text)
    }

    fn input(model: &Model) -> &crate::console::app::filter_line::FilterLine {
        list(model).input.as_ref().expect("a filter is being typed")
    }

    /// A console whose list has this filter in force.
    fn filtered(filter: &str) -> Model {
        let mut model = connected(false);
        if let Screen::Deliveries(list) = model.screen_mut() {
            list.set_filter(filter.to_owned());
        }
        model
    }

    #[test]
    fn the_filter_in_force_is_saved_by_a_name_and_known_from_then_on() {
        let mut model = filtered("state:held");
        let cmds = press(&mut model, 0, "F");
        assert_eq!(calls(&cmds), [&Call::SavedViews]);
        serve(&mut model, 10, cmds);
        press(&mut model, 20, "m i n e");
        let cmds = press(&mut model, 30, "enter");
        let name: ViewName = "mine".parse().unwrap();
        let expected = Call::SaveView(name, "state:held".to_owned());
        assert_eq!(calls(&cmds), [&expected]);
        assert!(model.overlays.is_empty());
        serve(&mut model, 40, cmds);
        assert_eq!(told(&model), "save @mine: done, it stands for state:held");
        let names = model.data.saved.views().iter().map(|view| &*view.name);
        assert_eq!(names.collect::<Vec<_>>(), ["acme", "mine", "oncall"]);
    }

    #[test]
    fn a_name_that_is_taken_or_none_is_told_while_it_is_typed() {
        let mut model = filtered("state:held");
        let cmds = press(&mut model, 0, "F");
        serve(&mut model, 10, cmds);
        let note = |model: &Model| match model.overlays.last() {
            Some(Overlay::Save(save)) => save.note(&model.data.saved),
            other => panic!("{other:?}"),
        };
        assert_eq!(note(&model), SaveNote::New);
        press(&mut model, 20, "@ o n c a l l");
        let before = "state:dead or status:5xx".to_owned();
        assert_eq!(note(&model), SaveNote::Replaces(before));
        press(&mut model, 30, "X");
        assert!(matches!(note(&model), SaveNote::Wrong(rule) if rule.contains("a-z, 0-9 and -")));
        assert_eq!(calls(&press(&mut model, 40, "enter")), [] as [&Call; 0]);
        assert!(told(&model).contains("a-z, 0-9 and -"), "{}", told(&model));
        assert_eq!(model.overlays.len(), 1, "what was typed stays");
        press(&mut model, 50, "ctrl-u enter");
        assert_eq!(told(&model), "nothing was saved");
        assert!(model.overlays.is_empty());
    }

    #[test]
    fn without_a_filter_with_one_that_names_a_view_or_where_nothing_may_change_nothing_is_asked() {
        let mut model = connected(false);
        press(&mut model, 0, "F");
        assert_eq!(told(&model), "no filter is in force: / sets one");
        let mut model = filtered("age<2h @oncall");
        press(&mut model, 0, "F");
        let says = "at column 8: a saved view names no other";
        assert!(told(&model).contains(says), "{}", told(&model));
        let mut looking = connected(true);
        if let Screen::Deliveries(list) = looking.screen_mut() {
            list.set_filter("state:held".to_owned());
        }
        press(&mut looking, 0, "F");
        assert!(told(&looking).contains("read-only"), "{}", told(&looking));
        for model in [model, looking] {
            assert!(model.overlays.is_empty());
        }
    }

    #[test]
    fn a_refused_save_is_told_and_a_pasted_name_is_sent_by_enter_alone() {
        let mut model = filtered("state:held");
        let cmds = press(&mut model, 0, "F");
        serve(&mut model, 10, cmds);
        let paste = Msg::Typed(Typed::Paste("mine\n".to_owned()));
        let pasted = update(&mut model, at(20), paste);
        assert_eq!(calls(&pasted), [] as [&Call; 0]);
        let cmds = press(&mut model, 30, "enter");
        let Some(Cmd::Call(request, Call::SaveView(..))) = cmds.first() else {
            panic!("{cmds:?}");
        };
        let failure = Failure::said("there are 200 saved views");
        let msg = Msg::Answered(*request, None, Box::new(Err(failure)));
        update(&mut model, at(40), msg);
        assert_eq!(
            told(&model),
            "save @mine: failed: there are 200 saved views"
        );
        assert!(model.data.saved.named("mine").is_none());
    }

    #[test]
    fn names_are_completed_with_what_they_stand_for_and_an_unknown_one_has_its_caret() {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "/");
        assert_eq!(calls(&cmds), [&Call::SavedViews]);
        // Until the answer is there, any name may be right.
        press(&mut model, 10, "@ n o b");
        assert_eq!(input(&model).problem, None);
        serve(&mut model, 20, cmds);
        let problem = input(&model).problem.as_ref().unwrap();
        assert_eq!((problem.start, problem.end), (0, 4));
        assert!(
            problem.text.contains("no view is saved as @nob"),
            "{problem:?}"
        );
        press(&mut model, 30, "ctrl-u x space - @ o");
        let offer = &input(&model).offer;
        assert_eq!(offer.start, 3);
        let texts: Vec<_> = offer.candidates.iter().map(|one| &*one.text).collect();
        assert_eq!(texts, ["@oncall"]);
        let stands_for = offer.candidates[0].stands_for.as_deref();
        assert_eq!(stands_for, Some("state:dead or status:5xx"));
        press(&mut model, 40, "tab");
        assert_eq!(input(&model).line.text(), "x -@oncall");
        assert_eq!(input(&model).problem, None);
        let cmds = press(&mut model, 50, "enter");
        assert_eq!(list(&model).filter, "x -@oncall");
        assert_eq!(calls(&cmds).len(), 1, "{cmds:?}");
    }

    #[test]
    fn what_is_offered_for_a_lone_at_is_all_there_is() {
        let mut model = connected(false);
        press(&mut model, 0, "/ @");
        assert_eq!(input(&model).offer.candidates, []);
        let cmds = update(&mut model, at(10), Msg::Tick);
        assert_eq!(calls(&cmds), [] as [&Call; 0], "it is asked for once");
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "/ @");
        serve(&mut model, 10, cmds);
        let count = input(&model).offer.candidates.len();
        assert_eq!(count, 2, "what is being typed hears of it");
    }

    #[test]
    fn the_palette_goes_to_a_saved_view() {
        let mut model = begun(false);
        let cmds = press(&mut model, 0, ":");
        assert_eq!(calls(&cmds), [&Call::SavedViews]);
        serve(&mut model, 10, cmds);
        let cmds = press(&mut model, 20, "@ o n c enter");
        let expected = Call::Deliveries {
            filter: "@oncall".to_owned(),
            cursor: None,
        };
        assert_eq!(calls(&cmds), [&expected]);
        let shown: &Deliveries = list(&model);
        assert_eq!(shown.title.as_deref(), Some("@oncall"));
        assert_eq!(shown.filter, shown.base_filter);
    }

    #[test]
    fn whoever_is_refused_the_views_types_filters_all_the_same() {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "/ @ x");
        let Some(Cmd::Call(request, _)) = cmds.first() else {
            panic!("{cmds:?}");
        };
        let failure = Failure::said("of the whole service");
        let msg = Msg::Answered(*request, None, Box::new(Err(failure)));
        update(&mut model, at(10), msg);
        assert_eq!(input(&model).problem, None);
        assert!(model.toast.is_none());
    }
}
