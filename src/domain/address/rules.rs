//! The operator's address rules, and the judgement they give.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

use super::blocked::{Blocked, Rule};
use super::ranges::{Row, range_of};
use super::target::{is_local_name, is_localhost};

/// Where requests may go beyond public addresses, and where they may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRules {
    /// Ranges opened by the operator (`targets.allow`, `--allow-target`).
    pub allow: Vec<IpNet>,
    /// Ranges closed by the operator (`targets.deny`); beats `allow`.
    pub deny: Vec<IpNet>,
    /// Whether plain http is refused (`targets.require_https`).
    pub require_https: bool,
    /// The service's own TCP listeners, refused whatever `allow` says; an unspecified address stands for loopback.
    pub own_listeners: Vec<SocketAddr>,
}

/// Why an address may be a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// The operator's allow list names it.
    Operator(IpNet),
    /// It is a public address.
    Public,
}

/// A text that names no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address range: expected one such as 10.20.0.0/16, fd00::/8 or 127.0.0.1")]
pub struct BadNetwork(String);

/// Reads an entry of `targets.allow` or `targets.deny`: a CIDR, or an address that stands for itself alone.
///
/// # Errors
/// Names and anything else that is neither: whoever owns a name can point it anywhere.
pub fn network_from_text(text: &str) -> Result<IpNet, BadNetwork> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .map_err(|_| BadNetwork(text.chars().take(64).collect()))
}

impl AddressRules {
    /// Whether requests may go to `address`.
    ///
    /// A mapped address (`::ffff:0:0/96`) and a NAT64 one (`64:ff9b::/96`) are judged as the IPv4 address they
    /// carry: dual-stack clusters synthesise NAT64 answers for every host, so refusing all of them would cut
    /// off the public network, and trusting them would open the private one. The deny list sees both forms.
    ///
    /// # Errors
    /// [`Blocked`], with the rule.
    pub fn judge_ip(&self, address: IpAddr) -> Result<Permit, Blocked> {
        let judged = unwrap_embedded(address);
        let refuse = |rule| Blocked {
            address,
            judged,
            rule,
        };
        let denies = |network: &&IpNet| covers(**network, judged) || covers(**network, address);
        if let Some(&network) = self.deny.iter().find(denies) {
            return Err(refuse(Rule::Denied { network }));
        }
        let row = range_of(judged);
        if let Some(&network) = self.allow.iter().find(|entry| opens(**entry, judged, row)) {
            return Ok(Permit::Operator(network));
        }
        match row {
            None => Ok(Permit::Public),
            Some(Row { network, range }) => Err(refuse(Rule::BuiltIn { range, network })),
        }
    }

    /// Whether requests may go to this address and port, as a connection has them.
    ///
    /// # Errors
    /// As [`AddressRules::judge_ip`]; also scoped IPv6 addresses and the service's own listeners.
    pub fn judge_socket(&self, socket: SocketAddr) -> Result<Permit, Blocked> {
        let address = socket.ip();
        let judged = unwrap_embedded(address);
        let refuse = |rule| Blocked {
            address,
            judged,
            rule,
        };
        if let SocketAddr::V6(socket) = socket
            && socket.scope_id() != 0
        {
            return Err(refuse(Rule::Scoped {
                scope_id: socket.scope_id(),
            }));
        }
        let port = socket.port();
        let is_own = |own: &SocketAddr| {
            let own_ip = unwrap_embedded(own.ip());
            let reaches_any = own_ip.is_unspecified() && judged.is_loopback();
            own.port() == port && (own_ip == judged || reaches_any || judged.is_unspecified())
        };
        if port != 0 && self.own_listeners.iter().any(is_own) {
            return Err(refuse(Rule::OwnListener { port }));
        }
        self.judge_ip(address)
    }

    /// Judges every answer a resolver gave for `name`, and gives those a connection may use.
    ///
    /// One refused answer refuses them all: a name with a public and a private address is an attack or a mistake,
    /// and taking the public one would hide it until the order changes. `localhost` is the exception, because it
    /// has an IPv6 answer on most machines and `allow = ["127.0.0.0/8"]` is what people write: its refused answers
    /// are left out while one remains. Local names ([`Rule::LocalName`]) need every answer on the allow list.
    /// No answers give no answers. Ports are the caller's; 0 where they are not known yet.
    ///
    /// # Errors
    /// [`Blocked`] for the first refused answer.
    pub fn judge_answers(
        &self,
        name: &str,
        answers: &[SocketAddr],
    ) -> Result<Vec<SocketAddr>, Blocked> {
        let mut permitted = Vec::with_capacity(answers.len());
        let mut first_refusal = None;
        for &answer in answers {
            match self.judge_answer(name, answer) {
                Ok(()) => permitted.push(answer),
                Err(blocked) if is_localhost(name) => {
                    first_refusal.get_or_insert(blocked);
                }
                Err(blocked) => return Err(blocked),
            }
        }
        match first_refusal {
            Some(blocked) if permitted.is_empty() => Err(blocked),
            _ => Ok(permitted),
        }
    }

    fn judge_answer(&self, name: &str, answer: SocketAddr) -> Result<(), Blocked> {
        match self.judge_socket(answer)? {
            Permit::Public if is_local_name(name) => Err(Blocked {
                address: answer.ip(),
                judged: unwrap_embedded(answer.ip()),
                rule: Rule::LocalName {
                    name: name.to_owned(),
                },
            }),
            Permit::Public | Permit::Operator(_) => Ok(()),
        }
    }
}

/// The IPv4 address inside a mapped or NAT64 address; any other address as it is.
pub(super) fn unwrap_embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    nat64(v6).map_or(address, IpAddr::V4)
}

/// RFC 6052: the well-known prefix `64:ff9b::/96` carries an IPv4 address in its last 32 bits.
fn nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else {
        return None;
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

/// Whether an allow entry opens `judged`, which lies in the built-in range `row`.
fn opens(entry: IpNet, judged: IpAddr, row: Option<Row>) -> bool {
    let entry = unwrap_mapped(entry);
    let named = |row: Row| !row.range.must_be_named() || row.network.contains(&entry);
    entry.contains(&judged) && row.is_none_or(named)
}

/// Whether `network` holds `address`; entries written in the mapped form (`::ffff:10.0.0.0/104`) hold IPv4.
fn covers(network: IpNet, address: IpAddr) -> bool {
    unwrap_mapped(network).contains(&address)
}

fn unwrap_mapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let prefix = v6.prefix_len().checked_sub(96);
    prefix
        .zip(v6.addr().to_ipv4_mapped())
        .and_then(|(prefix, v4)| Ipv4Net::new(v4, prefix).ok())
        .map_or(network, IpNet::V4)
}
