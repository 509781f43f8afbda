//! `hookyard endpoint create` and `edit`: every setting as a flag.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::ExposeSecret as _;

use super::breaker::BreakerFlag;
use super::show;
use crate::api::endpoint::{
    CreateEndpoint, ExponentialBody, PatchEndpoint, RateLimitBody, RetryBody,
};
use crate::cli::failure::Failure;
use crate::cli::input::read_secret;
use crate::cli::lists::find_endpoint;
use crate::cli::output::{Format, FormatArgs, Output, note};
use crate::client::Client;
use crate::domain::duration::DurationText;
use crate::domain::rate_limit::RateLimit;
use crate::domain::tenant::Tenant;

/// The settings of a new endpoint.
#[derive(Args, Debug)]
pub(super) struct CreateArgs {
    /// Where requests go: http or https.
    url: String,
    /// The contract it is served under; the service's default when absent.
    #[arg(long, value_name = "C")]
    contract: Option<String>,
    /// Whose it is.
    #[arg(long, value_name = "T")]
    tenant: Option<Tenant>,
    /// The file of the secret to sign with; made when absent.
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
    /// Start it disabled.
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// The settings to change.
#[derive(Args, Debug)]
pub(super) struct EditArgs {
    /// Its id (ep_…) or its name.
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    /// Where requests go: http or https. (--url is the service's.)
    #[arg(long, value_name = "URL")]
    new_url: Option<String>,
    /// Settings to put back to their defaults.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SETTING")]
    reset: Vec<Resettable>,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What `--reset` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Resettable {
    /// No name.
    Name,
    /// Every event type.
    Events,
    /// No headers of its own.
    Headers,
    /// No notes.
    Metadata,
    /// The service's number.
    Concurrency,
    /// The contract's retries.
    Retry,
    /// The contract's rate limit.
    RateLimit,
    /// The service's breaker settings.
    Breaker,
    /// The contract's timeout.
    Timeout,
}

/// Settings that both take.
#[derive(Args, Debug)]
struct SettingArgs {
    /// What people call it.
    #[arg(long, value_name = "N")]
    name: Option<String>,
    /// The event types it wants, such as packet.signed,route.*
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    events: Vec<String>,
    /// A header to add to its requests; may be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// A note of the owner's; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
    /// One request in flight, in the order of acceptance.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    ordered: Option<bool>,
    /// Requests in flight at once.
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,
    /// The delays between attempts, such as 5s,5m,1h; none for one attempt.
    #[arg(long, value_name = "DELAYS", conflicts_with = "retry_exponential")]
    retry: Option<String>,
    /// Growing delays, such as first=5s,factor=5,retries=3,cap=1h.
    #[arg(long, value_name = "STEPS")]
    retry_exponential: Option<String>,
    /// The time after which nothing is retried any more, such as 24h.
    #[arg(long, value_name = "DURATION")]
    retry_window: Option<String>,
    /// ± share of each delay, 0 to 1.
    #[arg(long, value_name = "SHARE")]
    retry_jitter: Option<serde_json::Number>,
    /// Requests in a stretch of time, such as 60/1m; tighter than the contract's.
    #[arg(long, value_name = "N/DURATION")]
    rate_limit: Option<RateLimit>,
    /// When the endpoint is left alone but for probes: off, on, or settings such as consecutive=20,share=50%,window=100,
    /// attempts-min=20,probe-first=5s,probe-max=5m; replaces all of its own.
    #[arg(long, value_name = "SETTINGS")]
    breaker: Option<BreakerFlag>,
    /// The longest an exchange may take, such as 10s.
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// It gets test events, and only those.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    test_mode: Option<bool>,
}

/// Creates an endpoint and prints it with its secret.
pub(super) async fn create(
    client: &Client,
    output: Output,
    args: CreateArgs,
) -> anyhow::Result<()> {
    let settings = args.settings;
    let secret = args.secret_file.as_deref().map(read_secret).transpose()?;
    let body = CreateEndpoint {
        url: args.url,
        contract: args.contract,
        tenant: args.tenant,
        secret: secret.map(|secret| secret.expose_secret().into()),
        enabled: args.disabled.then_some(false),
        retry: settings.retry_body()?,
        headers: map(settings.headers),
        metadata: map(settings.metadata),
        event_types: Some(settings.events).filter(|events| !events.is_empty()),
        name: settings.name,
        ordered: settings.ordered,
        concurrency: settings.concurrency,
        rate_limit: settings.rate_limit.map(rate_limit),
        breaker: settings.breaker.map(|flag| flag.0),
        timeout: settings.timeout,
        test_mode: settings.test_mode,
    };
    let created = client.create_endpoint(&body).await?;
    let mut fields = show::fields(&created.endpoint);
    fields.insert(1, ("secret", created.secret.expose().to_owned()));
    output.one(args.format, &created, &fields)?;
    if output.format(args.format) == Format::Table {
        note("the consumer verifies signatures with this secret; it is not shown again unasked");
    }
    Ok(())
}

/// Changes an endpoint and prints it.
pub(super) async fn edit(client: &Client, output: Output, args: EditArgs) -> anyhow::Result<()> {
    let patch = args.patch()?;
    if patch == PatchEndpoint::default() {
        return Err(Failure::usage(
            "nothing to change: name a setting, such as --concurrency 2, or --reset one",
        ));
    }
    let endpoint = find_endpoint(client, &args.endpoint).await?;
    let endpoint = client.patch_endpoint(endpoint.id, &patch).await?;
    show::print(output, args.format, &endpoint)
}

fn rate_limit(limit: RateLimit) -> RateLimitBody {
    RateLimitBody {
        requests: limit.requests().into(),
        per: DurationText(limit.per()).to_string(),
    }
}

impl EditArgs {
    /// A setting is given or reset, not both.
    fn refuse_given_and_reset(&self) -> anyhow::Result<()> {
        let settings = &self.settings;
        let both = [
            (Resettable::Name, settings.name.is_some(), "--name"),
            (Resettable::Events, !settings.events.is_empty(), "--events"),
            (
                Resettable::Headers,
                !settings.headers.is_empty(),
                "--header",
            ),
            (
                Resettable::Metadata,
                !settings.metadata.is_empty(),
                "--metadata",
            ),
            (
                Resettable::Concurrency,
                settings.concurrency.is_some(),
                "--concurrency",
            ),
            (
                Resettable::Retry,
                settings.retry_body()?.is_some(),
                "--retry",
            ),
            (
                Resettable::RateLimit,
                settings.rate_limit.is_some(),
                "--rate-limit",
            ),
            (Resettable::Breaker, settings.breaker.is_some(), "--breaker"),
            (Resettable::Timeout, settings.timeout.is_some(), "--timeout"),
        ];
        if let Some((_, _, flag)) = both
            .iter()
            .find(|(name, given, _)| *given && self.reset.contains(name))
        {
            return Err(Failure::usage(format!(
                "{flag} is given and reset at once: choose one"
            )));
        }
        Ok(())
    }

