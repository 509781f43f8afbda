//! What is done with a row, by what the row stands for. Pure.

use super::ask::Deed;
use super::rows::Target;
use crate::api::endpoint::EndpointView;
use crate::api::note::AddNote;
use crate::console::app::changes::name_of;
use crate::console::app::endpoint_form::{self, EndpointForm};
use crate::console::app::msg::Call;
use crate::console::app::plan::Intent;
use crate::console::app::proposal::{self, Proposal};
use crate::domain::id::DeliveryId;

/// What it leads to.
#[derive(Debug)]
pub(super) enum Does {
    /// A delivery with its attempts.
    Detail(DeliveryId),
    /// The deliveries that pass a filter.
    List(String),
    /// A change of one thing that may be answered at once: the same by a key of the console that draws asks nothing.
    Simple(Call, String),
    /// A change that asks there too.
    Proposed(Proposal),
    /// A plan of what a filter picks, and that in words.
    Plan(Intent, (String, String)),
    /// Questions.
    Form(Box<EndpointForm>),
    /// Nothing, for this reason.
    Refused(String),
    /// Nothing: the row is none for this.
    Nothing,
}

/// What a deed on a row leads to; `words` are those behind its number.
pub(super) fn does(deed: Deed, target: &Target, words: &str) -> Does {
    match (deed, target) {
        (Deed::Open, Target::Delivery(id)) => Does::Detail(*id),
        (Deed::Open, other) => other.filter().map_or(Does::Nothing, Does::List),
        (Deed::Replay, Target::Delivery(id)) => {
            Does::Simple(Call::Replay(*id), format!("replay {id}"))
        }
        (Deed::Plan, target) => plan(target),
        (Deed::Discard, Target::Cause { id, name }) => {
            let what = (format!("state:dead cause:{id}"), name.clone());
            Does::Plan(Intent::Discard, what)
        }
        (Deed::Note, target) => note(target, words),
        (deed, Target::Endpoint(endpoint)) => of_endpoint(deed, endpoint),
        (deed, Target::Replay(replay)) => {
            let id = replay.id;
            match (deed, &*replay.state) {
                (Deed::Cancel, _) => proposed(proposal::cancel(replay)),
                (Deed::Pause | Deed::PauseOrResume, "running") => {
                    Does::Simple(Call::PauseReplay(id), format!("pause {id}"))
                }
                (Deed::Resume | Deed::PauseOrResume, "paused" | "stopped") => {
                    Does::Simple(Call::ResumeReplay(id), format!("resume {id}"))
                }
                (Deed::Pause | Deed::Resume | Deed::PauseOrResume, state) => {
                    Does::Refused(format!("{id} is {state}"))
                }
                _ => Does::Nothing,
            }
        }
        (Deed::Delete, Target::Saved(name)) => match name.parse() {
            Ok(parsed) => Does::Proposed(Proposal {
                what: format!("delete @{name}"),
                consequences: vec!["Filters that name it are refused from then on.".to_owned()],
                call: Call::DeleteView(parsed),
            }),
            Err(_) => Does::Nothing,
        },
        _ => Does::Nothing,
    }
}

fn plan(target: &Target) -> Does {
    let what = match target {
        Target::Endpoint(endpoint) => (
            format!("state:dead ep:{}", endpoint.id),
            format!("what is dead of {}", name_of(endpoint)),
        ),
        Target::Cause { id, name } => (format!("state:dead cause:{id}"), name.clone()),
        Target::Delivery(id) => (format!("id:{id}"), id.to_string()),
        _ => return Does::Nothing,
    };
    Does::Plan(Intent::Replay, what)
}

fn note(target: &Target, words: &str) -> Does {
    let target = match target {
        Target::Delivery(id) => id.to_string(),
        Target::Endpoint(endpoint) => endpoint.id.to_string(),
        Target::Event(id) => id.to_string(),
        Target::Cause { id, .. } => id.clone(),
        Target::Replay(_) | Target::Saved(_) | Target::Text => return Does::Nothing,
    };
    if words.is_empty() {
        return Does::Refused("a note needs its words: note N and what is to be known".to_owned());
    }
    let what = format!("note on {target}");
    let note = words.to_owned();
    Does::Simple(Call::AddNote(AddNote { target, note }), what)
}

fn of_endpoint(deed: Deed, endpoint: &EndpointView) -> Does {
    let (id, name) = (endpoint.id, name_of(endpoint));
    match (deed, &*endpoint.status) {
        (Deed::Pause, _) | (Deed::PauseOrResume, "active") => {
            Does::Simple(Call::Pause(id), format!("pause {name}"))
        }
        (Deed::Resume, _) | (Deed::PauseOrResume, "paused") => {
            Does::Simple(Call::Resume(id), format!("resume {name}"))
        }
        (Deed::PauseOrResume, state) => Does::Refused(format!("{name} is {state}")),
        (Deed::Enable, state @ ("active" | "paused")) => {
            Does::Refused(format!("{name} is {state}, and need not be enabled"))
        }
        (Deed::Disable, "disabled") => Does::Refused(format!("{name} is disabled already")),
        (Deed::Enable | Deed::Disable | Deed::EnableOrDisable, _) => {
            proposed(proposal::switch(endpoint))
        }
        (Deed::Test, _) => Does::Simple(Call::TestEndpoint(id), format!("test {name}")),
        (Deed::Edit, _) => Does::Form(Box::new(endpoint_form::edit(endpoint))),
        (Deed::Rotate, _) => Does::Form(Box::new(endpoint_form::rotate(endpoint, name))),
        (Deed::Delete, _) => {
            let mut proposed = proposal::delete(endpoint);
            let text = "It cannot be taken back; disable stops it instead.";
            proposed.consequences.push(text.to_owned());
            Does::Proposed(proposed)
        }
        _ => Does::Nothing,
    }
}

fn proposed(proposed: Result<Proposal, String>) -> Does {
    match proposed {
        Ok(proposed) => Does::Proposed(proposed),
        Err(reason) => Does::Refused(reason),
    }
}
