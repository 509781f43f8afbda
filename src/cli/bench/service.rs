//! The service under measurement: `hookyard serve` in a child process, with its own settings.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use tokio::process::Child;

use super::sink::uptime_us;
use crate::api::endpoint::CreateEndpoint;
use crate::api::token::{CreateToken, Role};
use crate::client::{Client, Target};
use crate::clock::{Clock, Stopwatch, SystemClock};
use crate::domain::id::EndpointId;
use crate::domain::seal::SealingKey;

/// The longest that a start may take before the run is given up.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Linux counts CPU time in hundredths of a second.
const TICK_US: u64 = 10_000;

/// A running service.
pub(super) struct Service {
    process: Child,
    /// Its configuration file, which is empty at the start.
    config: PathBuf,
    /// Talks to it over its socket, as admin.
    pub(super) client: Client,
    /// Its TCP port.
    pub(super) port: u16,
    /// When its process was started: microseconds of machine uptime.
    pub(super) started_at_us: u64,
    ready_after: Duration,
}

impl Service {
    /// Starts `hookyard serve` on `data_dir` with this key and waits for its first answer.
    pub(super) async fn start(data_dir: &Path, key: &SealingKey) -> Result<Self> {
        let binary = std::env::current_exe().context("failed to find this binary")?;
        let socket = socket_of(data_dir);
        let port = free_port()?;
        std::fs::write(config_of(data_dir), "")?;
        let (started_at_us, since_start) = (uptime_us(), Stopwatch::start());
        let process = tokio::process::Command::new(binary)
            .arg("serve")
            .args(Self::settings(data_dir, port))
            .env("HOOKYARD_KEY", key.to_file_text().trim())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("failed to start the service")?;
        let client = Client::new(Target::Socket(socket))?;
        let clock = SystemClock::new();
        while let Err(error) = client.ready().await {
            if since_start.elapsed() > START_LIMIT {
                bail!("the service did not become ready within {START_LIMIT:?}: {error}");
            }
            clock
                .sleep_until(clock.now() + Duration::from_millis(1))
                .await;
        }
        Ok(Self {
            process,
            config: config_of(data_dir),
            client,
            port,
            started_at_us,
            ready_after: since_start.elapsed(),
        })
    }

    /// From the start of the process to its first answer, in milliseconds.
    pub(super) fn ready_after_ms(&self) -> f64 {
        self.ready_after.as_secs_f64() * 1_000.0
    }

    /// What `serve` is started with; everything else is its default.
    pub(super) fn settings(data_dir: &Path, port: u16) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        vec![
            "--config".into(),
            text(&config_of(data_dir)),
            "--data-dir".into(),
            text(data_dir),
            "--socket".into(),
            text(&socket_of(data_dir)),
            "--listen".into(),
            format!("127.0.0.1:{port}"),
            "--allow-target".into(),
            "127.0.0.0/8".into(),
        ]
    }

    /// A fresh publisher's token.
    pub(super) async fn publisher_token(&self) -> Result<String> {
        let body = CreateToken {
            name: "bench".into(),
            role: Role::Publisher,
            tenant: None,
            expires_at: None,
            value: None,
        };
        Ok(self
            .client
            .create_token(&body)
            .await?
            .token
            .expose()
            .to_owned())
    }

    /// Creates an endpoint for one event type.
    pub(super) async fn endpoint(
        &self,
        url: String,
        event_type: &str,
        secret: &str,
        concurrency: usize,
    ) -> Result<EndpointId> {
        let body = CreateEndpoint {
            url,
            event_types: Some(vec![event_type.to_owned()]),
            secret: Some(secret.into()),
            concurrency: Some(u32::try_from(concurrency)?),
            ..CreateEndpoint::default()
        };
        Ok(self.client.create_endpoint(&body).await?.endpoint.id)
    }

    /// CPU that it has taken so far, in microseconds.
    pub(super) fn cpu_us(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(self.proc_file("stat")?)?;
        let after_name = stat.rsplit_once(')').context("unreadable /proc stat")?.1;
        let ticks = |index: usize| -> Result<u64> {
            Ok(after_name
                .split_whitespace()
                .nth(index)
                .context("unreadable /proc stat")?
                .parse()?)
        };
        Ok((ticks(11)? + ticks(12)?) * TICK_US)
    }

    /// Resident memory now (`VmRSS`) or at its highest (`VmHWM`), in bytes.
    pub(super) fn memory_bytes(&self, field: &str) -> Result<u64> {
        let status = std::fs::read_to_string(self.proc_file("status")?)?;
        let line = status
            .lines()
            .find(|line| line.starts_with(field))
            .context("unreadable /proc status")?;
        let kib: u64 = line
            .split_whitespace()
            .nth(1)
            .context("unreadable /proc status")?
            .parse()?;
        Ok(kib * 1024)
    }

    /// Gives it another configuration file, as an operator would.
    pub(super) fn reload(&self, text: &str) -> Result<()> {
        std::fs::write(&self.config, text)?;
        self.signal(Signal::HUP)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        if let Some(pid) = self.process.id().and_then(|pid| i32::try_from(pid).ok()) {
            let pid = Pid::from_raw(pid).context("the service has no process id")?;
            rustix::process::kill_process(pid, signal)?;
        }
        Ok(())
    }

    /// Ends it as an operator would, and waits.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let status = self.process.wait().await?;
        if !status.success() {
            bail!("the service ended with {status}");
        }
        Ok(())
    }

    fn proc_file(&self, name: &str) -> Result<PathBuf> {
        let pid = self.process.id().context("the service has ended")?;
        Ok(PathBuf::from(format!("/proc/{pid}/{name}")))
    }
}

fn socket_of(data_dir: &Path) -> PathBuf {
    data_dir.join("bench.sock")
}

fn config_of(data_dir: &Path) -> PathBuf {
    data_dir.join("bench.toml")
}

fn free_port() -> Result<u16> {
    let listener =
        std::net::TcpListener::bind(("127.0.0.1", 0)).context("failed to find a free port")?;
    Ok(listener.local_addr()?.port())
}
