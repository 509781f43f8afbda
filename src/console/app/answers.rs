//! What comes of the calls.

use super::bell;
use super::beside::{self, Subject};
use super::endpoints::ENDPOINTS_MAX;
use super::fetches;
use super::forms;
use super::inspector::Good;
use super::listing::{Listed, Listing};
use super::model::{Dirty, Level, Model, Screen};
use super::msg::{Answer, Call, Cmd, Failure, Now, RequestId};
use super::notes;
use super::opening::open_deliveries;
use super::preview;
use super::pulse::Part;
use super::requests::{Purpose, ScreenId};
use super::rewind;
use super::saved;
use crate::api::dead::DiscardedView;
use crate::api::delivery::DeliveryDetail;
use crate::api::endpoint::EndpointView;
use crate::api::page::Page;
use crate::api::replay::ReplayView;
use crate::console::actions::ActionId;
use crate::console::actions::Dialog;
use crate::domain::id::DeliveryId;

/// Takes over an answer, unless nobody waits for it any more.
pub(crate) fn answer(
    model: &mut Model,
    now: Now,
    request: RequestId,
    answer: Result<Answer, Failure>,
) -> Vec<Cmd> {
    let Some(purpose) = model.requests.close(request) else {
        return Vec::new();
    };
    model.soil(Dirty::Soon);
    match answer {
        Ok(answer) => take(model, now, purpose, answer),
        Err(failure) => match rewind::edge(model, &purpose, &failure) {
            Some(oldest) => rewind::stop(model, now, oldest),
            None => {
                fail(model, now, purpose, failure.text);
                Vec::new()
            }
        },
    }
}

fn take(model: &mut Model, now: Now, purpose: Purpose, answer: Answer) -> Vec<Cmd> {
    match (purpose, answer) {
        (Purpose::Newest(id), Answer::Deliveries(page)) => {
            rewind::take_newest(model, id, page);
        }
        (Purpose::Older(id), Answer::Deliveries(page)) => {
            if let Some(list) = model.list_mut(id) {
                list.take_older(page);
            }
        }
        (Purpose::Count(id), Answer::Count(counted)) => {
            if let Some(list) = model.list_mut(id) {
                list.counted = Some(counted);
            }
        }
        (Purpose::Newest(id), answer) => take_rows(model, id, answer, TakePage::Newest),
        (Purpose::Older(id), answer) => take_rows(model, id, answer, TakePage::Older),
        (Purpose::Pulse(id, _), answer) => take_pulse(model, id, answer),
        (Purpose::Plan, Answer::Plan(plan)) => {
            if let Some(dialog) = model.dialog_mut() {
                dialog.take_plan(now.elapsed, Ok(plan));
            }
        }
        (Purpose::Start, Answer::ReplayMoved(replay)) => return started(model, now, &replay),
        (Purpose::Start, Answer::Discarded(done)) => return discarded(model, now, &done),
        (Purpose::Preview(id), Answer::Delivery(detail)) => {
            if let Some(list) = model.list_mut(id) {
                preview::take(&mut list.preview, detail);
            }
        }
        (Purpose::Beside(subject), answer) => beside::take(model, &subject, Ok(answer)),
        (Purpose::BesideHour(id), answer) => {
            beside::take(model, &Subject::Endpoint(id), Ok(answer));
        }
        (Purpose::Detail(id), Answer::Delivery(detail)) => return take_detail(model, id, detail),
        (Purpose::Attempt(id, _), Answer::Attempt(exchange)) => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.take_exchange(exchange);
            }
        }
        (Purpose::Good(id), Answer::LastGood(good)) => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.good = good.map_or(Good::None, Good::Attempt);
            }
        }
        (Purpose::Endpoints(pages), Answer::Endpoints(page)) => {
            return take_endpoints(model, pages, page);
        }
        (Purpose::Stats, Answer::Stats(stats)) => model.data.stats = Some(stats),
        (Purpose::Operators, Answer::Operators(operators)) => model.data.operators = operators,
        (Purpose::Notes, Answer::Notes(view)) => notes::take(model, view),
        (Purpose::Bell(id), answer) => bell::take(model, id, &answer),
        (Purpose::SavedViews, Answer::SavedViews(views)) => saved::take(model, views),
        (Purpose::Egress, Answer::Egress(egress)) => model.data.egress = Some(egress),
        (Purpose::Contracts, Answer::Contracts(contracts)) => {
            forms::take_contracts(model, contracts);
        }
        (Purpose::Form { what }, answer) => sent(model, now, &what, answer),
        (Purpose::Change { what, .. }, answer) => return done(model, now, &what, answer),
        (purpose, _) => debug_assert!(false, "an answer of another kind for {purpose:?}"),
    }
    Vec::new()
}

