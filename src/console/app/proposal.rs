//! Changes of one thing that ask first: what would be done, what follows from it, or why it cannot be. Pure: the console
//! that draws and the one in lines ask the same.

use super::changes::name_of;
use super::msg::Call;
use crate::api::endpoint::EndpointView;
use crate::api::replay::ReplayView;

/// A change that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Proposal {
    /// What would be done, such as `disable acme`; not escaped.
    pub what: String,
    /// What follows from it, a sentence each.
    pub consequences: Vec<String>,
    /// What does it.
    pub call: Call,
}

/// To disable an endpoint, or to enable it.
///
/// # Errors
/// It is in a state in which neither can be, in words.
pub(crate) fn switch(endpoint: &EndpointView) -> Result<Proposal, String> {
    let name = name_of(endpoint);
    let counts = endpoint.health.deliveries;
    let waiting = counts.pending + counts.held;
    let (verb, call, consequences) = match endpoint.status.as_str() {
        "active" | "paused" => (
            "disable",
            Call::Disable(endpoint.id),
            vec![
                "New events make no deliveries to it: they are not made up for later.".to_owned(),
                format!("{waiting} pending deliveries are held until it is enabled."),
            ],
        ),
        "disabled" => (
            "enable",
            Call::Enable(endpoint.id),
            vec![format!(
                "New events make deliveries to it; {waiting} held ones go out."
            )],
        ),
        other => {
            return Err(format!(
                "{name} is {other}: it can be neither enabled nor disabled"
            ));
        }
    };
    Ok(Proposal {
        what: format!("{verb} {name}"),
        consequences,
        call,
    })
}

/// To make an end of an endpoint.
pub(crate) fn delete(endpoint: &EndpointView) -> Proposal {
    let counts = endpoint.health.deliveries;
    Proposal {
        what: format!("delete {}", name_of(endpoint)),
        consequences: vec![
            format!(
                "{} pending and held deliveries are discarded.",
                counts.pending + counts.held
            ),
            format!(
                "{} dead ones can not be replayed to it any more.",
                counts.dead
            ),
        ],
        call: Call::DeleteEndpoint(endpoint.id),
    }
}

/// To end a replay.
///
/// # Errors
/// It is over already, in words.
pub(crate) fn cancel(replay: &ReplayView) -> Result<Proposal, String> {
    let id = replay.id;
    if matches!(replay.state.as_str(), "finished" | "cancelled") {
        return Err(format!("{id} is {} already", replay.state));
    }
    let counts = replay.now();
    Ok(Proposal {
        what: format!("cancel {id}"),
        consequences: vec![
            format!(
                "{} deliveries are not put back to work: they stay as they are.",
                counts.waiting
            ),
            format!("{} are under way already and go on.", counts.open),
        ],
        call: Call::CancelReplay(id),
    })
}
