//! Who is calling, found out and checked against the route's rule before a handler runs.
//!
//! A handler that takes a [`Caller`] runs only for those whom the route table admits. Everything about a route that
//! has no rule is refused, so a forgotten rule is a locked door.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::{Either, LocalBoxFuture, Ready, ready};
use secrecy::SecretString;

use super::access::Access;
use super::peer::Peer;
use super::problem::{Kind, Refusal};
use super::routes::Rules;
use super::state::State;
use crate::domain::actor::{Actor, Via};
use crate::domain::call_limit::CallerKey;
use crate::domain::id::TokenId;
use crate::domain::tenant::Tenant;
use crate::domain::token::{Role, Token};

/// Bytes of a token that are looked at: longer ones cannot have been given out.
const TOKEN_BYTES_MAX: usize = 512;

/// Who is calling; the route's rule admits this caller.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    identity: Arc<Identity>,
    via: Via,
    from: Option<SocketAddr>,
}

/// What is known of a caller, shared by all requests with one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// A unix name, or a token's name.
    pub(super) name: String,
    pub(super) role: Role,
    /// The tenant that the caller is confined to.
    pub(super) tenant: Option<Tenant>,
    /// The token that says so; `None` on the socket.
    pub(super) token: Option<TokenId>,
}

impl Caller {
    /// A unix name, or a token's name.
    pub(super) fn name(&self) -> &str {
        &self.identity.name
    }

    /// What the caller may do.
    pub(super) fn role(&self) -> Role {
        self.identity.role
    }

    /// Whether the caller came with a token, which may end while a stream lasts.
    pub(super) fn has_token(&self) -> bool {
        self.via == Via::Tcp
    }

    /// The tenant that the caller is confined to; `None` for all.
    pub(super) fn tenant(&self) -> Option<&Tenant> {
        self.identity.tenant.as_ref()
    }

    /// Whether things of `tenant` (or of none) are visible to the caller.
    pub(super) fn sees(&self, tenant: Option<&Tenant>) -> bool {
        self.tenant().is_none_or(|own| tenant == Some(own))
    }

    /// Refuses those who are confined to a tenant what shows the whole service; `what` does, `instead` is theirs.
    ///
    /// # Errors
    /// 403 that names the tenant.
    pub(super) fn whole_service(&self, what: &str, instead: &str) -> Result<(), Refusal> {
        let Some(own) = self.tenant() else {
            return Ok(());
        };
        Err(Refusal::new(
            Kind::Forbidden,
            format!(
                "{what} the whole service and this token is confined to tenant {own}; {instead}"
            ),
        ))
    }

    /// The caller as the audit log names it.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            who: self.identity.name.clone(),
            via: self.via,
            from: self.from.map(|address| address.ip().to_string()),
        }
    }

    /// The caller as rate limits tell callers apart: by token, on the socket by user.
    pub(super) fn key(&self) -> CallerKey {
        match self.identity.token {
            Some(id) => CallerKey::Token(id),
            None => CallerKey::User(self.identity.name.as_str().into()),
        }
    }

    /// The caller, if the rule admits its role.
    ///
    /// # Errors
    /// 403 with the role it has and those it takes.
    pub(super) fn admitted_by(self, access: Access) -> Result<Self, Refusal> {
        if access.admits(self.role()) {
            return Ok(self);
        }
        Err(Refusal::new(
            Kind::Forbidden,
            format!(
                "{} has the role {}, and this takes the role {}",
                self.name(),
                self.role().as_str(),
                access.in_words()
            ),
        ))
    }
}

impl Identity {
    /// Whom a token speaks for.
    pub(super) fn of_token(token: &Token) -> Self {
        Self {
            name: token.name.clone(),
            role: token.role,
            tenant: token.tenant.clone(),
            token: Some(token.id),
        }
    }
}

impl FromRequest for Caller {
    type Error = Refusal;
    type Future =
        Either<Ready<Result<Self, Refusal>>, LocalBoxFuture<'static, Result<Self, Refusal>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let access = match rule_of(request) {
            Ok(access) => access,
            Err(refusal) => return Either::Left(ready(Err(refusal))),
        };
        match identify(request) {
            Ok(Identified::Yes(caller)) => Either::Left(ready(caller.admitted_by(access))),
            Ok(Identified::AskStore(question)) => Either::Right(Box::pin(async move {
                question.ask().await?.admitted_by(access)
            })),
            Err(refusal) => Either::Left(ready(Err(refusal))),
        }
    }
}

