//! `hookyard attach --stdio`: the far side of `ssh://`, bytes between standard streams and the service's socket.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use clap::Args;

use super::connect::{ConnectArgs, Found, nothing_text};
use super::context::Context;
use super::failure::Failure;
use crate::client::Target;

/// Bytes that are passed on at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Join standard streams to the service's socket: the far side of ssh://.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard console --url ssh://ops@hooks.example.com\n  \
                  ssh -T hooks.example.com hookyard attach --stdio\n\n\
                  The service knows the caller as the user that ssh logged in."
)]
pub(crate) struct AttachArgs {
    /// Copy bytes between the standard streams and the socket, until the service has ended the connection.
    #[arg(long, required = true)]
    stdio: bool,
    /// The service's Unix socket; the one on this machine when absent [env: HOOKYARD_SOCKET].
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// Copies until the service has ended the connection; the end of the input is passed on to it.
pub(crate) fn run(args: AttachArgs, context: &Context) -> anyhow::Result<()> {
    let AttachArgs { stdio: _, socket } = args;
    let service = connect(socket, context)?;
    // Without the buffers of the standard streams: a line may be long in coming to its end.
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let towards = service.try_clone()?;
    // Not joined: an input that stays open keeps no connection that the service has ended.
    std::thread::spawn(move || {
        if pass_on(input, &towards).is_ok() {
            // No more comes from here; the rest of the answer may.
            let _ = towards.shutdown(Shutdown::Write);
        }
    });
    match pass_on(&service, output) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Copies to the end. Not with `io::copy`, which splices: that holds the pipe's lock while it waits for the socket, and
/// whoever reads the pipe stands still.
fn pass_on(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => to.write_all(&piece[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn connect(socket: Option<PathBuf>, context: &Context) -> anyhow::Result<UnixStream> {
    let args = ConnectArgs {
        socket,
        ..ConnectArgs::default()
    };
    let path = match args.find(&context.environment)? {
        Found::Service(Target::Socket(path)) => path,
        Found::Service(target) => {
            return Err(Failure::usage(format!(
                "attach joins a Unix socket of this machine, and {target} is none: give --socket PATH, or unset \
                 HOOKYARD_URL"
            )));
        }
        Found::Nothing(places) => return Err(Failure::unreachable(nothing_text(&places))),
    };
    UnixStream::connect(&path).map_err(|error| {
        Failure::unreachable(format!(
            "service at {} is not reachable: {error}",
            path.display()
        ))
    })
}
