//! `hookyard egress`: the addresses that requests come from.

use clap::Args;

use super::connect::ConnectArgs;
use super::context::Context;
use super::output::FormatArgs;

/// Show the addresses that requests come from, for receivers' allow-lists.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard egress --json | jq -r '.addresses[]'")]
pub(crate) struct EgressArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Prints them.
pub(crate) async fn run(args: EgressArgs, context: &Context) -> anyhow::Result<()> {
    let egress = context.client(&args.connect)?.egress().await?;
    let addresses = egress.addresses.join(", ");
    let origin = match egress.origin.as_str() {
        "published" => "published (targets.egress_addresses)",
        "sources" => "bound (targets.source_addresses); a NAT on the way may replace them",
        "system" => {
            "the operating system chooses: set targets.source_addresses, or targets.egress_addresses behind a NAT"
        }
        other => other,
    };
    let fields = [("addresses", addresses), ("origin", origin.to_owned())];
    context.output.one(args.format, &egress, &fields)
}
