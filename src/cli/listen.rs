//! `hookyard listen`: a receiver that verifies and prints what comes, and fails on demand for drills.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rand_chacha::ChaCha8Rng;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::context::Context;
use super::entropy::seeded_rng;
use super::failure::Failure;
use super::fresh_judge::FreshJudge;
use super::judge::KeyArgs;
use super::output::{Output, json_line, note};
use super::receive::{Behaviour, Received, Share, serve};
use crate::clock::{SharedClock, SystemClock};
use crate::domain::duration::DurationText;
use crate::domain::escape;
use crate::domain::time::Timestamp;

/// The longest delay: longer than any timeout of a contract.
const DELAY_MAX: Duration = Duration::from_secs(600);
/// The pause after a connection that could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a body that are printed; all of it is in the JSON.
const SHOWN_BYTES_MAX: usize = 4 * 1024;

/// Receive deliveries on this machine: verify and print each, and fail on demand.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard listen --secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n  \
                  hookyard listen --port 9000 --fail 30% --delay 2s --status 503\n  \
                  hookyard listen --contract ours.toml --secret-file secret --fetch-keys\n\n\
                  Answers what the contract takes for a success, unless --status or --fail say otherwise.\n\
                  The service refuses loopback targets unless it is started with --allow-target 127.0.0.0/8."
)]
pub(crate) struct ListenArgs {
    /// The port on 127.0.0.1; 0 for any free one.
    #[arg(long, value_name = "P", default_value_t = 8421)]
    port: u16,
    /// The status to answer with, 200 to 599; one that the contract takes for no success is what failures get.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(200..=599))]
    status: Option<u16>,
    /// The share of requests that fail; with 500 unless --status says otherwise.
    #[arg(long, value_name = "SHARE")]
    fail: Option<Share>,
    /// How long to wait before each answer, such as 2s.
    #[arg(long, value_name = "DURATION")]
    delay: Option<DurationText>,
    #[command(flatten)]
    key: KeyArgs,
    /// Print one JSON object per request.
    #[arg(long)]
    json: bool,
}

/// What all connections share.
struct Listener {
    clock: SharedClock,
    behaviour: Behaviour,
    judge: FreshJudge,
    rng: RefCell<ChaCha8Rng>,
    output: Output,
    json: bool,
    requests: Cell<u64>,
    refused: Cell<u64>,
}

