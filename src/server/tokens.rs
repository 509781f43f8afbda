//! `/v1/tokens`: made, listed and revoked by admins. A token's value is in the answer that makes it and nowhere else.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret;

use super::answers::{self, ok};
use super::body;
use super::caller::Caller;
use super::problem::Refusal;
use super::query::{Query, path_id};
use super::state::State;
use super::views;
use crate::api::page::{Page, PageQuery};
use crate::api::paths;
use crate::api::problem::Problem;
use crate::api::token::{CreateToken, CreatedToken, TokenView};
use crate::domain::id::TokenId;
use crate::domain::limits::PAGE_ROWS_DEFAULT;
use crate::domain::token::Role;
use crate::engine::NewToken;

/// Makes an access token. The answer is the only one that shows its value.
#[utoipa::path(post, path = paths::TOKENS, tag = "tokens", request_body = CreateToken,
    responses((status = 201, body = CreatedToken), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "The imported value is known already.")))]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let wanted: CreateToken = body::command(&state, &request, payload).await?;
    let new = NewToken {
        name: wanted.name,
        role: wanted.role,
        tenant: wanted.tenant,
        expires_at: wanted.expires_at,
        value: wanted.value.map(Into::into),
    };
    check(&new, &state)?;
    let (token, text) = state.engine.create_token(&caller.actor(), new).await?;
    let created = CreatedToken {
        view: views::token(&token),
        token: text.expose_secret().into(),
    };
    answers::secret(StatusCode::CREATED, &created)
}

/// A role and its tenant must make sense together, and a token must be good for something.
fn check(new: &NewToken, state: &State) -> Result<(), Refusal> {
    match (new.role, &new.tenant) {
        (Role::Consumer, None) => {
            return Err(Refusal::invalid_at(
                "/tenant",
                "a consumer manages its own tenant's endpoints: name the tenant",
            ));
        }
        (Role::Admin, Some(_)) => {
            return Err(Refusal::invalid_at(
                "/tenant",
                "an admin may do everything and cannot be confined to a tenant: leave tenant out, or choose operator",
            ));
        }
        _ => {}
    }
    let now = state.clock.now();
    if let Some(expiry) = new.expires_at.filter(|&expiry| expiry <= now) {
        return Err(Refusal::invalid_at(
            "/expires_at",
            format!("{expiry} has passed: it is {now}"),
        ));
    }
    Ok(())
}

/// Lists the tokens that are not revoked, newest first, without their values.
#[utoipa::path(get, path = paths::TOKENS, tag = "tokens", params(PageQuery),
    responses((status = 200, body = Page<TokenView>)))]
pub(super) async fn list(
    _: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let page = Query::of(&request, &["limit", "cursor"])?.page()?;
    let before: Option<TokenId> = page
        .cursor
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|_| Refusal::bad_query("cursor", "it is not the `next` of an earlier page"))?;
    let limit = usize::try_from(page.limit.unwrap_or(PAGE_ROWS_DEFAULT)).unwrap_or(1);
    let mut tokens = state.engine.tokens().await?;
    tokens.retain(|token| {
        token.revoked_at.is_none() && before.is_none_or(|before| token.id < before)
    });
    tokens.sort_by_key(|token| std::cmp::Reverse(token.id));
    let more = tokens.len() > limit;
    tokens.truncate(limit);
    let next = tokens
        .last()
        .filter(|_| more)
        .map(|token| token.id.to_string());
    ok(&Page {
        items: tokens.iter().map(views::token).collect(),
        next,
        searched: None,
    })
}

/// Revokes a token: it is refused from now on.
#[utoipa::path(delete, path = paths::TOKEN, tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn revoke(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let id = path_id(&request)?;
    state.engine.revoke_token(&caller.actor(), id).await?;
    state.tokens.forget();
    Ok(HttpResponse::NoContent().finish())
}
