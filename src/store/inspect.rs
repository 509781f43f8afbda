//! A look at a database file without opening it as a store: what `doctor` asks.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, Row};

use super::error::StoreError;
use super::meta::{WALL_SEEN_KEY, read_number};
use super::open;
use super::schema;
use crate::domain::time::Timestamp;

const QUICK_CHECK: &str = "SELECT quick_check FROM pragma_quick_check LIMIT 1";

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// The version of its schema; 0 for a file that is no database of Hookyard.
    pub schema: i64,
    /// The version that this binary knows.
    pub known: i64,
    /// The first thing that SQLite's quick check finds.
    pub damage: Option<String>,
    /// The latest time that a service noted in it.
    pub wall_seen: Option<Timestamp>,
}

/// Reads the facts of the database file at `path`, beside a running service or without one. The quick check reads the
/// whole file: seconds for each gigabyte.
///
/// # Errors
/// [`StoreError::Unavailable`] for what is no database.
pub async fn file_facts(path: &Path) -> Result<FileFacts, StoreError> {
    let connect = open::base_options(path).read_only(true);
    let mut connection = connect.connect().await?;
    let schema = schema::version(&mut connection).await?;
    let row = sqlx::query(QUICK_CHECK).fetch_one(&mut connection).await?;
    let finding: String = row.try_get(0)?;
    let seen = match schema {
        0 => None,
        _ => read_number(&mut connection, WALL_SEEN_KEY).await?,
    };
    connection.close().await?;
    Ok(FileFacts {
        schema,
        known: schema::known(),
        damage: Some(finding).filter(|finding| finding != "ok"),
        wall_seen: seen.map(Timestamp::from_millis),
    })
}
