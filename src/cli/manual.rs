//! `hookyard completions` and `hookyard man`: what shells and `man` want to know, made of the tree of commands.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::context::Context;
use super::failure::Failure;
use super::tree::Tree;

/// Print completions for a shell.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard completions bash > /etc/bash_completion.d/hookyard")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Print the manual page, or write a page for each command.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard man | man -l -\n  hookyard man --dir /usr/local/share/man/man1"
)]
pub(crate) struct ManArgs {
    /// Write the pages of all commands there instead.
    #[arg(long, value_name = "D")]
    dir: Option<PathBuf>,
}

/// Prints the completions.
pub(crate) fn completions(args: &CompletionsArgs, context: &Context) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Tree::command(), "hookyard", &mut script);
    context.output.print(&String::from_utf8_lossy(&script))
}

/// Prints the manual page, or writes all.
pub(crate) fn man(args: &ManArgs, context: &Context) -> anyhow::Result<()> {
    let tree = Tree::command();
    match &args.dir {
        None => {
            let mut page = Vec::new();
            Man::new(tree).render(&mut page)?;
            context.output.print(&String::from_utf8_lossy(&page))
        }
        Some(directory) => write_pages(tree, directory).map_err(|error| {
            Failure::failed(format!(
                "no manual pages can be written to {}: {error}: make the directory, or choose another with --dir",
                directory.display()
            ))
        }),
    }
}

fn write_pages(tree: clap::Command, directory: &Path) -> io::Result<()> {
    if !directory.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    clap_mangen::generate_to(tree, directory)
}
