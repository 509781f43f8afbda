//! The route table: each path and method once, with its handler and the rule who may call it.
//!
//! From this one table come the actix resources, the access rules and the OpenAPI description; a test walks it.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};

use super::access::{ADMINISTER, Access, MANAGE_OWN, OPERATE, PUBLISH, READ, READ_OWN};
use super::problem::{Kind, Refusal};
use super::{
    audit, causes, contract_routes, contracts, dead, dead_causes, deliveries, docs, egress,
    endpoint_actions, endpoints, events, horizon, ledger, log, notes, operators, probes, replays,
    saved_views, service, stream, tokens,
};
use crate::api::paths;

/// One method of one path, and who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The path with its parameters, such as `/v1/events/{id}`.
    pub path: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// The rules of one path, where [`super::caller`] finds them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules(&'static [(&'static str, Access)]);

impl Rules {
    /// The rule for a method.
    pub(super) fn of(self, method: &Method) -> Option<Access> {
        self.0
            .iter()
            .find(|(name, _)| *name == method.as_str())
            .map(|&(_, access)| access)
    }

    fn allow(self) -> String {
        let names: Vec<&str> = self.0.iter().map(|&(name, _)| name).collect();
        names.join(", ")
    }
}

macro_rules! routes {
    ($( $path:ident { $( $method:ident $module:ident::$handler:ident $access:expr; )+ } )+) => {
        const TABLE: &[(&str, &[(&str, Access)])] = &[
            $( (paths::$path, &[ $( (stringify!($method), $access) ),+ ]) ),+
        ];

        fn register(config: &mut ServiceConfig) {
            $(
                let rules = Rules(&[ $( (stringify!($method), $access) ),+ ]);
                config.service(
                    web::resource(paths::$path)
                        .app_data(rules)
                        $( .route(web::method(Method::$method).to($module::$handler)) )+
                        .default_service(web::to(method_not_allowed)),
                );
            )+
        }

        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "Hookyard",
                description = "Webhook delivery: publish events, manage endpoints, look at and replay deliveries. \
                               Errors are RFC 9457 problems; times are RFC 3339 UTC; lists are newest first.",
            ),
            paths($( $( $module::$handler ),+ ),+),
        )]
        struct Description;
    };
}

routes! {
    EVENTS {
        POST events::publish PUBLISH;
        GET events::list READ;
    }
    EVENTS_BATCH {
        POST events::publish_batch PUBLISH;
    }
    EVENT {
        GET events::show READ;
    }
    EVENT_DELIVERIES {
        GET events::deliveries READ;
    }
    EVENT_DELIVER {
        POST events::deliver OPERATE;
    }
    ENDPOINTS {
        POST endpoints::create MANAGE_OWN;
        GET endpoints::list READ_OWN;
    }
    ENDPOINT {
        GET endpoints::show READ_OWN;
        PATCH endpoints::patch MANAGE_OWN;
        DELETE endpoints::delete MANAGE_OWN;
    }
    ENDPOINT_PAUSE {
        POST endpoint_actions::pause OPERATE;
    }
    ENDPOINT_RESUME {
        POST endpoint_actions::resume OPERATE;
    }
    ENDPOINT_ENABLE {
        POST endpoint_actions::enable MANAGE_OWN;
    }
    ENDPOINT_DISABLE {
        POST endpoint_actions::disable MANAGE_OWN;
    }
    ENDPOINT_TEST {
        POST endpoint_actions::test MANAGE_OWN;
    }
    ENDPOINT_ROTATE_SECRET {
        POST endpoint_actions::rotate_secret MANAGE_OWN;
    }
    ENDPOINT_STATS {
        GET service::stats_of_endpoint READ_OWN;
    }
    ENDPOINT_SECRET {
        GET endpoint_actions::secret MANAGE_OWN;
    }
    ENDPOINT_RECOVER {
        POST replays::recover OPERATE;
    }
    DELIVERIES {
        GET deliveries::list READ_OWN;
    }
    DELIVERIES_COUNT {
        GET deliveries::count READ_OWN;
    }
    DELIVERY {
        GET deliveries::show READ_OWN;
    }
    ATTEMPT {
        GET deliveries::attempt READ_OWN;
    }
    DELIVERY_REPLAY {
        POST deliveries::replay OPERATE;
    }
    DELIVERY_DISCARD {
        POST deliveries::discard OPERATE;
    }
    DEAD_CAUSES {
        GET dead_causes::list READ;
    }
    DEAD_DISCARD {
        POST dead::discard OPERATE;
    }
    DEAD_EXPORT {
        GET dead::export READ;
    }
    DEAD_IMPORT {
        POST dead::import OPERATE;
    }
    REPLAYS {
        POST replays::create OPERATE;
        GET replays::list READ;
    }
    REPLAY {
        GET replays::show READ;
    }
    REPLAY_PAUSE {
        POST replays::pause OPERATE;
    }
    REPLAY_RESUME {
        POST replays::resume OPERATE;
    }
    REPLAY_CANCEL {
        POST replays::cancel OPERATE;
    }
    STATS {
        GET service::stats READ;
    }
    LEDGER {
        GET ledger::show READ;
    }
    HORIZON {
        GET horizon::show READ;
    }
    CAUSES {
        GET causes::list READ;
    }
    AUDIT {
        GET audit::list OPERATE;
    }
    LOG {
        GET log::list OPERATE;
    }
    NOTES {
        POST notes::add OPERATE;
        GET notes::list READ;
    }
    VIEWS {
        GET saved_views::list READ;
    }
    VIEW {
        GET saved_views::show READ;
        PUT saved_views::save OPERATE;
        DELETE saved_views::delete OPERATE;
    }
    OPERATORS {
        GET operators::list READ;
    }
    STREAM {
        GET stream::open READ;
    }
    TOKENS {
        POST tokens::create ADMINISTER;
        GET tokens::list ADMINISTER;
    }
    TOKEN {
        DELETE tokens::revoke ADMINISTER;
    }
    CONTRACTS {
        GET contracts::list Access::Known;
    }
    CONTRACT {
        GET contracts::show Access::Known;
    }
    CONTRACT_KEYS {
        GET contracts::keys Access::Known;
    }
    CONTRACT_KEYS_ROTATE {
        POST contracts::rotate_key ADMINISTER;
    }
    EVENT_TYPES {
        GET contracts::event_types Access::Known;
    }
    EGRESS {
        GET egress::show Access::Known;
    }
    INFO {
        GET service::info Access::Known;
    }
    HEALTHZ {
        GET probes::healthz Access::Probe;
    }
    READYZ {
        GET probes::readyz Access::Probe;
    }
    METRICS {
        GET probes::metrics Access::Probe;
    }
    OPENAPI {
        GET probes::openapi Access::Probe;
    }
    DOCS {
        GET docs::page Access::Probe;
    }
}

