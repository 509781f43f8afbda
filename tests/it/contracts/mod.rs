//! What contracts promise, checked against the programs that consumers run, and from publisher to receiver.

mod ecmascript;
mod tolerance;

use hookyard::domain::contract::ContractSet;

/// The embedding is made when the library is compiled: a file added since would be missing in it.
#[test]
fn every_file_of_the_built_in_folder_is_embedded_and_enabled_together() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/domain/contract/builtin");
    let files = std::fs::read_dir(folder).unwrap().count();
    let set = ContractSet::built_in("standard").unwrap();
    assert_eq!(
        (set.iter().count(), set.default_name()),
        (files, "standard")
    );
    assert!(ContractSet::built_in("unknown").is_err());
}
