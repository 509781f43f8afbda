//! Where files lie unless somebody says otherwise.

use std::path::{Path, PathBuf};

use super::environment::Environment;

/// The socket's name in a directory.
const SOCKET_NAME: &str = "hookyard.sock";
/// The directory of a system service's socket.
const RUN_DIR: &str = "/run/hookyard";
/// The system's configuration file.
const SYSTEM_FILE: &str = "/etc/hookyard/hookyard.toml";

/// Where the socket may be, in the order in which a client looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketPlaces {
    /// Somebody said where: there and nowhere else.
    Configured(PathBuf),
    /// Nobody did: the first that exists (client), or whose directory exists (service).
    Usual(Vec<PathBuf>),
}

impl SocketPlaces {
    /// All of them, in order.
    pub fn all(&self) -> &[PathBuf] {
        match self {
            Self::Configured(path) => std::slice::from_ref(path),
            Self::Usual(paths) => paths,
        }
    }
}

/// The configuration files that are looked for when none is named; the first that exists is read.
pub fn default_file(environment: &Environment) -> Vec<PathBuf> {
    user_dir(environment, "XDG_CONFIG_HOME", ".config")
        .map(|directory| directory.join("hookyard.toml"))
        .into_iter()
        .chain([PathBuf::from(SYSTEM_FILE)])
        .collect()
}

/// A file or folder of the user's own beside the user's own configuration file. It need not be there.
pub fn user_file(environment: &Environment, name: &str) -> Option<PathBuf> {
    user_dir(environment, "XDG_CONFIG_HOME", ".config").map(|directory| directory.join(name))
}

/// A file that keeps what a program of the user's remembers. It need not be there.
pub fn user_state_file(environment: &Environment, name: &str) -> Option<PathBuf> {
    user_dir(environment, "XDG_STATE_HOME", ".local/state").map(|directory| directory.join(name))
}

/// The data directory when none is set.
pub(super) fn default_data_dir(environment: &Environment) -> Option<PathBuf> {
    user_dir(environment, "XDG_DATA_HOME", ".local/share")
}

/// The usual places of the socket.
pub fn socket_places(environment: &Environment, data_dir: Option<&Path>) -> Vec<PathBuf> {
    environment
        .get("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .into_iter()
        .chain([PathBuf::from(RUN_DIR)])
        .chain(data_dir.map(Path::to_path_buf))
        .map(|directory| directory.join(SOCKET_NAME))
        .collect()
}

/// `hookyard` below an XDG directory, or below its usual place in the home directory.
fn user_dir(environment: &Environment, variable: &str, below_home: &str) -> Option<PathBuf> {
    environment
        .get(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(environment.get("HOME")?).join(below_home)))
        .map(|directory| directory.join("hookyard"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xdg_directories_win_over_home() {
        let environment: Environment = [("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")]
            .into_iter()
            .collect();
        assert_eq!(
            default_data_dir(&environment),
            Some(PathBuf::from("/data/hookyard"))
        );
        assert_eq!(
            default_file(&environment),
            [
                PathBuf::from("/home/ada/.config/hookyard/hookyard.toml"),
                PathBuf::from("/etc/hookyard/hookyard.toml")
            ]
        );
        assert_eq!(
            user_state_file(&environment, "console.toml"),
            Some(PathBuf::from(
                "/home/ada/.local/state/hookyard/console.toml"
            ))
        );
        assert_eq!(default_data_dir(&Environment::default()), None);
    }

    #[test]
    fn the_socket_is_looked_for_at_run_time_directories_before_the_data() {
        let environment: Environment = [("XDG_RUNTIME_DIR", "/run/user/7")].into_iter().collect();
        assert_eq!(
            socket_places(&environment, Some(Path::new("/data"))),
            [
                PathBuf::from("/run/user/7/hookyard.sock"),
                PathBuf::from("/run/hookyard/hookyard.sock"),
                PathBuf::from("/data/hookyard.sock")
            ]
        );
    }
}