/// Who is calling, whatever the route's rule: for routes that stand in no table and ask [`Caller::admitted_by`].
///
/// # Errors
/// 401 for a caller who is not known, 403 for a user of the socket who may do nothing.
pub(super) async fn who(request: &HttpRequest) -> Result<Caller, Refusal> {
    match identify(request)? {
        Identified::Yes(caller) => Ok(caller),
        Identified::AskStore(question) => question.ask().await,
    }
}

/// Lets a request to a probe through: anybody on this machine, else those whom the rule admits.
#[derive(Debug)]
pub(super) struct Probe {
    /// Who asks, where the probe is not open to anybody.
    caller: Option<Caller>,
}

impl Probe {
    /// See [`Caller::whole_service`].
    ///
    /// # Errors
    /// As there.
    pub(super) fn whole_service(&self, what: &str, instead: &str) -> Result<(), Refusal> {
        let caller = self.caller.as_ref();
        caller.map_or(Ok(()), |caller| caller.whole_service(what, instead))
    }
}

impl FromRequest for Probe {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let open = state_of(request).is_ok_and(|state| state.options.limits.load().open_probes);
        // A local reverse proxy makes strangers look local; it says so in these headers.
        let proxied = request.headers().contains_key("x-forwarded-for")
            || request.headers().contains_key("forwarded");
        let local = request.conn_data::<Peer>().is_some_and(Peer::is_local);
        if open || (local && !proxied) {
            return Box::pin(ready(Ok(Self { caller: None })));
        }
        let caller = Caller::from_request(request, payload);
        Box::pin(async move {
            let caller = Some(caller.await?);
            Ok(Self { caller })
        })
    }
}

enum Identified {
    Yes(Caller),
    AskStore(Question),
}

/// A token that is not remembered, and what to do once the store has spoken.
struct Question {
    state: web::Data<State>,
    text: SecretString,
    from: SocketAddr,
}

impl Question {
    async fn ask(self) -> Result<Caller, Refusal> {
        let token = self.state.engine.authenticate(&self.text).await?;
        let Some(token) = token else {
            return Err(unauthenticated(
                "the bearer token is unknown, expired or revoked; ask an admin for a new one (hookyard token create)",
            ));
        };
        let identity = self.state.tokens.remember(&self.text, &token);
        Ok(Caller {
            identity,
            via: Via::Tcp,
            from: Some(self.from),
        })
    }
}

fn identify(request: &HttpRequest) -> Result<Identified, Refusal> {
    let state = state_of(request)?;
    match request.conn_data::<Peer>() {
        Some(Peer::Socket(peer)) => match peer {
            Ok(identity) => Ok(Identified::Yes(Caller {
                identity: identity.clone(),
                via: Via::Socket,
                from: None,
            })),
            Err(why) => Err(Refusal::new(Kind::Forbidden, why.clone())),
        },
        Some(Peer::Tcp(from)) => {
            let text = bearer(request)?;
            match state.tokens.recall(text, state.clock.now()) {
                Some(identity) => Ok(Identified::Yes(Caller {
                    identity,
                    via: Via::Tcp,
                    from: Some(*from),
                })),
                None => Ok(Identified::AskStore(Question {
                    state,
                    text: text.into(),
                    from: *from,
                })),
            }
        }
        None => Err(Refusal::internal("a connection without a note of its peer")),
    }
}

fn state_of(request: &HttpRequest) -> Result<web::Data<State>, Refusal> {
    request
        .app_data::<web::Data<State>>()
        .cloned()
        .ok_or_else(|| Refusal::internal("a worker without state"))
}

fn rule_of(request: &HttpRequest) -> Result<Access, Refusal> {
    request
        .app_data::<Rules>()
        .and_then(|rules| rules.of(request.method()))
        .ok_or_else(|| {
            Refusal::internal(format!(
                "no access rule for {} {}",
                request.method(),
                request.path()
            ))
        })
}

/// The token that the request carries.
///
/// # Errors
/// 401 where there is none, or the header has another form.
pub(super) fn bearer(request: &HttpRequest) -> Result<&str, Refusal> {
    let Some(value) = request.headers().get(AUTHORIZATION) else {
        return Err(unauthenticated(
            "this takes a token: send `Authorization: Bearer hky_…` (hookyard token create makes one), or use the \
             Unix socket",
        ));
    };
    let text = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    match text {
        Some(token) if !token.is_empty() && token.len() <= TOKEN_BYTES_MAX => Ok(token),
        _ => Err(unauthenticated(
            "the Authorization header is not of the form `Bearer hky_…`",
        )),
    }
}

fn unauthenticated(detail: &str) -> Refusal {
    Refusal::new(Kind::Unauthenticated, detail)
}