/// What came of a change.
fn done(model: &mut Model, now: Now, what: &str, answer: Answer) -> Vec<Cmd> {
    match answer {
        Answer::TestSent(event) => {
            model.tell(now, Level::Info, format!("{what}: accepted"));
            return open_deliveries(model, now, format!("event:{event}"), what.to_owned());
        }
        Answer::Notes(view) => {
            let text = format!("{what}: {} in the audit log", view.count);
            model.tell(now, Level::Info, text);
            notes::written(model, view);
        }
        Answer::SavedView(view) => saved::saved(model, now, what, *view),
        Answer::ViewDeleted(name) => saved::deleted(model, now, what, &name),
        Answer::Deleted(id) => {
            model.tell(now, Level::Info, format!("{what}: done"));
            model.data.endpoints.remove(&id);
        }
        Answer::Replayed(delivery) => {
            model.tell(
                now,
                Level::Info,
                format!("{what}: done, it is {}", delivery.state),
            );
            return changed(model, delivery.id, &delivery);
        }
        Answer::ReplayMoved(replay) => {
            let text = format!("{what}: done, it is {}", replay.state);
            model.tell(now, Level::Info, text);
            replay_moved(model, &replay);
        }
        Answer::Endpoint(endpoint) => {
            let text = match endpoint.status.as_str() {
                "paused" => {
                    let resumes = model.key(ActionId::PauseOrResume);
                    format!("{what}: done, {resumes} resumes it")
                }
                status => format!("{what}: done, it is {status}"),
            };
            model.tell(now, Level::Info, text);
            model.data.endpoints.insert(endpoint.id, *endpoint);
        }
        other => debug_assert!(false, "no answer to a change: {other:?}"),
    }
    Vec::new()
}

/// What came of a form.
fn sent(model: &mut Model, now: Now, what: &str, answer: Answer) {
    match answer {
        Answer::Created(created) => forms::created(model, now, *created),
        Answer::Endpoint(endpoint) => forms::edited(model, now, what, *endpoint),
        Answer::Rotated(shown) => forms::rotated(model, now, what, *shown),
        other => debug_assert!(false, "no answer to a form: {other:?}"),
    }
}

/// All of a delivery, for an inspector; what it looks at follows.
fn take_detail(model: &mut Model, id: ScreenId, detail: Box<DeliveryDetail>) -> Vec<Cmd> {
    let Some(inspector) = model.inspector_mut(id) else {
        return Vec::new();
    };
    inspector.take_detail(detail);
    let again = inspector.outdated;
    let mut cmds = fetches::fetch_exchange(model, id);
    if again {
        cmds.extend(fetches::fetch_detail(model, id));
    }
    cmds
}

