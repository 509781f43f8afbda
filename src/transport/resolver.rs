//! The resolver that reqwest asks: every answer is judged, and what it hands out is what gets connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// How many lookups came before: each starts with another of a name's addresses.
    ///
    /// Connecting tries one address after the other, and one that swallows everything uses up the whole limit.
    /// So that it cannot do so at every attempt, the next attempt starts behind it.
    pub(super) turns: Arc<AtomicUsize>,
    /// The local address that the client's requests leave from: answers of the other family are of no use.
    pub(super) source: Option<IpAddr>,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = Arc::clone(&self.rules);
        let lookups = self.lookups.clone();
        let source = self.source;
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
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
            turn_families(&mut judged, turn);
            let addresses: Addrs = Box::new(judged.into_iter());
            Ok(addresses)
        })
    }
}

/// Turns the addresses of each family by `turn` places; the families keep the order that the system chose.
fn turn_families(addresses: &mut [SocketAddr], turn: usize) {
    let leads_with_ipv4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    addresses.sort_by_key(|address| address.is_ipv4() != leads_with_ipv4);
    let border = addresses.partition_point(|address| address.is_ipv4() == leads_with_ipv4);
    let (first, second) = addresses.split_at_mut(border);
    for family in [first, second] {
        if !family.is_empty() {
            family.rotate_left(turn % family.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(addresses: &[&str], turn: usize) -> Vec<String> {
        let mut parsed: Vec<SocketAddr> = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        turn_families(&mut parsed, turn);
        parsed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_lookup_starts_with_another_address_of_the_leading_family() {
        let mixed = [
            "1.1.1.1:0",
            "[2::1]:0",
            "1.1.1.2:0",
            "1.1.1.3:0",
            "[2::2]:0",
        ];
        for (turn, expected) in [
            (
                0,
                [
                    "1.1.1.1:0",
                    "1.1.1.2:0",
                    "1.1.1.3:0",
                    "[2::1]:0",
                    "[2::2]:0",
                ],
            ),
            (
                1,
                [
                    "1.1.1.2:0",
                    "1.1.1.3:0",
                    "1.1.1.1:0",
                    "[2::2]:0",
                    "[2::1]:0",
                ],
            ),
            (
                5,
                [
                    "1.1.1.3:0",
                    "1.1.1.1:0",
                    "1.1.1.2:0",
                    "[2::2]:0",
                    "[2::1]:0",
                ],
            ),
        ] {
            assert_eq!(turned(&mixed, turn), expected);
        }
        assert_eq!(
            turned(&["[2::1]:0", "1.1.1.1:0"], 3),
            ["[2::1]:0", "1.1.1.1:0"]
        );
        assert!(turned(&[], 7).is_empty());
    }
}
