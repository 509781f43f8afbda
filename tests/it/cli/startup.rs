//! Every refusal at the start, with the text that a person reads.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use rustix::process::Signal;

use super::program::run;
use super::service::Home;

#[test]
fn a_configuration_that_cannot_be_is_refused_with_line_and_remedy() {
    let home = Home::new();
    let file = home.path().join("h.toml");
    for (text, said) in [
        (
            "listn = \"127.0.0.1:0\"\n",
            "hookyard: HOME/h.toml:1: there is no key \"listn\": did you mean \"listen\"?",
        ),
        (
            "\n[retention]\ndisk = \"1MiB\"\n",
            "hookyard: HOME/h.toml:3: retention.disk: 1MiB is out of range: choose 64MiB to 1024TiB",
        ),
        (
            "[breaker]\nwindow = 10\nattempts_min = 20\n",
            "hookyard: HOME/h.toml:3: breaker.attempts_min: 20 is out of range: choose 2 to 10",
        ),
        (
            "[breaker]\nshare = \"most\"\n",
            "hookyard: HOME/h.toml:2: breaker.share: \"most\" is no share: choose 0.1% to 100%",
        ),
        (
            "[breaker]\nprobe_first = \"1m\"\nprobe_max = \"10s\"\n",
            "hookyard: HOME/h.toml:3: breaker.probe_max: a wait of 10s between probes is out of range: choose 1m to \
             1d",
        ),
        (
            "shutdown_grace = \"1h\"\n",
            "hookyard: HOME/h.toml:1: shutdown_grace: 1h is out of range: choose 0s to 10m",
        ),
        (
            "operators_group = \"no-such-group\"\n",
            "hookyard: HOME/h.toml:1: operators_group: there is no group \"no-such-group\": make it with `groupadd \
             no-such-group`, or remove the key",
        ),
        (
            "contracts_dir = \"nowhere\"\n",
            "hookyard: contracts_dir: HOME/nowhere cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = home.refused(home.serve(&[]).arg("--config").arg(&file));
        assert_eq!(refused, (Some(2), said.to_owned()));
    }
    let refused = home.refused(home.serve(&[]).env("HOOKYARD_LISTN", "x"));
    assert_eq!(
        refused.1,
        "hookyard: environment variable HOOKYARD_LISTN: there is no key \"HOOKYARD_LISTN\": did you mean \
         \"HOOKYARD_LISTEN\"?"
    );
    let refused = home.refused(&mut home.serve(&["--config", "/nonexistent.toml"]));
    assert_eq!(
        refused,
        (
            Some(2),
            "hookyard: configuration file /nonexistent.toml cannot be read: No such file or directory (os error 2)"
                .to_owned()
        )
    );
}

#[test]
fn a_contract_that_does_not_load_is_a_start_up_error_with_file_and_line() {
    let home = Home::new();
    let directory = home.path().join("contracts");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(
        directory.join("ours.toml"),
        "name = \"ours\"\nsumary = \"x\"\n",
    )
    .unwrap();
    std::fs::write(directory.join("other.toml"), "name = \n").unwrap();
    let file = home.path().join("h.toml");
    std::fs::write(&file, "contracts_dir = \"contracts\"\n").unwrap();
    let (code, said) = home.refused(home.serve(&[]).arg("--config").arg(&file));
    assert_eq!(code, Some(2));
    // All of it at once, of every file.
    let expected = [
        "hookyard: HOME/contracts/other.toml:1: (file): TOML: ",
        "HOME/contracts/ours.toml:1: summary: ",
        "HOME/contracts/ours.toml:1: body: ",
        "HOME/contracts/ours.toml:1: retry: ",
        "HOME/contracts/ours.toml:2: sumary: ",
    ];
    assert_eq!(said.lines().count(), expected.len(), "{said}");
    for (line, expected) in said.lines().zip(expected) {
        assert!(line.starts_with(expected), "{expected} in {said}");
    }
}

#[test]
fn a_key_that_is_not_the_stores_own_is_refused_before_anything_is_served() {
    let home = Home::new();
    let mut service = home.start();
    service.running.signal(Signal::TERM);
    service.running.end();
    let other = "ab".repeat(32);
    let (code, said) = home.refused(home.serve(&[]).env("HOOKYARD_KEY", &other));
    assert_eq!(code, Some(1));
    assert!(
        said.contains("the key does not open this store's secrets"),
        "{said}"
    );
    assert!(!home.socket().exists());

    let refused = home.refused(home.serve(&[]).env("HOOKYARD_KEY", "secret words"));
    assert_eq!(
        refused,
        (
            Some(2),
            "hookyard: HOOKYARD_KEY: the key is neither hex nor base64: expected 32 bytes as 64 hex digits or 44 \
             characters of base64"
                .to_owned()
        )
    );
    let key = home.data_dir().join("hookyard.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = home.refused(&mut home.serve(&[]));
    assert_eq!(
        refused,
        (
            Some(2),
            "hookyard: key file HOME/data/hookyard.key has mode 0640, so others can read the key: chmod 600 \
             HOME/data/hookyard.key"
                .to_owned()
        )
    );
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let refused = home.refused(&mut home.serve(&[]));
    assert_eq!(
        refused,
        (
            Some(2),
            "hookyard: key file HOME/data/hookyard.key is missing, and the secrets in HOME/data were sealed with its \
             key: bring it back from a backup, or give the key in HOOKYARD_KEY"
                .to_owned()
        )
    );
    assert!(!key.exists(), "no key is made where one must be found");
    home.start_by(home.serve(&[]).env("HOOKYARD_KEY", text.trim()));
}

#[test]
fn beyond_loopback_a_token_must_exist() {
    let home = Home::new();
    let (code, said) = home.refused(&mut home.serve_on("0.0.0.0:0", &[]));
    assert_eq!(code, Some(2));
    assert_eq!(
        said,
        "hookyard: --listen: listen: 0.0.0.0:0 can be reached by other machines, and no token exists that could keep \
         them out: start once with --listen 127.0.0.1:0, make one with `hookyard token create --role admin`, and \
         start again"
    );
    let mut service = home.start();
    home.json(&["token", "create", "--role", "admin"]);
    service.running.signal(Signal::TERM);
    service.running.end();
    home.start_by(&mut home.serve_on("0.0.0.0:0", &[]));
}

#[test]
fn the_sockets_place_must_be_free() {
    let home = Home::new();
    std::fs::write(home.socket(), "not a socket").unwrap();
    let refused = home.refused(&mut home.serve(&[]));
    assert_eq!(
        refused,
        (
            Some(1),
            "hookyard: HOME/hookyard.sock exists and is no socket: move it away, or choose another place with --socket"
                .to_owned()
        )
    );
    std::fs::remove_file(home.socket()).unwrap();
    let other = UnixListener::bind(home.socket()).unwrap();
    let refused = home.refused(&mut home.serve(&[]));
    assert_eq!(
        refused,
        (
            Some(1),
            "hookyard: another service answers at HOME/hookyard.sock: stop it, or choose another place with --socket"
                .to_owned()
        )
    );
    drop(other);
    home.start();
}

#[test]
fn the_console_needs_a_terminal_and_says_what_scripts_use() {
    let home = Home::new();
    for arguments in [&[][..], &["console"]] {
        let ended = run(home.path(), arguments as &[&str]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended
                .err
                .starts_with("hookyard: console needs a terminal, standard input is none: use "),
            "{}",
            ended.err
        );
        assert!(
            !home.path().join(".local").exists(),
            "no service was started"
        );
    }
}

#[test]
fn the_demo_adds_up() {
    let home = Home::new();
    let ended = run(home.path(), &["demo", "--for", "3s", "--rate", "20"]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    assert!(
        ended.out.contains(": the ledger adds up\n"),
        "{}",
        ended.out
    );
    assert_eq!(ended.err, "");
}
