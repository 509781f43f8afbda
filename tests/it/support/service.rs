//! The real `hookyard serve` as a child process: started, killed, stopped, asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use hookyard::api::page::PageQuery;
use hookyard::client::{Client, Target};
use hookyard::clock::{Clock, Stopwatch, SystemClock};
use tokio::process::{Child, Command};

/// The longest that a start may take.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running service.
pub(crate) struct Service {
    process: Child,
    pub(crate) client: Client,
}

impl Service {
    /// Starts it on `directory` and waits until it is ready.
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_with(directory, &[]).await
    }

    /// The same, with settings in its environment.
    pub(crate) async fn start_with(directory: &Path, environment: &[(&str, &str)]) -> Self {
        let socket = directory.join("hookyard.sock");
        let mut process = Command::new(env!("CARGO_BIN_EXE_hookyard"))
            .arg("serve")
            .arg("--data-dir")
            .arg(directory)
            .arg("--socket")
            .arg(&socket)
            .args(["--listen", "127.0.0.1:0", "--allow-target", "127.0.0.0/8"])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let client = Client::new(Target::Socket(socket)).unwrap();
        let (clock, since_start) = (SystemClock::new(), Stopwatch::start());
        while let Err(error) = client.ready().await {
            assert!(
                since_start.elapsed() < START_LIMIT,
                "not ready within {START_LIMIT:?}: {error}"
            );
            assert!(
                process.try_wait().unwrap().is_none(),
                "serve ended: {error}"
            );
            clock
                .sleep_until(clock.now() + Duration::from_millis(2))
                .await;
        }
        Self { process, client }
    }

    /// `kill -9`, and waits for the end.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// SIGTERM; the drain must end with success.
    pub(crate) async fn stop(mut self) {
        let pid = i32::try_from(self.process.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.process.wait().await.unwrap().success());
    }

    /// Waits for the last delivery; fails after `limit`.
    pub(crate) async fn wait_until_nothing_is_pending(&self, clock: &dyn Clock, limit: Duration) {
        let since_start = Stopwatch::start();
        loop {
            let ledger = self.client.stats("1m").await.unwrap().ledger;
            if ledger.pending == 0 {
                let sum = ledger.delivered
                    + ledger.pending
                    + ledger.held
                    + ledger.dead
                    + ledger.discarded;
                assert_eq!(
                    (ledger.created, ledger.delivered),
                    (sum, ledger.created),
                    "{ledger:?}"
                );
                return;
            }
            assert!(
                since_start.elapsed() < limit,
                "still pending after {limit:?}: {ledger:?}"
            );
            clock
                .sleep_until(clock.now() + Duration::from_millis(20))
                .await;
        }
    }

    /// Recorded attempts by (path, event).
    pub(crate) async fn attempts_by_delivery(&self) -> BTreeMap<(String, String), u32> {
        let mut attempts = BTreeMap::new();
        let mut query = PageQuery {
            limit: Some(500),
            ..PageQuery::default()
        };
        loop {
            let page = self.client.deliveries(&query).await.unwrap();
            for delivery in page.items {
                let path = format!("/{}", delivery.endpoint_name.unwrap());
                attempts.insert((path, delivery.event_id.to_string()), delivery.attempts);
            }
            let Some(next) = page.next else {
                return attempts;
            };
            query.cursor = Some(next);
        }
    }
}
