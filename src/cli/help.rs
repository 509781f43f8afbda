//! `hookyard help`: a command's help, or the reference of the filter language.

use clap::{Args, CommandFactory as _};

use super::context::Context;
use super::failure::Failure;
use super::tree::Tree;
use crate::domain::filter;

/// Explain a command, or the filter language.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  hookyard help filter\n  hookyard help endpoint create")]
pub(crate) struct HelpArgs {
    /// A command, or `filter` for the filter language.
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

/// Prints the help.
pub(crate) fn run(args: &HelpArgs, context: &Context) -> anyhow::Result<()> {
    if args.topic == ["filter"] {
        return context.output.print(filter::REFERENCE);
    }
    let mut command = Tree::command();
    command.build();
    let mut found = &mut command;
    for name in &args.topic {
        found = found.find_subcommand_mut(name).ok_or_else(|| {
            Failure::usage(format!(
                "there is no help on {:?}: `hookyard help` lists the commands, `hookyard help filter` explains filters",
                args.topic.join(" ")
            ))
        })?;
    }
    context.output.print(&found.render_long_help().to_string())
}
