//! Plans and replays as people read them.

use crate::api::replay::{PlanView, ReplayBody, ReplayCounts, ReplayView};
use crate::cli::lists::or_empty;
use crate::cli::output::{Column, Field, Format, FormatArgs, Output};

/// Endpoints and causes that a question names; the plan has more.
const NAMED_MAX: usize = 5;

/// Prints a plan.
pub(crate) fn plan(output: Output, format: FormatArgs, plan: &PlanView) -> anyhow::Result<()> {
    let mut fields = vec![
        ("plan", plan.id.to_string()),
        ("selection", plan.selection.clone()),
        ("stands for", or_empty(plan.stands_for.as_ref())),
        ("deliveries", plan.matched.to_string()),
        ("bytes", plan.bytes.to_string()),
        ("oldest", or_empty(plan.oldest)),
        ("newest", or_empty(plan.newest)),
        ("takes", format!("{} at {}", plan.eta, plan.rate)),
        ("startable until", or_empty(plan.expires_at)),
        ("hash", plan.hash.clone()),
    ];
    fields.extend(endpoints(plan).map(|text| ("endpoint", text)));
    fields.extend(causes(plan).map(|text| ("cause", text)));
    fields.extend(plan.warnings.iter().map(|text| ("warning", text.clone())));
    present(&mut fields);
    output.one(format, plan, &fields)
}

/// What somebody is asked before a plan is started.
pub(crate) fn question(plan: &PlanView, body: &ReplayBody) -> String {
    let rate = body.rate.as_deref().unwrap_or("10/s");
    let mut text = format!(
        "Replay {} deliveries ({}), {} bytes, created {} to {}, at {rate}",
        plan.matched,
        plan.selection,
        plan.bytes,
        or_empty(plan.oldest),
        or_empty(plan.newest),
    );
    if let Some(canary) = body.canary.filter(|&canary| canary > 0) {
        text.push_str(&format!(", {canary} of them first"));
    }
    match &body.stop {
        Some(stop) => text.push_str(&format!(", stopping at {stop}.")),
        None => text.push('.'),
    }
    text.push_str(&particulars(plan));
    for warning in &plan.warnings {
        text.push_str(&format!("\n  mind: {warning}"));
    }
    text
}

/// What the saved views of a plan's filter stand for, for whom its deliveries are, and how they failed, line by line.
pub(crate) fn particulars(plan: &PlanView) -> String {
    let mut text = String::new();
    if let Some(filter) = &plan.stands_for {
        text.push_str(&format!("\n  which stands for {filter}"));
    }
    for line in endpoints(plan).take(NAMED_MAX) {
        text.push_str(&format!("\n  to {line}"));
    }
    for line in causes(plan).take(NAMED_MAX) {
        text.push_str(&format!("\n  {line}"));
    }
    text
}

fn endpoints(plan: &PlanView) -> impl Iterator<Item = String> {
    plan.endpoints.iter().map(|endpoint| {
        let name = endpoint.name.clone().unwrap_or_default();
        let breaker = if endpoint.breaker_open {
            ", breaker open"
        } else {
            ""
        };
        let changed = if endpoint.changed {
            ", changed since"
        } else {
            ""
        };
        format!(
            "{} {name}: {} ({}{breaker}{changed})",
            endpoint.id, endpoint.count, endpoint.status
        )
    })
}

fn causes(plan: &PlanView) -> impl Iterator<Item = String> {
    plan.causes.iter().map(|share| {
        let what = match (&share.class, share.status) {
            (Some(class), Some(status)) => format!("{class} {status}"),
            (Some(class), None) => class.clone(),
            (None, Some(status)) => format!("answered {status}"),
            (None, None) => "never tried".to_owned(),
        };
        let cause = cause_of(share.cause.as_ref());
        format!("{what}{cause}: {}", share.count)
    })
}

/// Prints a replay, and how to go on with one that runs.
pub(crate) fn replay(
    output: Output,
    format: FormatArgs,
    replay: &ReplayView,
) -> anyhow::Result<()> {
    replay_then(output, format, replay)?;
    if output.format(format) == Format::Table && replay.state == "running" {
        crate::cli::output::note(&format!(
            "watch it: hookyard replay watch {}; hold it: hookyard replay pause {}",
            replay.id, replay.id
        ));
    }
    Ok(())
}

