//! `hookyard keys`: which keys the console has here, and whether a file of keys can be used. Needs no service.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::Failure;
use super::input::read_text;
use super::output::{Column, FormatArgs};
use crate::config::{Environment, user_file};
use crate::console::keys::{KEYS_BYTES_MAX, KeyRow, KeyShelf, Keymap, KeysError};

/// The user's own keys.
const FILE: &str = "keys.toml";
/// The folder of the user's own presets.
const PRESETS: &str = "keys";

/// Show the console's keys, and check files of your own.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard keys print\n  hookyard keys check ~/.config/hookyard/keys.toml\n\n\
                  Your own keys are in `keys.toml` beside your hookyard.toml; `hookyard console --keys FILE` takes \
                  others, and --keys ops those of the table.\n\n  \
                  preset = \"ops\"             # or vim, k9s, or NAME.toml in `keys` beside it\n  \
                  unbind = [\"Q\"]             # keys that are to mean nothing; \"g\" takes all that begin so\n  \
                  [list]                     # everywhere, list, or a view: pulse, deliveries, inspector …\n  \
                  \"m\" = \"row.mark\"\n  \
                  \"m r\" = \"delivery.replay\"  # refused: m acts before it can be typed\n  \
                  \"R\" = { action = \"replay.plan\", when = \"marks > 0 && !readonly\" }\n  \
                  [dialog]                   # what lies upon views, and the lines that are typed in them\n  \
                  \"alt-q\" = \"dialog.leave\"\n  \
                  [filter]                   # one of: help, confirm, palette, plan, form, choice, columns, line,\n  \
                  \"ctrl-o\" = \"dialog.take\"   # secret, filter (the line of / in deliveries), words (in the others)\n\n\
                  Where text is typed, keys that type or edit it (letters, arrows left and right, the keys of \
                  readline) are text and cannot be bound; keys of dialogs and lines are one stroke without a condition, \
                  and esc always closes. `?`, or f1 where that is text, shows the keys of what is open.\n\n\
                  A condition asks for the numbers marks and rows (those that are marked, those that are loaded), for what \
                  is true or not: readonly, armed, live, filtered, following, and for view == NAME; && || ! and \
                  parentheses put them together. Of several, [{ action = …, when = … }, \"NAME\"], the first that is met \
                  counts; where none is, what the key means below does."
)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the keys in force, action by action, and where each was said.
    #[command(
        after_help = "Examples:\n  hookyard keys print\n  hookyard keys print --keys vim\n  \
                      hookyard keys print --json | jq 'select(.key == null)'"
    )]
    Print {
        #[command(flatten)]
        keys: KeysOption,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Check a file of keys: everything that is wrong with it, with its line and column.
    #[command(after_help = "Example:\n  hookyard keys check keys.toml\n\n\
                      Wrong are actions and parts that do not exist, keys that cannot be bound, a key that is said twice \
                      for one place, a key that is never reached because another begins it or no condition leaves it over, \
                      and a condition that is none. Exit code 2: \
                      something is wrong, each line says what and where.")]
    Check {
        /// A file, - for standard input, or the name of a preset; your own keys.toml when absent.
        #[arg(value_name = "FILE")]
        file: Option<String>,
    },
    /// Print the keys in force as a table in Markdown, as in the README.
    #[command(after_help = "Example:\n  hookyard keys doc --keys vim > keys.md")]
    Doc {
        #[command(flatten)]
        keys: KeysOption,
    },
}

/// Which keys the console has.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeysOption {
    /// A file of keys, or a preset: ops, k9s or vim; keys.toml beside your hookyard.toml when absent.
    #[arg(long, value_name = "FILE")]
    keys: Option<String>,
}

impl KeysOption {
    /// Reads them.
    ///
    /// # Errors
    /// Exit code 2 where they cannot be used, with everything that is wrong.
    pub(crate) fn load(&self, environment: &Environment) -> anyhow::Result<Keymap> {
        load(self.keys.as_deref(), environment)
    }
}

/// Does what was asked.
pub(crate) fn run(args: &KeysArgs, context: &Context) -> anyhow::Result<()> {
    match &args.action {
        Action::Print { keys, format } => print(keys, *format, context),
        Action::Check { file } => check(file.as_deref(), context),
        Action::Doc { keys } => {
            let keys = keys.load(&context.environment)?;
            context.output.print(&keys.markdown())
        }
    }
}

fn print(keys: &KeysOption, format: FormatArgs, context: &Context) -> anyhow::Result<()> {
    let rows = keys.load(&context.environment)?.rows();
    let columns: [Column<'_, KeyRow>; 5] = [
        ("KEY", &|row| row.key.clone().unwrap_or_else(|| "-".into())),
        ("ACTION", &|row| row.action.to_owned()),
        ("WHERE", &|row| match &row.when {
            Some(when) => format!("{} when {when}", row.scope),
            None => row.scope.clone(),
        }),
        ("FROM", &|row| row.from.clone().unwrap_or_default()),
        ("WHAT IT DOES", &|row| row.title.to_owned()),
    ];
    context.output.list(format, &columns, &rows)
}

fn check(file: Option<&str>, context: &Context) -> anyhow::Result<()> {
    let keys = match file {
        Some("-") => {
            let text = read_text("-", KEYS_BYTES_MAX)?;
            let presets = presets(&context.environment);
            let shelf = KeyShelf::new(presets.as_deref());
            shelf
                .text("standard input", text)
                .map_err(|error| refused(&error))?
        }
        file => load(file, &context.environment)?,
    };
    let rows = keys.rows();
    let bound = rows.iter().filter(|row| row.key.is_some()).count();
    let unbound: Vec<&str> = rows
        .iter()
        .filter(|row| row.key.is_none() && !row.optional)
        .map(|row| row.action)
        .collect();
    let without = match unbound.len() {
        0 => String::new(),
        _ => format!("; without a key: {}", unbound.join(", ")),
    };
    let conditional = rows.iter().filter_map(|row| {
        let (key, when) = (row.key.as_ref()?, row.when.as_ref()?);
        Some(format!("  {key} = {} when {when}\n", row.action))
    });
    let conditional: String = conditional.collect();
    context
        .output
        .print(&format!("ok: {bound} keys{without}\n{conditional}"))
}

/// What was named: a file before a preset; else the user's own file, else the table.
fn load(named: Option<&str>, environment: &Environment) -> anyhow::Result<Keymap> {
    let presets = presets(environment);
    let shelf = KeyShelf::new(presets.as_deref());
    let keys = match named {
        Some(name) if Path::new(name).is_file() || name.contains(['/', '.']) => {
            shelf.file(Path::new(name))
        }
        Some(name) => shelf.preset(name),
        None => match user_file(environment, FILE).filter(|path| path.exists()) {
            Some(path) => shelf.file(&path),
            None => Ok(Keymap::ops()),
        },
    };
    keys.map_err(|error| refused(&error))
}

fn presets(environment: &Environment) -> Option<PathBuf> {
    user_file(environment, PRESETS)
}

fn refused(error: &KeysError) -> anyhow::Error {
    match error {
        KeysError::Unknown { .. } => Failure::usage(format!(
            "{error}; a file of keys is named by its path, such as ./keys.toml"
        )),
        KeysError::Flaws(_) | KeysError::Unreadable { .. } => Failure::usage(error.to_string()),
    }
}
