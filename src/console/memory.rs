//! The file of what consoles remember, `console.toml` in the user's folder for such: a table for each service, the one
//! that changed last first. It is the user's alone, and written only when something changed, a whole file at a time. One
//! that cannot be read is left as it is; names of it that nobody knows are skipped. Consoles of one service take turns,
//! and each writes what changed in it and no more: what another changed meanwhile stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::TryLockError;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::actions::EVERYWHERE;
use super::app::columns::Columns;
use super::app::looking_back::Window;
use super::app::msg::Msg;
use super::app::remembered::{Remembered, chosen};
use super::app::times::TimeStyle;
use super::keys::Elsewhere;
use super::view::columns::of;
use crate::clock::pace;
use crate::domain::flaw::Flaw;

/// Services of a file: far more than anybody looks at.
const SERVICES_MAX: usize = 100;
/// Bytes of a file: a service's table has up to about two thousand.
const BYTES_MAX: u64 = 256 * 1024;
/// How often a file that another console writes is tried again, and when: it takes milliseconds, unless that one was
/// stopped, and then nobody waits for it.
const TRIES: usize = 20;
const AGAIN: Duration = Duration::from_millis(50);
/// What the file says of itself.
const HEAD: &str = "# What hookyard's console remembers between runs. It writes this file; without it the console begins anew.\n";

/// Where what is remembered of a service is kept.
pub(super) struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    /// What the service is called.
    service: String,
    /// What is to be written next; held for a moment only.
    newest: Mutex<Option<Remembered>>,
    /// What is known of the file; held while something is written.
    file: Mutex<Known>,
}

/// What is known of the file.
struct Known {
    /// What was in force here when it was last read or written: what differs from it was changed here.
    base: Remembered,
    /// Whether writing has failed, which is told once.
    failed: bool,
}

/// Whether a file is left alone while another console writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Waits,
    Takes,
}

impl Memory {
    /// Opens it, with what is remembered of the service.
    ///
    /// # Errors
    /// The file cannot be read or is none of these, in words.
    pub(super) fn open(path: PathBuf, service: String) -> Result<(Self, Remembered), String> {
        let text = read(&path).map_err(|error| cannot(&path, "read", &error))?;
        let file = File::parse(&path, &text)?;
        let remembered = file.of(&service);
        let shared = Arc::new(Shared {
            path,
            service,
            newest: Mutex::default(),
            file: Mutex::new(Known {
                base: remembered.clone(),
                failed: false,
            }),
        });
        Ok((Self { shared }, remembered))
    }

    /// Writes it; where two follow each other quickly, only the later may be written.
    pub(super) fn keep(&self, remembered: Remembered) -> BoxFuture<'static, Msg> {
        let newest = &self.shared.newest;
        *newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(remembered);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let mut written = None;
            for left in (0..TRIES).rev() {
                let shared = Arc::clone(&shared);
                let turn = if left == 0 { Turn::Takes } else { Turn::Waits };
                let write = tokio::task::spawn_blocking(move || shared.write(turn));
                written = write.await.unwrap_or(Some(Ok(())));
                if written.is_some() {
                    break;
                }
                pace(AGAIN).await;
            }
            Msg::Outside(written.unwrap_or(Ok(())).map(|()| String::new()))
        })
    }

    /// Writes what is not written yet.
    pub(super) fn finish(&self) {
        // There is no screen left to tell it on.
        let _ = self.shared.write(Turn::Takes);
    }
}

impl Shared {
    /// Writes what is to be written; none where another console is at it.
    fn write(&self, turn: Turn) -> Option<Result<(), String>> {
        let mut known = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = lock(&self.path);
        if lock.is_err() && turn == Turn::Waits {
            return None;
        }
        let newest = &self.newest;
        let newest = newest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(remembered) = newest.filter(|_| !known.failed) else {
            return Some(Ok(()));
        };
        let written = self.replace(&known.base, &remembered);
        known.failed = written.is_err();
        known.base = remembered;
        Some(written)
    }

