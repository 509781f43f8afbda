//! `hookyard doctor` on installations that are sound, and on one where everything is wrong.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::process::Signal;

use super::program::{Ended, hookyard};
use super::service::Home;

/// What each check said: state, text and remedy.
type Told = BTreeMap<String, (String, String, Option<String>)>;

fn doctor(home: &Home, listen: &str, arguments: &[&str]) -> Ended {
    let mut command = hookyard(home.path());
    command
        .args(["doctor", "--look-up", "localhost", "--listen", listen])
        .arg("--data-dir")
        .arg(home.data_dir())
        .arg("--socket")
        .arg(home.socket())
        .args(arguments);
    let ended = command.output().unwrap();
    Ended {
        code: ended.status.code(),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8(ended.stderr).unwrap(),
    }
}

fn told(ended: &Ended) -> Told {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let lines = ended.out.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let remedy = line.get("remedy").map(text);
        (
            text(&line["check"]),
            (text(&line["state"]), text(&line["text"]), remedy),
        )
    });
    lines.collect()
}

#[test]
fn an_installation_is_sound_before_its_first_start_beside_it_and_after_it() {
    let home = Home::new();
    let free = "127.0.0.1:0";
    let before = doctor(&home, free, &["--json"]);
    assert_eq!(
        (before.code, before.err.as_str()),
        (Some(0), ""),
        "{before:?}"
    );
    let said = told(&before);
    assert_eq!(said.len(), 12, "{said:?}");
    let data_dir = home.data_dir();
    let made = format!("{} is made at the first start", data_dir.display());
    assert_eq!(said["data directory"].1, made);
    for (check, (state, _, remedy)) in &said {
        // A machine may lack root certificates.
        if check != "root certificates" {
            assert_eq!((state.as_str(), remedy), ("ok", &None), "{check}: {said:?}");
        }
    }
    assert!(!data_dir.exists(), "nothing is made");

    let service = home.start();
    let beside = doctor(&home, &service.address, &["--json"]);
    assert_eq!(beside.code, Some(0), "{beside:?}");
    let said = told(&beside);
    let socket = format!("a service answers at {}", home.socket().display());
    assert_eq!(said["socket"].1, socket);
    let listen = format!("a Hookyard answers at {}", service.address);
    assert_eq!(said["listen"].1, listen);
    assert!(
        said["database"].1.ends_with(", quick check passed"),
        "{said:?}"
    );
    drop(service);

    let after = doctor(&home, free, &[]);
    assert_eq!(after.code, Some(0), "{after:?}");
    let left =
        "was left behind by a service that is gone\tstart the service: it takes the file away\n";
    assert!(after.out.contains(left), "{after:?}");
    let key = fs::read_to_string(data_dir.join("hookyard.key")).unwrap();
    for ended in [&before, &beside, &after] {
        assert!(!ended.out.contains(key.trim()), "no key is printed");
    }
    assert!(after.out.contains(", fingerprint "), "{after:?}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A home whose service is gone and left its socket behind; others can look into its data directory.
fn with_open_doors() -> Home {
    let home = Home::new();
    drop(home.start());
    set_mode(&home.data_dir(), 0o755);
    fs::remove_file(home.socket()).unwrap();
    drop(UnixListener::bind(home.socket()).unwrap());
    home
}

#[test]
fn each_thing_that_is_wrong_has_its_line_and_its_remedy() {
    let home = with_open_doors();
    let data_dir = home.data_dir();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    // A server that is no Hookyard: it hangs up.
    let hangs_up = std::thread::spawn(move || drop(other.accept()));
    let contracts = home.path().join("contracts");
    fs::create_dir(&contracts).unwrap();
    fs::write(contracts.join("bad.toml"), "name = \n").unwrap();
    let file = home.path().join("h.toml");
    let text = "contracts_dir = \"contracts\"\n[targets]\nextra_roots = [\"/nowhere.pem\"]\n";
    fs::write(&file, text).unwrap();
    fs::write(data_dir.join("hookyard.key"), "ab".repeat(32)).unwrap();
    let found = doctor(
        &home,
        &taken,
        &["--json", "--config", file.to_str().unwrap()],
    );
    hangs_up.join().unwrap();
    let said = told(&found);
    let chmod = format!("chmod 700 {}", data_dir.display());
    for (check, state, text, remedy) in [
        (
            "contracts",
            "fail",
            "bad.toml:1: ",
            "mend the files; `hookyard contract check FILE` tells the same",
        ),
        (
            "root certificates",
            "fail",
            "/nowhere.pem: No such file",
            "mend targets.extra_roots: PEM files that the service's user may read",
        ),
        (
            "data directory",
            "warn",
            "has mode 0755, so others can look into it",
            &chmod,
        ),
        (
            "key",
            "fail",
            "it does not open the database's secrets",
            "give the key that the database was made with (HOOKYARD_KEY or key_file)",
        ),
        (
            "socket",
            "warn",
            "was left behind by a service that is gone",
            "start the service: it takes the file away",
        ),
        (
            "listen",
            "fail",
            "cannot be used: Address already in use",
            "stop what uses it, or choose another with --listen",
        ),
    ] {
        let (found, what, todo) = &said[check];
        assert_eq!(found, state, "{check}: {said:#?}");
        assert!(what.contains(text), "{check}: {said:#?}");
        assert_eq!(todo.as_deref(), Some(remedy), "{check}");
    }
    let text = "hookyard: 4 checks fail: their lines say what to do\n";
    assert_eq!((found.code, found.err.as_str()), (Some(1), text));
}

#[test]
fn a_key_that_others_can_read_and_a_database_that_is_none_fail() {
    let home = Home::new();
    let mut service = home.start();
    service.running.signal(Signal::TERM);
    service.running.end();
    let key = home.data_dir().join("hookyard.key");
    set_mode(&key, 0o640);
    let found = doctor(&home, "127.0.0.1:0", &["--json"]);
    let said = told(&found);
    assert!(
        said["key"]
            .1
            .contains("so others can read the key: chmod 600"),
        "{said:#?}"
    );
    let text = "hookyard: one check fails: its line says what to do\n";
    assert_eq!((found.code, found.err.as_str()), (Some(1), text));
    set_mode(&key, 0o600);
    let text = "no database at all, but a text of some length";
    fs::write(home.data_dir().join("hookyard.db"), text).unwrap();
    let said = told(&doctor(&home, "127.0.0.1:0", &["--json"]));
    assert_eq!(said["database"].0, "fail", "{said:#?}");
    assert!(said["database"].1.contains("not a database"), "{said:#?}");
}

#[test]
fn a_configuration_that_does_not_read_is_the_only_finding() {
    let home = Home::new();
    let file = home.path().join("h.toml");
    fs::write(&file, "listn = \"x\"\n").unwrap();
    let ended = doctor(&home, "127.0.0.1:0", &["--config", file.to_str().unwrap()]);
    assert_eq!(
        ended.out,
        format!(
            "fail\tconfiguration\t{}:1: there is no key \"listn\": did you mean \"listen\"?\tmend that first: \
             everything else follows from it\n",
            file.display()
        )
    );
    assert_eq!(ended.code, Some(1));
}
