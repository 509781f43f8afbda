//! `hookyard dead`: what will not be tried again by itself, listed, discarded together, exported and imported.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};

use clap::{Args, Subcommand};

use super::confirm::{YesArgs, confirm};
use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::instant::AtArgs;
use super::lists::{LimitArgs, find_endpoint, or_empty};
use super::output::{Column, FormatArgs, Output, note};
use super::pick::PickArgs;
use super::replay::show;
use crate::api::dead::{
    DeadCauseView, DeadQuery, DiscardDeadBody, ImportQuery, ImportedView, RefusedLine,
};
use crate::api::delivery::DeliveryView;
use crate::client::Client;
use crate::domain::escape;
use crate::domain::limits::{BATCH_BYTES_MAX, DEAD_IMPORT_LINES_MAX, DEAD_OF_CAUSE_COUNTED_MAX};

/// List dead deliveries, discard them together, export and import them.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard dead list 'ep:example age<2d'\n  hookyard dead export > dead.ndjson\n  \
                  hookyard replay start 'state:dead ep:example' --rate 50/s\n\n\
                  A delivery is dead when it will not be tried again by itself. `hookyard causes` says why they died; \
                  `hookyard replay` puts them back to work."
)]
pub(crate) struct DeadArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List dead deliveries, newest first.
    #[command(
        after_help = "Examples:\n  hookyard dead list 'cause:9f86d081884c'\n  \
                            hookyard dead list 'ep:example or type:packet.*' --all\n\n\
                            The filter language: hookyard help filter."
    )]
    List {
        /// Which of them: a filter expression.
        filter: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
        #[command(flatten)]
        limit: LimitArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show what the dead deliveries died of, most of them first.
    #[command(
        after_help = "Examples:\n  hookyard dead causes\n  hookyard dead causes --at 2h\n  hookyard dead list cause:9f86d081884c\n\n\
                      NOW OK: how many of the endpoints that failed so have had a success since. \
                      `hookyard causes` tells of all failures of the last day, whatever became of the deliveries."
    )]
    Causes {
        #[command(flatten)]
        at: AtArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Give up the dead deliveries that a filter picks; asks before.
    #[command(
        after_help = "Example:\n  hookyard dead discard 'ep:example age>30d' --note 'they have closed the shop'\n\n\
                            What is discarded is not sent again unless it is replayed. Export it before, and it can be \
                            imported again."
    )]
    Discard {
        /// Which of them: a filter expression.
        filter: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
        /// Why, for those who come after; at most 500 characters.
        #[arg(long)]
        note: String,
        #[command(flatten)]
        yes: YesArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print dead deliveries with their events, one JSON object a line.
    #[command(after_help = "Example:\n  hookyard dead export 'ep:example' > example.ndjson")]
    Export {
        /// Which of them: a filter expression.
        filter: Vec<String>,
        #[command(flatten)]
        pick: PickArgs,
    },
    /// Import what was exported; nothing is sent until it is replayed.
    #[command(after_help = "Examples:\n  hookyard dead import example.ndjson\n  \
                      hookyard dead import example.ndjson --to example --socket ./other.sock\n  \
                      hookyard replay plan 'state:dead ep:example'\n\n\
                      Each line becomes a dead delivery here, of the endpoint with its id and URL, else of the only one with \
                      its URL, or of the one that --to names. What was discarded is dead again; what is here otherwise \
                      stays as it is, so that importing twice makes nothing twice. Events keep their ids, by which \
                      consumers know what they had, unless another event here has it. Lines that are refused are named \
                      on stderr, the others are kept. Exit code 1 when lines were refused.")]
    Import {
        /// The file, or - for standard input.
        file: String,
        /// The endpoint that all lines are for: its id (ep_…) or name.
        #[arg(long, value_name = "ENDPOINT")]
        to: Option<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
}

/// Does what was asked.
pub(crate) async fn run(args: DeadArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::List {
            filter,
            pick,
            limit,
            format,
        } => list(&client, output, &pick.within(&filter), limit, format).await,
        Action::Causes { at, format } => causes(&client, output, &at, format).await,
        Action::Discard {
            filter,
            pick,
            note,
            yes,
            format,
        } => discard(&client, output, &pick.within(&filter), note, yes, format).await,
        Action::Export { filter, pick } => export(&client, output, &pick.within(&filter)).await,
        Action::Import { file, to, format } => import(&client, output, &file, to, format).await,
    }
}

