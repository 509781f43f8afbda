//! A private socket behind which every connection is an ssh of its own.
//!
//! ```text
//! Client ──► hookyard-XXXX/ssh.sock (0700) ──► one process a connection: ssh host hookyard attach --stdio ──► its socket
//! ```
//! What ssh says on stderr never reaches the terminal; it is the reason why the service is not reachable. All processes
//! end with the tunnel.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, JoinSet};

use super::ssh::SshAddress;
use crate::clock::{pace, within};

/// Connections at once: a stream or two, calls, and what waits to be used again.
const CHANNELS_MAX: usize = 12;
/// Bytes of what an ssh says that are kept.
const SAID_BYTES_MAX: usize = 2 * 1024;
/// How long an ssh that has closed its output may take to end, and then to be heard out.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The wait after the system has no file for another connection.
const NO_FILES: Duration = Duration::from_millis(200);
/// Bytes that are passed on at once.
const PIECE_BYTES: usize = 16 * 1024;

/// An open tunnel. Dropping it ends every ssh of it.
#[derive(Debug)]
pub(super) struct Tunnel {
    complaint: Complaint,
    task: JoinHandle<()>,
    folder: TempDir,
}

/// Why connections come to nothing, as long as they do.
#[derive(Clone, Debug, Default)]
struct Complaint(Arc<Mutex<Option<String>>>);

impl Tunnel {
    /// Opens the private socket; no ssh is started before something connects.
    ///
    /// # Errors
    /// The folder or the socket in it cannot be made, or there is no runtime.
    pub(super) fn open(address: &SshAddress) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Handle::try_current().map_err(std::io::Error::other)?;
        let folder = tempfile::Builder::new()
            .prefix("hookyard-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let listener = UnixListener::bind(socket_in(&folder))?;
        let complaint = Complaint::default();
        let task = runtime.spawn(accept(listener, address.arguments(), complaint.clone()));
        Ok(Self {
            complaint,
            task,
            folder,
        })
    }

    /// The private socket.
    pub(super) fn socket(&self) -> PathBuf {
        socket_in(&self.folder)
    }

    /// Why the last connection came to nothing; `None` where the last one brought something. Not escaped.
    pub(super) fn complaint(&self) -> Option<String> {
        self.complaint.told()
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Complaint {
    fn tell(&self, text: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn told(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("ssh.sock")
}

/// Takes connections until the tunnel is dropped; then the set ends what runs.
async fn accept(listener: UnixListener, arguments: Vec<String>, complaint: Complaint) {
    let mut channels = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = channels.join_next(), if !channels.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((here, _)) if channels.len() < CHANNELS_MAX => {
                    channels.spawn(channel(here, arguments.clone(), complaint.clone()));
                }
                Ok(_) => complaint.tell(Some(format!("more than {CHANNELS_MAX} connections at once"))),
                Err(error) => {
                    complaint.tell(Some(error.to_string()));
                    pace(NO_FILES).await;
                }
            }
        }
    }
}

/// One connection: an ssh of its own, until either side ends it.
async fn channel(here: UnixStream, arguments: Vec<String>, complaint: Complaint) {
    let mut ssh = match start(&arguments) {
        Ok(ssh) => ssh,
        Err(error) => return complaint.tell(Some(format!("ssh cannot be started: {error}"))),
    };
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (ssh.stdin.take(), ssh.stdout.take(), ssh.stderr.take())
    else {
        return;
    };
    let (mut from_here, mut to_here) = here.into_split();
    let said = Mutex::new(Vec::new());
    let (mut listen, mut heard_out) = (pin!(listen(stderr, &said).fuse()), false);
    let far_side_ended = {
        let up = async move {
            // Whatever ends it: dropping the pipe tells the other side that no more comes.
            let _ = copy(&mut from_here, &mut stdin).await;
        };
        let mut up = pin!(up.fuse());
        let mut down = pin!(down(stdout, &mut to_here, &complaint));
        loop {
            tokio::select! {
                ended = &mut down => break ended,
                () = &mut up => {}
                () = &mut listen => heard_out = true,
            }
        }
    };
    if far_side_ended {
        let status = within(LAST_WORDS, ssh.wait()).await;
        if !heard_out {
            within(LAST_WORDS, listen).await;
        }
        let status = status.and_then(Result::ok);
        if let Some(status) = status.filter(|status| !status.success()) {
            let said = said.lock().unwrap_or_else(PoisonError::into_inner);
            complaint.tell(Some(in_words(status, &said)));
        }
    }
    // Only now does the client notice, and finds the reason told.
    drop(to_here);
}

fn start(arguments: &[String]) -> std::io::Result<Child> {
    Command::new("ssh")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Signals of the terminal are for the console.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Passes on what comes from the other side; whether that side ended it.
async fn down(
    mut stdout: impl AsyncRead + Unpin,
    to_here: &mut OwnedWriteHalf,
    complaint: &Complaint,
) -> bool {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match stdout.read(&mut piece).await {
            Ok(0) | Err(_) => return true,
            Ok(length) => {
                complaint.tell(None);
                if to_here.write_all(&piece[..length]).await.is_err() {
                    return false;
                }
            }
        }
    }
}

/// Keeps the beginning of what is said, and lets the rest go by.
async fn listen(mut stderr: impl AsyncRead + Unpin, said: &Mutex<Vec<u8>>) {
    let mut piece = [0; 512];
    while let Ok(length @ 1..) = stderr.read(&mut piece).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let room = SAID_BYTES_MAX.saturating_sub(said.len()).min(length);
        said.extend_from_slice(&piece[..room]);
    }
}

/// Why an ssh ended: its own words in one line, else how it ended.
fn in_words(status: ExitStatus, said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines = said.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return format!("ssh ended without a word: {status}");
    }
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    #[test]
    fn what_ssh_says_becomes_one_line_and_silence_is_told_too() {
        let status = ExitStatus::from_raw(255 << 8);
        assert_eq!(
            in_words(status, b"\r\nssh: connect to host x: refused\r\nbye\n"),
            "ssh: connect to host x: refused; bye"
        );
        assert_eq!(
            in_words(ExitStatus::from_raw(9), b""),
            "ssh ended without a word: signal: 9 (SIGKILL)"
        );
    }

    #[tokio::test]
    async fn the_socket_is_in_a_folder_for_nobody_else_and_goes_with_the_tunnel() {
        let tunnel = Tunnel::open(&"ssh://nowhere.invalid".parse().unwrap()).unwrap();
        let socket = tunnel.socket();
        let folder = socket.parent().unwrap().to_owned();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(tunnel.complaint(), None);
        drop(tunnel);
        assert!(!folder.exists());
    }
}
