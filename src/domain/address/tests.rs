//! The address rules against the published tricks, as data and as properties.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use ipnet::IpNet;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    addresses: Vec<AddressVector>,
    urls: Vec<UrlVector>,
    answers: Vec<AnswersVector>,
}

#[derive(Deserialize)]
struct AddressVector {
    address: IpAddr,
    refused_as: Option<String>,
}

#[derive(Deserialize)]
struct UrlVector {
    url: String,
    verdict: String,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    require_https: bool,
    prints: Option<String>,
}

#[derive(Deserialize)]
struct AnswersVector {
    name: String,
    allow: Vec<String>,
    answers: Vec<IpAddr>,
    permitted: Option<Vec<IpAddr>>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/addresses.json")).unwrap()
}

fn networks(texts: &[impl AsRef<str>]) -> Vec<IpNet> {
    let read = |text: &_| network_from_text(AsRef::as_ref(text)).unwrap();
    texts.iter().map(read).collect()
}

fn allowing(texts: &[impl AsRef<str>]) -> AddressRules {
    AddressRules {
        allow: networks(texts),
        ..AddressRules::default()
    }
}

fn verdict(judged: &Result<TargetUrl, BadTarget>) -> &'static str {
    match judged {
        Ok(_) => "ok",
        Err(BadTarget::TooLong { .. }) => "too long",
        Err(BadTarget::Character { .. }) => "character",
        Err(BadTarget::Unparsable { .. }) => "unparsable",
        Err(BadTarget::Scheme { .. }) => "scheme",
        Err(BadTarget::HttpsRequired) => "https required",
        Err(BadTarget::UserInfo) => "user info",
        Err(BadTarget::BadHost { .. }) => "host",
        Err(BadTarget::PortZero) => "port zero",
        Err(BadTarget::LocalName { .. }) => "local name",
        Err(BadTarget::Blocked(_)) => "blocked",
    }
}

#[test]
fn every_listed_address_is_judged_as_the_vectors_say() {
    for vector in vectors().addresses {
        let judged = AddressRules::default().judge_ip(vector.address);
        let refused_as = judged.err().map(|blocked| match blocked.rule {
            Rule::BuiltIn { range, .. } => range.noun().to_owned(),
            rule => format!("{rule:?}"),
        });
        assert_eq!(refused_as, vector.refused_as, "{}", vector.address);
    }
}

#[test]
fn every_listed_url_is_judged_as_the_vectors_say() {
    for vector in vectors().urls {
        let rules = AddressRules {
            allow: networks(&vector.allow),
            deny: networks(&vector.deny),
            require_https: vector.require_https,
            ..AddressRules::default()
        };
        let judged = rules.judge_url(&vector.url);
        let short: String = vector.url.chars().take(80).collect();
        assert_eq!(verdict(&judged), vector.verdict, "{short:?}: {judged:?}");
        if let Some(prints) = vector.prints {
            assert_eq!(judged.unwrap().as_str(), prints);
        }
    }
}

#[test]
fn every_listed_set_of_answers_is_judged_as_the_vectors_say() {
    for vector in vectors().answers {
        let with_port = |addresses: &[IpAddr]| -> Vec<SocketAddr> {
            let socket = |&address| SocketAddr::new(address, 443);
            addresses.iter().map(socket).collect()
        };
        let judged =
            allowing(&vector.allow).judge_answers(&vector.name, &with_port(&vector.answers));
        assert_eq!(
            judged.ok(),
            vector.permitted.as_deref().map(with_port),
            "{} {:?} {:?}",
            vector.name,
            vector.answers,
            vector.allow
        );
    }
}

