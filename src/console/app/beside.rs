//! What is fetched of the selected row to be told beside its list: its newest deliveries, and an endpoint's last hour.

use std::time::Duration;

use super::model::{Model, Screen};
use super::msg::{Answer, Call, Cmd, Now};
use super::pane;
use super::requests::Purpose;
use crate::api::delivery::DeliveryView;
use crate::api::stats::EndpointStatsView;
use crate::domain::id::{EndpointId, EventId, ReplayId};

/// The shortest time between two fetches of a row that changes.
const REFETCH: Duration = Duration::from_secs(2);

/// A row that has deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An endpoint.
    Endpoint(EndpointId),
    /// An event.
    Event(EventId),
    /// Dead letters of a cause.
    Cause(String),
    /// A replay.
    Replay(ReplayId),
}

/// What is known of it.
#[derive(Debug)]
pub(crate) struct Beside {
    /// The row.
    pub subject: Subject,
    /// Its newest deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// Whether it has more of them.
    pub more: bool,
    /// What happened at an endpoint in the last hour.
    pub figures: Option<Box<EndpointStatsView>>,
    /// Whether the deliveries were ever fetched.
    pub loaded: bool,
    /// Why not, in words, not escaped.
    pub error: Option<String>,
    asked_at: Option<Duration>,
    outdated: bool,
}

impl Subject {
    /// The filter that its deliveries pass.
    pub(crate) fn filter(&self) -> String {
        match self {
            Self::Endpoint(id) => format!("ep:{id}"),
            Self::Event(id) => format!("event:{id}"),
            Self::Cause(id) => format!("state:dead cause:{id}"),
            Self::Replay(id) => format!("replay:{id}"),
        }
    }

    fn has(&self, delivery: &DeliveryView) -> bool {
        match self {
            Self::Endpoint(id) => delivery.endpoint_id == *id,
            Self::Event(id) => delivery.event_id == *id,
            Self::Cause(id) => delivery.state == "dead" && delivery.cause.as_ref() == Some(id),
            Self::Replay(id) => delivery.replay_id == Some(*id),
        }
    }
}

impl Beside {
    const fn of(subject: Subject) -> Self {
        Self {
            subject,
            deliveries: Vec::new(),
            more: false,
            figures: None,
            loaded: false,
            error: None,
            asked_at: None,
            outdated: false,
        }
    }

    /// When it may be fetched again; none while it is up to date.
    pub(crate) fn refetch_at(&self) -> Option<Duration> {
        let asked_at = self.asked_at.filter(|_| self.outdated)?;
        Some(asked_at + REFETCH)
    }

    /// Takes over a changed delivery that it has, or may have to have.
    pub(crate) fn take_change(&mut self, delivery: &DeliveryView) {
        let known = self
            .deliveries
            .iter_mut()
            .find(|known| known.id == delivery.id);
        if let Some(known) = known {
            known.clone_from(delivery);
        }
        self.outdated |= self.subject.has(delivery);
    }
}

/// The selected row, where it has deliveries and room to tell of them.
fn subject(model: &Model) -> Option<Subject> {
    pane::room(model)?;
    match model.screen() {
        Screen::Endpoints(_) => model
            .selected_endpoint()
            .map(|one| Subject::Endpoint(one.id)),
        Screen::Events(list) => list.selected().map(|event| Subject::Event(event.id)),
        Screen::Dead(list) => list
            .selected()
            .map(|cause| Subject::Cause(cause.id.clone())),
        Screen::Replays(list) => list.selected().map(|replay| Subject::Replay(replay.id)),
        _ => None,
    }
}

/// What is known of the selected row.
pub(crate) fn shown(model: &Model) -> Option<&Beside> {
    let subject = subject(model)?;
    let beside = model.beside.as_ref();
    beside.filter(|beside| beside.subject == subject)
}

