//! Which contracts are in use, and what happens to names that do not fit.

use super::super::{
    ApiAction, ApiMethod, ContractSet, ContractSetError, ContractText, RouteLookup,
};
use super::MINIMAL;

#[test]
fn own_contracts_join_and_replace_the_built_in_ones() {
    let text = |text| ContractText {
        file: "own.toml",
        text,
    };
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let set = ContractSet::load(&[text(MINIMAL)], &names(&["standard"]), "standard").unwrap();
    assert!(set.get("x").is_none() && set.get_known("x").is_some());
    assert_eq!((set.iter().count(), set.iter_known().count()), (1, 9));
    let replacing = MINIMAL.replace("\"x\"", "\"standard\"");
    let set = ContractSet::load(&[text(&replacing)], &names(&["standard"]), "standard").unwrap();
    assert_eq!(set.get("standard").unwrap().summary, "standard");
    assert_eq!(set.iter_known().count(), 8);
}

#[test]
fn names_that_do_not_fit_together_are_refused() {
    let text = |file| ContractText {
        file,
        text: MINIMAL,
    };
    let load = |own: &[ContractText<'_>], enabled: &[&str], default_name| -> ContractSetError {
        let enabled: Vec<String> = enabled.iter().map(|&name| name.to_owned()).collect();
        ContractSet::load(own, &enabled, default_name).unwrap_err()
    };
    assert_eq!(
        load(&[], &["standrad"], "standard").to_string(),
        "contracts names contract \"standrad\", which is not known; did you mean standard?; known are \
         agentfactory, fed, flowmint, github, shipment, standard, stripe, taskhub"
    );
    assert_eq!(
        load(&[text("a.toml")], &["x"], "standard").to_string(),
        "default_contract is \"standard\", which is not enabled: add it to contracts, or choose one of x"
    );
    assert_eq!(
        load(&[text("a.toml"), text("b.toml")], &["standard"], "standard").to_string(),
        "contract x is in a.toml and in b.toml: keep one of them"
    );
}

/// A contract with routes under `/hooks`, and with another name and path where asked.
fn routed(name: &str, path: &str) -> String {
    format!(
        "name = \"{name}\"\n{}[api]\ncreate = \"POST {path}\"\nget = \"GET {path}/{{id}}\"\n\
         test = \"POST {path}/{{id}}/test\"\nfields = {{ id = \"id\", url = \"url\" }}\n",
        MINIMAL.replace("name = \"x\"\n", "")
    )
}

fn load_routed(own: &[&str], enabled: &[&str]) -> Result<ContractSet, ContractSetError> {
    let texts: Vec<ContractText<'_>> = own
        .iter()
        .map(|text| ContractText {
            file: "own.toml",
            text,
        })
        .collect();
    let enabled: Vec<String> = enabled.iter().map(|&name| name.to_owned()).collect();
    ContractSet::load(&texts, &enabled, &enabled[0])
}

#[test]
fn two_enabled_contracts_cannot_claim_one_route() {
    let (one, two) = (routed("one", "/hooks"), routed("two", "/hooks"));
    assert_eq!(
        load_routed(&[&one, &two], &["one", "two"])
            .unwrap_err()
            .to_string(),
        "contracts one and two both claim POST /hooks: enable one of them, or give one another path"
    );
    assert!(load_routed(&[&one, &two], &["one"]).is_ok());
    let beside = routed("two", "/hooks/any/test");
    assert_eq!(
        load_routed(&[&one, &beside], &["one", "two"])
            .unwrap_err()
            .to_string(),
        "contracts one and two both claim POST /hooks/any/test: enable one of them, or give one another path"
    );
}

#[test]
fn a_request_finds_the_route_that_answers_it() {
    let (one, two) = (routed("one", "/hooks"), routed("two", "/other"));
    let set = load_routed(&[&one, &two], &["one"]).unwrap();
    let RouteLookup::Found(found) = set.find_route("GET", "/hooks/ep_1") else {
        panic!("a route");
    };
    assert_eq!(found.contract.name, "one");
    assert_eq!(
        (found.route.action, found.id),
        (ApiAction::Get, Some("ep_1"))
    );
    assert_eq!(
        set.find_route("DELETE", "/hooks/ep_1"),
        RouteLookup::OtherMethods {
            contract: set.get("one").unwrap(),
            methods: vec![ApiMethod::Get]
        }
    );
    // A contract that is not enabled has no routes, and no path is half right.
    for path in ["/other", "/hooks/", "/hooks/ep_1/test/x", ""] {
        assert_eq!(set.find_route("POST", path), RouteLookup::Unknown, "{path}");
    }
}

#[test]
fn a_path_that_is_spelled_out_is_never_anothers_id() {
    let one = routed("one", "/hooks");
    let two = routed("two", "/hooks/register")
        .replace("get = \"GET /hooks/register/{id}\"\n", "")
        .replace("test = \"POST /hooks/register/{id}/test\"\n", "");
    // In either order of names.
    for (two, name) in [(two.clone(), "two"), (two.replace("two", "a"), "a")] {
        let set = load_routed(&[&one, &two], &["one", name]).unwrap();
        let RouteLookup::Found(found) = set.find_route("POST", "/hooks/register") else {
            panic!("a route");
        };
        assert_eq!((found.contract.name.as_str(), found.id), (name, None));
        assert_eq!(
            set.find_route("GET", "/hooks/register"),
            RouteLookup::OtherMethods {
                contract: set.get(name).unwrap(),
                methods: vec![ApiMethod::Post]
            }
        );
        let RouteLookup::Found(found) = set.find_route("GET", "/hooks/other") else {
            panic!("a route");
        };
        assert_eq!(
            (found.contract.name.as_str(), found.id),
            ("one", Some("other"))
        );
    }
}