/// Receives until it is interrupted.
pub(crate) async fn run(args: ListenArgs, context: &Context) -> anyhow::Result<()> {
    let delay = args.delay.map_or(Duration::ZERO, Duration::from);
    if delay > DELAY_MAX {
        return Err(Failure::usage(format!(
            "--delay {} is too long: at most {}",
            DurationText(delay),
            DurationText(DELAY_MAX)
        )));
    }
    let clock: SharedClock = Arc::new(SystemClock::new());
    let judge = args.key.fresh_judge(context, clock.clone()).await?;
    let success = judge.success();
    let listener = Rc::new(Listener {
        clock,
        behaviour: Behaviour::asked(&success, args.status, args.fail, delay),
        judge,
        rng: RefCell::new(seeded_rng()?),
        output: context.output,
        json: args.json,
        requests: Cell::new(0),
        refused: Cell::new(0),
    });
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let socket = TcpListener::bind(("127.0.0.1", args.port))
        .await
        .map_err(|error| {
            Failure::failed(format!(
                "port {} of 127.0.0.1 cannot be used: {error}; choose another with --port, or --port 0",
                args.port
            ))
        })?;
    note(&format!("listening on http://{}/", socket.local_addr()?));
    if !listener.judge.has_keys() {
        note("signatures are not checked: --secret S does, --public-key K or --fetch-keys");
    }
    let local = tokio::task::LocalSet::new();
    let accepting = Rc::clone(&listener);
    local
        .run_until(async move {
            tokio::select! {
                () = accept(socket, accepting) => {}
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await;
    note(&format!(
        "{} requests, {} with a wrong signature",
        listener.requests.get(),
        listener.refused.get()
    ));
    Ok(())
}

async fn accept(socket: TcpListener, listener: Rc<Listener>) {
    loop {
        let stream = match socket.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                note(&format!("a connection could not be taken: {error}"));
                // Out of descriptors, most likely: trying again at once would only spin.
                let clock = &listener.clock;
                clock.sleep_until(clock.now() + ACCEPT_PAUSE).await;
                continue;
            }
        };
        let listener = Rc::clone(&listener);
        tokio::task::spawn_local(async move {
            let listener = &listener;
            let served = serve(stream, &listener.clock, |received| async move {
                let answer = listener.behaviour.answer(&mut *listener.rng.borrow_mut());
                listener.show(&received, answer.status).await;
                answer
            })
            .await;
            if let Err(error) = served {
                note(&format!("a connection broke off: {error}"));
            }
        });
    }
}

impl Listener {
    async fn show(&self, received: &Received, status: u16) {
        let now = self.clock.now();
        self.requests.set(self.requests.get() + 1);
        let verdict = if self.judge.has_keys() {
            let verified = self.judge.verify(&received.headers, &received.body).await;
            Some(verified.map_err(|why| why.to_string()))
        } else {
            None
        };
        let why = match &verdict {
            None => None,
            Some(Ok(_)) => Some(Ok(())),
            Some(Err(why)) => {
                self.refused.set(self.refused.get() + 1);
                Some(Err(why.as_str()))
            }
        };
        let text = if self.json {
            json_of(now, received, status, why)
        } else {
            Ok(self.text_of(now, received, status, why))
        };
        if let Err(error) = text.and_then(|text| self.output.print(&text)) {
            note(&format!("a request could not be shown: {error}"));
        }
    }

    fn text_of(
        &self,
        now: Timestamp,
        received: &Received,
        status: u16,
        verdict: Option<Result<(), &str>>,
    ) -> String {
        let output = self.output;
        let status = if self.judge.success().accepts(status) {
            output.good(&status.to_string())
        } else {
            output.bad(&status.to_string())
        };
        let verdict = match verdict {
            None => "not checked".to_owned(),
            Some(Ok(())) => output.good("signature right"),
            Some(Err(why)) => output.bad(&format!("signature wrong: {}", escape::line(why))),
        };
        let mut text = format!(
            "{} {} {} answered {status}, {verdict}\n",
            now,
            output.strong(&escape::line(&received.method)),
            output.strong(&escape::line(&received.path)),
        );
        for (name, value) in &received.headers {
            text.push_str(&format!(
                "  {}: {}\n",
                escape::line(name),
                escape::line(value)
            ));
        }
        if !received.body.is_empty() {
            let shown = &received.body[..received.body.len().min(SHOWN_BYTES_MAX)];
            for line in escape::bytes_block(shown).lines() {
                text.push_str(&format!("  | {line}\n"));
            }
            if shown.len() < received.body.len() {
                text.push_str(&format!("  ({} bytes in all)\n", received.body.len()));
            }
        }
        text
    }
}

fn json_of(
    now: Timestamp,
    received: &Received,
    status: u16,
    verdict: Option<Result<(), &str>>,
) -> anyhow::Result<String> {
    use base64::Engine as _;
    let body = match std::str::from_utf8(&received.body) {
        Ok(text) => serde_json::json!({"text": text}),
        Err(_) => serde_json::json!({
            "base64": base64::engine::general_purpose::STANDARD.encode(&received.body)
        }),
    };
    let line = json_line(&serde_json::json!({
        "at": now,
        "method": received.method,
        "path": received.path,
        "headers": received.headers,
        "body": body,
        "status": status,
        "verified": verdict.map(|verdict| verdict.is_ok()),
        "why": verdict.and_then(Result::err),
    }))?;
    Ok(line + "\n")
}
