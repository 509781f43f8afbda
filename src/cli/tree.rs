//! The tree of commands.

use clap::{Parser, Subcommand};

use super::output::Colour;
use super::{contract, delivery, endpoint, event, help, listen, stats, token, verify};

/// Webhook delivery that an ops team runs from a terminal.
///
/// Without a command: the console of this machine's service; where none runs, one is started in this process.
#[derive(Debug, Parser)]
#[command(
    name = "hookyard",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:\n  hookyard demo                    see the whole product at work\n  \
                  hookyard serve                   run the service\n  \
                  hookyard endpoint create https://example.com/hooks --name example\n  \
                  hookyard event publish --type packet.signed --data '{\"id\": 7}'\n\n\
                  Exit codes: 0 done, 1 failed, 2 usage, 3 nothing matched, 4 refused, 5 service not reachable."
)]
pub(crate) struct Tree {
    /// When to colour: auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true,
        hide_default_value = true,
        help_heading = "Everywhere"
    )]
    pub(crate) color: Colour,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Manage endpoints: subscribers' registered URLs.
    Endpoint(endpoint::EndpointArgs),
    /// Publish events and look back at them.
    Event(event::EventArgs),
    /// Look at deliveries, replay and discard them.
    Delivery(delivery::DeliveryArgs),
    /// Manage access tokens.
    Token(token::TokenArgs),
    /// Look at contracts and check files of them.
    Contract(contract::ContractArgs),
    /// Show totals and what happened lately.
    Stats(stats::StatsArgs),
    /// Receive deliveries on this machine: verify and print each, and fail on demand.
    Listen(listen::ListenArgs),
    /// Check a request's signature.
    Verify(verify::VerifyArgs),
    /// Explain a command, or the filter language.
    Help(help::HelpArgs),
}
