//! Finding out about what lies between the console and the terminal: tmux is asked, mosh is looked for.
//!
//! Nothing here is waited for: an answer comes when it comes, and without one the careful assumption stands.

use std::future::pending;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::process::Command;

use crate::clock::within;

/// How long tmux may take to answer.
const TMUX_WAIT: Duration = Duration::from_secs(1);
/// Parents of parents that are looked at.
const ANCESTORS_MAX: usize = 32;

/// A question to tmux that may be under way.
#[derive(Default)]
pub(crate) struct PaneQuestion(Option<BoxFuture<'static, Option<bool>>>);

impl PaneQuestion {
    /// Asks whether the pane is as wide as its window; an older question is dropped.
    pub(crate) fn ask(&mut self) {
        self.0 = Some(Box::pin(async {
            within(TMUX_WAIT, is_whole_width()).await.flatten()
        }));
    }

    /// The answer, `None` where there was none; never, when nothing was asked. Dropping the future loses nothing.
    pub(crate) async fn answer(&mut self) -> Option<bool> {
        let Some(question) = &mut self.0 else {
            return pending().await;
        };
        let answer = question.await;
        self.0 = None;
        answer
    }
}

async fn is_whole_width() -> Option<bool> {
    let asked = Command::new("tmux")
        .args(["display-message", "-p", "#{pane_width} #{window_width}"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = asked.await.ok()?;
    widths_agree(std::str::from_utf8(&output.stdout).ok()?)
}

/// Whether both of tmux's two numbers are the same; `None` for anything else.
fn widths_agree(answer: &str) -> Option<bool> {
    let (pane, window) = answer.trim().split_once(' ')?;
    let (pane, window) = (pane.parse::<u32>().ok()?, window.parse::<u32>().ok()?);
    Some(pane == window)
}

/// Whether a mosh server is among the parents of this process; where that cannot be read, it is taken not to be.
pub(crate) fn is_under_mosh() -> bool {
    let mut pid = "self".to_owned();
    for _ in 0..ANCESTORS_MAX {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        let Some((name, parent)) = stat.as_deref().ok().and_then(name_and_parent) else {
            return false;
        };
        if name == "mosh-server" {
            return true;
        }
        pid = parent.to_owned();
    }
    false
}

/// The name of a process and its parent's id, of a line of Linux' `/proc/PID/stat`.
fn name_and_parent(stat: &str) -> Option<(&str, &str)> {
    // A name may hold anything, the parenthesis that ends it too.
    let (start, rest) = stat.rsplit_once(')')?;
    let (_, name) = start.split_once('(')?;
    let parent = rest.split_whitespace().nth(1)?;
    (parent != "0").then_some((name, parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_tmux_is_two_numbers_or_nothing() {
        for (answer, expected) in [
            ("80 80\n", Some(true)),
            ("80 161\n", Some(false)),
            ("", None),
            ("no server running", None),
            ("80", None),
        ] {
            assert_eq!(widths_agree(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn the_name_of_a_process_may_hold_parentheses() {
        let line = "12 (a) (b) S 7 12 12 0 -1";
        assert_eq!(name_and_parent(line), Some(("a) (b", "7")));
        assert_eq!(name_and_parent("1 (init) S 0 1"), None);
        assert_eq!(name_and_parent(""), None);
    }
}
