//! From rows to domain types: column by column, with an error that names table, column and row.

use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

use super::error::StoreError;
use crate::domain::id::Id;
use crate::domain::time::Timestamp;

/// A column that counts something; what is below zero counts as none.
pub(super) fn count(row: &SqliteRow, index: usize) -> Result<u64, StoreError> {
    let count: i64 = row.try_get(index)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Whole microseconds, as columns hold them.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Numbers as one bound value, for `json_each`.
pub(super) fn number_list(numbers: &[i64]) -> String {
    serde_json::to_string(numbers).expect("a list of numbers always serialises")
}

/// Reads a row's columns in the order they were selected.
pub(super) struct Columns<'r> {
    row: &'r SqliteRow,
    table: &'static str,
    id: i64,
    next: usize,
}

impl<'r> Columns<'r> {
    /// Starts at the column `first` of `row`, a row of `table` with the id `id`.
    pub(super) const fn of(row: &'r SqliteRow, table: &'static str, id: i64, first: usize) -> Self {
        Self {
            row,
            table,
            id,
            next: first,
        }
    }

    /// Starts with the row's own id at `first`.
    pub(super) fn with_id(
        row: &'r SqliteRow,
        table: &'static str,
        first: usize,
    ) -> Result<Self, StoreError> {
        let id = row
            .try_get(first)
            .map_err(|_| inconsistent(table, "id", 0))?;
        Ok(Self::of(row, table, id, first + 1))
    }

    /// The row's id.
    pub(super) const fn id(&self) -> i64 {
        self.id
    }

    /// The next column.
    pub(super) fn take<T>(&mut self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let index = self.next;
        self.next += 1;
        self.row.try_get(index).map_err(|_| self.unreadable(column))
    }

    /// The next column, an instant.
    pub(super) fn time(&mut self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.take(column).map(Timestamp::from_millis)
    }

    /// The next column, an instant or NULL.
    pub(super) fn time_or_null(
        &mut self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let millis: Option<i64> = self.take(column)?;
        Ok(millis.map(Timestamp::from_millis))
    }

    /// The next column, an id.
    pub(super) fn id_of<K>(&mut self, column: &'static str) -> Result<Id<K>, StoreError> {
        self.take(column).map(Id::from_i64)
    }

    /// The next column as `parse` reads it; `None` is unreadable.
    pub(super) fn read<S, T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(S) -> Option<T>,
    ) -> Result<T, StoreError>
    where
        S: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let stored: S = self.take(column)?;
        parse(stored).ok_or_else(|| self.unreadable(column))
    }

    /// The next column as `parse` reads it, or NULL.
    pub(super) fn read_or_null<S, T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(S) -> Option<T>,
    ) -> Result<Option<T>, StoreError>
    where
        S: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let stored: Option<S> = self.take(column)?;
        stored
            .map(|stored| parse(stored).ok_or_else(|| self.unreadable(column)))
            .transpose()
    }

    /// The error for a column that was read but makes no sense.
    pub(super) const fn unreadable(&self, column: &'static str) -> StoreError {
        inconsistent(self.table, column, self.id)
    }
}

const fn inconsistent(table: &'static str, column: &'static str, id: i64) -> StoreError {
    StoreError::Inconsistent { table, column, id }
}
