//! Why an address is refused, in words that name the address, the rule and the setting.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::{Range, Suggestion};

/// An address that no request may go to.
///
/// Its text is for operators; it names what a consumer must not learn about the inside of a network when the
/// address came from a resolver and not from the consumer's own input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The address as it was met.
    pub address: IpAddr,
    /// The IPv4 address it carries, where it is a mapped or NAT64 one; else the same.
    pub judged: IpAddr,
    /// What refused it.
    pub rule: Rule,
}

/// What refused an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The operator's deny list.
    Denied {
        /// The entry.
        network: IpNet,
    },
    /// One of the service's own listeners: a delivery to it could publish itself again for ever.
    OwnListener {
        /// The port they share.
        port: u16,
    },
    /// A built-in range.
    BuiltIn {
        /// What the range is for.
        range: Range,
        /// Its extent.
        network: IpNet,
    },
    /// A local name (`localhost`, `db`, `api.internal`) that has an address outside the allow list.
    LocalName {
        /// The name.
        name: String,
    },
    /// An IPv6 scope: the address means something on one link only.
    Scoped {
        /// The interface's index.
        scope_id: u32,
    },
}

impl Blocked {
    /// The entry of the allow list that would open the address; `None` where no entry can.
    pub fn remedy(&self) -> Option<IpNet> {
        match &self.rule {
            Rule::Denied { .. } | Rule::OwnListener { .. } | Rule::Scoped { .. } => None,
            Rule::LocalName { .. } => Some(IpNet::from(self.judged)),
            Rule::BuiltIn { range, network } => Some(match range.suggestion() {
                Suggestion::WholeRange => *network,
                Suggestion::OneAddress => IpNet::from(self.judged),
            }),
        }
    }
}

/// The two ways to allow `network`, as a person would type them.
pub(super) fn how_to_allow(network: IpNet) -> String {
    format!("to allow it, set targets.allow = [\"{network}\"] or pass --allow-target {network}")
}

impl fmt::Display for Blocked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.address)?;
        if self.judged != self.address {
            write!(formatter, " stands for {}, which", self.judged)?;
        }
        match &self.rule {
            Rule::Denied { network } => {
                write!(formatter, " is denied by targets.deny = [\"{network}\"]")?;
            }
            Rule::OwnListener { port } => {
                write!(formatter, " port {port} is this service's own listener")?;
            }
            Rule::BuiltIn { range, network } => {
                write!(formatter, " is {} ({network})", range.noun())?;
            }
            Rule::LocalName { name } => write!(
                formatter,
                " is not in targets.allow, and {name:?} is a local name, which may only lead to allowed addresses"
            )?,
            Rule::Scoped { scope_id } => {
                write!(
                    formatter,
                    " has the scope id {scope_id}, which no receiver needs"
                )?;
            }
        }
        if let Some(network) = self.remedy() {
            write!(formatter, "; {}", how_to_allow(network))?;
        }
        Ok(())
    }
}

impl std::error::Error for Blocked {}