#[test]
fn refusals_name_the_address_the_rule_and_the_setting() {
    let text = |url: &str| {
        let rules = AddressRules {
            deny: networks(&["8.8.8.0/24"]),
            ..AddressRules::default()
        };
        rules.judge_url(url).unwrap_err().to_string()
    };
    let blocked = allowing(&["10.0.0.0/8"])
        .judge_answers("db", &["93.184.216.34:80".parse().unwrap()])
        .unwrap_err();
    let refusals = [
        "http://10.1.2.3/",
        "http://[::1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://8.8.8.8/",
        "http://localhost:9000/",
        "http://db/",
        "example.com/hooks",
        "ftp://example.com/",
        "http://a@example.com/",
        "http://exam\tple.com/",
    ];
    let mut texts: Vec<String> = refusals.into_iter().map(text).collect();
    texts.push(blocked.to_string());
    let expected = [
        "10.1.2.3 is a private address (10.0.0.0/8); to allow it, set targets.allow = [\"10.0.0.0/8\"] \
         or pass --allow-target 10.0.0.0/8",
        "::1 is a loopback address (::1/128); to allow it, set targets.allow = [\"::1/128\"] or pass \
         --allow-target ::1/128",
        "64:ff9b::a9fe:a9fe stands for 169.254.169.254, which is a cloud metadata service \
         (169.254.169.254/32); to allow it, set targets.allow = [\"169.254.169.254/32\"] or pass \
         --allow-target 169.254.169.254/32",
        "8.8.8.8 is denied by targets.deny = [\"8.8.8.0/24\"]",
        "\"localhost\" is a local name, and no local address is allowed; to allow it, set targets.allow \
         = [\"127.0.0.0/8\"] or pass --allow-target 127.0.0.0/8",
        "\"db\" is a local name, and no local address is allowed; to allow it, put the range its \
         addresses lie in into targets.allow, such as [\"10.0.0.0/8\"], or pass --allow-target \
         10.0.0.0/8",
        "\"example.com/hooks\" is not a URL (relative URL without a base); expected one such as \
         https://example.com/hooks",
        "the scheme \"ftp\" is not accepted; use https or http",
        "a user name or password in the URL is not accepted; put credentials into a header of the \
         endpoint",
        "the URL has the character '\\t' at position 12; white space, control characters and backslashes \
         are not accepted, percent-encode them",
        "93.184.216.34 is not in targets.allow, and \"db\" is a local name, which may only lead to \
         allowed addresses; to allow it, set targets.allow = [\"93.184.216.34/32\"] or pass \
         --allow-target 93.184.216.34/32",
    ];
    assert_eq!(texts, expected);
}

#[test]
fn entries_that_are_not_ranges_are_refused_and_addresses_stand_for_themselves() {
    assert_eq!(
        network_from_text("10.1.2.3/8").unwrap().to_string(),
        "10.0.0.0/8"
    );
    assert_eq!(network_from_text("::1").unwrap().to_string(), "::1/128");
    for text in [
        "localhost",
        "10.0.0.0/33",
        "10.0.0",
        "",
        "10.0.0.0/8 ",
        "*.internal",
    ] {
        let error = network_from_text(text).unwrap_err().to_string();
        assert!(error.contains("10.20.0.0/16"), "{error}");
    }
}

#[test]
fn scoped_addresses_are_refused_even_where_the_range_is_allowed() {
    let address: Ipv6Addr = "fe80::1".parse().unwrap();
    let rules = allowing(&["fe80::/10"]);
    let judge = |scope| rules.judge_socket(SocketAddrV6::new(address, 443, 0, scope).into());
    assert!(judge(0).is_ok());
    assert!(matches!(
        judge(2).unwrap_err().rule,
        Rule::Scoped { scope_id: 2 }
    ));
}

#[test]
fn the_services_own_listener_is_refused_whatever_is_allowed() {
    let rules = AddressRules {
        own_listeners: vec![
            "0.0.0.0:8420".parse().unwrap(),
            "10.0.0.5:80".parse().unwrap(),
        ],
        ..allowing(&["127.0.0.0/8", "0.0.0.0/8", "10.0.0.0/8"])
    };
    for own in [
        "http://127.0.0.1:8420/",
        "http://127.8.8.8:8420/",
        "http://0.0.0.0:8420/",
        "http://[::ffff:127.0.0.1]:8420/",
        "http://10.0.0.5/",
    ] {
        assert_eq!(verdict(&rules.judge_url(own)), "blocked", "{own}");
    }
    for other in [
        "http://127.0.0.1:9000/",
        "http://10.0.0.5:81/",
        "http://10.0.0.6/",
    ] {
        assert_eq!(verdict(&rules.judge_url(other)), "ok", "{other}");
    }
}

fn any_v4() -> impl Strategy<Value = Ipv4Addr> {
    any::<[u8; 4]>().prop_map(Ipv4Addr::from)
}

/// Public addresses are most of IPv4, so half of the cases come from the ranges around the table's edges.
fn edgy_v4() -> impl Strategy<Value = Ipv4Addr> {
    let heads = [
        0_u8, 9, 10, 100, 127, 168, 169, 172, 192, 198, 203, 223, 224, 240, 255,
    ];
    let edgy = (proptest::sample::select(heads.to_vec()), any::<[u8; 3]>())
        .prop_map(|(a, [b, c, d])| Ipv4Addr::new(a, b, c, d));
    prop_oneof![any_v4(), edgy]
}

