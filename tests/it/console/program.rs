//! The programs that run in the pseudo-terminal: the real binary, and for what it cannot be made to do, this very test
//! binary, told by its environment to be a console.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use hookyard::client::{Client, Target};
use hookyard::clock::SystemClock;
use hookyard::console::keys::Keymap;
use hookyard::console::{ConsoleOptions, Scrolling, Surroundings, TerminalTraits, Tty, run};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// Names the socket of the service; without it the test below has nothing to do.
const SOCKET: &str = "HOOKYARD_TEST_CONSOLE";
/// Names a file: once it is there, the console's thread panics.
const PANIC: &str = "HOOKYARD_TEST_CONSOLE_PANIC";

/// The real binary with these arguments, on the service of this socket.
pub(super) fn hookyard(arguments: &[&str], socket: &Path) -> Command {
    let mut command = hookyard_at_home(arguments, socket.parent().unwrap());
    command.arg("--socket").arg(socket);
    command
}

/// The real binary with these arguments, at home in this folder.
pub(super) fn hookyard_at_home(arguments: &[&str], home: &Path) -> Command {
    let mut command = in_a_terminal(env!("CARGO_BIN_EXE_hookyard"));
    // Themes and settings of whoever runs the tests stay out.
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME");
    command.args(arguments);
    command
}

/// The real console of the service on this socket.
pub(super) fn console(socket: &Path) -> Command {
    hookyard(&["console"], socket)
}

/// The same, and no signal tells it that its terminal goes away: the terminal controls no session. A process that
/// ignores SIGHUP is in the same place.
pub(super) fn console_without_signals(socket: &Path) -> Command {
    let mut command = Command::new("setsid");
    behind(&mut command, &console(socket));
    command
}

/// The real console, and after it a shell that shows the next line it reads as `<line>`.
pub(super) fn console_before_a_shell(socket: &Path) -> Command {
    let mut command = Command::new("setsid");
    let script = r#""$@"; read -r line; echo "<$line>""#;
    command.args(["-c", "sh", "-c", script, "sh"]);
    behind(&mut command, &console(socket));
    command
}

/// The real console in the one pane of a new tmux server with this socket; tmux draws no line of its own.
pub(super) fn console_in_tmux(socket: &Path, tmux: &Path) -> Command {
    let mut command = Command::new("setsid");
    command.args(["-c", "tmux", "-u", "-f", "/dev/null", "-S"]);
    command.arg(tmux).arg("new-session");
    behind(&mut command, &console(socket));
    command.args([";", "set-option", "-g", "status", "off"]);
    command
}

/// Adds a program of [`in_a_terminal`] with its environment to a command that starts it otherwise.
fn behind(command: &mut Command, program: &Command) {
    command.args(program.get_args().skip(1));
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// The real console without a service: it starts one of its own in this home.
pub(super) fn embedded_console(home: &Path) -> Command {
    let mut command = in_a_terminal(env!("CARGO_BIN_EXE_hookyard"));
    command.env("HOME", home).env_remove("XDG_DATA_HOME");
    command
}

/// A console that is shown before it is known whether a service answers on this socket.
pub(super) fn unchecked_console(socket: &Path) -> Command {
    let mut command = in_a_terminal(std::env::current_exe().unwrap());
    let test = "console::program::console_of_a_test";
    command.args([test, "--exact", "--nocapture"]);
    command.env(SOCKET, socket);
    command
}

/// The same, and it panics once the file is there.
pub(super) fn console_that_panics(socket: &Path, file: &Path) -> Command {
    let mut command = unchecked_console(socket);
    command.env(PANIC, file);
    command
}

fn in_a_terminal(program: impl AsRef<OsStr>) -> Command {
    // util-linux' setsid makes the terminal the controlling one, which needs unsafe code otherwise.
    let mut command = Command::new("setsid");
    command
        .arg("-c")
        .arg(program)
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8")
        .env("RUST_BACKTRACE", "0")
        .env_remove("TMUX")
        .env_remove("STY")
        .env_remove("SSH_CONNECTION")
        .env_remove("SSH_TTY")
        .env_remove("NO_COLOR")
        .env_remove("COLORTERM")
        .env_remove("COLORFGBG")
        .env_remove("XDG_STATE_HOME");
    command
}

/// Not a test by itself: the console that other tests run in a pseudo-terminal of its own.
#[test]
fn console_of_a_test() {
    let Some(socket) = std::env::var_os(SOCKET) else {
        return;
    };
    let trigger = std::env::var_os(PANIC).map(PathBuf::from);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let options = ConsoleOptions {
        client: Client::new(Target::Socket(socket.into())).unwrap(),
        label: "test".into(),
        embedded: false,
        surroundings: Surroundings::default(),
        reach: None,
        read_only: false,
        at: None,
        theme: None,
        themes_dir: None,
        memory: None,
        keys: Keymap::ops(),
        ascii: false,
        scrolling: Scrolling::Auto,
        slow: false,
        traits: TerminalTraits::from_environment(|name| std::env::var(name).ok()),
        clock: Arc::new(SystemClock::new()),
        rng: ChaCha8Rng::seed_from_u64(1),
        tty: Tty::stdio().unwrap(),
        idle: None,
    };
    let result = runtime.block_on(async {
        let mut console = std::pin::pin!(run(options));
        std::future::poll_fn(|context| {
            // Looked at whenever the console wakes.
            assert!(
                !trigger.as_ref().is_some_and(|file| file.exists()),
                "the panic that the test asked for"
            );
            console.as_mut().poll(context)
        })
        .await
    });
    println!("console ended: {result:?}");
}