    /// Other consoles may have written since: what they remember stays where nothing else was changed here.
    fn replace(&self, base: &Remembered, remembered: &Remembered) -> Result<(), String> {
        let path = &self.path;
        let text = read(path).map_err(|error| cannot(path, "read", &error))?;
        let file = File::parse(path, &text)?;
        let merged = file.of(&self.service).changed(base, remembered);
        let put = file
            .with(&self.service, &merged)
            .map_err(io::Error::other)
            .and_then(|text| put(path, &text));
        put.map_err(|error| cannot(path, "write", &error))
    }
}

/// Keeps other consoles from the file until it is dropped, by its folder: a file that is replaced has no lock that
/// lasts. Nothing where there is no folder yet, or where it cannot be locked.
///
/// # Errors
/// Another console is at it.
fn lock(path: &Path) -> Result<Option<std::fs::File>, TryLockError> {
    let folder = path
        .parent()
        .and_then(|folder| std::fs::File::open(folder).ok());
    let Some(folder) = folder else {
        return Ok(None);
    };
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        Err(TryLockError::Error(_)) => Ok(None),
        Ok(()) => Ok(Some(folder)),
    }
}

fn cannot(path: &Path, what: &str, error: &io::Error) -> String {
    let path = path.display();
    format!("nothing is remembered: failed to {what} {path}: {error}")
}

/// The text of the file; empty where there is none.
fn read(path: &Path) -> io::Result<String> {
    let kind = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        found => found?,
    };
    if !kind.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    let bytes = file.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if bytes as u64 > BYTES_MAX {
        let text = format!("it has more than {BYTES_MAX} bytes");
        return Err(io::Error::other(text));
    }
    Ok(text)
}