    fn patch(&self) -> anyhow::Result<PatchEndpoint> {
        let settings = &self.settings;
        let is_reset = |setting: Resettable| self.reset.contains(&setting);
        self.refuse_given_and_reset()?;
        let list =
            |reset: Resettable, given: &Vec<String>| match (is_reset(reset), given.is_empty()) {
                (true, _) => Some(vec!["*".to_owned()]),
                (false, true) => None,
                (false, false) => Some(given.clone()),
            };
        let pairs = |reset: Resettable, given: &Vec<(String, String)>| {
            if is_reset(reset) {
                Some(BTreeMap::new())
            } else {
                map(given.clone())
            }
        };
        Ok(PatchEndpoint {
            url: self.new_url.clone(),
            name: patched(is_reset(Resettable::Name), settings.name.clone()),
            event_types: list(Resettable::Events, &settings.events),
            headers: pairs(Resettable::Headers, &settings.headers),
            metadata: pairs(Resettable::Metadata, &settings.metadata),
            ordered: settings.ordered,
            concurrency: patched(is_reset(Resettable::Concurrency), settings.concurrency),
            retry: patched(is_reset(Resettable::Retry), settings.retry_body()?),
            rate_limit: patched(
                is_reset(Resettable::RateLimit),
                settings.rate_limit.map(rate_limit),
            ),
            breaker: patched(
                is_reset(Resettable::Breaker),
                settings.breaker.clone().map(|flag| flag.0),
            ),
            timeout: patched(is_reset(Resettable::Timeout), settings.timeout.clone()),
            test_mode: settings.test_mode,
            enabled: None,
        })
    }
}

/// `null` for a reset, the value where one is given, else absent.
fn patched<T>(reset: bool, value: Option<T>) -> Option<Option<T>> {
    if reset { Some(None) } else { value.map(Some) }
}

impl SettingArgs {
    fn retry_body(&self) -> anyhow::Result<Option<RetryBody>> {
        let body = RetryBody {
            ladder: self.retry.as_deref().map(ladder),
            exponential: self
                .retry_exponential
                .as_deref()
                .map(exponential)
                .transpose()?,
            retries: None,
            window: self.retry_window.clone(),
            jitter: self.retry_jitter.clone(),
        };
        Ok(Some(body).filter(|body| *body != RetryBody::default()))
    }
}

fn ladder(text: &str) -> Vec<String> {
    if text == "none" {
        return Vec::new();
    }
    text.split(',').map(|step| step.trim().to_owned()).collect()
}

fn exponential(text: &str) -> anyhow::Result<ExponentialBody> {
    let refused = |what: String| {
        Failure::usage(format!(
            "--retry-exponential {text:?}: {what}; write first=5s,factor=5,retries=3,cap=1h"
        ))
    };
    let mut members: BTreeMap<&str, &str> = BTreeMap::new();
    for part in text.split(',') {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| refused(format!("{part:?} has no =")))?;
        if !["first", "factor", "retries", "cap"].contains(&name.trim()) {
            return Err(refused(format!("{name:?} is not known")));
        }
        members.insert(name.trim(), value.trim());
    }
    let member = |name: &str| {
        members
            .get(name)
            .copied()
            .ok_or_else(|| refused(format!("{name} is missing")))
    };
    let number = |name: &str| {
        member(name)?
            .parse()
            .map_err(|_| refused(format!("{name} is not a whole number")))
    };
    Ok(ExponentialBody {
        first: member("first")?.to_owned(),
        factor: number("factor")?,
        retries: number("retries")?,
        cap: member("cap")?.to_owned(),
    })
}

fn header(text: &str) -> Result<(String, String), String> {
    text.split_once(':')
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| "write it as NAME: VALUE".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| "write it as KEY=VALUE".to_owned())
}

fn map(pairs: Vec<(String, String)>) -> Option<BTreeMap<String, String>> {
    Some(pairs.into_iter().collect()).filter(|map: &BTreeMap<String, String>| !map.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_steps_read_or_say_what_is_missing() {
        let read = exponential("first=5s, factor=5,retries=3,cap=1h").unwrap();
        assert_eq!(
            (read.first.as_str(), read.factor, read.retries),
            ("5s", 5, 3)
        );
        for (text, message) in [
            ("first=5s", "factor is missing"),
            ("first", "\"first\" has no ="),
            ("base=2", "\"base\" is not known"),
            (
                "first=5s,factor=x,retries=3,cap=1h",
                "factor is not a whole number",
            ),
        ] {
            let error = exponential(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn a_ladder_of_none_is_one_attempt() {
        assert_eq!(ladder("none"), Vec::<String>::new());
        assert_eq!(ladder("5s, 5m"), ["5s", "5m"]);
    }
}