/// Rows for a list of any kind.
fn take_rows(model: &mut Model, id: ScreenId, answer: Answer, take: TakePage) {
    let past = model.data.rewound.is_some();
    match (model.screen_of(id), answer) {
        (Some(Screen::Events(list)), Answer::Events(page)) => take.into(list, page),
        (Some(Screen::Replays(list)), Answer::Replays(page)) => take.into(list, page),
        (Some(Screen::Audit(list)), Answer::Audit(page)) => take.into(list, page),
        (Some(Screen::Log(log)), Answer::Log(view)) => match take {
            TakePage::Newest => {
                log.take_newest(*view);
                if past {
                    log.hold();
                }
            }
            TakePage::Older => log.take_older(*view),
        },
        (Some(Screen::Dead(list)), Answer::DeadCauses(causes)) => {
            let page = Page {
                items: causes.items,
                next: None,
                searched: None,
            };
            take.into(list, page);
            list.fetched.cut = causes.limited;
            list.fetched.kept_since = causes.kept_since;
        }
        (None, _) => {}
        (screen, _) => debug_assert!(false, "rows of another kind for {screen:?}"),
    }
}

/// A part of the first view.
fn take_pulse(model: &mut Model, id: ScreenId, answer: Answer) {
    let Some(Screen::Pulse(pulse)) = model.screen_of(id) else {
        return;
    };
    pulse.fetched.loaded = true;
    pulse.fetched.error = None;
    match answer {
        Answer::Stats(stats) => pulse.stats = Some(stats),
        Answer::Causes(causes) => {
            pulse.causes = causes.items;
            pulse.causes_known = true;
        }
        Answer::Horizon(horizon) => pulse.outlook = Some(horizon.total),
        Answer::Log(view) => pulse.warning = view.items.into_iter().next(),
        Answer::Replays(page) => {
            pulse.replays = page.items;
            pulse.replays.retain(is_under_way);
        }
        other => debug_assert!(false, "no part of the first view: {other:?}"),
    }
}

fn is_under_way(replay: &ReplayView) -> bool {
    matches!(&*replay.state, "running" | "paused" | "stopped")
}

/// Which end of a list a page belongs to.
#[derive(Clone, Copy, Debug)]
enum TakePage {
    Newest,
    Older,
}

impl TakePage {
    fn into<T: Listed>(self, list: &mut Listing<T>, page: Page<T>) {
        match self {
            Self::Newest => list.take_newest(page),
            Self::Older => list.take_older(page),
        }
    }
}

/// What the dialog planned has begun: show how it goes.
fn started(model: &mut Model, now: Now, replay: &ReplayView) -> Vec<Cmd> {
    close_dialog(model);
    let text = format!(
        "{} runs: {} deliveries at {}",
        replay.id,
        replay.total,
        crate::console::view::format::pace(&replay.rate)
    );
    model.tell(now, Level::Info, text);
    let id = model.new_screen_id();
    let mut list = Listing::new(id);
    list.cursor = Some(replay.id);
    model.push(Screen::Replays(Box::new(list)));
    fetches::fetch_newest(model, now, id)
}

fn discarded(model: &mut Model, now: Now, done: &DiscardedView) -> Vec<Cmd> {
    close_dialog(model);
    let skipped = match done.skipped {
        0 => String::new(),
        skipped => format!(", {skipped} were not dead any more"),
    };
    let text = format!("discarded {}{skipped}", done.discarded);
    model.tell(now, Level::Info, text);
    fetches::refresh_shown(model, now)
}

fn close_dialog(model: &mut Model) {
    model.close(Dialog::Plan);
}

/// A replay stands elsewhere; those of the past stay where they stood.
pub(crate) fn replay_moved(model: &mut Model, replay: &ReplayView) {
    if model.data.rewound.is_some() {
        return;
    }
    for screen in &mut model.screens {
        match screen {
            Screen::Replays(list) => list.put(replay.clone()),
            Screen::Pulse(pulse) => {
                pulse.replays.retain(|known| known.id != replay.id);
                if is_under_way(replay) {
                    pulse.replays.push(replay.clone());
                    pulse
                        .replays
                        .sort_by_key(|replay| std::cmp::Reverse(replay.id));
                }
            }
            _ => {}
        }
    }
}

