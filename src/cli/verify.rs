//! `hookyard verify`: is this signature right, and if not, why.

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::input::read_bytes;
use super::judge::KeyArgs;
use super::output::FormatArgs;
use super::receive::read_whole;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::contract::verify::TOLERANCE_SECONDS;
use crate::domain::time::Timestamp;

/// Bytes of a request on standard input.
const REQUEST_BYTES_MAX: u64 = 17 * 1024 * 1024;

/// Check a request's signature; the raw request, head and body, comes on standard input.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard verify --secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD < request.txt\n  \
                  hookyard verify --contract ours.toml --secret-file secret --fetch-keys < request.txt\n\n\
                  Exit codes: 0 the signature is right, 1 it is not, 2 the input is wrong."
)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Judge the signed time as if it were then, such as 2026-04-13T10:18:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(flatten)]
    format: FormatArgs,
}

/// Reads the request and says whether its signature is right.
pub(crate) async fn run(args: VerifyArgs, context: &Context) -> anyhow::Result<()> {
    let judge = args.key.judge(context).await?;
    if !judge.has_keys() {
        return Err(Failure::usage(
            "give the secret with --secret S or --secret-file F, or a public key with --public-key K or --fetch-keys",
        ));
    }
    let bytes = read_bytes("-", REQUEST_BYTES_MAX)?;
    let request = read_whole(&bytes)
        .map_err(|error| Failure::usage(format!("standard input is no HTTP request: {error}")))?;
    let now = args.at.unwrap_or_else(|| SystemClock::new().now());
    let verified = judge
        .verify(now, &request.headers, &request.body)
        .map_err(|why| Failure::failed(format!("not verified: {why}")))?;
    let age = verified
        .signed_at
        .map(|at| now.as_unix_seconds().saturating_sub(at));
    let answer = serde_json::json!({
        "verified": true,
        "contract": judge.contract().name,
        "headers": verified.headers,
        "members": verified.members,
        "event_id": verified.event_id,
        "age_s": age,
    });
    let members = verified.members.iter();
    let members = members.map(|name| format!("member {name:?} of the body"));
    let places: Vec<String> = verified.headers.iter().cloned().chain(members).collect();
    let mut fields = vec![("verified", places.join(", "))];
    if let Some(id) = verified.event_id {
        fields.push(("event", id));
    }
    if let Some(age) = age {
        fields.push(("age", format!("{age} s, at most {TOLERANCE_SECONDS} s")));
    }
    context.output.one(args.format, &answer, &fields)
}
