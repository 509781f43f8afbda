//! The contract that an argument names, found without a service: its own files and the configuration tell.

use std::path::Path;
use std::sync::Arc;

use crate::cli::failure::{Failure, text_of};
use crate::cli::input::read_text;
use crate::cli::output::note;
use crate::cli::service::contract_texts;
use crate::config::{CONTRACT_DEFAULT, Config, Environment, Sources};
use crate::domain::contract::{Contract, ContractSet, ContractText};

/// Bytes of a contract's file that are read; what is beyond the language's own limit is refused with its size.
pub(super) const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The contract that `given` names: one that is built in or lies in the configured directory, or a file. The default
/// one where none is given.
///
/// # Errors
/// Exit code 2 for a name that is none of them, and for a file that does not load.
pub(crate) fn find(
    given: Option<&str>,
    environment: &Environment,
) -> anyhow::Result<Arc<Contract>> {
    // A configuration that cannot be read here is the service's business.
    let config = Config::load(&Sources {
        environment: environment.clone(),
        ..Sources::default()
    })
    .ok();
    let given = match (given, &config) {
        (Some(given), _) => given,
        (None, Some(config)) => config.default_contract.as_str(),
        (None, None) => CONTRACT_DEFAULT,
    };
    let set = known(config.as_ref())?;
    if let Some(contract) = set.get_known(given) {
        return Ok(Arc::clone(contract));
    }
    if Path::new(given).is_file() {
        let text = read_text(given, FILE_BYTES_MAX)?;
        let contract =
            Contract::load(given, &text).map_err(|error| Failure::usage(error.to_string()))?;
        return Ok(Arc::new(contract));
    }
    let names: Vec<&str> = set.iter_known().map(|one| one.name.as_str()).collect();
    Err(Failure::usage(format!(
        "{given:?} is neither a known contract nor a file: known are {}",
        names.join(", ")
    )))
}

/// The built-in contracts and those of the configured directory, as a service would know them.
fn known(config: Option<&Config>) -> anyhow::Result<ContractSet> {
    let own = config.map_or(Ok(Vec::new()), contract_texts);
    let own = own.unwrap_or_else(|error| {
        note(&format!(
            "{}; going by the built-in contracts",
            text_of(&error)
        ));
        Vec::new()
    });
    let texts: Vec<ContractText<'_>> = own
        .iter()
        .map(|(file, text)| ContractText { file, text })
        .collect();
    let enabled = [CONTRACT_DEFAULT.to_owned()];
    ContractSet::load(&texts, &enabled, CONTRACT_DEFAULT)
        .map_err(|error| Failure::usage(error.to_string()))
}