/// Fetches what is not known of the selected row, one row at a time however fast the cursor moves.
pub(super) fn fetch(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(subject) = subject(model) else {
        model.beside = None;
        return Vec::new();
    };
    if model
        .beside
        .as_ref()
        .is_none_or(|beside| beside.subject != subject)
    {
        model.beside = Some(Beside::of(subject.clone()));
    }
    let Some(beside) = &model.beside else {
        return Vec::new();
    };
    let due = beside.asked_at.is_none() || beside.refetch_at().is_some_and(|at| now.elapsed >= at);
    if !due
        || !model.link.is_up()
        || model
            .requests
            .any(|purpose| matches!(purpose, Purpose::Beside(_)))
    {
        return Vec::new();
    }
    let mut cmds = Vec::new();
    let call = Call::Glance(subject.filter());
    cmds.extend(model.call(Purpose::Beside(subject.clone()), call));
    if let Subject::Endpoint(id) = subject {
        cmds.extend(model.call(Purpose::BesideHour(id), Call::EndpointHour(id)));
    }
    if let Some(beside) = &mut model.beside
        && !cmds.is_empty()
    {
        beside.asked_at = Some(now.elapsed);
        beside.outdated = false;
    }
    cmds
}

/// Takes over an answer, if it is of the row that is selected still.
pub(super) fn take(model: &mut Model, subject: &Subject, answer: Result<Answer, String>) {
    let Some(beside) = &mut model.beside else {
        return;
    };
    if beside.subject != *subject {
        return;
    }
    match answer {
        Ok(Answer::Deliveries(page)) => {
            beside.deliveries = page.items;
            beside.more = page.next.is_some();
            beside.loaded = true;
            beside.error = None;
        }
        Ok(Answer::EndpointHour(figures)) => beside.figures = Some(figures),
        Ok(other) => debug_assert!(false, "nothing to tell beside a list: {other:?}"),
        Err(error) => beside.error = Some(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::{Change, StreamFrame};
    use crate::console::app::msg::Msg;
    use crate::console::app::samples::{at, calls, connected, press, serve};
    use crate::console::app::update::update;

    fn wide() -> Model {
        let mut model = connected(false);
        update(&mut model, at(0), Msg::Resized(160, 48));
        model
    }

    fn glances(cmds: &[Cmd]) -> Vec<String> {
        let filters = calls(cmds).into_iter().filter_map(|call| match call {
            Call::Glance(filter) => Some(filter.clone()),
            _ => None,
        });
        filters.collect()
    }

    #[test]
    fn the_selected_row_is_asked_for_once_and_the_next_when_the_answer_is_here() {
        let mut model = wide();
        let cmds = press(&mut model, 100, "4");
        serve(&mut model, 150, cmds);
        let first = model.beside.as_ref().unwrap();
        assert!(first.loaded && first.subject.filter().starts_with("event:evt_"));
        let cmds = press(&mut model, 160, "j");
        let second = model.beside.as_ref().unwrap().subject.filter();
        assert_eq!(glances(&cmds), [second]);
        assert_eq!(glances(&press(&mut model, 170, "j")), [] as [&str; 0]);
        // The answer is another row's: it is dropped, and this one's is asked for.
        serve(&mut model, 200, cmds);
        assert!(model.beside.as_ref().unwrap().loaded);
        assert_eq!(
            glances(&update(&mut model, at(9_000), Msg::Tick)),
            [] as [&str; 0]
        );
    }

    #[test]
    fn a_change_of_its_deliveries_is_shown_and_fetched_again_two_seconds_later() {
        let mut model = wide();
        let cmds = press(&mut model, 100, "3");
        serve(&mut model, 150, cmds);
        let beside = model.beside.as_ref().unwrap();
        assert!(beside.loaded && beside.figures.is_some(), "{beside:?}");
        let Subject::Endpoint(endpoint) = beside.subject else {
            panic!("{beside:?}");
        };
        let mut changed = beside.deliveries[0].clone();
        changed.endpoint_id = endpoint;
        changed.attempts += 7;
        let frame = StreamFrame::Change(Box::new(Change {
            deliveries: vec![changed.clone()],
            ..Change::default()
        }));
        let cmds = update(&mut model, at(300), Msg::Frame(Box::new(frame)));
        assert_eq!(glances(&cmds), [] as [&str; 0]);
        let beside = model.beside.as_ref().unwrap();
        assert_eq!(beside.deliveries[0].attempts, changed.attempts);
        let due = beside.refetch_at().unwrap();
        assert!(model.next_wakeup(at(300)) <= due);
        let cmds = update(&mut model, at(2_400), Msg::Tick);
        assert_eq!(glances(&cmds).len(), 1);
    }

    #[test]
    fn a_narrow_screen_asks_for_nothing() {
        let mut model = connected(false);
        let cmds = press(&mut model, 100, "5");
        serve(&mut model, 150, cmds);
        assert!(model.beside.is_none());
    }
}
