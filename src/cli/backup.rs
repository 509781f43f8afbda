//! `hookyard backup`: a copy of the database, beside a running service or without one.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::output::{Field, FormatArgs, note};
use super::service::{self, KeyFacts};
use crate::config::{Config, Raw, Setting, Sources};
use crate::domain::ledger::Counts;
use crate::engine::{KEY_CHECK, key_opens};
use crate::store::backup::{self, Backup, BackupError};
use crate::store::{StoreError, StoreOptions};

/// Copy the database while the service runs, or while it does not.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard backup /backups/hookyard-$(date +%F).db\n  \
                  hookyard backup --data-dir ./yard ./yard-copy.db --json\n  \
                  hookyard fsck --file /backups/hookyard-2026-04-13.db\n\n\
                  The copy is of one moment, and is read back before it gets its name; nothing is overwritten. One \
                  that is cut off leaves a file .NAME.….part, which may be removed. Run it as the service's user \
                  or as root, with the settings that the service has.\n\n\
                  The key that secrets are sealed with is NOT in it: keep that apart, since whoever has both has every \
                  secret, and who has lost the key has lost them all.\n\n\
                  To restore: stop the service, put the copy as hookyard.db (mode 0600) into an empty data directory, \
                  the key where key_file or HOOKYARD_KEY has it, and start the service there. What was pending when \
                  the copy was taken is sent then, though it may have been sent since."
)]
pub(crate) struct BackupArgs {
    /// The new file.
    file: PathBuf,
    /// The configuration file that names the data directory and the key.
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// The directory of the database.
    #[arg(long, value_name = "D")]
    data_dir: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// A backup as scripts read it.
#[derive(Serialize)]
struct BackupLine {
    file: String,
    bytes: u64,
    schema: i64,
    events: u64,
    deliveries: u64,
    attempts: u64,
    endpoints: u64,
    ledger: LedgerLine,
    adds_up: bool,
    key: KeyLine,
}

#[derive(Serialize)]
struct LedgerLine {
    created: i64,
    delivered: i64,
    pending: i64,
    held: i64,
    dead: i64,
    discarded: i64,
}

/// The key that the copy needs and does not hold.
#[derive(Serialize)]
struct KeyLine {
    place: String,
    fingerprint: Option<String>,
    /// Whether it opens the copy's secrets; null where there is no key to try, or no secret yet.
    opens: Option<bool>,
    problem: Option<String>,
}

/// Copies, reads back and tells.
pub(crate) async fn run(args: BackupArgs, context: &Context) -> anyhow::Result<()> {
    let data_dir = args.data_dir.map(|directory| Setting {
        flag: "--data-dir",
        key: "data_dir",
        value: Raw::Text(directory),
    });
    let config = Config::load(&Sources {
        file: args.config,
        environment: context.environment.clone(),
        flags: data_dir.into_iter().collect(),
    })?;
    let options = StoreOptions {
        reserve_bytes: config.retention.reserve_bytes,
        ..StoreOptions::new(&config.data_dir)
    };
    let made = backup::copy(&options, &args.file).await.map_err(in_words)?;
    let sealed = backup::meta_of(&made.path, KEY_CHECK).await?;
    let line = line(
        &made,
        key_line(service::key_facts(&config), sealed.as_deref()),
    );
    context.output.one(args.format, &line, &fields(&line))?;
    if !line.adds_up {
        note("the ledger of the copy does not add up: `hookyard fsck --file` says where");
    }
    if let Some(problem) = &line.key.problem {
        note(&format!("mind the key: {problem}"));
    }
    Ok(())
}

fn in_words(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Store(StoreError::NoDatabase { path }) => Failure::usage(format!(
            "there is no database at {}: name its directory with --data-dir, or the service's settings with --config",
            path.display()
        )),
        BackupError::Store(
            error @ (StoreError::OlderSchema { .. } | StoreError::NewerSchema { .. }),
        ) => Failure::usage(error.to_string()),
        BackupError::Store(error) => error.into(),
        BackupError::Exists { .. } | BackupError::Unwritable { .. } => {
            Failure::usage(error.to_string())
        }
        BackupError::NoRoom { .. } | BackupError::Damaged { .. } => {
            Failure::failed(error.to_string())
        }
    }
}

fn key_line(facts: KeyFacts, sealed: Option<&[u8]>) -> KeyLine {
    let opens = match (&facts.key, sealed) {
        (Ok(key), Some(sealed)) => Some(key_opens(key, sealed)),
        _ => None,
    };
    let problem = match (&facts.key, opens) {
        (Err(error), _) => Some(error.to_string()),
        (Ok(_), Some(false)) => Some(format!(
            "the one in {} does not open the copy's secrets: keep the one that the service runs with",
            facts.place
        )),
        (Ok(_), _) => None,
    };
    KeyLine {
        place: facts.place,
        fingerprint: facts.key.ok().map(|key| key.fingerprint()),
        opens,
        problem,
    }
}

fn line(made: &Backup, key: KeyLine) -> BackupLine {
    let Counts {
        created,
        pending,
        held,
        delivered,
        dead,
        discarded,
    } = made.ledger;
    BackupLine {
        file: made.path.display().to_string(),
        bytes: made.bytes,
        schema: made.schema,
        events: made.events,
        deliveries: made.deliveries,
        attempts: made.attempts,
        endpoints: made.endpoints,
        ledger: LedgerLine {
            created,
            delivered,
            pending,
            held,
            dead,
            discarded,
        },
        adds_up: made.ledger.adds_up(),
        key,
    }
}

fn fields(line: &BackupLine) -> Vec<Field> {
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let opens = line
        .key
        .opens
        .map_or_else(|| "not tried".to_owned(), yes_no);
    let fingerprint = line.key.fingerprint.clone();
    vec![
        ("file", line.file.clone()),
        ("bytes", line.bytes.to_string()),
        ("schema", line.schema.to_string()),
        ("events", line.events.to_string()),
        ("deliveries", line.deliveries.to_string()),
        ("attempts", line.attempts.to_string()),
        ("endpoints", line.endpoints.to_string()),
        ("created", line.ledger.created.to_string()),
        ("delivered", line.ledger.delivered.to_string()),
        ("pending", line.ledger.pending.to_string()),
        ("held", line.ledger.held.to_string()),
        ("dead", line.ledger.dead.to_string()),
        ("discarded", line.ledger.discarded.to_string()),
        ("adds up", yes_no(line.adds_up)),
        (
            "key",
            format!(
                "{}, which is not in the copy: keep it apart",
                line.key.place
            ),
        ),
        ("key fingerprint", fingerprint.unwrap_or_default()),
        ("key opens it", opens),
    ]
}
