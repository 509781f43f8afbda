//! The Unix socket: where it goes, who may connect, and what to do with one that is there already.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::cli::failure::Failure;
use crate::config::{Config, Origin, SocketPlaces};

/// The service's user and the operators' group, nobody else.
const MODE: u32 = 0o660;

/// A bound socket; its file goes when this is dropped.
#[derive(Debug)]
pub(super) struct BoundSocket {
    pub(super) listener: Option<UnixListener>,
    pub(super) path: PathBuf,
    /// The group whose members are operators, where there is one.
    pub(super) group: Option<String>,
    /// Device and inode of our own file: a later service's is left alone.
    file: (u64, u64),
}

/// Binds the socket of this configuration.
///
/// # Errors
/// No place, a service that answers there, something that is no socket, or a group that does not exist.
pub(super) fn bind(config: &Config) -> anyhow::Result<BoundSocket> {
    let path = place(config)?;
    make_room(&path)?;
    let failed = |error: io::Error| {
        Failure::failed(format!(
            "socket {} cannot be made: {error}; choose another place with --socket",
            path.display()
        ))
    };
    // The process's umask lets nobody else connect until the mode is set.
    let listener = UnixListener::bind(&path).map_err(failed)?;
    let metadata = std::fs::symlink_metadata(&path).map_err(failed)?;
    let mut bound = BoundSocket {
        listener: Some(listener),
        path: path.clone(),
        group: None,
        file: (metadata.dev(), metadata.ino()),
    };
    bound.group = give_to_group(config, &path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(MODE)).map_err(failed)?;
    Ok(bound)
}

/// The configured path, or the first usual one whose directory can be written to.
fn place(config: &Config) -> anyhow::Result<PathBuf> {
    match &config.socket {
        SocketPlaces::Configured(path) => {
            let directory = path.parent().unwrap_or(Path::new("/"));
            if !directory.is_dir() {
                return Err(Failure::usage(format!(
                    "{}: socket: directory {} does not exist: make it, or choose another place",
                    config.origin("socket"),
                    directory.display()
                )));
            }
            Ok(path.clone())
        }
        SocketPlaces::Usual(paths) => paths
            .iter()
            .find(|path| {
                path.parent().is_some_and(|directory| {
                    rustix::fs::access(directory, Access::WRITE_OK).is_ok()
                })
            })
            .cloned()
            .ok_or_else(|| {
                Failure::failed("no directory for the socket can be written to: give --socket PATH")
            }),
    }
}

/// Takes a dead service's socket away; refuses a living one's, and anything that is no socket.
fn make_room(path: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.file_type().is_socket() {
        return Err(Failure::failed(format!(
            "{} exists and is no socket: move it away, or choose another place with --socket",
            path.display()
        )));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|error| {
                Failure::failed(format!(
                    "the socket {} of a service that is gone cannot be removed: {error}",
                    path.display()
                ))
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(Failure::failed(format!(
            "another service answers at {}: stop it, or choose another place with --socket",
            path.display()
        ))),
        Err(error) => Err(Failure::failed(format!(
            "whether a service answers at {} cannot be told: {error}; choose another place with --socket",
            path.display()
        ))),
    }
}

/// Gives the socket to the operators' group; a group that nobody configured need not exist.
fn give_to_group(config: &Config, path: &Path) -> anyhow::Result<Option<String>> {
    let name = config.operators_group.as_str();
    let at = config.origin("operators_group");
    let is_asked_for = *at != Origin::Default;
    let group = nix::unistd::Group::from_name(name)
        .map_err(|error| Failure::failed(format!("the group database cannot be read: {error}")))?;
    let Some(group) = group else {
        if is_asked_for {
            return Err(Failure::usage(format!(
                "{at}: operators_group: there is no group {name:?}: make it with `groupadd {name}`, or remove the key"
            )));
        }
        return Ok(None);
    };
    match chown(path, None, Some(group.gid.as_raw())) {
        Ok(()) => Ok(Some(name.to_owned())),
        Err(error) if is_asked_for => Err(Failure::usage(format!(
            "{at}: operators_group: the socket cannot be given to group {name}: {error}; the service's user must be \
             a member of it"
        ))),
        Err(_) => Ok(None),
    }
}

impl Drop for BoundSocket {
    fn drop(&mut self) {
        let is_ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.file);
        if is_ours {
            // Another start replaces one that is left behind.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
