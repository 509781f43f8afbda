//! Limits and cursors of lists.

use super::error::EngineError;
use super::views::PageRequest;
use crate::domain::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::store::Cursor;

/// The place and the number of rows that a request asks for.
///
/// # Errors
/// A limit outside 1–500, a text that is no cursor.
pub(super) fn checked(page: &PageRequest) -> Result<(Option<Cursor>, u32), EngineError> {
    let cursor = page.cursor.as_deref().map(str::parse).transpose().map_err(
        |error: crate::store::InvalidCursor| EngineError::invalid("/cursor", error.to_string()),
    )?;
    Ok((cursor, limit(page)?))
}

/// The number of rows.
///
/// # Errors
/// Outside 1–500.
pub(super) fn limit(page: &PageRequest) -> Result<u32, EngineError> {
    let limit = page.limit.unwrap_or(PAGE_ROWS_DEFAULT);
    if (1..=PAGE_ROWS_MAX).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("{limit} is out of range: choose 1 to {PAGE_ROWS_MAX}");
    Err(EngineError::invalid("/limit", detail))
}
