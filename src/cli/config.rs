//! `hookyard config`: what the settings are, where each comes from, and whether a service could start with them.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::Context;
use super::output::FormatArgs;
use super::serve::SettingArgs;
use super::service;
use crate::config::Config;

/// Show the settings that a service would start with, and check them.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  hookyard config show\n  \
                        hookyard config check --config /etc/hookyard/hookyard.toml")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print every setting with its value and where that comes from.
    #[command(
        after_help = "Example:\n  hookyard config show --data-dir /srv/hookyard --plain | grep ^data_dir"
    )]
    Show {
        #[command(flatten)]
        settings: SettingArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Check the settings, and the contracts and certificates that they name; starts nothing.
    #[command(after_help = "Example:\n  hookyard config check --config new.toml")]
    Check {
        #[command(flatten)]
        settings: SettingArgs,
    },
}

/// A setting in force.
#[derive(Serialize)]
struct InForce {
    key: &'static str,
    value: String,
    origin: String,
}

/// Runs it.
pub(crate) fn run(args: &ConfigArgs, context: &Context) -> anyhow::Result<()> {
    match &args.action {
        Action::Show { settings, format } => show(settings, *format, context),
        Action::Check { settings } => check(settings, context),
    }
}

fn show(settings: &SettingArgs, format: FormatArgs, context: &Context) -> anyhow::Result<()> {
    let config = Config::load(&settings.sources(context))?;
    let rows: Vec<InForce> = config
        .effective()
        .map(|(key, value, origin)| InForce {
            key,
            value: value.to_owned(),
            origin: origin.to_string(),
        })
        .collect();
    context.output.list(
        format,
        &[
            ("KEY", &|row: &InForce| row.key.to_owned()),
            ("VALUE", &|row| row.value.clone()),
            ("FROM", &|row| row.origin.clone()),
        ],
        &rows,
    )
}

fn check(settings: &SettingArgs, context: &Context) -> anyhow::Result<()> {
    let config = Config::load(&settings.sources(context))?;
    let contracts = service::enabled(&service::check(&config)?);
    let file = config.file.as_ref().map_or_else(
        || "no configuration file: defaults, environment and flags".to_owned(),
        |file| file.display().to_string(),
    );
    let fields = [("read", file), ("contracts", contracts.join(", "))];
    let answer = serde_json::json!({"sound": true, "contracts": contracts});
    context.output.one(FormatArgs::default(), &answer, &fields)
}
