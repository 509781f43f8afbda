//! What stands around every handler: request ids, the one log line of an error, problems for what nobody handled.
//!
//! Only answers that are errors pay for it. Their request id stands in the answer (`X-Request-Id`) and in the log.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::HttpRequest;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;

use super::problem::{Kind, Refusal};
use crate::domain::escape::line;

/// The header that names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Errors answered since the process began; numbers them.
static ERRORS: AtomicU64 = AtomicU64::new(0);

/// Passes successes on as they are; names, logs and words every error.
///
/// # Errors
/// Those of middleware inside this one, of which there is none: a handler's error is an answer by now.
pub(super) async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?;
    // An error that a handler worded itself, such as readiness, carries no error value and goes out as it is.
    let Some(refusal) = response.response().error().map(refusal_from) else {
        return Ok(response.map_into_boxed_body());
    };
    let request_id = format!("req_{:x}", ERRORS.fetch_add(1, Ordering::Relaxed) + 1);
    log(&refusal, response.request(), &request_id);
    let mut answer = refusal.response(Some(response.request().path()));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response.into_response(answer))
}

/// Our own refusals as they are; the framework's errors, which no handler saw, by their status.
fn refusal_from(error: &actix_web::Error) -> Refusal {
    if let Some(refusal) = error.as_error::<Refusal>() {
        return refusal.clone();
    }
    let status = error.as_response_error().status_code();
    if status.is_client_error() {
        return Refusal::new(
            Kind::MalformedBody,
            format!("the request cannot be read: {error}"),
        );
    }
    Refusal::internal(error.to_string())
}

fn log(refusal: &Refusal, request: &HttpRequest, request_id: &str) {
    let (method, path) = (request.method().as_str(), line(request.path()));
    let detail = line(&refusal.detail);
    let status = refusal.kind.status();
    match &refusal.log {
        Some(cause) => {
            let cause = line(cause);
            tracing::error!(request_id, method, %path, status, %cause, "a request failed on our side");
        }
        None => {
            tracing::info!(request_id, method, %path, status, %detail, "a request was refused");
        }
    }
}
