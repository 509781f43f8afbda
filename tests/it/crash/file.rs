//! The database file between a kill and the restart: what the dead service had recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hookyard::domain::id::EventId;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use super::receiver::DeliveryName;

/// Attempts after the highest one that was read before: ids rise over restarts too.
const SELECT_NEW: &str = "SELECT a.id, '/' || e.name, a.event_id, a.number \
     FROM attempts a JOIN endpoints e ON e.id = a.endpoint_id WHERE a.id > $1 ORDER BY a.id";

/// Reads a dead service's file, and remembers what it has read.
pub(super) struct File {
    path: PathBuf,
    /// The highest attempt read so far.
    last: i64,
    /// Attempts of each delivery so far.
    attempts: BTreeMap<DeliveryName, u32>,
}

impl File {
    /// The file of the service in this directory.
    pub(super) fn of(directory: &Path) -> Self {
        Self {
            path: directory.join("hookyard.db"),
            last: 0,
            attempts: BTreeMap::new(),
        }
    }

    /// How many attempts the file has of each delivery beyond those it had the last time.
    ///
    /// Reads only, and leaves the log as the kill left it: the restart has to recover it by itself.
    pub(super) async fn newly_recorded(&mut self) -> BTreeMap<DeliveryName, u32> {
        let before = self.log_bytes();
        let mut connection = SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .connect()
            .await
            .unwrap();
        let rows = sqlx::query(SELECT_NEW)
            .bind(self.last)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        assert_eq!(self.log_bytes(), before, "the log was touched");
        let mut new = BTreeMap::new();
        for row in rows {
            self.last = row.get(0);
            let event = EventId::from_i64(row.get(2)).to_string();
            let delivery: DeliveryName = (row.get(1), event);
            *new.entry(delivery.clone()).or_insert(0) += 1;
            let attempts = self.attempts.entry(delivery).or_insert(0);
            *attempts += 1;
            assert_eq!(row.get::<u32, _>(3), *attempts, "attempts are numbered");
        }
        new
    }

    fn log_bytes(&self) -> Option<u64> {
        let log = self.path.with_extension("db-wal");
        std::fs::metadata(log).ok().map(|log| log.len())
    }
}
