//! Which contracts are in use, and what happens to names that do not fit.

use super::super::{ContractSet, ContractSetError, ContractText};
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
    assert_eq!((set.iter().count(), set.iter_known().count()), (1, 2));
    let replacing = MINIMAL.replace("\"x\"", "\"standard\"");
    let set = ContractSet::load(&[text(&replacing)], &names(&["standard"]), "standard").unwrap();
    assert_eq!(set.get("standard").unwrap().summary, "standard");
    assert_eq!(set.iter_known().count(), 1);
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
        "contracts names contract \"standrad\", which is not known; did you mean standard?; known are standard"
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
