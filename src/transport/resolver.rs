//! The resolver that reqwest asks: every answer is judged, and what it hands out is what gets connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::failure::{Refused, Unconnected};
use super::lookups::Lookups;
use super::probe;
use crate::domain::address::AddressRules;

/// Resolves names for one client.
pub(super) struct JudgingResolver {
    /// What may be connected to.
    pub(super) rules: Arc<AddressRules>,
    /// How addresses are found.
    pub(super) lookups: Lookups,
    /// The local address that the client's requests leave from: answers of the other family are of no use.
    pub(super) source: Option<IpAddr>,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = Arc::clone(&self.rules);
        let lookups = self.lookups.clone();
        let source = self.source;
        Box::pin(async move {
            let name = name.as_str();
            let probe = probe::current();
            let port = probe.as_ref().map_or(0, |probe| probe.port);
            if let Some(probe) = &probe {
                probe.dns_started();
            }
            let answers = lookups.resolve(name).await?;
            if let Some(probe) = &probe {
                probe.dns_done();
            }
            let mut judged: Vec<SocketAddr> = answers
                .iter()
                .map(|answer| {
                    let mut answer = *answer;
                    answer.set_port(port);
                    answer
                })
                .collect();
            judged = rules.judge_answers(name, &judged).map_err(Refused)?;
            if let Some(source) = source {
                judged.retain(|answer| answer.is_ipv4() == source.is_ipv4());
            }
            if judged.is_empty() {
                return Err(Unconnected::NoAddress {
                    name: name.to_owned(),
                    source_address: source,
                }
                .into());
            }
            let addresses: Addrs = Box::new(judged.into_iter());
            Ok(addresses)
        })
    }
}
