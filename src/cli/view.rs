//! `hookyard view`: filters with a name, used as `@name` in others.

use clap::{Args, Subcommand};

use super::confirm::{YesArgs, confirm};
use super::connect::ConnectArgs;
use super::context::Context;
use super::output::{Column, FormatArgs, note};
use crate::api::saved_view::{SaveView, SavedView};
use crate::domain::filter::{InvalidViewName, ViewName};

/// Save filters by a name, to be used as @NAME in others.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard view save oncall 'state:dead or status:5xx'\n  hookyard delivery list '@oncall age<2h'\n\n\
                  A name stands for its filter wherever filters are taken: here, in the console and in the API."
)]
pub(crate) struct ViewArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the saved views, by name.
    #[command(after_help = "Example:\n  hookyard view list --json")]
    List {
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show what one stands for.
    #[command(after_help = "Example:\n  hookyard view show oncall")]
    Show {
        #[command(flatten)]
        name: NameArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Save a filter by a name, in place of the one that had it.
    #[command(
        after_help = "Example:\n  hookyard view save oncall 'state:dead or status:5xx'\n\n\
                      The filter language: hookyard help filter. One that begins with - goes behind --."
    )]
    Save {
        #[command(flatten)]
        name: NameArgs,
        /// What it stands for: a filter expression without saved views of its own.
        #[arg(required = true)]
        filter: Vec<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Delete one: filters that name it are refused from then on.
    #[command(after_help = "Example:\n  hookyard view delete oncall --yes")]
    Delete {
        #[command(flatten)]
        name: NameArgs,
        #[command(flatten)]
        yes: YesArgs,
    },
}

#[derive(Args, Debug)]
struct NameArgs {
    /// Its name: 1 to 64 of a-z, 0-9 and -, with or without the @.
    #[arg(value_name = "NAME", value_parser = name_of)]
    name: ViewName,
}

fn name_of(text: &str) -> Result<ViewName, InvalidViewName> {
    text.strip_prefix('@').unwrap_or(text).parse()
}

/// Does what is asked.
pub(crate) async fn run(args: ViewArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::List { format } => {
            let views = client.saved_views().await?.items;
            if views.is_empty() && output.is_terminal() {
                note("no views are saved: hookyard view save NAME FILTER");
            }
            output.list(format, &COLUMNS, &views)
        }
        Action::Show { name, format } => {
            let view = client.saved_view(&name.name).await?;
            output.list(format, &COLUMNS, &[view])
        }
        Action::Save {
            name,
            filter,
            format,
        } => {
            let filter = filter.join(" ");
            let saved = client.save_view(&name.name, &SaveView { filter }).await?;
            output.list(format, &COLUMNS, &[saved])
        }
        Action::Delete { name, yes } => {
            let name = name.name;
            let view = client.saved_view(&name).await?;
            let what = format!(
                "Delete @{name}, which stands for: {}\nFilters that name it are refused from then on.",
                view.filter
            );
            confirm(yes, &what)?;
            client.delete_view(&name).await?;
            note(&format!("deleted @{name}"));
            Ok(())
        }
    }
}

const COLUMNS: [Column<'static, SavedView>; 4] = [
    ("NAME", &|row| format!("@{}", row.name)),
    ("FILTER", &|row| row.filter.clone()),
    ("WHO", &|row| row.who.clone()),
    ("UPDATED", &|row| row.updated_at.to_string()),
];
