//! `hookyard contract`: the wire as data.
//!
//! - `source`: the contract that an argument names, without a service
//! - `check`: files that load, and what they say, or where they do not
//! - `summary`: what a contract does, in words
//! - `render`: the request that would be sent
//! - `keys`: the service's own keys

mod check;
mod keys;
mod render;
mod source;
mod summary;

use clap::{Args, Subcommand};

use super::connect::ConnectArgs;
use super::context::Context;
use super::output::{Format, FormatArgs, Output};
use crate::api::contract::ContractView;
use crate::client::Client;
use crate::domain::escape;

pub(crate) use source::find as find_contract;

/// Look at contracts, check files of them, and see what would be sent under them.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard contract check contracts/ours.toml\n  \
                  hookyard contract render contracts/ours.toml --event event.json"
)]
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
    /// Check contracts' files, and say what they do; needs no service.
    #[command(after_help = "Example:\n  hookyard contract check contracts/*.toml")]
    Check {
        /// The files; - for standard input.
        #[arg(required = true)]
        files: Vec<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print the request that would be sent, byte for byte; needs no service.
    #[command(
        after_help = "Example:\n  echo '{\"type\": \"task.created\", \"data\": {\"id\": 7}}' > event.json\n  \
                      hookyard contract render contracts/ours.toml --event event.json\n\n\
                      A pipe or a file gets the exact bytes, a terminal gets them escaped."
    )]
    Render(render::RenderArgs),
    /// List the public halves of the keys that the service signs with under a contract.
    #[command(
        after_help = "Examples:\n  hookyard contract keys fed\n  hookyard contract keys fed --rotate --overlap 7d"
    )]
    Keys(keys::KeysArgs),
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
        Action::Check { files, format } => check::run(output, &files, format),
        Action::Render(args) => render::run(&args, context),
        Action::Keys(keys) => keys::run(&context.client(&args.connect)?, output, keys).await,
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
