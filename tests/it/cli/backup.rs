//! `hookyard backup` and what the help says of restoring, as an operator does it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::Signal;

use super::program::{Ended, hookyard, run};
use super::running::{Running, WAIT_MAX};
use super::service::{Home, http};

/// How many publish at once.
const PUBLISHERS: usize = 2;

/// Those who publish until they are told to stop.
struct Traffic {
    stop: Arc<AtomicBool>,
    accepted: Arc<(Mutex<u64>, Condvar)>,
    threads: Vec<JoinHandle<()>>,
}

impl Traffic {
    fn start(address: &str, token: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new((Mutex::new(0), Condvar::new()));
        let threads = (0..PUBLISHERS).map(|_| {
            let (stop, accepted) = (Arc::clone(&stop), Arc::clone(&accepted));
            let (address, token) = (address.to_owned(), token.to_owned());
            thread::spawn(move || {
                let body = r#"{"type": "packet.sent", "data": {"id": 8}}"#;
                while !stop.load(Ordering::SeqCst) {
                    let (status, answer) = http(&address, "POST", "/v1/events", &token, body);
                    assert_eq!(status, 202, "{answer}");
                    *accepted.0.lock().unwrap() += 1;
                    accepted.1.notify_all();
                }
            })
        });
        let threads = threads.collect();
        Self {
            stop,
            accepted,
            threads,
        }
    }

    /// Waits until so many were answered; gives how many were.
    fn wait_for(&self, count: u64) -> u64 {
        let (lock, changed) = &*self.accepted;
        let guard = lock.lock().unwrap();
        let (guard, waited) = changed
            .wait_timeout_while(guard, WAIT_MAX, |accepted| *accepted < count)
            .unwrap();
        assert!(!waited.timed_out(), "only {} of {count}", *guard);
        *guard
    }

    /// How many were answered in all.
    fn end(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        *self.accepted.0.lock().unwrap()
    }
}

fn listener(home: &Home, arguments: &[&str]) -> (Running, String) {
    let mut command = hookyard(home.path());
    command.args(["listen", "--json"]).args(arguments);
    let mut running = Running::start(&mut command);
    let url = running.err_after("listening on ");
    (running, url)
}

fn back_up(home: &Home, to: &Path, arguments: &[&str]) -> Ended {
    let data_dir = home.data_dir();
    let mut all = vec!["backup", "--data-dir", data_dir.to_str().unwrap()];
    all.push(to.to_str().unwrap());
    all.extend(arguments);
    run(home.path(), &all)
}

/// As the help of `backup` says.
fn restore(copy: &Path, from: &Home) -> Home {
    let home = Home::new();
    fs::create_dir(home.data_dir()).unwrap();
    fs::copy(copy, home.data_dir().join("hookyard.db")).unwrap();
    let key = "hookyard.key";
    fs::copy(from.data_dir().join(key), home.data_dir().join(key)).unwrap();
    home
}

