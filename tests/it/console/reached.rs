//! Ways to a service besides its socket: a program in place of ssh, and TLS in front of TCP.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How long a test waits for what it means.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Stands for ssh: notes its process and its arguments, fails as long as there is a `refuse`, else does what sshd would:
/// gives the words behind the host to a shell. Its `hookyard` is the real one.
const SSH: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$$" >>"$here/pids"
echo "$@" >>"$here/arguments"
if [ -e "$here/refuse" ]; then
  cat "$here/refuse" >&2
  exit 255
fi
while [ "$1" != -- ]; do shift; done
shift 2
PATH="$here:$PATH" exec sh -c "exec $*"
"#;

/// A folder with a program called ssh in it.
pub(super) struct FakeSsh {
    folder: TempDir,
}

impl FakeSsh {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ssh = folder.path().join("ssh");
        std::fs::write(&ssh, SSH).unwrap();
        std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
        let hookyard = env!("CARGO_BIN_EXE_hookyard");
        std::os::unix::fs::symlink(hookyard, folder.path().join("hookyard")).unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    /// The command finds this ssh before any other, and makes its private sockets where they can be looked for.
    pub(super) fn before<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let path = std::env::var("PATH").unwrap();
        command
            .env("PATH", format!("{}:{path}", self.path().display()))
            .env("TMPDIR", self.path().join("tmp"))
            .env_remove("HOOKYARD_SOCKET")
    }

    /// From now on it says this and fails.
    pub(super) fn refuse(&self, words: &str) {
        std::fs::write(self.path().join("refuse"), words).unwrap();
    }

    /// It works again.
    pub(super) fn relent(&self) {
        std::fs::remove_file(self.path().join("refuse")).unwrap();
    }

    /// The arguments of every start, a line each.
    pub(super) fn arguments(&self) -> String {
        std::fs::read_to_string(self.path().join("arguments")).unwrap_or_default()
    }

    /// Kills those that run; how many there were.
    pub(super) fn kill(&self) -> usize {
        let running = self.running();
        for pid in &running {
            // One may have ended meanwhile.
            let _ = kill_process(*pid, Signal::KILL);
        }
        running.len()
    }

    /// Waits until none runs and no private socket is left.
    pub(super) fn wait_until_gone(&self) {
        let deadline = Instant::now() + WAIT_MAX;
        let left = || std::fs::read_dir(self.path().join("tmp")).unwrap().count();
        while !self.running().is_empty() || left() > 0 {
            assert!(
                Instant::now() < deadline,
                "{} processes and {} sockets are left",
                self.running().len(),
                left()
            );
            std::thread::yield_now();
        }
    }

    /// Those of its processes that run: the number alone may be another's by now.
    fn running(&self) -> Vec<Pid> {
        let pids = std::fs::read_to_string(self.path().join("pids")).unwrap_or_default();
        let is_ours = |pid: &&str| {
            let started = std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
            started.is_ok_and(|words| words.contains("attach"))
        };
        let ours = pids.lines().filter(is_ours);
        ours.filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
            .collect()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// `ssh://` and this socket.
pub(super) fn by_ssh(socket: &Path) -> String {
    format!("ssh://ops@eu-1:2222{}", socket.display())
}

/// Takes TLS and passes on what is inside, as a reverse proxy does, until the test ends.
pub(super) fn tls_before(address: SocketAddr, acceptor: TlsAcceptor) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate goes away.
                    let Ok(mut inside) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut service = TcpStream::connect(address).await.unwrap();
                    let _ = copy_bidirectional(&mut inside, &mut service).await;
                });
            }
        });
    });
    own
}

/// A file with this text that is gone with its folder.
pub(super) fn file_with(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}