async fn causes(
    client: &Client,
    output: Output,
    at: &AtArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let at = at.asked(client).await?;
    let found = match at {
        Some(at) => client.dead_causes_then(&at.to_string()).await?,
        None => client.dead_causes().await?,
    };
    if found.limited {
        note("there may be more: not all that changed since was looked at");
    }
    if let Some(since) = found.kept_since {
        note(&format!(
            "of what was made before {since} there may have been more: retention has taken some of it"
        ));
    }
    if found.dead == 0 {
        let is = if at.is_some() { "was" } else { "is" };
        return Err(Failure::nothing(format!("no delivery {is} dead")));
    }
    output.list(format, &cause_columns(), &found.items)?;
    let counted: u64 = found.items.iter().map(|cause| cause.dead).sum();
    let others = found.dead.saturating_sub(counted);
    if others > 0 && output.is_terminal() {
        note(&format!(
            "{others} more have no cause: tests, or nothing could be sent"
        ));
    }
    Ok(())
}

fn cause_columns() -> [Column<'static, DeadCauseView>; 6] {
    [
        ("CAUSE", &|cause| cause.id.clone()),
        ("DEAD", &|cause| {
            if cause.dead > u64::from(DEAD_OF_CAUSE_COUNTED_MAX) {
                format!("over {DEAD_OF_CAUSE_COUNTED_MAX}")
            } else {
                cause.dead.to_string()
            }
        }),
        ("ENDPOINTS", &|cause| cause.endpoints.to_string()),
        ("NOW OK", &|cause| {
            let succeeding = cause.succeeding.map(|count| count.to_string());
            succeeding.unwrap_or_else(|| "-".to_owned())
        }),
        ("LAST", &|cause| {
            cause
                .last_seen
                .map_or_else(|| "-".to_owned(), |at| at.to_string())
        }),
        ("MESSAGE", &|cause| {
            let message = cause.message.as_deref();
            message.unwrap_or("not remembered any more").to_owned()
        }),
    ]
}

async fn list(
    client: &Client,
    output: Output,
    filter: &str,
    limit: LimitArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let filter = match filter.trim() {
        "" => "state:dead".to_owned(),
        filter => format!("state:dead and ({filter})"),
    };
    let found = limit
        .gather(Some(filter), async |query| client.deliveries(query).await)
        .await?;
    if let Some(rows) = found.limited_to {
        note(&format!(
            "the filter needs each delivery's content: the newest {rows} were looked at, older ones were not"
        ));
    }
    if found.rows.is_empty() {
        return Err(Failure::nothing("no dead delivery matches"));
    }
    output.list(format, &columns(), &found.rows)?;
    if found.more && output.is_terminal() {
        note("there are more: --limit N or --all shows them");
    }
    Ok(())
}

fn columns() -> [Column<'static, DeliveryView>; 8] {
    [
        ("ID", &|delivery| delivery.id.to_string()),
        ("DIED", &|delivery| delivery.updated_at.to_string()),
        ("TYPE", &|delivery| delivery.event_type.to_string()),
        ("ENDPOINT", &|delivery| {
            let name = delivery.endpoint_name.clone();
            name.unwrap_or_else(|| delivery.endpoint_id.to_string())
        }),
        ("REASON", &|delivery| or_empty(delivery.reason.as_ref())),
        ("CAUSE", &|delivery| or_empty(delivery.cause.as_ref())),
        ("ATTEMPTS", &|delivery| delivery.attempts.to_string()),
        ("LAST", &|delivery| match delivery.last_status {
            Some(status) => status.to_string(),
            None => or_empty(delivery.last_class.as_ref()),
        }),
    ]
}

async fn discard(
    client: &Client,
    output: Output,
    filter: &str,
    note: String,
    yes: YesArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let dry = DiscardDeadBody {
        filter: Some(filter.to_owned()),
        dry_run: true,
        ..DiscardDeadBody::default()
    };
    let plan = client.plan_discard(&dry).await?;
    if plan.matched == 0 {
        return Err(Failure::nothing(
            "no dead delivery matches: nothing to discard",
        ));
    }
    let mut what = format!(
        "Discard {} dead deliveries ({}), {} bytes, created {} to {}. They are not sent again unless they are replayed.",
        plan.matched,
        plan.selection,
        plan.bytes,
        or_empty(plan.oldest),
        or_empty(plan.newest),
    );
    what.push_str(&show::particulars(&plan));
    confirm(yes, &what)?;
    let body = DiscardDeadBody {
        plan: Some(plan.id),
        note: Some(note),
        ..DiscardDeadBody::default()
    };
    let done = client.discard_dead(&body).await?;
    let fields = [
        ("plan", done.plan.to_string()),
        ("selection", done.selection.clone()),
        ("deliveries", done.matched.to_string()),
        ("discarded", done.discarded.to_string()),
        ("not dead any more", done.skipped.to_string()),
    ];
    output.one(format, &done, &fields)
}

