//! `hookyard contract`: the wire as data.

use clap::{Args, Subcommand};

use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::input::read_text;
use super::output::{Format, FormatArgs, Output};
use crate::api::contract::ContractView;
use crate::client::Client;
use crate::domain::contract::Contract;
use crate::domain::escape;

/// Bytes of a contract's file: the longest built-in one has a tenth.
const CONTRACT_BYTES_MAX: u64 = 256 * 1024;

/// Look at contracts and check files of them.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard contract check contracts/ours.toml")]
pub(crate) struct ContractArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the service's contracts.
    #[command(after_help = "Example:\n  hookyard contract list")]
    List {
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print a contract's whole text, with every default written out.
    #[command(after_help = "Example:\n  hookyard contract show standard > ours.toml")]
    Show {
        /// Its name.
        name: String,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Check a contract's file; needs no service.
    #[command(after_help = "Example:\n  hookyard contract check contracts/ours.toml")]
    Check {
        /// The file, or - for standard input.
        file: String,
        #[command(flatten)]
        format: FormatArgs,
    },
}

/// Does what was asked.
pub(crate) async fn run(args: ContractArgs, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    match args.action {
        Action::List { format } => list(&context.client(&args.connect)?, output, format).await,
        Action::Show { name, format } => {
            let contract = context.client(&args.connect)?.contract(&name).await?;
            match output.format(format) {
                Format::Json => output.one(format, &contract, &[]),
                Format::Plain | Format::Table => output.print(&escape::block(&contract.text)),
            }
        }
        Action::Check { file, format } => check(output, &file, format),
    }
}

async fn list(client: &Client, output: Output, format: FormatArgs) -> anyhow::Result<()> {
    let contracts = client.contracts().await?;
    output.list(
        format,
        &[
            ("NAME", &|contract: &ContractView| contract.name.clone()),
            ("ENABLED", &|contract| {
                match (contract.enabled, contract.default) {
                    (_, true) => "default",
                    (true, false) => "yes",
                    (false, false) => "no",
                }
                .to_owned()
            }),
            ("REVISION", &|contract| {
                contract.revision.chars().take(12).collect()
            }),
            ("EVENT TYPES", &|contract| {
                contract.event_types.len().to_string()
            }),
            ("SUMMARY", &|contract| contract.summary.clone()),
        ],
        &contracts.items,
    )
}

fn check(output: Output, file: &str, format: FormatArgs) -> anyhow::Result<()> {
    let text = read_text(file, CONTRACT_BYTES_MAX)?;
    let contract =
        Contract::load(file, &text).map_err(|error| Failure::failed(error.to_string()))?;
    let revision = contract.revision().to_string();
    let answer = serde_json::json!({
        "name": contract.name,
        "summary": contract.summary,
        "revision": revision,
        "event_types": contract.event_types.len(),
        "ok": true,
    });
    let fields = [
        ("contract", contract.name.clone()),
        ("summary", contract.summary.clone()),
        ("revision", revision),
        ("event types", contract.event_types.len().to_string()),
        ("verdict", "it loads".to_owned()),
    ];
    output.one(format, &answer, &fields)
}
