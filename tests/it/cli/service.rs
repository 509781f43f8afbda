//! A real service in a home of its own, and commands that talk to it.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;

use super::program::{Ended, hookyard, run};
use super::running::{Running, WAIT_MAX};

/// A home directory for one service after the other.
pub(super) struct Home {
    directory: TempDir,
}

/// A running service.
pub(super) struct Service {
    pub(super) running: Running,
    /// Where its API answers on TCP.
    pub(super) address: String,
}

impl Home {
    pub(super) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path().join("hookyard.sock")
    }

    /// `hookyard serve` with this home's directories, a free port of 127.0.0.1 and loopback targets.
    pub(super) fn serve(&self, arguments: &[&str]) -> Command {
        self.serve_on("127.0.0.1:0", arguments)
    }

    /// The same on this address.
    pub(super) fn serve_on(&self, listen: &str, arguments: &[&str]) -> Command {
        let mut command = hookyard(self.path());
        command
            .args(["serve", "--listen", listen, "--allow-target", "127.0.0.0/8"])
            .arg("--data-dir")
            .arg(self.data_dir())
            .arg("--socket")
            .arg(self.socket())
            .args(arguments);
        command
    }

    /// Starts a service and waits until it answers.
    pub(super) fn start(&self) -> Service {
        self.start_by(&mut self.serve(&[]))
    }

    /// Starts it by this command.
    pub(super) fn start_by(&self, command: &mut Command) -> Service {
        let mut running = Running::start(command);
        let ready = running.err_after("ready listen=");
        let address = ready.split(' ').next().unwrap().to_owned();
        Service { running, address }
    }

    /// Runs a client command to its end.
    pub(super) fn client(&self, arguments: &[impl AsRef<OsStr>]) -> Ended {
        let socket = self.socket();
        let mut all: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        all.extend([OsStr::new("--socket"), socket.as_os_str()]);
        run(self.path(), &all)
    }

    /// Runs a client command that must succeed, and reads what it prints as JSON.
    pub(super) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let ended = self.client(&[arguments, &["--json"]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
        let lines: Vec<&str> = ended.out.lines().collect();
        assert_eq!(lines.len(), 1, "{arguments:?}: {}", ended.out);
        serde_json::from_str(lines[0]).unwrap()
    }

    /// Asks again until the answer is what is meant.
    pub(super) fn wait_for(
        &self,
        arguments: &[&str],
        is_meant: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let answer = self.json(arguments);
            if is_meant(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{arguments:?}: {answer:#}");
        }
    }

    /// Runs `serve` that must not come up: its exit code and what it said, the home's path as `HOME`.
    pub(super) fn refused(&self, command: &mut Command) -> (Option<i32>, String) {
        let (status, text) = Running::start(command).end();
        let said = text
            .lines()
            .skip_while(|line| !line.starts_with("hookyard: "))
            .collect::<Vec<&str>>()
            .join("\n");
        (
            status.code(),
            said.replace(self.path().to_str().unwrap(), "HOME"),
        )
    }
}

/// One HTTP request over TCP, as curl would send it: the status and the body.
pub(super) fn http(
    address: &str,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    (status, body)
}
