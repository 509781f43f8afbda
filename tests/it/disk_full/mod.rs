//! A full disk while publishing: ingest refuses with 507, what was accepted is delivered, and freed space is enough to
//! go on.
//!
//! Runs on a small file system of its own, which only root may mount.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hookyard::api::endpoint::CreateEndpoint;
use hookyard::api::event::{PublishEvent, Published};
use hookyard::client::ClientError;
use hookyard::clock::{Clock, Stopwatch, SystemClock};
use hookyard::domain::json::RawJson;

use crate::support::receiver::Receiver;
use crate::support::service::Service;
use crate::support::skip::skip;

/// The longest wait for the service to notice that space has come or gone.
const NOTICE_LIMIT: Duration = Duration::from_secs(20);

/// A mounted file system of 32 MiB; unmounted when dropped.
struct SmallDisk {
    mount: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(test: &str) -> Option<Self> {
        let mount = tempfile::tempdir().unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m", "tmpfs"])
            .arg(mount.path())
            .output();
        if status.is_ok_and(|output| output.status.success()) {
            return Some(Self { mount });
        }
        skip(test, "mounting a small file system takes root");
        None
    }

    fn path(&self) -> &Path {
        self.mount.path()
    }

    /// Fills it up to `left` free bytes.
    fn fill(&self, left: u64) -> PathBuf {
        let filler = self.path().join("filler");
        let facts = rustix::fs::statvfs(self.path()).unwrap();
        let bytes = (facts.f_bavail * facts.f_frsize).saturating_sub(left);
        std::fs::write(&filler, vec![0_u8; usize::try_from(bytes).unwrap()]).unwrap();
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Nothing better can be done in a drop than to try.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.mount.path())
            .status();
    }
}

fn event() -> PublishEvent {
    PublishEvent {
        event_type: "disk.test".parse().unwrap(),
        data: RawJson::parse(&format!(r#"{{"pad":"{}"}}"#, "x".repeat(1_000))).unwrap(),
        id: None,
        tenant: None,
        attributes: None,
        occurred_at: None,
        test: false,
    }
}

/// Publishes until `wanted` is what happens; counts what was accepted on the way.
async fn publish_until(
    service: &Service,
    accepted: &mut u64,
    wanted: impl Fn(&Result<Published, ClientError>) -> bool,
) -> Result<Published, ClientError> {
    let (clock, since_start) = (SystemClock::new(), Stopwatch::start());
    loop {
        let answer = service.client.publish(&event()).await;
        *accepted += u64::from(answer.is_ok());
        if wanted(&answer) {
            return answer;
        }
        assert!(
            since_start.elapsed() < NOTICE_LIMIT,
            "the service did not notice: {answer:?}"
        );
        clock
            .sleep_until(clock.now() + Duration::from_millis(20))
            .await;
    }
}

#[actix_web::test]
async fn a_full_disk_refuses_ingest_loses_nothing_and_heals_without_a_restart() {
    let Some(disk) =
        SmallDisk::mount("a_full_disk_refuses_ingest_loses_nothing_and_heals_without_a_restart")
    else {
        return;
    };
    let service =
        Service::start_with(disk.path(), &[("HOOKYARD_RETENTION__RESERVE", "8MiB")]).await;
    let receiver = Receiver::start();
    let endpoint = CreateEndpoint {
        url: receiver.url("/hook"),
        ..CreateEndpoint::default()
    };
    service.client.create_endpoint(&endpoint).await.unwrap();
    let mut accepted = 0;
    publish_until(&service, &mut accepted, Result::is_ok)
        .await
        .unwrap();

    let filler = disk.fill(4 * 1024 * 1024);
    let refusal = publish_until(&service, &mut accepted, Result::is_err)
        .await
        .unwrap_err();
    let problem = refusal.problem().expect("a refusal is a problem");
    assert_eq!(problem.status, 507, "{problem:?}");
    for word in ["free", "reserve"] {
        assert!(
            problem.detail.contains(word),
            "the detail says what to do: {}",
            problem.detail
        );
    }

    std::fs::remove_file(filler).unwrap();
    publish_until(&service, &mut accepted, Result::is_ok)
        .await
        .unwrap();
    service
        .wait_until_nothing_is_pending(&SystemClock::new(), NOTICE_LIMIT)
        .await;
    let delivered = service.client.stats("1m").await.unwrap().ledger.delivered;
    assert_eq!(delivered, accepted, "every accepted event was delivered");
    service.stop().await;
}
