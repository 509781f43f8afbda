//! A replay watched: one line whenever it moves, until it is over.

use super::show::waiting;
use crate::api::replay::ReplayView;
use crate::api::stream::StreamFrame;
use crate::cli::failure::Failure;
use crate::cli::lists::or_empty;
use crate::cli::output::{Format, FormatArgs, Output, json_line};
use crate::client::Client;
use crate::domain::id::ReplayId;

/// Prints how the replay stands, now and whenever the service tells of it.
///
/// # Errors
/// Those of the service; exit code 1 where the replay stops by itself, or the service ends the stream.
pub(super) async fn watch(
    client: &Client,
    output: Output,
    id: ReplayId,
    format: FormatArgs,
) -> anyhow::Result<()> {
    // Opened first: nothing that moves after the look is missed.
    let mut stream = client.stream("replays").await?;
    let mut shown = client.replay(id).await?;
    tell(output, format, &shown)?;
    loop {
        if is_over(&shown) {
            return Ok(());
        }
        if shown.state == "stopped" {
            let why = shown.why.as_deref().unwrap_or("nobody knows why");
            return Err(Failure::failed(stopped(id, why)));
        }
        let now = match stream.next().await? {
            None | Some(StreamFrame::Bye) => {
                return Err(Failure::failed(ended(id)));
            }
            Some(StreamFrame::Change(change)) => {
                change.replays.into_iter().find(|replay| replay.id == id)
            }
            // Something may have been left out.
            Some(StreamFrame::Gap { .. } | StreamFrame::Heartbeat { .. }) => {
                Some(client.replay(id).await?)
            }
            Some(StreamFrame::Hello(_)) => None,
        };
        if let Some(now) = now.filter(|now| *now != shown) {
            tell(output, format, &now)?;
            shown = now;
        }
    }
}

/// Whether nothing of it can change any more.
fn is_over(replay: &ReplayView) -> bool {
    matches!(replay.state.as_str(), "finished" | "cancelled") && replay.now().open == 0
}

fn tell(output: Output, format: FormatArgs, replay: &ReplayView) -> anyhow::Result<()> {
    let line = match output.format(format) {
        Format::Json => json_line(replay)?,
        Format::Plain | Format::Table => words(replay),
    };
    output.print(&(line + "\n"))
}

fn words(replay: &ReplayView) -> String {
    let counts = replay.now();
    let ended = counts.delivered + counts.failed + counts.skipped + counts.cancelled;
    let mut text = format!(
        "{}: {ended} of {} ended ({} delivered, {} failed, {} skipped, {} cancelled), {} under way",
        replay.state,
        replay.total,
        counts.delivered,
        counts.failed,
        counts.skipped,
        counts.cancelled,
        counts.open
    );
    if counts.waiting > 0 {
        text.push_str(&format!(
            ", {} waiting: released within {} at {}",
            waiting(&counts),
            or_empty(replay.eta.as_ref()),
            replay.rate
        ));
    }
    text
}

fn stopped(id: ReplayId, why: &str) -> String {
    format!(
        "{id} stopped by itself: {why}; let it go on: hookyard replay resume {id}, or end it: hookyard replay cancel {id}"
    )
}

fn ended(id: ReplayId) -> String {
    format!("the service stops, and {id} goes on when it is started again: watch it then")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_watches_is_told_why_it_ends_and_what_to_do() {
        let id = ReplayId::from_i64(5);
        assert_eq!(
            stopped(id, "the canary failed"),
            "rpl_0000000000005 stopped by itself: the canary failed; let it go on: hookyard replay resume \
             rpl_0000000000005, or end it: hookyard replay cancel rpl_0000000000005"
        );
        assert_eq!(
            ended(id),
            "the service stops, and rpl_0000000000005 goes on when it is started again: watch it then"
        );
    }
}
