//! The console and commands of a service on another machine: through ssh, and through https with a token.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use super::program::hookyard_at_home;
use super::pseudo_terminal::PseudoTerminal;
use super::reached::{FakeSsh, by_ssh, file_with, tls_before};
use super::yard::Yard;
use crate::support::receiver_tls::Authority;

#[test]
fn a_console_by_ssh_is_live_down_with_sshs_own_words_and_live_again() {
    let (yard, ssh) = (Yard::start(), FakeSsh::new());
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    let home = tempfile::tempdir().unwrap();
    let url = by_ssh(&yard.socket());
    let mut console = hookyard_at_home(&["console", "--url", &url], home.path());
    ssh.before(&mut console);
    let mut terminal = PseudoTerminal::start(console);
    let screen = terminal.wait_for_text("LIVE");
    assert!(screen.starts_with("HOOKYARD eu-1 "), "{screen}");
    terminal.type_in("3");
    terminal.wait_for_text("acme");
    terminal.type_in("P");
    terminal.wait_for_text("pause acme: done");
    for line in ssh.arguments().lines() {
        let socket = yard.socket().display().to_string();
        assert!(
            line.starts_with("-T -a -x -e none -o BatchMode=yes "),
            "{line}"
        );
        let end = format!(" -p 2222 -l ops -- eu-1 hookyard attach --stdio --socket {socket}");
        assert!(line.ends_with(&end), "{line}");
    }

    ssh.refuse("ssh: connect to host eu-1 port 2222: \u{1b}[2JConnection refused\n");
    assert!(ssh.kill() > 0);
    let screen = terminal.wait_for("what ssh says", |screen| {
        screen.contains("DOWN") && screen.contains("\\x1b[2JConnection refused")
    });
    assert!(screen.contains("acme"), "what was loaded stays: {screen}");

    ssh.relent();
    terminal.type_in("\u{12}");
    terminal.wait_for_text("LIVE");
    terminal.type_in("P");
    terminal.wait_for_text("resume acme: done");
    terminal.type_in("qq");
    assert!(terminal.end().success());
    terminal.assert_given_back();
    ssh.wait_until_gone();
}

#[test]
fn commands_take_ssh_as_their_url_and_tell_what_ssh_says() {
    let (yard, ssh) = (Yard::start(), FakeSsh::new());
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    let list = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard"));
        command
            .args(["endpoint", "list"])
            .env("HOOKYARD_URL", url)
            .env("HOME", yard.socket().parent().unwrap());
        ssh.before(&mut command).output().unwrap()
    };
    let listed = list(&by_ssh(&yard.socket()));
    assert!(listed.status.success(), "{listed:?}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("acme"));
    ssh.wait_until_gone();

    let nowhere = yard.socket().with_file_name("none.sock");
    let down = list(&by_ssh(&nowhere));
    let said = String::from_utf8_lossy(&down.stderr);
    assert_eq!(down.status.code(), Some(5), "{said}");
    let reason = format!(
        "service at {} is not reachable: No such file",
        nowhere.display()
    );
    assert!(said.contains(&reason), "{said}");
    assert!(
        said.contains("run `ssh -T HOST hookyard attach --stdio`"),
        "{said}"
    );

    ssh.refuse("Permission denied (publickey).\n");
    let refused = list(&by_ssh(&yard.socket()));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(
        said.contains("is not reachable: Permission denied (publickey)."),
        "{said}"
    );
    ssh.wait_until_gone();
}

#[test]
fn without_a_place_for_the_private_socket_no_ssh_is_started() {
    let ssh = FakeSsh::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard"));
    ssh.before(&mut command)
        .args(["stats", "--url", "ssh://eu-1"])
        .env("TMPDIR", "/nowhere");
    let refused = command.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    let text =
        "hookyard: private socket for ssh cannot be made in the directory for temporary files: ";
    assert!(said.starts_with(text), "{said}");
    assert!(
        said.ends_with("check that TMPDIR, or /tmp, can be written to\n"),
        "{said}"
    );
    assert_eq!(ssh.arguments(), "");
}

#[test]
fn attaching_passes_on_the_end_of_the_input_and_then_the_whole_answer() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let service = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        stream.read_to_end(&mut asked).unwrap();
        let answer = vec![b'a'; 300_000];
        stream.write_all(&answer).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
        asked
    });
    let mut attach = Command::new(env!("CARGO_BIN_EXE_hookyard"))
        .args(["attach", "--stdio", "--socket"])
        .arg(&socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = attach.stdin.take().unwrap();
    let asked = vec![b'q'; 200_000];
    input.write_all(&asked).unwrap();
    drop(input);
    let output = attach.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout.len(), 300_000);
    assert_eq!(service.join().unwrap(), asked);
}

#[test]
fn attaching_needs_a_socket_that_answers() {
    let home = tempfile::tempdir().unwrap();
    let attach = |variable: (&str, &str)| {
        Command::new(env!("CARGO_BIN_EXE_hookyard"))
            .args(["attach", "--stdio"])
            .env_clear()
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .env(variable.0, variable.1)
            .output()
            .unwrap()
    };
    let url = attach(("HOOKYARD_URL", "https://h.example/"));
    assert_eq!(url.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&url.stderr),
        "hookyard: attach joins a Unix socket of this machine, and https://h.example/ is none: give --socket PATH, or \
         unset HOOKYARD_URL\n"
    );
    let socket = attach(("HOOKYARD_SOCKET", "/nowhere/h.sock"));
    assert_eq!(socket.status.code(), Some(5));
    assert_eq!(
        String::from_utf8_lossy(&socket.stderr),
        "hookyard: service at /nowhere/h.sock is not reachable: No such file or directory (os error 2)\n"
    );
}

#[test]
fn a_console_by_https_shows_its_token_and_trusts_known_authorities_alone() {
    let authority = Authority::new();
    let yard = Yard::start();
    yard.endpoint("http://127.0.0.1:9/in", "acme");
    let proxy = tls_before(yard.address(), authority.valid(&["localhost"]));
    let url = format!("https://localhost:{}", proxy.port());
    let (_folder, token) = file_with(&yard.token());
    let token = token.to_str().unwrap();
    let home = tempfile::tempdir().unwrap();
    let arguments = ["console", "--url", &url, "--token-file", token];
    let mut console = hookyard_at_home(&arguments, home.path());
    console.env("SSL_CERT_FILE", authority.roots_file());
    let mut terminal = PseudoTerminal::start(console);
    terminal.wait_for_text("LIVE");
    terminal.type_in("3");
    terminal.wait_for_text("acme");
    terminal.type_in("qq");
    assert!(terminal.end().success());

    let (_other, wrong) = file_with("hky_wrong_wrong_wrong_wrong");
    let arguments = [
        "console",
        "--url",
        &url,
        "--token-file",
        wrong.to_str().unwrap(),
    ];
    let mut console = hookyard_at_home(&arguments, home.path());
    console.env("SSL_CERT_FILE", authority.roots_file());
    let mut terminal = PseudoTerminal::start(console);
    terminal.wait_for_text("give a token with --token-file F");
    assert_eq!(terminal.end().code(), Some(4));

    let arguments = ["console", "--url", &url, "--token-file", token];
    let mut console = hookyard_at_home(&arguments, home.path());
    console.env("SSL_CERT_FILE", Authority::new().roots_file());
    let mut terminal = PseudoTerminal::start(console);
    terminal.wait_for("the certificate", |screen| {
        screen.contains("not reachable") && screen.contains("certificate")
    });
    assert_eq!(terminal.end().code(), Some(5));
}
