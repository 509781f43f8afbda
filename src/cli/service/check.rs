//! Whether a service could start with these settings, as far as that can be told without starting one.

use std::error::Error as _;
use std::os::unix::fs::PermissionsExt as _;

use super::{contract_files, log};
use crate::cli::failure::{Failure, text_of};
use crate::config::Config;
use crate::domain::address::AddressRules;
use crate::domain::contract::ContractSet;
use crate::transport::{HttpTransport, TlsError, TransportError, TransportOptions};

/// Loads the contracts, and sees whether certificates can be read, the command can be run and the log's levels read.
///
/// # Errors
/// All that a start would refuse, with a line for each fault.
pub(crate) fn check(config: &Config) -> anyhow::Result<ContractSet> {
    let contracts = contract_files::load(config);
    let others = [
        check_roots(config),
        check_command(config),
        log::filter(config).map(drop),
    ];
    let faults: Vec<String> = others
        .iter()
        .filter_map(|one| one.as_ref().err())
        .map(text_of)
        .collect();
    if faults.is_empty() {
        return contracts;
    }
    let lines: Vec<String> = contracts.err().iter().map(text_of).chain(faults).collect();
    Err(Failure::usage(lines.join("\n")))
}

/// Whether the contracts load and fit together. Gives the names of the enabled ones.
///
/// # Errors
/// What a start would refuse.
pub(crate) fn check_contracts(config: &Config) -> anyhow::Result<Vec<String>> {
    Ok(enabled(&contract_files::load(config)?))
}

/// The names of the enabled contracts.
pub(crate) fn enabled(contracts: &ContractSet) -> Vec<String> {
    contracts
        .iter()
        .map(|contract| contract.name.clone())
        .collect()
}

/// Whether the certificates of `targets.extra_roots` can be read.
///
/// # Errors
/// What a start would refuse.
pub(crate) fn check_roots(config: &Config) -> anyhow::Result<()> {
    transport(config, AddressRules::default()).map(drop)
}

/// The transport of deliveries.
///
/// # Errors
/// Certificates that cannot be read.
pub(super) fn transport(config: &Config, targets: AddressRules) -> anyhow::Result<HttpTransport> {
    let options = TransportOptions {
        targets,
        extra_roots: config.targets.extra_roots.clone(),
        source_addresses: config.targets.source_addresses.clone(),
        ..TransportOptions::default()
    };
    HttpTransport::new(options).map_err(|error| match error {
        TransportError::Tls(error @ (TlsError::Unreadable { .. } | TlsError::Invalid { .. })) => {
            let origin = config.origin("targets.extra_roots");
            let why = error
                .source()
                .map_or_else(String::new, |why| format!(": {why}"));
            Failure::usage(format!("{origin}: targets.extra_roots: {error}{why}"))
        }
        other => other.into(),
    })
}

/// Refuses a command of the operator's that is no program.
///
/// # Errors
/// That.
pub(super) fn check_command(config: &Config) -> anyhow::Result<()> {
    let Some(program) = config.notify.command.first() else {
        return Ok(());
    };
    let runs = std::fs::metadata(program)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if runs {
        return Ok(());
    }
    let origin = config.origin("notify.command");
    Err(Failure::usage(format!(
        "{origin}: notify.command: {program} is no program that can be run: name one, or remove the key"
    )))
}
