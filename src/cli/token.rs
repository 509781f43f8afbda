//! `hookyard token`: who may call the API over TCP.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use secrecy::ExposeSecret as _;

use super::confirm::{YesArgs, confirm};
use super::connect::ConnectArgs;
use super::context::Context;
use super::failure::Failure;
use super::input::read_secret;
use super::lists::{LimitArgs, or_empty};
use super::output::{Format, FormatArgs, Output, note};
use crate::api::token::{CreateToken, Role, TokenView};
use crate::client::Client;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::duration::DurationText;
use crate::domain::id::TokenId;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;

/// Manage access tokens.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard token create --name shop --role publisher")]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token; its value is shown once.
    #[command(
        after_help = "Example:\n  hookyard token create --name shop --role publisher --expires-in 90d"
    )]
    Create(CreateArgs),
    /// List tokens, newest first; values are not kept and not shown.
    #[command(after_help = "Example:\n  hookyard token list")]
    List {
        #[command(flatten)]
        limit: LimitArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Revoke a token: it is refused from now on.
    #[command(after_help = "Example:\n  hookyard token revoke tok_0e6kq3v9xjz00 --yes")]
    Revoke {
        /// Its id (tok_…).
        id: TokenId,
        #[command(flatten)]
        yes: YesArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
}

/// What the token may do.
#[derive(Args, Debug)]
struct CreateArgs {
    /// What people call it; its role when absent.
    #[arg(long, value_name = "N")]
    name: Option<String>,
    /// What its bearer may do.
    #[arg(long, default_value = "operator", value_name = "R",
        value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
    role: String,
    /// The one tenant it is confined to.
    #[arg(long, value_name = "T")]
    tenant: Option<Tenant>,
    /// When it stops working, such as 2027-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME", conflicts_with = "expires_in")]
    expires_at: Option<Timestamp>,
    /// After how long it stops working, such as 90d.
    #[arg(long, value_name = "DURATION")]
    expires_in: Option<DurationText>,
    /// The file of a value that was given out before, at least 16 bytes; made when absent.
    #[arg(long, value_name = "F")]
    value_file: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

/// Does what was asked.
pub(crate) async fn run(args: TokenArgs, context: &Context) -> anyhow::Result<()> {
    let client = context.client(&args.connect)?;
    let output = context.output;
    match args.action {
        Action::Create(args) => create(&client, output, args).await,
        Action::List { limit, format } => list(&client, output, limit, format).await,
        Action::Revoke { id, yes, format } => revoke(&client, output, id, yes, format).await,
    }
}

async fn create(client: &Client, output: Output, args: CreateArgs) -> anyhow::Result<()> {
    let role = Role::from_word(&args.role)
        .ok_or_else(|| Failure::usage(format!("there is no role {:?}", args.role)))?;
    let value = args.value_file.as_deref().map(read_secret).transpose()?;
    let after = args
        .expires_in
        .map(|duration| SystemClock::new().now() + Duration::from(duration));
    let body = CreateToken {
        name: args.name.unwrap_or(args.role),
        role,
        tenant: args.tenant,
        expires_at: args.expires_at.or(after),
        value: value.map(|value| value.expose_secret().into()),
    };
    let created = client.create_token(&body).await?;
    let mut fields = vec![
        ("id", created.view.id.to_string()),
        ("token", created.token.expose().to_owned()),
        ("name", created.view.name.clone()),
        ("role", role.as_str().to_owned()),
        ("tenant", or_empty(created.view.tenant.as_ref())),
        ("expires", or_empty(created.view.expires_at)),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    output.one(args.format, &created, &fields)?;
    if output.format(args.format) == Format::Table {
        note("keep the token now: only its digest is stored, it is not shown again");
    }
    Ok(())
}

async fn list(
    client: &Client,
    output: Output,
    limit: LimitArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let found = limit
        .gather(None, async |query| client.tokens(query).await)
        .await?;
    output.list(
        format,
        &[
            ("ID", &|token: &TokenView| token.id.to_string()),
            ("NAME", &|token| token.name.clone()),
            ("ROLE", &|token| token.role.as_str().to_owned()),
            ("TENANT", &|token| or_empty(token.tenant.as_ref())),
            ("PREFIX", &|token| token.prefix.clone()),
            ("CREATED", &|token| token.created_at.to_string()),
            ("EXPIRES", &|token| or_empty(token.expires_at)),
        ],
        &found.rows,
    )
}

async fn revoke(
    client: &Client,
    output: Output,
    id: TokenId,
    yes: YesArgs,
    format: FormatArgs,
) -> anyhow::Result<()> {
    if !yes.yes {
        let everything = LimitArgs {
            limit: 1,
            all: true,
        };
        let tokens = everything
            .gather(None, async |query| client.tokens(query).await)
            .await?;
        let token = tokens
            .rows
            .into_iter()
            .find(|token| token.id == id)
            .ok_or_else(|| Failure::nothing(format!("there is no token {id}")))?;
        let what = format!(
            "Revoke {id} ({}, {}): whoever uses it is refused from now on.",
            token.name,
            token.role.as_str()
        );
        confirm(yes, &what)?;
    }
    client.revoke_token(id).await?;
    let answer = serde_json::json!({"id": id, "revoked": true});
    output.one(format, &answer, &[("revoked", id.to_string())])
}
