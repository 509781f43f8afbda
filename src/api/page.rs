//! Pages of a list, newest first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one. Opaque: pass it as `cursor`.
    pub next: Option<String>,
    /// What a filter could not decide in the store and how far it looked; absent when everything was decided there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<Searched>,
}

/// How far a filter with parts that only a window can decide (`body.*`, `header.*`, regex) has looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Searched {
    /// Rows that were read and judged.
    pub rows: u64,
    /// Whether older rows were left out because the window was full.
    pub limited: bool,
}

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows wanted, 1–500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before, or the id of a row: the rows older than it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// A filter expression (`hookyard help filter`); lists that take none refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// As it was then: an instant such as `2026-04-13T10:18:00Z`, or how long ago, such as `15m`; lists without a past
    /// refuse it. To go on to further pages, give the instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}
