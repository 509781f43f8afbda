//! `hookyard fsck`: everything counted again from the rows, and what does not add up told row by row.

use std::path::{Path, PathBuf};

use clap::Args;
use nix::unistd::{Uid, User};
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::output::{Column, Format, FormatArgs, Output, counted, json_line, note};
use crate::client::{Client, Target};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, Sources};
use crate::domain::actor::{Actor, Via};
use crate::store::fsck::{self, Finding, FindingKind, FsckReport};
use crate::store::{StoreError, StoreOptions};

/// Count everything again and say what does not add up.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard fsck --data-dir ./yard\n  hookyard fsck --file /backups/hookyard.db --json\n  \
                  hookyard fsck --data-dir ./yard --repair\n\n\
                  Reads beside a running service, all at one moment. Without --data-dir and --file it looks where \
                  the service of HOOKYARD_SOCKET has its data, else where `hookyard serve` would. --repair needs the service stopped; it mends only what follows from rows \
                  that are there, and writes an audit entry. Exit code 0: sound, 1: something differs."
)]
pub(crate) struct FsckArgs {
    /// The configuration file that names the data directory.
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// The directory of the database.
    #[arg(long, value_name = "D")]
    data_dir: Option<String>,
    /// A copy of the database, such as a backup.
    #[arg(long, value_name = "F", conflicts_with_all = ["data_dir", "config", "repair"])]
    file: Option<PathBuf>,
    /// Mend what is provably safe.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// A finding as scripts read it.
#[derive(Serialize)]
struct FindingLine {
    kind: &'static str,
    subject: String,
    text: String,
    can_be_mended: bool,
}

/// A report as scripts read it.
#[derive(Serialize)]
struct ReportLine {
    sound: bool,
    mended: u64,
    differences: u64,
    mendable: u64,
    events: u64,
    deliveries: u64,
    attempts: u64,
    endpoints: u64,
    days: u64,
    findings: Vec<FindingLine>,
}

/// Checks, and mends where that is asked for.
pub(crate) async fn run(args: FsckArgs, context: &Context) -> anyhow::Result<()> {
    let (report, mended) = if args.repair {
        let options = StoreOptions::new(data_dir(&args, context).await?);
        let mending = fsck::mend_file(&options, &somebody(), SystemClock::new().now())
            .await
            .map_err(in_words)?;
        let mended = mending.before.differences - mending.after.differences;
        (mending.after, mended)
    } else {
        let path = match &args.file {
            Some(path) => path.clone(),
            None => StoreOptions::new(data_dir(&args, context).await?).database_path(),
        };
        (fsck::check_file(&path).await.map_err(in_words)?, 0)
    };
    print(context.output, args.format, &report, mended)?;
    if report.is_sound() {
        return Ok(());
    }
    Err(Failure::failed(verdict(&report)))
}

/// Named, else that of the service whose socket is named, else where a service would have it.
async fn data_dir(args: &FsckArgs, context: &Context) -> anyhow::Result<PathBuf> {
    if let Some(directory) = &args.data_dir {
        return Ok(Path::new(directory).to_owned());
    }
    let environment = &context.environment;
    if args.config.is_none()
        && environment.get("HOOKYARD_DATA_DIR").is_none()
        && let Some(socket) = environment.get("HOOKYARD_SOCKET")
    {
        return of_service(socket).await;
    }
    let sources = Sources {
        file: args.config.clone(),
        environment: context.environment.clone(),
        flags: Vec::new(),
    };
    Ok(Config::load(&sources)?.data_dir)
}

/// The data directory of the service that answers on this socket.
async fn of_service(socket: &str) -> anyhow::Result<PathBuf> {
    let unknown = |why: String| {
        Failure::usage(format!(
            "HOOKYARD_SOCKET names {socket}, and the service there does not tell where its data lies ({why}): give \
             --data-dir"
        ))
    };
    let client = Client::new(Target::Socket(socket.into()))?;
    match client.info().await {
        Ok(info) => match info.data_dir {
            Some(directory) => Ok(directory.into()),
            None => Err(unknown("it is not for this user to know".to_owned())),
        },
        Err(error) => Err(unknown(error.to_string())),
    }
}

/// Who mends, for the audit log: whoever runs this command.
fn somebody() -> Actor {
    let uid = Uid::current();
    let user = User::from_uid(uid).ok().flatten();
    Actor {
        who: user.map_or_else(|| format!("uid {uid}"), |user| user.name),
        via: Via::Internal,
        from: None,
    }
}

fn in_words(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::InUse { path, pid } => Failure::failed(format!(
            "data directory {} is in use by process {pid}: stop that service before --repair; without it fsck reads \
             beside the service",
            path.display()
        )),
        StoreError::NoDatabase { .. }
        | StoreError::OlderSchema { .. }
        | StoreError::NewerSchema { .. } => Failure::usage(error.to_string()),
        other => other.into(),
    }
}

