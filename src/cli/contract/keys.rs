//! The keys that the service signs with under a contract.

use clap::Args;

use crate::api::contract::{RotateKeyBody, ServiceKeyView};
use crate::cli::confirm::{YesArgs, confirm};
use crate::cli::lists::or_empty;
use crate::cli::output::{FormatArgs, Output};
use crate::client::Client;
use crate::domain::duration::DurationText;

/// Whose keys, and what to do with them.
#[derive(Args, Debug)]
pub(super) struct KeysArgs {
    /// The contract's name.
    name: String,
    /// Make the next key first: it signs from now on, the old ones stay listed.
    #[arg(long)]
    rotate: bool,
    /// How long the old keys go on signing beside the new one, where the contract signs with all keys; 24h when absent.
    #[arg(long, value_name = "DURATION", requires = "rotate")]
    overlap: Option<DurationText>,
    #[command(flatten)]
    yes: YesArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Lists them, after a rotation where one is asked for.
pub(super) async fn run(client: &Client, output: Output, args: KeysArgs) -> anyhow::Result<()> {
    let name = &args.name;
    let keys = if args.rotate {
        confirm(
            args.yes,
            &format!(
                "Rotate the key that contract {name} is signed with: consumers need the new public key to verify \
                 what is sent from now on."
            ),
        )?;
        let overlap = args.overlap.map(|overlap| overlap.to_string());
        let body = RotateKeyBody { overlap };
        client.rotate_contract_key(name, &body).await?
    } else {
        client.contract_keys(name).await?
    };
    output.list(
        args.format,
        &[
            ("ID", &|key: &ServiceKeyView| key.id.to_string()),
            ("ALGORITHM", &|key| key.algorithm.clone()),
            ("PUBLIC KEY", &|key| key.public_key.clone()),
            ("CREATED", &|key| key.created_at.to_string()),
            ("RETIRED", &|key| or_empty(key.retired_at)),
            ("SIGNS UNTIL", &|key| or_empty(key.signs_until)),
        ],
        &keys.items,
    )
}
