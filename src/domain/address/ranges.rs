//! The built-in table of addresses that no request may go to unless the operator names them.
//!
//! Sources: the IANA special-purpose address registries (RFC 6890 and its updates), and by hand the metadata
//! services that clouds run at addresses which the registries call public or merely shared.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What a range of addresses is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// `0.0.0.0/8` and `::`: "this host"; on Linux a connection to it reaches loopback.
    ThisHost,
    /// This machine itself.
    Loopback,
    /// A cloud's metadata or host service: hands out credentials to whoever asks.
    Metadata,
    /// Neighbours on the same link, metadata services among them.
    LinkLocal,
    /// RFC 1918.
    Private,
    /// `fc00::/7`.
    UniqueLocal,
    /// `fec0::/10`, withdrawn by RFC 3879 but still routed at some sites.
    SiteLocal,
    /// `100.64.0.0/10`, behind a provider's translator; Tailscale and some clusters use it too.
    CarrierGrade,
    /// Examples in documents.
    Documentation,
    /// Measurements between devices.
    Benchmark,
    /// Protocol assignments of the IETF, Teredo and ORCHID among them.
    Protocol,
    /// An IPv4 address wrapped into IPv6 by a transition technique: 6to4, Teredo, ISATAP, SIIT, compatible.
    Transition,
    /// Packets that are thrown away by design.
    DiscardOnly,
    /// Segment routing identifiers.
    SegmentRouting,
    /// Groups, not hosts.
    Multicast,
    /// Every host of the link.
    Broadcast,
    /// Never assigned to anybody.
    Reserved,
}

/// Which suggestion a refusal makes to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suggestion {
    /// The whole range: people use it as one.
    WholeRange,
    /// This one address: nobody should open the range.
    OneAddress,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) network: IpNet,
    pub(super) range: Range,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, range: Range) -> Row {
    Row {
        network: IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)),
        range,
    }
}

const fn v6(head: [u16; 4], prefix: u8, range: Range) -> Row {
    let [a, b, c, d] = head;
    let address = Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0);
    Row {
        network: IpNet::V6(Ipv6Net::new_assert(address, prefix)),
        range,
    }
}

const fn v6_host(segments: [u16; 8], range: Range) -> Row {
    let [a, b, c, d, e, f, g, h] = segments;
    let address = Ipv6Addr::new(a, b, c, d, e, f, g, h);
    Row {
        network: IpNet::V6(Ipv6Net::new_assert(address, 128)),
        range,
    }
}

/// The first row that contains an address decides: single addresses stand before the ranges they lie in.
const TABLE: [Row; 44] = [
    // Metadata services; 168.63.129.16 (Azure) is in public space, so no registry lists it.
    v4(169, 254, 169, 254, 32, Range::Metadata),
    v4(169, 254, 170, 2, 32, Range::Metadata),
    v4(100, 100, 100, 200, 32, Range::Metadata),
    v4(168, 63, 129, 16, 32, Range::Metadata),
    v4(192, 0, 0, 192, 32, Range::Metadata),
    v6_host([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], Range::Metadata),
    v6_host([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], Range::Metadata),
    v4(0, 0, 0, 0, 8, Range::ThisHost),
    v4(10, 0, 0, 0, 8, Range::Private),
    v4(100, 64, 0, 0, 10, Range::CarrierGrade),
    v4(127, 0, 0, 0, 8, Range::Loopback),
    v4(169, 254, 0, 0, 16, Range::LinkLocal),
    v4(172, 16, 0, 0, 12, Range::Private),
    v4(192, 0, 0, 0, 24, Range::Protocol),
    v4(192, 0, 2, 0, 24, Range::Documentation),
    v4(192, 88, 99, 0, 24, Range::Transition),
    v4(192, 168, 0, 0, 16, Range::Private),
    v4(198, 18, 0, 0, 15, Range::Benchmark),
    v4(198, 51, 100, 0, 24, Range::Documentation),
    v4(203, 0, 113, 0, 24, Range::Documentation),
    v4(224, 0, 0, 0, 4, Range::Multicast),
    v4(255, 255, 255, 255, 32, Range::Broadcast),
    v4(240, 0, 0, 0, 4, Range::Reserved),
    v6_host([0, 0, 0, 0, 0, 0, 0, 0], Range::ThisHost),
    v6_host([0, 0, 0, 0, 0, 0, 0, 1], Range::Loopback),
    // IPv4-compatible ::/96, SIIT ::ffff:0:0:0/96 and local NAT64 64:ff9b:1::/48 all lie in ::/8. Mapped
    // addresses and 64:ff9b::/96 never get here: they are judged as the IPv4 address they carry.
    v6([0, 0, 0, 0], 8, Range::Transition),
    v6([0x0100, 0, 0, 0], 64, Range::DiscardOnly),
    v6([0x2001, 0, 0, 0], 32, Range::Transition),
    v6([0x2001, 0, 0, 0], 23, Range::Protocol),
    v6([0x2001, 0xdb8, 0, 0], 32, Range::Documentation),
    v6([0x2002, 0, 0, 0], 16, Range::Transition),
    v6([0x3fff, 0, 0, 0], 20, Range::Documentation),
    v6([0x5f00, 0, 0, 0], 16, Range::SegmentRouting),
    v6([0xfc00, 0, 0, 0], 7, Range::UniqueLocal),
    v6([0xfe80, 0, 0, 0], 10, Range::LinkLocal),
    v6([0xfec0, 0, 0, 0], 10, Range::SiteLocal),
    v6([0xff00, 0, 0, 0], 8, Range::Multicast),
    // Of IPv6, IANA has given out 2000::/3 only: these rows are the rest of the number space.
    v6([0x0100, 0, 0, 0], 8, Range::Reserved),
    v6([0x0200, 0, 0, 0], 7, Range::Reserved),
    v6([0x0400, 0, 0, 0], 6, Range::Reserved),
    v6([0x0800, 0, 0, 0], 5, Range::Reserved),
    v6([0x1000, 0, 0, 0], 4, Range::Reserved),
    v6([0x4000, 0, 0, 0], 2, Range::Reserved),
    v6([0x8000, 0, 0, 0], 1, Range::Reserved),
];

