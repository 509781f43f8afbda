//! `hookyard note`: what operators write down for those who come after.

use clap::{Args, Subcommand};

use super::connect::ConnectArgs;
use super::context::Context;
use super::lists::find_endpoint;
use super::output::{Column, FormatArgs, counted, note};
use crate::api::note::{AddNote, NoteView, NotesQuery};
use crate::client::Client;
use crate::domain::note::NoteTarget;

/// Write notes about deliveries, endpoints, events and causes, and read them.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard note add acme 'moves house on Friday: INC-412'\n  hookyard note list acme\n\n\
                  Notes stand in the audit log and go with its retention; the console writes them by a."
)]
pub(crate) struct NoteArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a note down; it is in the audit log then, with your name and the time.
    #[command(
        after_help = "Examples:\n  hookyard note add dlv_0e6kq3v9xjz00 'told acme, they look into it'\n  \
                      hookyard note add acme 'moves house on Friday: INC-412'"
    )]
    Add {
        #[command(flatten)]
        target: TargetArgs,
        /// The note, at most 500 characters.
        #[arg(value_name = "NOTE")]
        text: String,
        #[command(flatten)]
        connect: ConnectArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show the notes about something, newest first.
    #[command(after_help = "Example:\n  hookyard note list ep_0e6kq3v9xjz00 --json")]
    List {
        #[command(flatten)]
        target: TargetArgs,
        /// Notes to show, the newest.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        #[command(flatten)]
        connect: ConnectArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
}

#[derive(Args, Debug)]
struct TargetArgs {
    /// What it is about: a delivery (dlv_…), an endpoint (ep_… or its name), an event (evt_…) or a cause (`hookyard dead causes`).
    #[arg(value_name = "TARGET")]
    about: String,
}

impl TargetArgs {
    /// The target; what is no id is the name of an endpoint.
    async fn find(&self, client: &Client) -> anyhow::Result<String> {
        if self.about.parse::<NoteTarget>().is_ok() {
            return Ok(self.about.clone());
        }
        Ok(find_endpoint(client, &self.about).await?.id.to_string())
    }
}

/// Does what is asked.
pub(crate) async fn run(args: NoteArgs, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    match args.action {
        Action::Add {
            target,
            text,
            connect,
            format,
        } => {
            let client = context.client(&connect)?;
            let body = AddNote {
                target: target.find(&client).await?,
                note: text,
            };
            let notes = client.add_note(&body).await?;
            let fields = [
                ("target", notes.target.clone()),
                ("notes", counted(notes.count, "note", "notes")),
            ];
            output.one(format, &notes, &fields)
        }
        Action::List {
            target,
            limit,
            connect,
            format,
        } => {
            let client = context.client(&connect)?;
            let query = NotesQuery {
                target: target.find(&client).await?,
                limit: Some(limit),
            };
            let notes = client.notes(&query).await?;
            if notes.items.is_empty() && output.is_terminal() {
                note(&format!("nobody has noted anything about {}", notes.target));
            }
            output.list(format, &COLUMNS, &notes.items)
        }
    }
}

const COLUMNS: [Column<'static, NoteView>; 3] = [
    ("AT", &|row| row.at.to_string()),
    ("WHO", &|row| row.who.clone()),
    ("NOTE", &|row| row.note.clone()),
];
