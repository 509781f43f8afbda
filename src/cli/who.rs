//! `hookyard who`: who watches the service live.

use clap::Args;

use super::connect::ConnectArgs;
use super::context::Context;
use super::output::{Column, FormatArgs, note};
use crate::api::operator::OperatorView;

/// Show who is attached: whose console watches the service now, by which door, since when, and how many.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  hookyard who\n  hookyard who --json\n\n\
                  A console that lost its line is listed until the service has noticed, a few seconds later.")]
pub(crate) struct WhoArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Prints who is there.
pub(crate) async fn run(args: WhoArgs, context: &Context) -> anyhow::Result<()> {
    let operators = context.client(&args.connect)?.operators().await?.items;
    let output = context.output;
    if operators.is_empty() && output.is_terminal() {
        note("nobody is attached");
        return Ok(());
    }
    output.list(args.format, &COLUMNS, &operators)
}

const COLUMNS: [Column<'static, OperatorView>; 4] = [
    ("WHO", &|one| one.who.clone()),
    ("VIA", &|one| one.via.clone()),
    ("SINCE", &|one| one.since.to_string()),
    ("CONSOLES", &|one| one.consoles.to_string()),
];