fn embed(head: [u16; 6], v4: Ipv4Addr) -> IpAddr {
    let [a, b, c, d] = v4.octets();
    let [s0, s1, s2, s3, s4, s5] = head;
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ipv6Addr::new(s0, s1, s2, s3, s4, s5, high, low).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn mapped_and_nat64_addresses_inherit_the_verdict(v4 in edgy_v4()) {
        let rules = AddressRules { deny: networks(&["11.0.0.0/8"]), ..allowing(&["10.0.0.0/9", "127.0.0.1"]) };
        let plain = rules.judge_ip(v4.into()).map_err(|blocked| blocked.rule);
        for head in [[0, 0, 0, 0, 0, 0xffff], [0x64, 0xff9b, 0, 0, 0, 0]] {
            let wrapped = rules.judge_ip(embed(head, v4)).map_err(|blocked| blocked.rule);
            prop_assert_eq!(&wrapped, &plain);
        }
    }

    #[test]
    fn all_of_the_zero_block_but_mapped_and_nat64_is_refused(low in any::<u128>()) {
        let address = Ipv6Addr::from(low & (u128::MAX >> 8));
        let head = address.segments();
        prop_assume!(address.to_ipv4_mapped().is_none() && head[..6] != [0x64, 0xff9b, 0, 0, 0, 0]);
        prop_assert!(AddressRules::default().judge_ip(address.into()).is_err());
    }

    #[test]
    fn the_rest_of_the_nat64_block_is_refused(tail in any::<[u16; 6]>()) {
        prop_assume!(tail[..4] != [0; 4]);
        let [c, d, e, f, g, h] = tail;
        let address = Ipv6Addr::new(0x64, 0xff9b, c, d, e, f, g, h);
        prop_assert!(AddressRules::default().judge_ip(address.into()).is_err());
    }

    #[test]
    fn every_6to4_teredo_siit_and_isatap_form_of_any_address_is_refused(
        v4 in edgy_v4(), tail in any::<[u16; 5]>(), universal in any::<bool>(),
    ) {
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let [s, t, u, v, w] = tail;
        let flags = if universal { 0x200 } else { 0 };
        for address in [
            Ipv6Addr::new(0x2002, high, low, s, t, u, v, w).into(),
            Ipv6Addr::new(0x2001, 0, high, low, s, t, !high, !low).into(),
            embed([0, 0, 0, 0, 0xffff, 0], v4),
            embed([0; 6], v4),
            embed([0x2606, s, t, u, flags, 0x5efe], v4),
        ] {
            prop_assert!(AddressRules::default().judge_ip(address).is_err(), "{}", address);
        }
    }

    #[test]
    fn the_spelling_of_a_host_never_changes_the_verdict(v4 in edgy_v4()) {
        let number = u32::from(v4);
        let [a, b, c, d] = v4.octets();
        let rules = AddressRules::default();
        let plain = verdict(&rules.judge_url(&format!("http://{v4}/")));
        for spelled in [
            format!("http://{number}/"),
            format!("http://{number:#x}/"),
            format!("http://0{number:o}/"),
            format!("http://{a:#x}.{b}.{}/", u16::from_be_bytes([c, d])),
            format!("http://0{a:o}.0{b:o}.0{c:o}.0{d:o}/"),
            format!("http://{v4}./"),
            format!("http://[::ffff:{v4}]/"),
            format!("http://[64:ff9b::{v4}]/"),
        ] {
            prop_assert_eq!(verdict(&rules.judge_url(&spelled)), plain, "{}", spelled);
        }
    }

    #[test]
    fn what_a_refusal_suggests_opens_the_address(v4 in edgy_v4(), v6 in any::<u128>(), four in any::<bool>()) {
        let address = if four { IpAddr::from(v4) } else { IpAddr::from(Ipv6Addr::from(v6)) };
        if let Err(blocked) = AddressRules::default().judge_ip(address) {
            let rules = AddressRules { allow: vec![blocked.remedy().unwrap()], ..AddressRules::default() };
            prop_assert!(matches!(rules.judge_ip(address), Ok(Permit::Operator(_))), "{}", blocked);
        }
    }

    #[test]
    fn no_text_makes_the_judge_panic(text in "\\PC{0,60}", tail in any::<String>()) {
        let _ = AddressRules::default().judge_url(&text);
        let _ = AddressRules::default().judge_url(&format!("http://{tail}"));
    }
}
