//! What a receiver verifies requests with: an endpoint's secret, public keys, or both.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::connect::ConnectArgs;
use super::context::Context;
use super::contract::find_contract;
use super::failure::Failure;
use super::fresh_judge::{Asked, FreshJudge};
use super::input::read_secret;
use crate::clock::SharedClock;
use crate::domain::contract::verify::{Verified, Verifier, WhyNot};
use crate::domain::contract::{Contract, KeyKind};
use crate::domain::sign::secret;
use crate::domain::time::Timestamp;

/// What to verify with.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeyArgs {
    /// The endpoint's secret, or the public half of its key; others on this machine can see it among the processes.
    #[arg(long, value_name = "S", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// The file of the secret.
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
    /// A public key (whpk_…) that the service signs with; several times for several, one of which must fit.
    #[arg(long, value_name = "K")]
    public_key: Vec<String>,
    /// Ask the service for its public keys under the contract; a listener asks again when a signature fits none.
    #[arg(long)]
    fetch_keys: bool,
    /// The contract: a known one's name, or a file; the default one when absent.
    #[arg(long, value_name = "C")]
    contract: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Judges requests of one contract.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    contract: Arc<Contract>,
    /// With the endpoint's secret.
    secret: Option<Verifier>,
    /// With each public key; one of them must fit.
    public: Vec<Verifier>,
}

impl KeyArgs {
    /// The judge that the arguments describe, with the keys that the service tells where it is asked.
    ///
    /// # Errors
    /// A contract, secret or key that cannot be used; a service that does not answer.
    pub(crate) async fn judge(&self, context: &Context) -> anyhow::Result<Judge> {
        let contract = find_contract(self.contract.as_deref(), &context.environment)?;
        let secret: Option<SecretString> = match (&self.secret, &self.secret_file) {
            (Some(secret), _) => Some(secret.clone().into()),
            (None, Some(path)) => Some(read_secret(path)?),
            (None, None) => None,
        };
        let secret = secret.map(|secret| with_secret(&contract, secret.expose_secret()));
        let keys = self.keys(&contract, context).await?;
        let judge = Judge::with_public_keys(contract, &keys)?;
        Ok(Judge {
            secret: secret.transpose()?,
            ..judge
        })
    }

    /// The same as a judge that follows the service's keys, where they are fetched.
    ///
    /// # Errors
    /// Those of [`KeyArgs::judge`].
    pub(crate) async fn fresh_judge(
        &self,
        context: &Context,
        clock: SharedClock,
    ) -> anyhow::Result<FreshJudge> {
        let judge = self.judge(context).await?;
        if !self.fetch_keys {
            return Ok(FreshJudge::new(clock, judge, None));
        }
        let (known, args, context) = (judge.clone(), self.clone(), context.clone());
        let ask = move || -> Asked {
            let (known, args, context) = (known.clone(), args.clone(), context.clone());
            Box::pin(async move {
                let keys = args.keys(&known.contract, &context).await?;
                let judge = Judge::with_public_keys(Arc::clone(&known.contract), &keys)?;
                Ok(Judge {
                    secret: known.secret,
                    ..judge
                })
            })
        };
        Ok(FreshJudge::new(clock, judge, Some(Box::new(ask))))
    }

    /// The public keys that were given, and those that the service tells where it is asked.
    async fn keys(&self, contract: &Contract, context: &Context) -> anyhow::Result<Vec<String>> {
        let mut keys = self.public_key.clone();
        if self.fetch_keys {
            keys.extend(self.fetched(contract, context).await?);
        }
        Ok(keys)
    }

    async fn fetched(&self, contract: &Contract, context: &Context) -> anyhow::Result<Vec<String>> {
        let client = context.client(&self.connect)?;
        let keys = client.contract_keys(&contract.name).await?.items;
        if keys.is_empty() {
            return Err(Failure::nothing(format!(
                "the service has no key of its own for contract {}: leave --fetch-keys out",
                contract.name
            )));
        }
        Ok(keys.into_iter().map(|key| key.public_key).collect())
    }
}

impl Judge {
    /// A judge with public keys (`whpk_…`) alone.
    ///
    /// # Errors
    /// A key that is none, or that verifies nothing under the contract.
    pub(crate) fn with_public_keys(
        contract: Arc<Contract>,
        keys: &[String],
    ) -> anyhow::Result<Self> {
        let public = keys.iter().map(|key| with_public_key(&contract, key));
        Ok(Self {
            secret: None,
            public: public.collect::<Result<_, _>>()?,
            contract,
        })
    }

    /// The contract that requests are judged by.
    pub(crate) fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Whether it has anything to verify with.
    pub(crate) fn has_keys(&self) -> bool {
        self.secret.is_some() || !self.public.is_empty()
    }

    /// Checks a request received at `now`; the secret must fit, and one of the public keys.
    ///
    /// # Errors
    /// The first reason for which a consumer would refuse it; of public keys, what speaks against the first.
    pub(crate) fn verify(
        &self,
        now: Timestamp,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Verified, WhyNot> {
        let by_secret = self.secret.as_ref();
        let by_secret = by_secret.map(|one| one.verify(now, headers, body));
        let mut tried = self.public.iter().map(|one| one.verify(now, headers, body));
        let by_key = tried
            .next()
            .map(|first| first.or_else(|why| tried.find_map(Result::ok).ok_or(why)));
        match (by_secret, by_key) {
            (Some(verified), None) | (None, Some(verified)) => verified,
            (Some(by_secret), Some(by_key)) => Ok(joined(by_secret?, by_key?)),
            (None, None) => Err(WhyNot::Unsigned {
                contract: self.contract.name.clone(),
            }),
        }
    }
}

fn with_secret(contract: &Arc<Contract>, secret: &str) -> anyhow::Result<Verifier> {
    Verifier::new(Arc::clone(contract), secret).map_err(|error| {
        Failure::usage(format!(
            "the secret does not fit contract {}: {error}",
            contract.name
        ))
    })
}

fn with_public_key(contract: &Arc<Contract>, key: &str) -> anyhow::Result<Verifier> {
    let name = &contract.name;
    let refused = |why: String| Failure::usage(format!("--public-key: {why}"));
    secret::public(key).map_err(|error| refused(error.to_string()))?;
    let is_asymmetric = |kind| matches!(kind, KeyKind::Whsk | KeyKind::Service);
    if !contract.key_kinds().into_iter().any(is_asymmetric) {
        return Err(refused(format!(
            "contract {name} has no signature that a public key verifies: give the secret"
        )));
    }
    Verifier::new(Arc::clone(contract), key).map_err(|error| refused(error.to_string()))
}

/// What both have found right; each place once.
fn joined(mut one: Verified, other: Verified) -> Verified {
    let add = |places: &mut Vec<String>, more: Vec<String>| {
        for place in more {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    };
    add(&mut one.headers, other.headers);
    add(&mut one.members, other.members);
    one
}