async fn export(client: &Client, output: Output, filter: &str) -> anyhow::Result<()> {
    let query = DeadQuery {
        filter: Some(filter.trim().to_owned()).filter(|filter| !filter.is_empty()),
    };
    let mut lines = client.export_dead(&query).await?;
    let mut count: u64 = 0;
    while let Some(line) = lines.next().await? {
        // The service wrote it so already; another one may not.
        output.print(&(escape::json(&line).into_owned() + "\n"))?;
        count += 1;
    }
    if count == 0 {
        return Err(Failure::nothing(
            "no dead delivery matches: nothing to export",
        ));
    }
    note(&format!("exported {count}"));
    Ok(())
}

async fn import(
    client: &Client,
    output: Output,
    file: &str,
    to: Option<String>,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let endpoint_id = match to {
        Some(given) => Some(find_endpoint(client, &given).await?.id),
        None => None,
    };
    let query = ImportQuery { endpoint_id };
    let mut pieces = Pieces::open(file)?;
    let mut total = ImportedView::default();
    while let Some(piece) = pieces.next()? {
        let done = if piece.bytes.is_empty() {
            ImportedView::default()
        } else {
            client.import_dead(&query, piece.bytes).await?
        };
        total.lines += done.lines;
        total.imported += done.imported;
        total.revived += done.revived;
        total.existing += done.existing;
        let refused = done.refused.into_iter().map(|refused| RefusedLine {
            line: refused.line + piece.lines_before,
            ..refused
        });
        for refused in refused.chain(piece.refused) {
            note(&format!("line {}: {}", refused.line, refused.detail));
            total.refused.push(refused);
        }
    }
    total.lines += pieces.too_long;
    let refused = total.refused.len();
    let fields = [
        ("lines", total.lines.to_string()),
        ("imported", total.imported.to_string()),
        ("dead again", total.revived.to_string()),
        ("here already", total.existing.to_string()),
        ("refused", refused.to_string()),
    ];
    output.one(format, &total, &fields)?;
    if refused > 0 {
        return Err(Failure::failed(format!(
            "{refused} lines were refused: mend them and import the file again, which makes nothing twice"
        )));
    }
    Ok(())
}

/// A file, piece by piece.
struct Pieces {
    file: Box<dyn BufRead>,
    name: String,
    /// Lines that were read.
    lines: u64,
    /// Of them those that are longer than the service takes.
    too_long: u64,
    /// A line that did not fit into the piece before.
    left: Option<Vec<u8>>,
}

/// As many lines as the service takes at once.
struct Piece {
    bytes: Vec<u8>,
    lines_before: u64,
    refused: Vec<RefusedLine>,
}

impl Pieces {
    fn open(path: &str) -> anyhow::Result<Self> {
        let file: Box<dyn BufRead> = if path == "-" {
            Box::new(BufReader::new(std::io::stdin()))
        } else {
            let file = File::open(path)
                .map_err(|error| Failure::usage(format!("{path} cannot be read: {error}")))?;
            Box::new(BufReader::new(file))
        };
        Ok(Self {
            file,
            name: path.to_owned(),
            lines: 0,
            too_long: 0,
            left: None,
        })
    }

    /// The next piece; `None` at the end.
    fn next(&mut self) -> anyhow::Result<Option<Piece>> {
        let mut piece = Piece {
            bytes: Vec::new(),
            lines_before: self.lines,
            refused: Vec::new(),
        };
        let mut count = 0;
        while count < DEAD_IMPORT_LINES_MAX {
            let Some(line) = self.line()? else { break };
            if line.len() > BATCH_BYTES_MAX {
                self.lines += 1;
                self.too_long += 1;
                piece.refused.push(RefusedLine {
                    line: self.lines,
                    detail: format!(
                        "it is longer than {BATCH_BYTES_MAX} bytes, more than is taken at once: take the line out"
                    ),
                });
                // It keeps its number among those that are sent.
                piece.bytes.push(b'\n');
                continue;
            }
            if piece.bytes.len() + line.len() > BATCH_BYTES_MAX {
                self.left = Some(line);
                break;
            }
            self.lines += 1;
            count += 1;
            piece.bytes.extend_from_slice(&line);
        }
        let is_end = self.lines == piece.lines_before;
        Ok(Some(piece).filter(|_| !is_end))
    }

    /// The next line with its end; of one that is too long no more than shows that.
    fn line(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(line) = self.left.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let limit = BATCH_BYTES_MAX as u64 + 1;
        let unreadable = |error| Failure::usage(format!("{} cannot be read: {error}", self.name));
        let file = &mut self.file;
        let read = file.by_ref().take(limit).read_until(b'\n', &mut line);
        read.map_err(unreadable)?;
        if line.len() as u64 == limit && !line.ends_with(b"\n") {
            self.file.skip_until(b'\n').map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", self.name))
            })?;
        }
        Ok(Some(line).filter(|line| !line.is_empty()))
    }
}