/// Puts a file of this text in the place of the one that may be there: whoever reads has the one or the other.
fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
    }
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let _ = std::fs::remove_file(&beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct File {
    /// Keys of another program that were explained, whatever the service.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    explained: BTreeSet<String>,
    service: Vec<Kept>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Kept {
    name: String,
    times: Option<String>,
    window: Option<String>,
    preview: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<String, KeptColumns>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct KeptColumns {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    order: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
}

impl File {
    fn parse(path: &Path, text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            let problem = error.message().replace('\n', "; ");
            let flaw = Flaw::at(&path.display().to_string(), text, at, problem);
            format!("nothing is remembered: {flaw}: mend the file or delete it")
        })
    }

    /// What is remembered of a service.
    fn of(&self, service: &str) -> Remembered {
        let kept = self.service.iter().find(|kept| kept.name == service);
        let known = self.explained.iter();
        let known = known.filter_map(|key| Some(Elsewhere::named(key)?.key));
        Remembered {
            explained: known.collect(),
            ..kept.map_or_else(Remembered::default, Kept::remembered)
        }
    }

    /// The text of the file with this of a service.
    fn with(mut self, service: &str, remembered: &Remembered) -> Result<String, toml::ser::Error> {
        self.service.retain(|kept| kept.name != service);
        self.explained.retain(|key| Elsewhere::named(key).is_some());
        let explained = remembered.explained.iter().copied();
        self.explained.extend(explained.map(str::to_owned));
        let usual = Remembered {
            explained: remembered.explained.clone(),
            ..Remembered::default()
        };
        if *remembered != usual {
            self.service.insert(0, Kept::new(service, remembered));
        }
        self.service.truncate(SERVICES_MAX);
        let tables = toml::to_string(&self)?;
        Ok(format!("{HEAD}{tables}"))
    }
}

impl Kept {
    fn new(service: &str, remembered: &Remembered) -> Self {
        let names = |titles: Vec<&str>| titles.into_iter().map(str::to_owned).collect();
        let columns = chosen(&remembered.columns).map(|(place, order, hidden)| {
            let columns = KeptColumns {
                order: names(order),
                hidden: names(hidden),
            };
            (place.name().to_owned(), columns)
        });
        Self {
            name: service.to_owned(),
            times: Some(remembered.style.name().to_owned()),
            window: Some(remembered.window.text().to_owned()),
            preview: Some(remembered.previews),
            columns: columns.collect(),
        }
    }

    fn remembered(&self) -> Remembered {
        let usual = Remembered::default();
        let style = |name: &String| {
            let mut styles = TimeStyle::ALL.into_iter();
            styles.find(|style| style.name() == name)
        };
        let window = |text: &String| {
            let mut windows = Window::ALL.into_iter();
            windows.find(|window| window.text() == text)
        };
        let columns = EVERYWHERE.iter().filter_map(|place| {
            let kept = self.columns.get(place.name())?;
            let columns = Columns::of_names(of(*place), &kept.order, &kept.hidden);
            Some((*place, columns))
        });
        Remembered {
            columns: columns.collect(),
            style: self.times.as_ref().and_then(style).unwrap_or(usual.style),
            window: self
                .window
                .as_ref()
                .and_then(window)
                .unwrap_or(usual.window),
            previews: self.preview.unwrap_or(usual.previews),
            explained: usual.explained,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::console::actions::Place;

    fn sample() -> Remembered {
        let (order, hidden) = (["STATE", "TIME"], ["ID"]);
        let columns = Columns::of_names(
            of(Place::Deliveries),
            &order.map(str::to_owned),
            &hidden.map(str::to_owned),
        );
        Remembered {
            columns: [(Place::Deliveries, columns)].into(),
            style: TimeStyle::Relative,
            window: Window::Week,
            previews: false,
            explained: BTreeSet::new(),
        }
    }

    fn open(path: &Path, service: &str) -> Result<(Memory, Remembered), String> {
        Memory::open(path.to_owned(), service.to_owned())
    }

    #[tokio::test]
    async fn each_service_finds_its_own_again_in_a_file_of_the_users_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state/hookyard/console.toml");
        let (one, found) = open(&path, "one").unwrap();
        assert_eq!(found, Remembered::default());
        assert!(!path.parent().unwrap().exists(), "nothing changed yet");
        let (two, _) = open(&path, "/run/two.sock").unwrap();
        assert!(matches!(one.keep(sample()).await, Msg::Outside(Ok(_))));
        let other = Remembered {
            previews: false,
            ..Remembered::default()
        };
        two.keep(other.clone()).await;
        assert_eq!(open(&path, "one").unwrap().1, sample());
        assert_eq!(open(&path, "/run/two.sock").unwrap().1, other);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let beside = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(beside.count(), 1, "nothing is left beside it");
        two.keep(Remembered::default()).await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("/run/two.sock"), "{text}");
    }

    #[tokio::test]
    async fn what_was_explained_in_one_service_is_known_in_all() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.toml");
        let explained = |keys: &[&'static str]| Remembered {
            explained: keys.iter().copied().collect(),
            ..Remembered::default()
        };
        let (one, _) = open(&path, "one").unwrap();
        let (two, _) = open(&path, "two").unwrap();
        one.keep(explained(&["ctrl-d"])).await;
        two.keep(explained(&["y"])).await;
        assert_eq!(open(&path, "three").unwrap().1, explained(&["ctrl-d", "y"]));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("name ="), "no service has more: {text}");
        std::fs::write(&path, text.replace("\"y\"", "\"moon\"")).unwrap();
        assert_eq!(open(&path, "one").unwrap().1, explained(&["ctrl-d"]));
    }

    #[tokio::test]
    async fn what_is_left_at_the_end_is_written() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.toml");
        let (memory, _) = open(&path, "one").unwrap();
        drop(memory.keep(sample()));
        memory.finish();
        assert_eq!(open(&path, "one").unwrap().1, sample());
    }

    #[tokio::test]
    async fn two_consoles_of_one_service_keep_each_others_changes() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.toml");
        let (first, _) = open(&path, "one").unwrap();
        let (second, _) = open(&path, "one").unwrap();
        let times = Remembered {
            style: TimeStyle::Relative,
            ..Remembered::default()
        };
        let mut columns = Remembered {
            columns: sample().columns,
            ..Remembered::default()
        };
        first.keep(times.clone()).await;
        second.keep(columns.clone()).await;
        first
            .keep(Remembered {
                previews: false,
                ..times
            })
            .await;
        let expected = Remembered {
            window: Window::default(),
            ..sample()
        };
        assert_eq!(open(&path, "one").unwrap().1, expected);
        // What is taken back here goes, though it is what a new console begins with.
        columns.columns.clear();
        second.keep(columns).await;
        let found = open(&path, "one").unwrap().1;
        assert_eq!(found.columns.len(), 0);
        assert_eq!(found.style, TimeStyle::Relative);
    }

    #[tokio::test]
    async fn consoles_that_write_at_the_same_moment_take_turns() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.toml");
        let writes = (0..12).map(|number| {
            let (memory, _) = open(&path, &format!("service {number}")).unwrap();
            tokio::spawn(memory.keep(sample()))
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.unwrap();
        }
        for number in 0..12 {
            let found = open(&path, &format!("service {number}")).unwrap().1;
            assert_eq!(found, sample(), "{number}");
        }
    }

    #[tokio::test]
    async fn a_console_that_was_stopped_while_it_wrote_is_waited_for_and_then_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.toml");
        let (memory, _) = open(&path, "one").unwrap();
        let stopped = lock(&path).unwrap();
        assert!(stopped.is_some());
        drop(memory.keep(sample()));
        assert_eq!(memory.shared.write(Turn::Waits), None);
        assert!(!path.exists());
        assert_eq!(memory.shared.write(Turn::Takes), Some(Ok(())));
        assert_eq!(open(&path, "one").unwrap().1, sample());
    }

    #[test]
    fn unknown_names_are_skipped() {
        let text = "moon = 1\n[[service]]\nname = \"one\"\ntimes = \"lunar\"\nwindow = \"7d\"\ncolour = true\n\
                    [service.columns.deliveries]\norder = [\"MOON\", \"STATE\"]\nhidden = [\"SUN\", \"ID\"]\n\
                    [service.columns.tides]\nhidden = [\"ID\"]\n";
        let file = File::parse(Path::new("console.toml"), text).unwrap_or_default();
        let found = file.of("one");
        assert_eq!((found.style, found.window), (TimeStyle::Utc, Window::Week));
        let (order, hidden) = found.columns[&Place::Deliveries].chosen();
        assert_eq!(order, ["STATE"]);
        assert!(hidden.iter().eq(&["ID"]), "{hidden:?}");
        assert_eq!(found.columns.len(), 1);
    }

    #[test]
    fn a_file_that_hides_every_column_leaves_one() {
        let all = of(Place::Audit);
        let titles: Vec<String> = all.iter().map(|one| one.title.to_owned()).collect();
        let columns = Columns::of_names(all, &[], &titles);
        assert_eq!(columns.shown(all, 80).len(), 1);
    }

    #[tokio::test]
    async fn a_file_that_is_none_is_told_with_its_place_and_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.toml");
        for (text, says) in [
            ("[[service]]\nname = 3\n", ":2:8: invalid type"),
            ("[[service\n", ":1:"),
        ] {
            std::fs::write(&path, text).unwrap();
            let told = open(&path, "one").err().unwrap();
            assert!(told.contains(says) && told.contains("delete it"), "{told}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        let told = open(home.path(), "one").err().unwrap();
        assert!(told.contains("it is no file"), "{told}");
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("hookyard");
        let (memory, _) = open(&folder.join("console.toml"), "one").unwrap();
        std::fs::write(&folder, "a file where the folder would be").unwrap();
        let told = memory.keep(sample()).await;
        assert!(matches!(told, Msg::Outside(Err(_))), "{told:?}");
        let told = memory.keep(sample()).await;
        assert!(matches!(told, Msg::Outside(Ok(_))), "{told:?}");
    }

    #[test]
    fn only_so_many_services_are_kept() {
        let mut text = String::new();
        for number in 0..=SERVICES_MAX {
            let file = File::parse(Path::new("console.toml"), &text).unwrap_or_default();
            text = file.with(&format!("service {number}"), &sample()).unwrap();
        }
        let file = File::parse(Path::new("console.toml"), &text).unwrap_or_default();
        assert_eq!(file.service.len(), SERVICES_MAX);
        assert_eq!(file.of("service 0"), Remembered::default());
        assert!((text.len() as u64) < BYTES_MAX);
    }
}
