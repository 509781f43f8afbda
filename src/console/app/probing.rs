//! What is known of the contexts while their list is open: each is asked once, in the background, a few at a time. One
//! that is reached through ssh is not asked unless it is the one that is shown: an ssh may want something of somebody.

use std::time::Duration;

use super::model::{Dirty, Model, Overlay};
use super::msg::Cmd;
use crate::console::surroundings::{Neighbour, Probe};

/// Contexts that are asked at the same time.
const ASKED_AT_ONCE: usize = 8;

/// The state of the context in this place of the list, in a word or two.
pub(crate) fn word(model: &Model, at: usize) -> String {
    match probe(model, at) {
        _ if !is_asked(model, at) => "not asked".to_owned(),
        None | Some(Probe::Asked) => "asking".to_owned(),
        Some(Probe::Live(took)) => format!("LIVE {}ms", took.as_millis().max(1)),
        Some(Probe::Down(_)) => "DOWN".to_owned(),
    }
}

/// What there is to say of it besides; not escaped.
pub(crate) fn why(model: &Model, at: usize) -> Option<String> {
    match probe(model, at) {
        _ if !is_asked(model, at) => Some("an ssh may want something typed".into()),
        Some(Probe::Down(reason)) => Some(reason.clone()),
        None | Some(Probe::Asked | Probe::Live(_)) => None,
    }
}

/// Whether a context is asked without being gone to.
fn is_asked(model: &Model, at: usize) -> bool {
    let around = &model.session.surroundings;
    let neighbour = around.contexts.get(at);
    neighbour.is_some_and(|one| {
        let is_shown = around.context.as_ref() == Some(&one.name);
        is_shown || !one.target.starts_with("ssh://")
    })
}

fn probe(model: &Model, at: usize) -> Option<&Probe> {
    let neighbour = model.session.surroundings.contexts.get(at)?;
    neighbour.probe.as_ref()
}

/// Asks anew, as many as may be at once; what is on its way is waited for.
pub(super) fn begin(model: &mut Model) -> Vec<Cmd> {
    for neighbour in &mut model.session.surroundings.contexts {
        neighbour.probe.take_if(|probe| *probe != Probe::Asked);
    }
    ask(model)
}

/// Takes over what came of it, and asks the next where the list is open still.
pub(super) fn take(model: &mut Model, at: usize, result: Result<Duration, String>) -> Vec<Cmd> {
    model.soil(Dirty::Soon);
    let probe = result.map_or_else(Probe::Down, Probe::Live);
    if let Some(neighbour) = model.session.surroundings.contexts.get_mut(at) {
        neighbour.probe = Some(probe);
    }
    let is_open = |overlay: &Overlay| matches!(overlay, Overlay::Contexts(_));
    if model.overlays.iter().any(is_open) {
        return ask(model);
    }
    Vec::new()
}

fn ask(model: &mut Model) -> Vec<Cmd> {
    let contexts = &model.session.surroundings.contexts;
    let is_waited_for = |one: &&Neighbour| one.probe == Some(Probe::Asked);
    let waiting = contexts.iter().filter(is_waited_for).count();
    let wanted = |at: &usize| is_asked(model, *at) && probe(model, *at).is_none();
    let next = (0..contexts.len()).filter(wanted);
    let next: Vec<usize> = next.take(ASKED_AT_ONCE.saturating_sub(waiting)).collect();
    for at in &next {
        model.session.surroundings.contexts[*at].probe = Some(Probe::Asked);
    }
    next.into_iter().map(Cmd::Probe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, connected, press};
    use crate::console::app::update::update;
    use crate::console::view::tests::screen;

    fn model(targets: &[&str]) -> Model {
        let mut model = connected(false);
        let neighbour = |(index, target): (usize, &&str)| Neighbour {
            name: format!("c{index}"),
            target: (*target).to_owned(),
            env: None,
            changes: "changes",
            probe: None,
        };
        let around = &mut model.session.surroundings;
        around.contexts = targets.iter().enumerate().map(neighbour).collect();
        around.context = Some("c0".to_owned());
        model
    }

    #[test]
    fn the_list_asks_each_and_tells_its_state_but_starts_no_ssh_but_the_shown_one() {
        let mut model = model(&["ssh://a", "ssh://b", "/run/c.sock", "https://d"]);
        let cmds = press(&mut model, 0, "g c");
        assert_eq!(cmds, [Cmd::Probe(0), Cmd::Probe(2), Cmd::Probe(3)]);
        let took = Duration::from_millis(42);
        update(&mut model, at(50), Msg::Probed(0, Ok(took)));
        let refused = Err("connection refused".to_owned());
        update(&mut model, at(60), Msg::Probed(2, refused));
        let words: Vec<String> = (0..4).map(|at| word(&model, at)).collect();
        assert_eq!(words, ["LIVE 42ms", "not asked", "DOWN", "asking"]);
        press(&mut model, 70, "j j");
        let shown = screen(&model, 80);
        assert!(shown.contains("connection refused"), "{shown}");
        press(&mut model, 90, "k");
        assert!(screen(&model, 95).contains("an ssh may want something typed"));
    }

    #[test]
    fn no_more_than_a_few_are_asked_at_once_and_none_when_the_list_is_closed() {
        let targets = ["/run/hookyard.sock"; 20];
        let mut model = model(&targets);
        assert_eq!(press(&mut model, 0, "g c").len(), ASKED_AT_ONCE);
        let took = Duration::from_millis(1);
        let cmds = update(&mut model, at(10), Msg::Probed(3, Ok(took)));
        assert_eq!(cmds, [Cmd::Probe(ASKED_AT_ONCE)]);
        press(&mut model, 20, "esc");
        let cmds = update(&mut model, at(30), Msg::Probed(4, Ok(took)));
        assert_eq!(cmds, []);
        let again = press(&mut model, 40, "g c");
        assert_eq!(again.len(), 1, "seven are on their way still");
    }
}