/// A delivery was changed by this console: show it at once, and look at all of it again where it is open.
fn changed(
    model: &mut Model,
    id: DeliveryId,
    delivery: &crate::api::delivery::DeliveryView,
) -> Vec<Cmd> {
    for list in model.lists_mut() {
        list.take_change(delivery);
    }
    let open: Vec<_> = model
        .inspectors_mut()
        .filter(|inspector| inspector.delivery_id == id)
        .map(|inspector| {
            inspector.known.clone_from(delivery);
            inspector.id
        })
        .collect();
    open.into_iter()
        .flat_map(|id| fetches::fetch_detail(model, id))
        .collect()
}

/// Collects pages of endpoints and takes them all over with the last one, so that the list never shrinks meanwhile.
fn take_endpoints(model: &mut Model, pages: u32, page: Page<EndpointView>) -> Vec<Cmd> {
    if pages == 0 {
        model.data.endpoints_coming.clear();
    }
    let coming = &mut model.data.endpoints_coming;
    coming.extend(
        page.items
            .into_iter()
            .map(|endpoint| (endpoint.id, endpoint)),
    );
    match &page.next {
        Some(cursor) if coming.len() < ENDPOINTS_MAX => {
            let call = Call::Endpoints {
                cursor: Some(cursor.clone()),
            };
            model
                .call(Purpose::Endpoints(pages + 1), call)
                .into_iter()
                .collect()
        }
        _ => {
            model.data.endpoints = std::mem::take(coming);
            model.data.endpoints_cut = page.next.is_some();
            model.data.endpoints_loaded = true;
            model.data.endpoints_error = None;
            Vec::new()
        }
    }
}

fn fail(model: &mut Model, now: Now, purpose: Purpose, text: String) {
    match purpose {
        // What says nothing without it: a line of a view, a number in a heading.
        Purpose::Pulse(_, Part::Warning) | Purpose::Count(_) => {}
        Purpose::Newest(id) | Purpose::Older(id) | Purpose::Pulse(id, _) => {
            match model.screen_of(id) {
                Some(Screen::Deliveries(list)) => list.error = Some(text),
                Some(other) => {
                    if let Some(fetched) = other.fetched() {
                        fetched.error = Some(text);
                    }
                }
                None => {}
            }
        }
        Purpose::Plan => {
            if let Some(dialog) = model.dialog_mut() {
                dialog.take_plan(now.elapsed, Err(text));
            }
        }
        Purpose::Start => match model.dialog_mut() {
            Some(dialog) => dialog.refused(text),
            None => model.tell(now, Level::Error, format!("not started: {text}")),
        },
        Purpose::Detail(id) | Purpose::Attempt(id, _) | Purpose::Good(id) => {
            if let Some(inspector) = model.inspector_mut(id) {
                inspector.error = Some(text);
            }
        }
        Purpose::Preview(id) => {
            let list = model.list_mut(id);
            if let Some(preview) = list.and_then(|list| list.preview.as_mut()) {
                preview.error = Some(text);
            }
        }
        Purpose::Beside(subject) => beside::take(model, &subject, Err(text)),
        Purpose::BesideHour(id) => beside::take(model, &Subject::Endpoint(id), Err(text)),
        Purpose::Endpoints(_) => model.data.endpoints_error = Some(text),
        // The header shows what it has; its age is told by the connection's words.
        Purpose::Stats | Purpose::Egress | Purpose::Operators | Purpose::Notes => {}
        Purpose::Bell(id) => bell::fail(model, now, id, &text),
        // Any name may be right then: the service says so of a filter that names one.
        Purpose::SavedViews => model.data.saved.fail(text),
        Purpose::Contracts => {
            if let Some(form) = model.form_mut() {
                form.refuse("", format!("the contracts could not be fetched: {text}"));
            }
        }
        Purpose::Form { what } => forms::refused(model, now, &what, text),
        Purpose::Change { what, .. } => {
            model.tell(now, Level::Error, format!("{what}: failed: {text}"));
        }
    }
}
