//! Telling somebody who may be away for a moment: a few tries, each later than the one before.

use std::time::Duration;

use super::url::Untold;
use crate::clock::Clock;

/// The waits before the second, third and fourth try; there is no fifth. Half a minute covers a restart, and what comes
/// next is not held up for long.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(25),
];

/// Tries until it works, no try may help, or there were four.
///
/// # Errors
/// Why the last try failed, and how many there were if more than one.
pub(super) async fn until_told<F: Future<Output = Result<(), Untold>>>(
    clock: &dyn Clock,
    mut attempt: impl FnMut() -> F,
) -> Result<(), String> {
    let mut waits = WAITS.iter();
    let mut tries = 1;
    loop {
        let Err(untold) = attempt().await else {
            return Ok(());
        };
        let why = untold.why;
        match waits.next().filter(|_| untold.passing) {
            Some(wait) => {
                tracing::warn!(why, ?wait, "the operator could not be told; trying again");
                clock.sleep_for(*wait).await;
                tries += 1;
            }
            None if tries > 1 => return Err(format!("{why}, the last of {tries} tries")),
            None => return Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::pin::pin;

    use futures_util::poll;

    use super::*;
    use crate::clock::VirtualClock;
    use crate::domain::time::Timestamp;

    /// The seconds at which it was tried, and what came of it; `passing` of each failure, then it works.
    async fn tried(failures: &[bool]) -> (Vec<u64>, Result<(), String>) {
        let clock = VirtualClock::at(Timestamp::EPOCH);
        let tries = RefCell::new(Vec::new());
        let mut failures = failures.iter();
        let mut telling = pin!(until_told(&clock, || {
            tries
                .borrow_mut()
                .push(clock.now().since(Timestamp::EPOCH).as_secs());
            let failed = failures.next().map(|&passing| Untold {
                why: "answered 503".to_owned(),
                passing,
            });
            std::future::ready(failed.map_or(Ok(()), Err))
        }));
        loop {
            if let std::task::Poll::Ready(told) = poll!(&mut telling) {
                return (tries.take(), told);
            }
            clock.advance(Duration::from_secs(1));
        }
    }

    #[tokio::test]
    async fn a_url_that_is_back_in_half_a_minute_is_told() {
        assert_eq!(tried(&[]).await, (vec![0], Ok(())));
        assert_eq!(tried(&[true]).await, (vec![0, 1], Ok(())));
        assert_eq!(tried(&[true; 3]).await, (vec![0, 1, 6, 31], Ok(())));
    }

    #[tokio::test]
    async fn four_tries_are_all_and_what_does_not_pass_has_one() {
        let last = "answered 503, the last of 4 tries".to_owned();
        assert_eq!(tried(&[true; 9]).await, (vec![0, 1, 6, 31], Err(last)));
        assert_eq!(
            tried(&[false]).await,
            (vec![0], Err("answered 503".to_owned()))
        );
    }
}
