//! `hookyard contexts`, and the contexts that other commands take: services by name, with how careful one has to be.

mod file;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::input::read_text;
use super::output::{Column, FormatArgs};
use super::themes::own_folder;
use crate::config::{Environment, user_file};
use crate::console::theme::Shelf;
use crate::console::{TerminalTraits, Theme};
use crate::domain::flaw::Flaw;
pub(crate) use file::NamedService;

/// The user's own contexts.
const FILE: &str = "contexts.toml";
/// Bytes of the file.
const BYTES_MAX: u64 = 64 * 1024;

/// List the services that have a name here, and check the file that names them.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard contexts list\n  hookyard console prod\n  hookyard endpoint list --context prod\n\n\
                  Contexts are in `contexts.toml` beside your hookyard.toml:\n\n  \
                  [context.prod]\n  \
                  target = \"ssh://ops@hooks.example.com\"   # or https://…, or the path of a socket\n  \
                  token_file = \"prod.token\"                # for https; beside this file unless absolute\n  \
                  env = \"production\"                       # production, staging or dev: how the header shows it\n  \
                  banner = \"PROD\"\n  \
                  protect = true                           # the console changes nothing until it is armed with !\n  \
                  read_only = false\n  \
                  theme = \"high-contrast\"\n  \
                  bell_quiet = \"22:00-07:00\"               # when its bells do not ring, by the clock here"
)]
pub(crate) struct ContextsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the contexts.
    #[command(after_help = "Example:\n  hookyard contexts list --json")]
    List {
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Check a file of contexts: everything that is wrong with it, with its line and column.
    #[command(
        after_help = "Example:\n  hookyard contexts check new.toml\n\nWrong is a theme too that does not exist or cannot be used. \
                      Exit code 2: something is wrong, each line says what and where."
    )]
    Check {
        /// The file, or - for standard input; your own contexts.toml when absent.
        #[arg(value_name = "FILE")]
        file: Option<String>,
    },
}

/// A context in the list.
#[derive(Serialize)]
struct Row {
    name: String,
    target: String,
    token_file: Option<PathBuf>,
    env: Option<&'static str>,
    banner: Option<String>,
    protect: bool,
    read_only: bool,
    theme: Option<String>,
    bell_quiet: Option<String>,
}

/// Does what was asked.
pub(crate) fn run(args: &ContextsArgs, context: &Context) -> anyhow::Result<()> {
    match &args.action {
        Action::List { format } => list(*format, context),
        Action::Check { file } => check(file.as_deref(), context),
    }
}

fn list(format: FormatArgs, context: &Context) -> anyhow::Result<()> {
    let services = all(&context.environment)?;
    let rows: Vec<Row> = services.into_iter().map(Row::from).collect();
    let columns: [Column<'_, Row>; 6] = [
        ("NAME", &|row| row.name.clone()),
        ("TARGET", &|row| row.target.clone()),
        ("ENV", &|row| row.env.unwrap_or_default().to_owned()),
        ("BANNER", &|row| row.banner.clone().unwrap_or_default()),
        ("CHANGES", &|row| {
            let word = match (row.read_only, row.protect) {
                (true, _) => "never",
                (false, true) => "armed",
                (false, false) => "yes",
            };
            word.to_owned()
        }),
        ("THEME", &|row| row.theme.clone().unwrap_or_default()),
    ];
    context.output.list(format, &columns, &rows)
}

fn check(file: Option<&str>, context: &Context) -> anyhow::Result<()> {
    let themes = own_folder(&context.environment);
    let theme_problem = |name: &str| {
        let shelf = Shelf::new(themes.as_deref());
        let found = Theme::find(Some(name), shelf, &TerminalTraits::default());
        found
            .err()
            .map(|error| error.to_string().replace('\n', "; "))
    };
    let services = match file {
        Some("-") => {
            let text = read_text("-", BYTES_MAX)?;
            parse(Path::new("standard input"), &text, &theme_problem)?
        }
        Some(path) => {
            let text = read_text(path, BYTES_MAX)?;
            parse(Path::new(path), &text, &theme_problem)?
        }
        None => own(&context.environment, &theme_problem)?,
    };
    let names: Vec<&str> = services.iter().map(|one| one.name.as_str()).collect();
    let names = match names.len() {
        0 => "no contexts".to_owned(),
        _ => format!("contexts {}", names.join(", ")),
    };
    context.output.print(&format!("ok: {names}\n"))
}

/// The user's own contexts; none where there is no file.
///
/// # Errors
/// Exit code 2 where the file cannot be used, with everything that is wrong.
pub(crate) fn all(environment: &Environment) -> anyhow::Result<Vec<NamedService>> {
    // A theme that cannot be used is the console's to refuse, and nothing to the other commands.
    own(environment, &|_| None)
}

fn own(
    environment: &Environment,
    theme_problem: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<NamedService>> {
    let Some(path) = user_file(environment, FILE).filter(|path| path.exists()) else {
        return Ok(Vec::new());
    };
    let name = path.to_string_lossy();
    parse(&path, &read_text(&name, BYTES_MAX)?, theme_problem)
}

/// The context of that name.
///
/// # Errors
/// Exit code 2 where there is none, or the file cannot be used.
pub(crate) fn named(name: &str, environment: &Environment) -> anyhow::Result<NamedService> {
    let services = all(environment)?;
    let known: Vec<&str> = services.iter().map(|one| one.name.as_str()).collect();
    let known = match known.len() {
        0 => format!("{FILE} beside your hookyard.toml names none"),
        _ => format!("known are {}", known.join(", ")),
    };
    let found = services.iter().find(|one| one.name == name).cloned();
    found.ok_or_else(|| Failure::usage(format!("context {name:?} is not known: {known}")))
}

fn parse(
    path: &Path,
    text: &str,
    theme_problem: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<NamedService>> {
    file::read(path, text, theme_problem).map_err(|flaws| {
        let lines: Vec<String> = flaws.iter().map(Flaw::to_string).collect();
        Failure::usage(lines.join("\n"))
    })
}

impl From<NamedService> for Row {
    fn from(service: NamedService) -> Self {
        Self {
            name: service.name,
            target: service.target,
            token_file: service.token_file,
            env: service.env.map(|env| env.as_str()),
            banner: service.banner,
            protect: service.protect,
            read_only: service.read_only,
            theme: service.theme,
            bell_quiet: service.bell_quiet.map(|hours| hours.to_string()),
        }
    }
}