fn print(
    output: Output,
    format: FormatArgs,
    report: &FsckReport,
    mended: u64,
) -> anyhow::Result<()> {
    if output.format(format) == Format::Json {
        return output.print(&(json_line(&report_line(report, mended))? + "\n"));
    }
    if !report.findings.is_empty() {
        let lines: Vec<FindingLine> = report.findings.iter().map(finding_line).collect();
        output.list(format, &columns(), &lines)?;
    }
    if mended > 0 {
        note(&format!("mended {mended}"));
    }
    if report.is_sound() {
        note(&format!("sound: {}", looked_at(report)));
    }
    Ok(())
}

fn report_line(report: &FsckReport, mended: u64) -> ReportLine {
    ReportLine {
        sound: report.is_sound(),
        mended,
        differences: report.differences,
        mendable: report.mendable,
        events: report.events,
        deliveries: report.deliveries,
        attempts: report.attempts,
        endpoints: report.endpoints,
        days: report.days,
        findings: report.findings.iter().map(finding_line).collect(),
    }
}

fn finding_line(finding: &Finding) -> FindingLine {
    FindingLine {
        kind: finding.kind.as_str(),
        subject: finding.subject.clone(),
        text: finding.text.clone(),
        can_be_mended: finding.can_be_mended(),
    }
}

fn columns() -> [Column<'static, FindingLine>; 4] {
    [
        ("KIND", &|line| line.kind.to_owned()),
        ("SUBJECT", &|line| line.subject.clone()),
        ("WHAT", &|line| line.text.clone()),
        ("MEND", &|line| {
            if line.kind == FindingKind::Remark.as_str() {
                String::new()
            } else if line.can_be_mended {
                "safe".to_owned()
            } else {
                "no".to_owned()
            }
        }),
    ]
}

fn looked_at(report: &FsckReport) -> String {
    format!(
        "{}, {}, {}, {} and {} agree",
        counted(report.events, "event", "events"),
        counted(report.deliveries, "delivery", "deliveries"),
        counted(report.attempts, "attempt", "attempts"),
        counted(report.endpoints, "endpoint", "endpoints"),
        counted(report.days, "day", "days")
    )
}

/// What is wrong in all, and what to do.
fn verdict(report: &FsckReport) -> String {
    let kept = report.findings.iter();
    let kept = kept.filter(|finding| finding.kind != FindingKind::Remark);
    let hidden = report.differences - kept.count() as u64;
    let more = match hidden {
        0 => String::new(),
        hidden => format!(", {hidden} of them not shown"),
    };
    let next = match report.mendable {
        0 => {
            "none can be mended safely: restore a backup, or live with what is told here".to_owned()
        }
        mendable => format!("{mendable} can be mended safely: stop the service and add --repair"),
    };
    let differences = counted(report.differences, "difference", "differences");
    format!("{differences}{more}; {next}")
}
