//! `hookyard themes`: which themes there are, how each looks, and whether each can be read. Needs no service.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::input::read_text;
use super::output::{Column, Format, FormatArgs, note};
use crate::config::{Environment, user_file};
use crate::console::TerminalTraits;
use crate::console::theme::{
    Appearance, Checked, Listed, Shelf, ShownRole, THEME_BYTES_MAX, Theme, ThemeError,
};

/// What stands where a figure would, if the terminal's palette decides it.
const TERMINALS: &str = "the terminal's";

/// List, show and check the console's themes.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard themes list\n  hookyard themes show cvd-safe\n  \
                  hookyard themes check ~/.config/hookyard/themes/*.toml\n\n\
                  Your own themes are NAME.toml files in `themes` beside your hookyard.toml; one that is called as a \
                  built-in theme replaces it. `hookyard console --theme NAME` uses a theme."
)]
pub(crate) struct ThemesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the themes there are, and which one the console takes here.
    #[command(after_help = "Example:\n  hookyard themes list\n\n\
                      IN USE is the theme that the console takes on this terminal unless --theme names another.")]
    List {
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show how a theme has each role: drawn as a sample on a terminal, and in words.
    #[command(
        after_help = "Examples:\n  hookyard themes show yard-dark\n  hookyard themes show --json | jq .fg\n\n\
                      The sample is drawn in the colours that this terminal has, and left out where colours are not \
                      wanted. CONTRAST is WCAG's ratio of text to its background, 1 to 21."
    )]
    Show {
        /// The theme; the one that the console takes on this terminal when absent.
        name: Option<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Check that themes can be read: form, contrast, and states apart.
    #[command(
        after_help = "Examples:\n  hookyard themes check\n  hookyard themes check night.toml yard-dark\n\n\
                      Text needs a contrast of 4.5 against the background that the theme names, 7 in high-contrast. In \
                      cvd-safe, the states ok, failed and retrying must be 20 apart in L*a*b* as deuteranopia, \
                      protanopia and tritanopia see them. Themes that build upon these two promise the same. Judged is \
                      how a theme looks with all colours; those that a terminal's palette decides are the terminal's. \
                      Exit code 1: something is wrong, each line says what and where."
    )]
    Check {
        /// Files, - for standard input, or names of themes; every theme when absent.
        #[arg(value_name = "FILE")]
        files: Vec<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
}

/// A theme in the list.
#[derive(Serialize)]
struct Row {
    name: String,
    appearance: Option<Appearance>,
    built_in: bool,
    file: Option<PathBuf>,
    in_use: bool,
    fault: Option<String>,
}

/// Does what was asked.
pub(crate) fn run(args: &ThemesArgs, context: &Context) -> anyhow::Result<()> {
    let own = own_folder(&context.environment);
    let shelf = Shelf::new(own.as_deref());
    match &args.action {
        Action::List { format } => list(shelf, *format, context),
        Action::Show { name, format } => show(shelf, name.as_deref(), *format, context),
        Action::Check { files, format } => check(shelf, files, *format, context),
    }
}

/// Where the user's own themes lie: `themes` beside the user's own configuration file. It need not be there.
pub(crate) fn own_folder(environment: &Environment) -> Option<PathBuf> {
    user_file(environment, "themes")
}

fn list(shelf: Shelf<'_>, format: FormatArgs, context: &Context) -> anyhow::Result<()> {
    let in_use = Theme::fitting(&traits(&context.environment));
    let listed = shelf.list().map_err(refused)?;
    let rows: Vec<Row> = listed
        .into_iter()
        .map(|theme| Row {
            in_use: theme.name == in_use,
            built_in: theme.file.is_none(),
            name: theme.name,
            appearance: theme.appearance,
            file: theme.file,
            fault: theme.fault,
        })
        .collect();
    let columns: [Column<'_, Row>; 4] = [
        ("NAME", &|row| row.name.clone()),
        ("APPEARANCE", &|row| match row.appearance {
            Some(appearance) => appearance.as_str().to_owned(),
            None => "broken".to_owned(),
        }),
        ("FROM", &|row| match &row.file {
            Some(file) => file.display().to_string(),
            None => "built in".to_owned(),
        }),
        ("IN USE", &|row| {
            if row.in_use { "yes" } else { "" }.to_owned()
        }),
    ];
    context.output.list(format, &columns, &rows)?;
    for fault in rows.iter().filter_map(|row| row.fault.as_ref()) {
        note(fault);
    }
    Ok(())
}

fn show(
    shelf: Shelf<'_>,
    name: Option<&str>,
    format: FormatArgs,
    context: &Context,
) -> anyhow::Result<()> {
    let traits = traits(&context.environment);
    let name = name.unwrap_or_else(|| Theme::fitting(&traits));
    let roles = shelf.show(name, &traits).map_err(refused)?;
    let output = context.output;
    if output.format(format) == Format::Table && output.has_colour() {
        let head = row(
            &format!("{:15}", "SAMPLE"),
            ["ROLE", "FG", "BG", "CONTRAST", "MODIFIERS"],
        );
        let lines: String = roles.iter().map(drawn).collect();
        return output.print(&format!("{}\n{lines}", output.strong(&head)));
    }
    let columns: [Column<'_, ShownRole>; 5] = [
        ("ROLE", &|role| role.role.to_owned()),
        ("FG", &|role| colour(role.fg.as_ref())),
        ("BG", &|role| colour(role.bg.as_ref())),
        ("MODIFIERS", &|role| role.modifiers.join(" ")),
        ("CONTRAST", &contrast),
    ];
    output.list(format, &columns, &roles)
}

/// A role beside its sample. All of it is ours: names, and colours as they were understood.
fn drawn(role: &ShownRole) -> String {
    let (fg, bg) = (colour(role.fg.as_ref()), colour(role.bg.as_ref()));
    let (contrast, modifiers) = (contrast(role), role.modifiers.join(" "));
    let line = row(&role.drawn, [role.role, &fg, &bg, &contrast, &modifiers]);
    line + "\n"
}

fn row(sample: &str, cells: [&str; 5]) -> String {
    let [role, fg, bg, contrast, modifiers] = cells;
    let line = format!("{sample}  {role:14}  {fg:14}  {bg:14}  {contrast:8}  {modifiers}");
    line.trim_end().to_owned()
}

fn check(
    shelf: Shelf<'_>,
    files: &[String],
    format: FormatArgs,
    context: &Context,
) -> anyhow::Result<()> {
    let listed = shelf.list().map_err(refused)?;
    let checked = if files.is_empty() {
        listed.iter().map(|theme| shelf.check(theme)).collect()
    } else {
        let checks = files.iter().map(|given| check_one(shelf, &listed, given));
        checks.collect::<anyhow::Result<Vec<Checked>>>()?
    };
    let columns: [Column<'_, Checked>; 5] = [
        ("THEME", &|theme| theme.theme.clone()),
        ("LOWEST CONTRAST", &lowest_contrast),
        ("CLOSEST STATES", &closest_states),
        ("VERDICT", &|theme| match theme.flaws.len() {
            0 => "ok".to_owned(),
            flaws => format!("{flaws} wrong"),
        }),
        ("FILE", &|theme| theme.file.clone()),
    ];
    context.output.list(format, &columns, &checked)?;
    // One that themes build upon is told of once.
    let mut flaws: Vec<String> = Vec::new();
    for flaw in checked.iter().flat_map(|theme| &theme.flaws) {
        let line = flaw.to_string();
        if !flaws.contains(&line) {
            flaws.push(line);
        }
    }
    if flaws.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(flaws.join("\n")))
}

/// Checks what an argument names: a file before a theme.
fn check_one(shelf: Shelf<'_>, listed: &[Listed], given: &str) -> anyhow::Result<Checked> {
    if given == "-" || Path::new(given).is_file() {
        let text = read_text(given, THEME_BYTES_MAX)?;
        return Ok(shelf.check_text(given, text));
    }
    if let Some(theme) = listed.iter().find(|theme| theme.name == given) {
        return Ok(shelf.check(theme));
    }
    let names: Vec<&str> = listed.iter().map(|theme| theme.name.as_str()).collect();
    Err(Failure::usage(format!(
        "{given:?} is neither a file nor a theme: themes are {}",
        names.join(", ")
    )))
}

fn lowest_contrast(theme: &Checked) -> String {
    match &theme.lowest_contrast {
        Some(lowest) => {
            let (ratio, least, role) = (lowest.ratio, theme.contrast_min, lowest.role);
            let others = match theme.terminals_roles {
                0 => String::new(),
                several => format!(", of {several} {TERMINALS}"),
            };
            format!("{ratio:.2} of at least {least} ({role}){others}")
        }
        None if theme.ok => TERMINALS.to_owned(),
        None => String::new(),
    }
}

fn closest_states(theme: &Checked) -> String {
    match &theme.closest_states {
        Some(closest) => {
            let least = theme.distance_min;
            let least = least.map_or_else(String::new, |least| format!(" of at least {least}"));
            let [one, other] = closest.roles;
            let vision = closest.vision.as_str();
            format!("{:.2}{least} ({one}, {other}; {vision})", closest.distance)
        }
        None if theme.ok => TERMINALS.to_owned(),
        None => String::new(),
    }
}

/// A colour as a theme file has it.
fn colour(written: Option<&String>) -> String {
    written.cloned().unwrap_or_default()
}

fn contrast(role: &ShownRole) -> String {
    match role.contrast {
        Some(ratio) => format!("{ratio:.2}"),
        None => String::new(),
    }
}

fn traits(environment: &Environment) -> TerminalTraits {
    TerminalTraits::from_environment(|name| environment.get(name).map(str::to_owned))
}

fn refused(error: ThemeError) -> anyhow::Error {
    match error {
        ThemeError::Unknown { .. } => Failure::nothing(error.to_string()),
        other => Failure::usage(other.whole()),
    }
}
