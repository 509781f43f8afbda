//! `hookyard verify`: is this signature right, and if not, why.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::context::Context;
use super::failure::Failure;
use super::input::{read_bytes, read_secret, read_text};
use super::output::FormatArgs;
use super::receive::read_whole;
use crate::clock::{Clock as _, SystemClock};
use crate::config::CONTRACT_DEFAULT;
use crate::domain::contract::verify::{TOLERANCE_SECONDS, Verifier};
use crate::domain::contract::{Contract, ContractSet};
use crate::domain::time::Timestamp;

/// Bytes of a request on standard input.
const REQUEST_BYTES_MAX: u64 = 17 * 1024 * 1024;
/// Bytes of a contract's file.
const CONTRACT_BYTES_MAX: u64 = 256 * 1024;

/// Check a request's signature; the raw request, head and body, comes on standard input.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  hookyard verify --secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD < request.txt\n\n\
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

/// What to verify with.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeyArgs {
    /// The endpoint's secret, or the public half of its key; others on this machine can see it among the processes.
    #[arg(long, value_name = "S", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// The file of the secret.
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
    /// The contract: a built-in one's name, or a file; the default one when absent.
    #[arg(long, value_name = "C")]
    contract: Option<String>,
}

impl KeyArgs {
    /// The verifier that the arguments describe; `None` where no secret is given.
    ///
    /// # Errors
    /// A contract or a secret that cannot be used.
    pub(crate) fn verifier(&self) -> anyhow::Result<Option<Verifier>> {
        let contract = self.contract()?;
        let secret: SecretString = match (&self.secret, &self.secret_file) {
            (Some(secret), _) => secret.clone().into(),
            (None, Some(path)) => read_secret(path)?,
            (None, None) => return Ok(None),
        };
        Verifier::new(Arc::clone(&contract), secret.expose_secret())
            .map(Some)
            .map_err(|error| {
                Failure::usage(format!(
                    "the secret does not fit contract {}: {error}",
                    contract.name
                ))
            })
    }

    fn contract(&self) -> anyhow::Result<Arc<Contract>> {
        let built_in = ContractSet::built_in(CONTRACT_DEFAULT)?;
        let given = self
            .contract
            .as_deref()
            .unwrap_or_else(|| built_in.default_name());
        if let Some(contract) = built_in.get(given) {
            return Ok(Arc::clone(contract));
        }
        if std::path::Path::new(given).is_file() {
            let text = read_text(given, CONTRACT_BYTES_MAX)?;
            let contract =
                Contract::load(given, &text).map_err(|error| Failure::usage(error.to_string()))?;
            return Ok(Arc::new(contract));
        }
        let names: Vec<&str> = built_in
            .iter()
            .map(|contract| contract.name.as_str())
            .collect();
        Err(Failure::usage(format!(
            "{given:?} is neither a built-in contract nor a file: built in are {}",
            names.join(", ")
        )))
    }
}

/// Reads the request and says whether its signature is right.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> anyhow::Result<()> {
    let verifier = args
        .key
        .verifier()?
        .ok_or_else(|| Failure::usage("give the secret with --secret S or --secret-file F"))?;
    let bytes = read_bytes("-", REQUEST_BYTES_MAX)?;
    let request = read_whole(&bytes)
        .map_err(|error| Failure::usage(format!("standard input is no HTTP request: {error}")))?;
    let now = args.at.unwrap_or_else(|| SystemClock::new().now());
    let verified = verifier
        .verify(now, &request.headers, &request.body)
        .map_err(|why| Failure::failed(format!("not verified: {why}")))?;
    let age = verified
        .signed_at
        .map(|at| now.as_unix_seconds().saturating_sub(at));
    let answer = serde_json::json!({
        "verified": true,
        "headers": verified.headers,
        "members": verified.members,
        "event_id": verified.event_id,
        "age_s": age,
    });
    let places = [verified.headers, verified.members].concat();
    let mut fields = vec![("verified", places.join(", "))];
    if let Some(id) = verified.event_id {
        fields.push(("event", id));
    }
    if let Some(age) = age {
        fields.push(("age", format!("{age} s, at most {TOLERANCE_SECONDS} s")));
    }
    context.output.one(args.format, &answer, &fields)
}
