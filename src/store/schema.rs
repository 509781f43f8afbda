//! The schema's versions: brought up to date at start, backed up before, and never taken back.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::Migrator;
use sqlx::{Connection, Row, SqliteConnection};

use super::error::StoreError;

/// The migrations in `migrations/sqlite`, embedded.
pub(super) static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

const SELECT_HAS_VERSIONS: &str =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
const SELECT_VERSION: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";

/// Brings the file's schema to the newest version that `migrator` knows. A file that holds an older schema is copied
/// first, to `<file>.schema-<version>.bak`; the copy's path is returned.
///
/// # Errors
/// [`StoreError::NewerSchema`] before anything is touched; [`StoreError::Migration`].
pub(super) async fn bring_up_to_date(
    connection: &mut SqliteConnection,
    path: &Path,
    migrator: &Migrator,
) -> Result<Option<PathBuf>, StoreError> {
    let known = newest(migrator);
    let found = version(connection).await?;
    if found > known {
        return Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    let mut backup = None;
    if found > 0 && found < known {
        backup = Some(copy(connection, path, found).await?);
    }
    migrator
        .run(connection)
        .await
        .map_err(|error| StoreError::Migration(Arc::new(error)))?;
    Ok(backup)
}

/// Refuses a file whose schema is not the one that this binary knows.
///
/// # Errors
/// [`StoreError::NewerSchema`], [`StoreError::OlderSchema`].
pub(super) async fn must_be_known(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let known = newest(&MIGRATOR);
    let found = version(connection).await?;
    let path = path.to_owned();
    match found.cmp(&known) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::NewerSchema { path, found, known }),
        Ordering::Less => Err(StoreError::OlderSchema { path, found, known }),
    }
}

/// The version that this binary knows.
pub(super) fn known() -> i64 {
    newest(&MIGRATOR)
}

fn newest(migrator: &Migrator) -> i64 {
    let versions = migrator.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}

/// The version of the file's schema; 0 for an empty file.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let row = sqlx::query(SELECT_HAS_VERSIONS)
        .fetch_one(&mut *connection)
        .await?;
    if row.try_get::<i64, _>(0)? == 0 {
        return Ok(0);
    }
    let row = sqlx::query(SELECT_VERSION).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

/// A copy of the whole file as it is now; one that an interrupted start left behind is replaced.
async fn copy(
    connection: &mut SqliteConnection,
    path: &Path,
    version: i64,
) -> Result<PathBuf, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".schema-{version}.bak"));
    let backup = PathBuf::from(name);
    match std::fs::remove_file(&backup) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::file(&backup, source));
        }
        _ => {}
    }
    sqlx::query("VACUUM INTO $1")
        .bind(backup.to_string_lossy().into_owned())
        .execute(&mut *connection)
        .await?;
    let synced = std::fs::File::open(&backup).and_then(|file| file.sync_all());
    synced.map_err(|source| StoreError::file(&backup, source))?;
    connection.ping().await?;
    Ok(backup)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::migrate::{Migration, MigrationType};
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, SqlSafeStr};

    use super::*;

    fn migrator(versions: i64) -> Migrator {
        let migrations: Vec<_> = (1..=versions)
            .map(|version| {
                Migration::new(
                    version,
                    format!("step {version}").into(),
                    MigrationType::Simple,
                    AssertSqlSafe(format!("CREATE TABLE t{version} (id INTEGER)")).into_sql_str(),
                    false,
                )
            })
            .collect();
        Migrator {
            migrations: Cow::Owned(migrations),
            ..Migrator::DEFAULT
        }
    }

    #[test]
    fn every_migration_file_is_embedded() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        let files = std::fs::read_dir(directory).unwrap().count();
        assert_eq!(MIGRATOR.iter().count(), files, "touch src/store/schema.rs");
    }

    #[tokio::test]
    async fn an_older_file_is_copied_before_it_is_changed_and_a_newer_one_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        let first = bring_up_to_date(&mut connection, &path, &migrator(1)).await;
        assert_eq!(first.unwrap(), None);
        let again = bring_up_to_date(&mut connection, &path, &migrator(1)).await;
        assert_eq!(again.unwrap(), None);

        let backup = bring_up_to_date(&mut connection, &path, &migrator(2)).await;
        let backup = backup.unwrap().unwrap();
        assert!(backup.ends_with("x.db.schema-1.bak"));
        let mut old = SqliteConnectOptions::new()
            .filename(&backup)
            .connect()
            .await
            .unwrap();
        assert_eq!(version(&mut old).await.unwrap(), 1);

        let newer = bring_up_to_date(&mut connection, &path, &migrator(1)).await;
        let text = newer.unwrap_err().to_string();
        assert!(
            text.ends_with(
                "x.db has schema 2, and this hookyard knows up to 1: run the newer one, or restore a backup"
            ),
            "{text}"
        );
    }
}
