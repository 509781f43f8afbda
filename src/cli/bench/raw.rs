//! The yardstick: bare signed posts straight to the sink, with the service's client library and settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};

use super::child::{self, Orders};
use super::protocol::{Command, Ready, Sent};
use super::sink::uptime_us;

/// Makes one signed request: headers and body for a number.
pub(super) type Sign = dyn Fn(u64) -> Result<SignedPost> + Send + Sync;

/// A request of the yardstick.
pub(super) struct SignedPost {
    /// Names and values.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Where to post, and with how many requests in flight.
#[derive(Clone)]
pub(super) struct RawTarget {
    /// The sink's URL.
    pub(super) url: String,
    /// Requests in flight, all threads together.
    pub(super) connections: usize,
}

/// Runs the raw sender until its orders end.
pub(super) async fn run(mut orders: Orders, target: RawTarget, sign: Arc<Sign>) -> Result<()> {
    crate::transport::tls::install_crypto_provider();
    orders.answer(&Ready { port: 0 })?;
    while let Some(command) = orders.next().await? {
        let Command::Post { bodies, threads } = command else {
            bail!("a raw sender only posts")
        };
        let (target, sign) = (target.clone(), sign.clone());
        let sent =
            tokio::task::spawn_blocking(move || post_on_threads(&target, &sign, bodies, threads))
                .await??;
        orders.answer(&sent)?;
    }
    Ok(())
}

fn post_on_threads(
    target: &RawTarget,
    sign: &Arc<Sign>,
    bodies: u64,
    threads: u64,
) -> Result<Sent> {
    let next = Arc::new(AtomicU64::new(0));
    let (started_at_us, cpu) = (uptime_us(), child::cpu_time_us());
    let in_flight = target.connections / usize::try_from(threads)?;
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (target, sign, next) = (target.clone(), sign.clone(), next.clone());
            std::thread::spawn(move || post_from(&target, &sign, &next, bodies, in_flight))
        })
        .collect();
    let mut sent = Sent {
        started_at_us,
        ..Sent::default()
    };
    for worker in workers {
        sent.accepted += worker
            .join()
            .map_err(|_| anyhow::anyhow!("a raw sender's thread panicked"))??;
    }
    sent.ended_at_us = uptime_us();
    sent.cpu_us = child::cpu_time_us() - cpu;
    Ok(sent)
}

fn post_from(
    target: &RawTarget,
    sign: &Arc<Sign>,
    next: &AtomicU64,
    bodies: u64,
    in_flight: usize,
) -> Result<u64> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .pool_max_idle_per_host(in_flight)
        .build()
        .context("failed to build the raw client")?;
    let url: reqwest::Url = target
        .url
        .parse()
        .context("failed to read the sink's URL")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let posters = (0..in_flight).map(|_| async {
            let mut accepted = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= bodies {
                    return Ok::<_, anyhow::Error>(accepted);
                }
                let post = sign(number)?;
                let mut request = client.post(url.clone());
                for (name, value) in post.headers {
                    request = request.header(name, value);
                }
                let response = request
                    .body(post.body)
                    .send()
                    .await
                    .context("a raw post failed")?;
                accepted += u64::from(response.status().is_success());
                response.bytes().await?;
            }
        });
        let counts = futures_util::future::try_join_all(posters).await?;
        Ok(counts.into_iter().sum())
    })
}
