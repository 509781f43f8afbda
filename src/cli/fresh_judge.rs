//! A judge that runs for long: where its public keys come from the service, it asks for them again when a signature
//! fits none, because the service's keys are rotated while it runs.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::Mutex;

use super::failure::text_of;
use super::judge::Judge;
use super::output::note;
use crate::clock::SharedClock;
use crate::domain::contract::SuccessRule;
use crate::domain::contract::verify::{Verified, WhyNot};

/// The least time between two times of asking: wrong signatures must not become load for the service.
const ASK_PAUSE: Duration = Duration::from_secs(10);

/// The judge with the keys of now.
pub(crate) type Asked = Pin<Box<dyn Future<Output = anyhow::Result<Judge>>>>;

/// A judge, and where a newer one comes from.
pub(crate) struct FreshJudge {
    judge: RefCell<Judge>,
    /// What asks for the keys; `None` where they were given once for all.
    ask: Option<Box<dyn Fn() -> Asked>>,
    /// When they were asked for last, by the clock's monotonic reading. Its lock is held while one asks: the others
    /// wait for the answer.
    asked_at: Mutex<Duration>,
    clock: SharedClock,
}

impl FreshJudge {
    /// `judge` is as new as now.
    pub(crate) fn new(
        clock: SharedClock,
        judge: Judge,
        ask: Option<Box<dyn Fn() -> Asked>>,
    ) -> Self {
        Self {
            judge: RefCell::new(judge),
            ask,
            asked_at: Mutex::new(clock.monotonic()),
            clock,
        }
    }

    /// Whether it has anything to verify with.
    pub(crate) fn has_keys(&self) -> bool {
        self.judge.borrow().has_keys()
    }

    /// What the contract takes for a success.
    pub(crate) fn success(&self) -> SuccessRule {
        self.judge.borrow().contract().request.success.clone()
    }

    /// Checks a request received now; see [`Judge::verify`].
    ///
    /// # Errors
    /// The same, with the newest keys that could be had.
    pub(crate) async fn verify(
        &self,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Verified, WhyNot> {
        let received_at = self.clock.now();
        let verify = || self.judge.borrow().verify(received_at, headers, body);
        let (first, Some(ask)) = (verify(), &self.ask) else {
            return verify();
        };
        if first.is_ok() {
            return first;
        }
        let mut asked_at = self.asked_at.lock().await;
        // Another request may have brought the keys while this one waited.
        let second = verify();
        if second.is_ok() || self.clock.monotonic().saturating_sub(*asked_at) < ASK_PAUSE {
            return second;
        }
        *asked_at = self.clock.monotonic();
        match ask().await {
            Ok(judge) => self.judge.replace(judge),
            Err(error) => {
                let why = text_of(&error);
                note(&format!("the service's keys could not be fetched: {why}"));
                return second;
            }
        };
        verify()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::Arc;

    use super::*;
    use crate::clock::VirtualClock;
    use crate::domain::contract::Contract;
    use crate::domain::sign::ed25519::PrivateKey;
    use crate::domain::sign::secret::public_text;
    use crate::domain::time::Timestamp;

    const CONTRACT: &str = "name = \"x\"\nsummary = \"x\"\n[body]\nroot = \"data\"\n[retry]\nladder = []\n\
        [[signature]]\nalgorithm = \"ed25519\"\nkey = \"service\"\nsigned = \"{body}\"\nencoding = \"hex\"\n\
        header = \"X-Service\"\n";

    fn judge(seed: u8) -> anyhow::Result<Judge> {
        let contract = Arc::new(Contract::load("x.toml", CONTRACT)?);
        let key = PrivateKey::from_seed(&[seed; 32]).public();
        Judge::with_public_keys(contract, &[public_text(key)])
    }

    fn signed_by(seed: u8) -> Vec<(String, String)> {
        let signature = PrivateKey::from_seed(&[seed; 32]).sign(b"{}");
        vec![("X-Service".to_owned(), hex::encode(signature))]
    }

    /// A judge that knows key 1; the service has the key in the cell, and counts who asks.
    fn fresh(clock: &VirtualClock) -> (FreshJudge, Rc<Cell<u8>>, Rc<Cell<u32>>) {
        let (newest, asked) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(0)));
        let (key, count) = (Rc::clone(&newest), Rc::clone(&asked));
        let ask = move || -> Asked {
            count.set(count.get() + 1);
            let key = key.get();
            Box::pin(async move { judge(key) })
        };
        let fresh = FreshJudge::new(
            Arc::new(clock.clone()),
            judge(1).unwrap(),
            Some(Box::new(ask)),
        );
        (fresh, newest, asked)
    }

    #[tokio::test]
    async fn after_a_rotation_the_keys_are_fetched_again() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let (judge, newest, asked) = fresh(&clock);
        assert!(judge.verify(&signed_by(1), b"{}").await.is_ok());
        newest.set(2);
        clock.advance(ASK_PAUSE);
        assert!(judge.verify(&signed_by(2), b"{}").await.is_ok());
        assert!(judge.verify(&signed_by(2), b"{}").await.is_ok());
        assert_eq!(asked.get(), 1);
    }

    #[tokio::test]
    async fn wrong_signatures_ask_at_most_once_in_ten_seconds() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let (judge, newest, asked) = fresh(&clock);
        newest.set(2);
        // The first keys are not ten seconds old.
        assert!(judge.verify(&signed_by(2), b"{}").await.is_err());
        assert_eq!(asked.get(), 0);
        clock.advance(ASK_PAUSE);
        for _ in 0..3 {
            assert!(judge.verify(&signed_by(9), b"{}").await.is_err());
        }
        assert_eq!(asked.get(), 1);
        clock.advance(ASK_PAUSE);
        assert!(judge.verify(&signed_by(9), b"{}").await.is_err());
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test]
    async fn a_service_that_does_not_answer_leaves_the_keys_as_they_were() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let ask = || -> Asked { Box::pin(async { anyhow::bail!("no service") }) };
        let judge = FreshJudge::new(
            Arc::new(clock.clone()),
            judge(1).unwrap(),
            Some(Box::new(ask)),
        );
        clock.advance(ASK_PAUSE);
        assert!(judge.verify(&signed_by(2), b"{}").await.is_err());
        assert!(judge.verify(&signed_by(1), b"{}").await.is_ok());
    }
}
