//! `hookyard audit`: who did what.

use clap::Args;
use serde_json::Value;

use super::connect::ConnectArgs;
use super::context::Context;
use super::instant::{AtArgs, instant};
use super::lists::LimitArgs;
use super::output::{Column, FormatArgs, note};
use crate::api::audit::{AuditEntryView, AuditParams};

/// Show who did what, when, to what and from where; newest first.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard audit --since 2h\n  hookyard audit --what 'endpoint.*' --who ada\n  \
                  hookyard audit --target ep_0e6kq3v9xjz00 --json\n\n\
                  What the service does by itself is in it under the name hookyard. Secrets never are."
)]
pub(crate) struct AuditArgs {
    /// Only what this person, token or service did.
    #[arg(long)]
    who: Option<String>,
    /// Only this action, such as endpoint.pause, or a family such as 'endpoint.*'.
    #[arg(long)]
    what: Option<String>,
    /// Only what was done to this: an id.
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// From then on: an instant such as 2026-04-13T10:18:00Z, or how long ago, such as 2h.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Before then.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    #[command(flatten)]
    at: AtArgs,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Prints the log.
pub(crate) async fn run(args: AuditArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let relative = [&args.since, &args.until].into_iter().any(Option::is_some);
    // The service's clock counts: the log is dated by it.
    let now = match relative {
        true => Some(client.info().await?.now),
        false => None,
    };
    let at = |text: &Option<String>| match (text, now) {
        (Some(text), Some(now)) => instant(text, now).map(Some),
        _ => Ok(None),
    };
    let wanted = AuditParams {
        who: args.who,
        what: args.what,
        target: args.target,
        since: at(&args.since)?,
        until: at(&args.until)?,
        at: args.at.asked(&client).await?.map(|at| at.to_string()),
        ..AuditParams::default()
    };
    let found = args
        .limit
        .gather(None, async |page| {
            let query = AuditParams {
                limit: page.limit,
                cursor: page.cursor.clone(),
                ..wanted.clone()
            };
            client.audit(&query).await
        })
        .await?;
    let output = context.output;
    if found.rows.is_empty() && output.is_terminal() {
        note("nothing of that is in the log");
    }
    output.list(args.format, &columns(), &found.rows)?;
    if found.more && output.is_terminal() {
        note("there are more: --limit N or --all shows them");
    }
    Ok(())
}

fn columns() -> [Column<'static, AuditEntryView>; 7] {
    [
        ("AT", &|entry| entry.at.to_string()),
        ("WHO", &|entry| entry.who.clone()),
        ("FROM", &|entry| match &entry.from {
            Some(from) => format!("{} {from}", entry.via),
            None => entry.via.clone(),
        }),
        ("WHAT", &|entry| entry.what.clone()),
        ("TARGET", &|entry| entry.target.clone().unwrap_or_default()),
        ("CHANGE", &change_text),
        ("NOTE", &|entry| entry.note.clone().unwrap_or_default()),
    ]
}

/// What changed in one line: `status active → disabled`.
fn change_text(entry: &AuditEntryView) -> String {
    let count = entry.count.map(|count| format!("{count} items"));
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (&entry.before, &entry.after)
    else {
        return count.unwrap_or_default();
    };
    let member = |(name, is): (&String, &Value)| {
        let was = before.get(name).unwrap_or(&Value::Null);
        format!("{name} {} → {}", plain(was), plain(is))
    };
    let members = after.iter().map(member);
    members.chain(count).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
