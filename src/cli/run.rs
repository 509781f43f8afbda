//! From arguments to an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use super::context::Context;
use super::failure::{Exit, exit_of, text_of};
use super::output::{Output, note as say};
use super::slips::remedy;
use super::tree::{Command, Tree};
use super::{
    attach, audit, backup, bench, causes, config, console, contexts, contract, dead, delivery,
    demo, doctor, egress, endpoint, event, fsck, help, horizon, keys, ledger, listen, log, manual,
    note, replay, serve, stats, themes, token, unit, verify, view, who,
};
use crate::config::Environment;

/// Parses the arguments, does what they say, and tells what came of it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let tree = match Tree::try_parse_from(arguments) {
        Ok(tree) => tree,
        Err(error) => {
            // Help and version are no errors: clap prints them to stdout and wants exit code 0.
            let _ = error.print();
            if let Some(remedy) = remedy(&error) {
                say(&remedy);
            }
            let code = u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8);
            return ExitCode::from(code);
        }
    };
    let environment = Environment::of_process();
    let context = Context {
        output: Output::new(tree.color, &environment),
        environment,
    };
    match dispatch(tree.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("hookyard: {}", text_of(&error)));
            ExitCode::from(exit_of(&error) as u8)
        }
    }
}

fn dispatch(command: Option<Command>, context: &Context) -> anyhow::Result<()> {
    match command {
        None => on_runtime(console::run(console::ConsoleArgs::default(), context)),
        Some(Command::Console(args)) => on_runtime(console::run(args, context)),
        Some(Command::Demo(args)) => on_runtime(demo::run(args, context)),
        Some(Command::Serve(args)) => on_runtime(serve::run(args, context)),
        Some(Command::Endpoint(args)) => on_runtime(endpoint::run(args, context)),
        Some(Command::Event(args)) => on_runtime(event::run(args, context)),
        Some(Command::Delivery(args)) => on_runtime(delivery::run(args, context)),
        Some(Command::Dead(args)) => on_runtime(dead::run(args, context)),
        Some(Command::Replay(args)) => on_runtime(replay::run(args, context)),
        Some(Command::Token(args)) => on_runtime(token::run(args, context)),
        Some(Command::Contract(args)) => on_runtime(contract::run(args, context)),
        Some(Command::Stats(args)) => on_runtime(stats::run(args, context)),
        Some(Command::Causes(args)) => on_runtime(causes::run(args, context)),
        Some(Command::Audit(args)) => on_runtime(audit::run(args, context)),
        Some(Command::Note(args)) => on_runtime(note::run(args, context)),
        Some(Command::View(args)) => on_runtime(view::run(args, context)),
        Some(Command::Log(args)) => on_runtime(log::run(args, context)),
        Some(Command::Who(args)) => on_runtime(who::run(args, context)),
        Some(Command::Horizon(args)) => on_runtime(horizon::run(args, context)),
        Some(Command::Ledger(args)) => on_runtime(ledger::run(args, context)),
        Some(Command::Fsck(args)) => on_runtime(fsck::run(args, context)),
        Some(Command::Backup(args)) => on_runtime(backup::run(args, context)),
        Some(Command::Doctor(args)) => on_runtime(doctor::run(args, context)),
        Some(Command::Egress(args)) => on_runtime(egress::run(args, context)),
        Some(Command::Listen(args)) => on_runtime(listen::run(args, context)),
        Some(Command::Verify(args)) => on_runtime(verify::run(args, context)),
        Some(Command::Bench(args)) => on_runtime(bench::run(args)),
        Some(Command::Config(args)) => config::run(&args, context),
        Some(Command::Service(args)) => unit::run(&args, context),
        Some(Command::Themes(args)) => themes::run(&args, context),
        Some(Command::Keys(args)) => keys::run(&args, context),
        Some(Command::Attach(args)) => attach::run(args, context),
        Some(Command::Contexts(args)) => contexts::run(&args, context),
        Some(Command::Completions(args)) => manual::completions(&args, context),
        Some(Command::Man(args)) => manual::man(&args, context),
        Some(Command::Help(args)) => help::run(&args, context),
    }
}

/// Runs a command's future on a runtime of one thread: calls and answers need no more.
fn on_runtime(future: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future)
}
