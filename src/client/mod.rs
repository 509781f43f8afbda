//! The typed client of the HTTP API: console, command line, bench and tests talk to a service through nothing else.
//!
//! [`Client`] reaches a service over its Unix socket, a URL, or ssh; one method per route, answers as [`crate::api`]
//! types, refusals as [`ClientError`] with the service's own problem inside.

mod calls;
pub mod curl;
mod dead;
mod door;
mod error;
mod replays;
mod saved_views;
mod ssh;
mod stream;
mod target;
mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use door::Door;

pub use dead::DeadLines;
pub use error::ClientError;
pub use ssh::{BadSshAddress, SshAddress};
pub use stream::FrameStream;
pub use target::{Target, find_socket};

/// The longest a call may take; the stream has no such limit.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections through ssh that wait to be used again.
const IDLE_BY_SSH: usize = 4;
/// The longest that connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A service to talk to. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    /// What paths are appended to, without a slash at its end.
    base: String,
    door: Arc<Door>,
}

impl Client {
    /// A client of the service at `target`. Nothing is sent yet.
    ///
    /// # Errors
    /// A token that cannot stand in a header, a URL that is not http or https, or no private socket for ssh, which
    /// needs a runtime.
    pub fn new(target: Target) -> Result<Self, ClientError> {
        crate::transport::tls::install_crypto_provider();
        let mut headers = HeaderMap::new();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        let door = Door::open(target)?;
        if let Some(socket) = door.socket() {
            builder = builder.unix_socket(socket);
        }
        if matches!(door.target(), Target::Ssh(_)) {
            builder = builder.pool_max_idle_per_host(IDLE_BY_SSH);
        }
        let base = match door.target() {
            Target::Socket(_) | Target::Ssh(_) => "http://hookyard".to_owned(),
            Target::Url { url, token } => {
                if let Some(token) = token {
                    headers.insert(AUTHORIZATION, bearer(token)?);
                }
                url.as_str().trim_end_matches('/').to_owned()
            }
        };
        let http = builder
            .default_headers(headers)
            .build()
            .map_err(|error| door.unreachable(&error))?;
        Ok(Self {
            http,
            base,
            door: Arc::new(door),
        })
    }

    /// Where it goes.
    pub fn target(&self) -> &Target {
        self.door.target()
    }

    async fn get<A: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
    ) -> Result<A, ClientError> {
        let query = query_text(query);
        self.call(self.http.get(format!("{}{path}{query}", self.base)))
            .await
    }

    async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ClientError> {
        self.call(self.http.post(format!("{}{path}", self.base)).json(body))
            .await
    }

    async fn patch<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ClientError> {
        self.call(self.http.patch(format!("{}{path}", self.base)).json(body))
            .await
    }

    async fn put<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ClientError> {
        self.call(self.http.put(format!("{}{path}", self.base)).json(body))
            .await
    }

    async fn delete(&self, path: &str) -> Result<(), ClientError> {
        let request = self.http.delete(format!("{}{path}", self.base));
        let _place = self.door.place().await;
        self.send(request.timeout(CALL_TIMEOUT)).await.map(drop)
    }

    async fn text(&self, path: &str) -> Result<String, ClientError> {
        let _place = self.door.place().await;
        let response = self
            .send(
                self.http
                    .get(format!("{}{path}", self.base))
                    .timeout(CALL_TIMEOUT),
            )
            .await?;
        response
            .text()
            .await
            .map_err(|error| self.door.unreachable(&error))
    }

    async fn call<A: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<A, ClientError> {
        let _place = self.door.place().await;
        let response = self.send(request.timeout(CALL_TIMEOUT)).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|error| self.door.unreachable(&error))?;
        serde_json::from_slice(&bytes).map_err(ClientError::Unreadable)
    }

    /// Sends, and turns any answer outside 2xx into its problem.
    async fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|error| self.door.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(ClientError::refused(response).await)
    }
}

fn bearer(token: &secrecy::SecretString) -> Result<HeaderValue, ClientError> {
    use secrecy::ExposeSecret;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim()))
        .map_err(|_| ClientError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// `?a=1&b=x`, or nothing when no member has a value. Takes flat structs of texts and numbers.
fn query_text(query: &impl Serialize) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::to_value(query) else {
        return String::new();
    };
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &members {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => {
                pairs.append_pair(name, text);
            }
            other => {
                pairs.append_pair(name, &other.to_string());
            }
        }
    }
    let text = pairs.finish();
    if text.is_empty() {
        text
    } else {
        format!("?{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::PageQuery;

    #[test]
    fn a_query_is_encoded_and_absent_members_are_left_out() {
        let query = PageQuery {
            limit: Some(5),
            cursor: None,
            filter: Some("state:dead ep:a&b".into()),
            at: None,
        };
        assert_eq!(
            query_text(&query),
            "?limit=5&filter=state%3Adead+ep%3Aa%26b"
        );
        assert_eq!(query_text(&PageQuery::default()), "");
    }
}