/// The built-in range of `address`, with the range's extent; `None` for public addresses.
///
/// `address` is already unwrapped: no mapped and no NAT64 address reaches this function.
pub(super) fn range_of(address: IpAddr) -> Option<Row> {
    let listed = TABLE.iter().find(|row| row.network.contains(&address));
    listed.copied().or_else(|| isatap(address))
}

/// ISATAP (RFC 5214) hides an IPv4 address under any prefix, behind the interface id `[02]00:5efe`.
fn isatap(address: IpAddr) -> Option<Row> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let [_, _, _, _, flags, marker, _, _] = address.segments();
    (flags & 0xfcff == 0 && marker == 0x5efe).then(|| Row {
        network: IpNet::V6(Ipv6Net::from(address)),
        range: Range::Transition,
    })
}

impl Range {
    /// What it is called in errors, with its article: "a private address".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::ThisHost => "a \"this host\" address",
            Self::Loopback => "a loopback address",
            Self::Metadata => "a cloud metadata service",
            Self::LinkLocal => "a link-local address",
            Self::Private => "a private address",
            Self::UniqueLocal => "a unique local (private) address",
            Self::SiteLocal => "a site-local address",
            Self::CarrierGrade => "a carrier-grade NAT address",
            Self::Documentation => "a documentation address",
            Self::Benchmark => "a benchmarking address",
            Self::Protocol => "an IETF protocol address",
            Self::Transition => "an IPv6 transition address",
            Self::DiscardOnly => "a discard-only address",
            Self::SegmentRouting => "a segment routing address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Reserved => "a reserved address",
        }
    }

    /// Whether an allow entry must lie inside the range to open it.
    ///
    /// `allow = ["0.0.0.0/0"]` is written by people who mean "my private networks"; it must not also open this
    /// machine and the metadata service that gives out its credentials.
    pub const fn must_be_named(self) -> bool {
        matches!(
            self,
            Self::ThisHost | Self::Loopback | Self::Metadata | Self::LinkLocal
        )
    }

    pub(super) const fn suggestion(self) -> Suggestion {
        match self {
            Self::Loopback | Self::Private | Self::UniqueLocal | Self::CarrierGrade => {
                Suggestion::WholeRange
            }
            Self::ThisHost
            | Self::Metadata
            | Self::LinkLocal
            | Self::SiteLocal
            | Self::Documentation
            | Self::Benchmark
            | Self::Protocol
            | Self::Transition
            | Self::DiscardOnly
            | Self::SegmentRouting
            | Self::Multicast
            | Self::Broadcast
            | Self::Reserved => Suggestion::OneAddress,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_reached() {
        for (index, row) in TABLE.iter().enumerate() {
            let hidden = TABLE[..index]
                .iter()
                .any(|earlier| earlier.network.contains(&row.network));
            assert!(!hidden, "{} is hidden by an earlier row", row.network);
        }
    }

    #[test]
    fn of_ipv6_only_2000_3_is_left_over() {
        for first in 0..=u16::MAX {
            let address = IpAddr::from([first, 0xabcd, 1, 1, 1, 1, 1, 1]);
            if range_of(address).is_none() {
                assert_eq!(first >> 13, 1, "{address}");
            }
        }
    }
}
