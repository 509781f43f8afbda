//! Lists that come in pages, and endpoints by id or name.

use clap::Args;

use super::failure::Failure;
use crate::api::endpoint::EndpointView;
use crate::api::page::{Page, PageQuery};
use crate::client::{Client, ClientError};
use crate::domain::id::EndpointId;
use crate::domain::limits::PAGE_ROWS_MAX;
use crate::domain::time::Timestamp;

/// How much of a list is wanted.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LimitArgs {
    /// Rows to show, newest first.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
    /// Show every row.
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// Rows of a list, gathered page by page.
pub(crate) struct Gathered<T> {
    /// The rows, newest first.
    pub(crate) rows: Vec<T>,
    /// Whether there are more.
    pub(crate) more: bool,
    /// Whether a filter looked at a part of the past only: rows judged.
    pub(crate) limited_to: Option<u64>,
}

impl LimitArgs {
    /// Gathers as many rows as wanted.
    ///
    /// # Errors
    /// Those of `page`.
    pub(crate) async fn gather<T>(
        self,
        filter: Option<String>,
        page: impl AsyncFn(&PageQuery) -> Result<Page<T>, ClientError>,
    ) -> Result<Gathered<T>, ClientError> {
        self.gather_at(filter, None, page).await
    }

    /// The same of the rows that there were at an instant.
    ///
    /// # Errors
    /// Those of `page`.
    pub(crate) async fn gather_at<T>(
        self,
        filter: Option<String>,
        at: Option<Timestamp>,
        page: impl AsyncFn(&PageQuery) -> Result<Page<T>, ClientError>,
    ) -> Result<Gathered<T>, ClientError> {
        let wanted = if self.all {
            usize::MAX
        } else {
            usize::try_from(self.limit).unwrap_or(usize::MAX)
        };
        let mut gathered = Gathered {
            rows: Vec::new(),
            more: false,
            limited_to: None,
        };
        let mut query = PageQuery {
            filter,
            at: at.map(|at| at.to_string()),
            ..PageQuery::default()
        };
        loop {
            let left = wanted - gathered.rows.len();
            query.limit = Some(u32::try_from(left).unwrap_or(u32::MAX).min(PAGE_ROWS_MAX));
            let found = page(&query).await?;
            if let Some(searched) = found.searched.filter(|searched| searched.limited) {
                gathered.limited_to = Some(gathered.limited_to.unwrap_or(0) + searched.rows);
            }
            gathered.rows.extend(found.items);
            gathered.more = found.next.is_some();
            query.cursor = found.next;
            if query.cursor.is_none() || gathered.rows.len() >= wanted {
                return Ok(gathered);
            }
        }
    }
}

/// The endpoint that a person named: by id, or by a name that only one has.
///
/// # Errors
/// Exit code 3 where none has the name, 2 where several have it.
pub(crate) async fn find_endpoint(client: &Client, given: &str) -> anyhow::Result<EndpointView> {
    if let Ok(id) = given.parse::<EndpointId>() {
        return Ok(client.endpoint(id).await?);
    }
    let everything = LimitArgs {
        limit: 1,
        all: true,
    };
    let endpoints = everything
        .gather(None, async |query| client.endpoints(query).await)
        .await?;
    let mut named: Vec<EndpointView> = endpoints
        .rows
        .into_iter()
        .filter(|endpoint| endpoint.name.as_deref() == Some(given))
        .collect();
    match named.len() {
        1 => Ok(named.remove(0)),
        0 => Err(Failure::nothing(format!(
            "no endpoint is called {given:?}: give an id (ep_…) or a name of `hookyard endpoint list`"
        ))),
        several => {
            let ids: Vec<String> = named
                .iter()
                .map(|endpoint| endpoint.id.to_string())
                .collect();
            Err(Failure::usage(format!(
                "{several} endpoints are called {given:?}: give one of {}",
                ids.join(", ")
            )))
        }
    }
}

/// The text of an optional member; empty when it is absent.
pub(crate) fn or_empty(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