fn fsck(arguments: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let ended = run(home.path(), &[&["fsck"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_backup_under_traffic_becomes_a_yard_that_delivers_what_was_pending() {
    let home = Home::new();
    let mut service = home.start();
    let (live, url) = listener(&home, &["--port", "0"]);
    home.json(&["endpoint", "create", &url, "--name", "live"]);
    let later = home.json(&["endpoint", "create", &url, "--name", "later"]);
    home.json(&["endpoint", "pause", "later"]);
    let token = home.json(&["token", "create", "--role", "publisher"]);
    let traffic = Traffic::start(&service.address, token["token"].as_str().unwrap());
    let before = traffic.wait_for(40);
    let copy = home.path().join("copy.db");
    let made = back_up(&home, &copy, &["--json"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    // Publishing goes on after it.
    let after = traffic.wait_for(traffic.wait_for(before) + 20);
    assert!(traffic.end() >= after);
    service.running.signal(Signal::KILL);
    service.running.end();
    drop(live);

    let events = made["events"].as_u64().unwrap();
    assert!(events >= before, "{made:#} {before}");
    assert_eq!(
        (&made["adds_up"], &made["key"]["opens"]),
        (&true.into(), &true.into())
    );
    assert_eq!(made["ledger"]["held"], events);
    assert_eq!(made["ledger"]["created"], 2 * events);
    let mode = fs::metadata(&copy).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    fsck(&["--file", copy.to_str().unwrap()]);

    let secret = home.path().join("secret");
    fs::write(&secret, later["secret"].as_str().unwrap()).unwrap();
    let restored = restore(&copy, &home);
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let secret = secret.to_str().unwrap();
    let (mut receiver, _) = listener(&home, &["--port", port, "--secret-file", secret]);
    let mut service = restored.start();
    restored.wait_for(&["stats"], |stats| stats["ledger"]["pending"] == 0);
    restored.json(&["endpoint", "resume", "later"]);
    let stats = restored.wait_for(&["stats"], |stats| {
        stats["ledger"]["delivered"] == made["ledger"]["created"]
    });
    assert_eq!(stats["ledger"]["created"], made["ledger"]["created"]);
    // The secrets came with it: what is sent to `later` verifies.
    loop {
        let line: serde_json::Value = serde_json::from_str(&receiver.out_line()).unwrap();
        if line["verified"] == true {
            break;
        }
    }
    assert_eq!(restored.client(&["ledger"]).code, Some(0));
    service.running.signal(Signal::TERM);
    service.running.end();
    fsck(&["--data-dir", restored.data_dir().to_str().unwrap()]);
}

#[test]
fn a_backup_says_what_is_in_it_and_which_key_it_needs() {
    let home = Home::new();
    let service = home.start();
    drop(service);
    let key = home.data_dir().join("hookyard.key");
    let copy = home.path().join("copy.db");
    let made = back_up(&home, &copy, &[]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    let place = key.display();
    for line in [
        format!("file\t{}\n", copy.display()),
        "endpoints\t0\n".to_owned(),
        "adds up\tyes\n".to_owned(),
        format!("key\t{place}, which is not in the copy: keep it apart\n"),
        "key opens it\tyes\n".to_owned(),
    ] {
        assert!(made.out.contains(&line), "{line} in {}", made.out);
    }
    let secret = fs::read_to_string(&key).unwrap();
    assert!(!made.out.contains(secret.trim()));
    let bytes = fs::read(&copy).unwrap();
    let key_bytes = hex::decode(secret.trim()).unwrap();
    assert!(!bytes.windows(32).any(|window| window == key_bytes));

    fs::write(&key, "ab".repeat(32)).unwrap();
    let other = back_up(&home, &home.path().join("other.db"), &[]);
    assert_eq!(
        (other.code, other.err),
        (
            Some(0),
            format!(
                "mind the key: the one in {place} does not open the copy's secrets: keep the one that the service \
                 runs with\n"
            )
        )
    );
    assert!(other.out.contains("key opens it\tno\n"), "{}", other.out);
    let restored = restore(&copy, &home);
    let (code, said) = restored.refused(&mut restored.serve(&[]));
    assert_eq!(code, Some(1));
    assert!(
        said.contains("the key does not open this store's secrets"),
        "{said}"
    );
    fs::remove_file(restored.data_dir().join("hookyard.key")).unwrap();
    let (code, said) = restored.refused(&mut restored.serve(&[]));
    assert!(
        code == Some(2) && said.contains("were sealed with its key: bring it back"),
        "{said}"
    );
    fs::write(restored.data_dir().join("hookyard.key"), secret).unwrap();
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(restored.data_dir().join("hookyard.key"), mode).unwrap();
    restored.start();
}

#[test]
fn a_backup_that_cannot_be_says_why() {
    let home = Home::new();
    let copy = home.path().join("copy.db");
    let none = back_up(&home, &copy, &[]);
    assert_eq!(
        (none.code, none.err),
        (
            Some(2),
            format!(
                "hookyard: there is no database at {}: name its directory with --data-dir, or the service's settings \
                 with --config\n",
                home.data_dir().join("hookyard.db").display()
            )
        )
    );
    assert!(!copy.exists());
    home.start();
    let first = back_up(&home, &copy, &[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let again = back_up(&home, &copy, &[]);
    assert_eq!(
        (again.code, again.err),
        (
            Some(2),
            format!(
                "hookyard: {} exists, and a backup overwrites nothing: name another file, or move that one away\n",
                copy.display()
            )
        )
    );
}