/// Every route, in the order of the table.
pub fn routes() -> impl Iterator<Item = Route> {
    TABLE.iter().flat_map(|&(path, methods)| {
        methods.iter().map(move |&(method, access)| Route {
            path,
            method,
            access,
        })
    })
}

/// The OpenAPI description of every route.
pub fn description() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut description.info.version);
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token of `hookyard token create`. On the Unix socket the kernel says who is calling.",
        ))
        .build();
    description
        .components
        .get_or_insert_default()
        .add_security_scheme("token", SecurityScheme::Http(bearer));
    description.security = Some(vec![SecurityRequirement::new::<_, _, &str>("token", [])]);
    description
}

/// Registers every route and the pointer at `/`. Everything else is for the contracts' routes, which claim none of
/// these paths; what is not theirs either they refuse by [`no_route`].
pub(super) fn configure(config: &mut ServiceConfig) {
    register(config);
    config
        .service(
            web::resource("/")
                .app_data(Rules(&[("GET", Access::Public)]))
                .route(web::get().to(probes::pointer))
                .default_service(web::to(method_not_allowed)),
        )
        .default_service(web::to(contract_routes::answer));
}

async fn method_not_allowed(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let allow = request
        .app_data::<Rules>()
        .map(|rules| rules.allow())
        .unwrap_or_default();
    Err(no_method(&request, &allow))
}

/// The refusal of a method that the path does not have; `allow` lists those it has.
pub(super) fn no_method(request: &HttpRequest, allow: &str) -> Refusal {
    let detail = format!(
        "{} is not a method of this route; it has {allow}",
        request.method()
    );
    let methods = HeaderValue::from_str(allow).ok();
    Refusal {
        headers: methods.map(|value| (ALLOW, value)).into_iter().collect(),
        ..Refusal::new(Kind::MethodNotAllowed, detail)
    }
}

/// The refusal of a path that is neither in the table nor among `others`, the paths of contracts.
pub(super) fn no_route<'a>(path: &str, others: impl Iterator<Item = &'a str>) -> Refusal {
    let known = TABLE.iter().map(|&(path, _)| path);
    let hint = match super::json::nearest(path, known.chain(others)) {
        Some(near) => format!("did you mean {near}?"),
        None => "all routes are in /openapi.json".to_owned(),
    };
    Refusal::new(
        Kind::NoRoute,
        format!("{path} is no route of this API; {hint}"),
    )
}
