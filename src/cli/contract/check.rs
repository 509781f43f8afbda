//! Files of contracts: what they do, or where they do not load.

use std::collections::BTreeMap;

use super::source::FILE_BYTES_MAX;
use super::summary;
use crate::cli::failure::Failure;
use crate::cli::input::read_text;
use crate::cli::output::{Format, FormatArgs, Output, json_line};
use crate::domain::contract::{Contract, ContractError};

/// Checks every file; each that loads is summed up.
///
/// # Errors
/// Exit code 1 with a line for everything that is wrong with a file: file, line, key, and what was expected.
pub(super) fn run(output: Output, files: &[String], format: FormatArgs) -> anyhow::Result<()> {
    let mut refused = Vec::new();
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for file in files {
        let text = read_text(file, FILE_BYTES_MAX)?;
        let loaded = Contract::load(file, &text);
        match &loaded {
            Ok(contract) => {
                if let Some(first) = names.insert(contract.name.clone(), file) {
                    refused.push(format!(
                        "contract {} is in {first} and in {file}: keep one of them",
                        contract.name
                    ));
                }
                show(output, file, contract, format)?;
            }
            Err(errors) => refused.push(errors.to_string()),
        }
        if let (Err(errors), Format::Json) = (&loaded, output.format(format)) {
            for error in errors.iter() {
                output.print(&(json_line(&json_of_error(error))? + "\n"))?;
            }
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(refused.join("\n")))
}

fn show(output: Output, file: &str, contract: &Contract, format: FormatArgs) -> anyhow::Result<()> {
    let answer = serde_json::json!({
        "file": file,
        "ok": true,
        "name": contract.name,
        "summary": contract.summary,
        "revision": contract.revision().to_string(),
        "routes": summary::routes(contract),
        "signatures": summary::signatures(contract),
        "retries": summary::ladder(contract),
        "event_types": contract.event_types.len(),
    });
    let mut fields = vec![("file", file.to_owned())];
    fields.extend(summary::fields(contract));
    fields.push(("verdict", "it loads".to_owned()));
    output.one(format, &answer, &fields)
}

fn json_of_error(error: &ContractError) -> serde_json::Value {
    serde_json::json!({
        "file": error.file,
        "ok": false,
        "line": error.line,
        "key": error.key,
        "expected": error.expected,
    })
}
