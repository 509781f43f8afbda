//! What people read when a service cannot have the place, the port, the file or the key it is told to use.

use std::net::TcpListener;

use super::program::hookyard;
use super::service::Home;

#[test]
fn a_place_that_cannot_be_used_is_told_with_the_flag_that_names_another() {
    let home = Home::new();
    std::fs::write(home.path().join("file"), "").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let long = "x".repeat(120);
    let at = |name: &str| home.path().join(name);
    let bytes = format!("has {} bytes", at(&long).as_os_str().len());
    let serve_at = |socket: &str| {
        let mut command = hookyard(home.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(home.data_dir()).arg("--socket").arg(at(socket));
        home.refused(&mut command)
    };
    let read = [
        (
            serve_at("none/h.sock"),
            2,
            "--socket: socket: directory HOME/none does not exist: make it, or choose another place",
        ),
        (
            serve_at("/proc/h.sock"),
            1,
            "socket /proc/h.sock cannot be made: No such file or directory (os error 2); choose another place with \
             --socket",
        ),
        (
            serve_at(&long),
            2,
            "--socket: socket: HOME/LONG has BYTES bytes: a Unix socket's path has at most 107; choose a shorter one",
        ),
        (
            home.refused(&mut home.serve_on(&taken, &[])),
            1,
            "--listen: listen: TAKEN cannot be used: Address already in use (os error 98); choose another with \
             --listen",
        ),
        (
            home.refused(
                hookyard(home.path())
                    .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
                    .arg(at("file/data")),
            ),
            1,
            "data directory HOME/file/data cannot be made: Not a directory (os error 20); choose another with \
             --data-dir",
        ),
    ];
    let read = read.map(|(found, code, text)| {
        let said = found.1.replace(&taken, "TAKEN").replace(&long, "LONG");
        let said = said.replace(&bytes, "has BYTES bytes");
        ((found.0, said), code, text)
    });
    check_all(&read);
}

#[test]
fn an_environment_that_does_not_fit_is_told_with_what_to_set() {
    let home = Home::new();
    let at = |name: &str| home.path().join(name);
    check_all(&[
        (
            home.refused(home.serve(&[]).env("HOOKYARD_LOG", "hookyard=loud")),
            2,
            "environment variable HOOKYARD_LOG: log: \"hookyard=loud\" does not read: error parsing level filter: expected one of \"off\", \
             \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5; write a level such as info, or \
             info,sqlx=warn",
        ),
        (
            home.refused(home.serve(&[]).env("HOOKYARD_KEY_FILE", at("none/key"))),
            1,
            "key file HOME/none/key cannot be made: No such file or directory (os error 2)",
        ),
        (
            home.refused(home.serve(&[]).env("HOOKYARD_KEY_FILE", home.path())),
            2,
            "key file HOME cannot be read: Is a directory (os error 21)",
        ),
        (
            home.refused(hookyard(home.path()).arg("serve").env_remove("HOME")),
            2,
            "data_dir is not set and neither XDG_DATA_HOME nor HOME says where it would be: give --data-dir",
        ),
    ]);
}

/// The exit code and what was read.
type Read = (Option<i32>, String);

/// Compares exit codes and what was read with what is wanted; names all that differ.
fn check_all(read: &[(Read, i32, &str)]) {
    let differ: Vec<String> = read
        .iter()
        .filter(|(found, code, text)| {
            (found.0, found.1.as_str()) != (Some(*code), format!("hookyard: {text}").as_str())
        })
        .map(|(found, code, text)| {
            format!("read   {:?} {}\nwanted {code} {text}", found.0, found.1)
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn settings_that_do_not_read_are_refused_with_what_would() {
    let home = Home::new();
    let file = home.path().join("h.toml");
    for (text, said) in [
        (
            "event_bytes = \"1MB\"\n",
            "HOME/h.toml:1: there is no key \"event_bytes\": did you mean \"limits.event_bytes\"?",
        ),
        (
            "[retention]\nreserve = \"much\"\n",
            "HOME/h.toml:2: retention.reserve: \"much\" is not a size: expected a whole number and a unit from B KB MB \
             GB TB KiB MiB GiB TiB, such as 256KiB",
        ),
        (
            "[targets]\nallow = [\"10.0.0.0/40\"]\n",
            "HOME/h.toml:2: targets.allow: \"10.0.0.0/40\" is not an address range: expected one such as 10.20.0.0/16, \
             fd00::/8 or 127.0.0.1",
        ),
        (
            "[targets]\nsource_addresses = [\"127.0.0.1\", \"127.0.0.2\"]\n",
            "HOME/h.toml:2: targets.source_addresses: \"127.0.0.2\" is the second of its family: name one IPv4 and one \
             IPv6 address at most",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let mut command = hookyard(home.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]);
        let refused = home.refused(command.arg(&file));
        assert_eq!(refused, (Some(2), format!("hookyard: {said}")));
    }
}

#[test]
fn two_enabled_contracts_with_one_route_are_refused_with_both_names_the_route_and_what_to_do() {
    let home = Home::new();
    let directory = home.path().join("contracts");
    std::fs::create_dir(&directory).unwrap();
    for name in ["pier", "quay"] {
        let text = format!(
            "name = \"{name}\"\nsummary = \"Ships\"\n[body]\nroot = \"data\"\n[retry]\nladder = []\n\
             [api]\ncreate = \"POST /harbour/hooks\"\nfields = {{ url = \"url\" }}\n"
        );
        std::fs::write(directory.join(format!("{name}.toml")), text).unwrap();
    }
    let file = home.path().join("h.toml");
    let configure = |enabled: &str| {
        let text = format!(
            "contracts_dir = \"contracts\"\ncontracts = {enabled}\ndefault_contract = \"quay\"\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut command = home.serve(&[]);
        command.arg("--config").arg(&file);
        command
    };
    assert_eq!(
        home.refused(&mut configure("[\"pier\", \"quay\"]")),
        (
            Some(2),
            "hookyard: contracts pier and quay both claim POST /harbour/hooks: enable one of them, or give one \
             another path"
                .to_owned()
        )
    );
    // One of them alone starts: it is the pair that is refused.
    home.start_by(&mut configure("[\"quay\"]"));
}