/// Prints a replay as it was.
pub(super) fn replay_then(
    output: Output,
    format: FormatArgs,
    replay: &ReplayView,
) -> anyhow::Result<()> {
    let counts = replay.counts.as_ref();
    let left = counts.is_some_and(|counts| counts.waiting > 0);
    let mut fields: Vec<Field> = vec![
        ("replay", replay.id.to_string()),
        ("state", replay.state.clone()),
        ("why", or_empty(replay.why.as_ref())),
        ("selection", replay.selection.clone()),
        ("stands for", or_empty(replay.stands_for.as_ref())),
        ("note", or_empty(replay.note.as_ref())),
        ("who", replay.who.clone()),
        ("rate", replay.rate.clone()),
        ("canary", canary(replay)),
        ("stop rule", or_empty(replay.stop.as_ref())),
        ("deliveries", replay.total.to_string()),
        ("waiting", or_empty(counts.map(waiting))),
        ("under way", counted(replay, |counts| counts.open)),
        ("delivered", counted(replay, |counts| counts.delivered)),
        ("failed", counted(replay, |counts| counts.failed)),
        ("skipped", counted(replay, |counts| counts.skipped)),
        ("cancelled", counted(replay, |counts| counts.cancelled)),
        ("first attempts", first_attempts(replay)),
        (
            "released in",
            or_empty(replay.eta.as_ref().filter(|_| left)),
        ),
        ("started", or_empty(replay.started_at)),
        ("ended", or_empty(replay.ended_at)),
    ];
    present(&mut fields);
    output.one(format, replay, &fields)
}

fn first_attempts(replay: &ReplayView) -> String {
    match (replay.first_succeeded, replay.first_failed) {
        (Some(well), Some(badly)) => format!("{well} succeeded, {badly} failed"),
        _ => String::new(),
    }
}

/// What waits, and what of it waits for its endpoint.
pub(super) fn waiting(counts: &ReplayCounts) -> String {
    match counts.deferred {
        None | Some(0) => counts.waiting.to_string(),
        Some(deferred) => format!("{}, {deferred} of them for their endpoint", counts.waiting),
    }
}

fn cause_of(cause: Option<&String>) -> String {
    cause.map_or_else(String::new, |cause| format!(" (cause:{cause})"))
}

fn canary(replay: &ReplayView) -> String {
    match (replay.canary, replay.canary_done) {
        (0, _) => String::new(),
        (count, None) => count.to_string(),
        (count, Some(true)) => format!("{count}, passed"),
        (count, Some(false)) => format!("{count}, under way"),
    }
}

fn present(fields: &mut Vec<Field>) {
    fields.retain(|(_, value)| !value.is_empty());
}

fn counted(replay: &ReplayView, member: fn(&ReplayCounts) -> u64) -> String {
    or_empty(replay.counts.as_ref().map(member))
}

/// The columns of a list of replays.
pub(crate) fn columns() -> [Column<'static, ReplayView>; 11] {
    [
        ("ID", &|replay| replay.id.to_string()),
        ("STARTED", &|replay| or_empty(replay.started_at)),
        ("STATE", &|replay| replay.state.clone()),
        ("TOTAL", &|replay| replay.total.to_string()),
        ("WAITING", &|replay| {
            counted(replay, |counts| counts.waiting)
        }),
        ("OPEN", &|replay| counted(replay, |counts| counts.open)),
        ("DELIVERED", &|replay| {
            counted(replay, |counts| counts.delivered)
        }),
        ("FAILED", &|replay| counted(replay, |counts| counts.failed)),
        ("SKIPPED", &|replay| {
            counted(replay, |counts| counts.skipped)
        }),
        ("CANCELLED", &|replay| {
            counted(replay, |counts| counts.cancelled)
        }),
        ("SELECTION", &|replay| replay.selection.clone()),
    ]
}
