//! The tree of commands.

use clap::{Parser, Subcommand};

use super::output::Colour;
use super::{
    attach, audit, backup, bench, causes, config, console, contexts, contract, dead, delivery,
    demo, doctor, egress, endpoint, event, fsck, help, horizon, keys, ledger, listen, log, manual,
    note, replay, serve, stats, themes, token, unit, verify, view, who,
};

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
    /// Watch and operate a service in the terminal.
    Console(console::ConsoleArgs),
    /// Run the service.
    Serve(serve::ServeArgs),
    /// See the whole product at work.
    Demo(demo::DemoArgs),
    /// Manage endpoints: subscribers' registered URLs.
    #[command(alias = "endpoints")]
    Endpoint(endpoint::EndpointArgs),
    /// Publish events and look back at them.
    #[command(alias = "events")]
    Event(event::EventArgs),
    /// Look at deliveries, replay and discard them.
    #[command(alias = "deliveries")]
    Delivery(delivery::DeliveryArgs),
    /// List dead deliveries, discard them together, export and import them.
    Dead(dead::DeadArgs),
    /// Put many deliveries back to work: planned, paced, steered.
    #[command(alias = "replays")]
    Replay(replay::ReplayArgs),
    /// Manage access tokens.
    #[command(alias = "tokens")]
    Token(token::TokenArgs),
    /// Look at contracts and check files of them.
    #[command(alias = "contracts")]
    Contract(contract::ContractArgs),
    /// Show totals and what happened lately.
    Stats(stats::StatsArgs),
    /// Show why attempts fail.
    Causes(causes::CausesArgs),
    /// Show who did what, when and from where.
    Audit(audit::AuditArgs),
    /// Write notes about deliveries, endpoints, events and causes, and read them.
    #[command(alias = "notes")]
    Note(note::NoteArgs),
    /// Save filters by a name, to be used as @NAME in others.
    #[command(alias = "views")]
    View(view::ViewArgs),
    /// Show what the service wrote into its log lately, and follow it.
    Log(log::LogArgs),
    /// Show whose consoles are attached.
    Who(who::WhoArgs),
    /// Show what goes out in the next minutes and hours, and what gives up when.
    Horizon(horizon::HorizonArgs),
    /// Show where every delivery stands, and whether it adds up.
    Ledger(ledger::LedgerArgs),
    /// Count everything again and say what does not add up.
    Fsck(fsck::FsckArgs),
    /// Check whether this installation is sound.
    Doctor(doctor::DoctorArgs),
    /// Copy the database while the service runs, or while it does not.
    Backup(backup::BackupArgs),
    /// Show the addresses that requests come from, for receivers' allow-lists.
    Egress(egress::EgressArgs),
    /// Receive deliveries on this machine: verify and print each, and fail on demand.
    Listen(listen::ListenArgs),
    /// Check a request's signature.
    Verify(verify::VerifyArgs),
    /// Measure what this machine can do.
    Bench(bench::BenchArgs),
    /// Show the settings that a service would start with, and check them.
    Config(config::ConfigArgs),
    /// Run Hookyard as a service of the operating system.
    Service(unit::ServiceArgs),
    /// List, show and check the console's themes.
    #[command(alias = "theme")]
    Themes(themes::ThemesArgs),
    /// Show the console's keys, and check files of your own.
    #[command(alias = "key")]
    Keys(keys::KeysArgs),
    /// Join standard streams to the service's socket: the far side of ssh://.
    Attach(attach::AttachArgs),
    /// List the services that have a name here, and check the file that names them.
    #[command(alias = "context")]
    Contexts(contexts::ContextsArgs),
    /// Print completions for a shell.
    Completions(manual::CompletionsArgs),
    /// Print the manual page, or write a page for each command.
    Man(manual::ManArgs),
    /// Explain a command, or the filter language.
    Help(help::HelpArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::console::keys::Keymap;
    use crate::console::shown_commands;

    /// Every command with its path.
    fn walk(command: &clap::Command, path: &str, visit: &mut impl FnMut(&str, &clap::Command)) {
        visit(path, command);
        for inner in command.get_subcommands() {
            walk(inner, &format!("{path} {}", inner.get_name()), visit);
        }
    }

    #[test]
    fn no_argument_takes_the_name_of_one_that_holds_everywhere() {
        let tree = Tree::command();
        tree.clone().debug_assert();
        for group in tree.get_subcommands() {
            let global: Vec<&str> = group
                .get_arguments()
                .filter(|argument| argument.is_global_set())
                .map(|argument| argument.get_id().as_str())
                .collect();
            walk(group, group.get_name(), &mut |path, command| {
                for argument in command.get_arguments().filter(|one| !one.is_global_set()) {
                    assert!(
                        !global.contains(&argument.get_id().as_str()),
                        "{path}: {argument}"
                    );
                }
            });
        }
    }

    /// The words of a command as a shell reads them, as far as the console quotes.
    fn words(command: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for letter in command.chars() {
            match letter {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().unwrap().push(other),
            }
        }
        words
    }

    #[test]
    fn every_command_that_the_console_names_is_one() {
        let ids = [
            ("DELIVERY", "dlv_0e6kq3v9xjz00"),
            ("REPLAY", "rpl_0e6kq3v9xjz00"),
            ("CAUSE", "9f86d081884c"),
            ("ENDPOINT", "example"),
            ("FILTER", "state:dead"),
            ("NAME", "oncall"),
        ];
        let of_table = Keymap::ops()
            .rows()
            .into_iter()
            .filter_map(|row| row.command);
        let of_table = of_table.map(|command| {
            ids.iter().fold(command.to_owned(), |command, (name, id)| {
                command.replace(name, id)
            })
        });
        let commands: Vec<String> = of_table.chain(shown_commands()).collect();
        assert!(commands.len() > 25, "{commands:?}");
        for command in commands {
            let parsed = Tree::try_parse_from(words(&command));
            assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        }
        assert!(Tree::try_parse_from(words("hookyard delivery replya 'a b'")).is_err());
    }
}
