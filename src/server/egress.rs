//! `/v1/egress`: where requests come from, for receivers that allow-list.

use std::net::IpAddr;

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::answers::ok;
use super::caller::Caller;
use super::problem::Refusal;
use super::state::State;
use crate::api::egress::EgressView;
use crate::api::paths;

/// The addresses that requests leave from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Egress {
    /// The operating system chooses.
    #[default]
    System,
    /// Requests are bound to these.
    Sources(Vec<IpAddr>),
    /// The operator says that receivers see these.
    Published(Vec<IpAddr>),
}

impl Egress {
    fn view(&self) -> EgressView {
        let (origin, addresses) = match self {
            Self::System => ("system", [].as_slice()),
            Self::Sources(addresses) => ("sources", addresses.as_slice()),
            Self::Published(addresses) => ("published", addresses.as_slice()),
        };
        EgressView {
            addresses: addresses.iter().map(ToString::to_string).collect(),
            origin: origin.to_owned(),
        }
    }
}

/// The addresses that requests leave from, for receivers that let only known ones in.
#[utoipa::path(get, path = paths::EGRESS, tag = "service", responses((status = 200, body = EgressView)))]
pub(super) async fn show(_: Caller, state: Data<State>) -> Result<HttpResponse, Refusal> {
    ok(&state.options.limits.load().egress.view())
}
