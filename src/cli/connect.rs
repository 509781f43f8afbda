//! Which service a command talks to.

use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::contexts::{self, NamedService};
use super::failure::Failure;
use super::input::read_secret;
use crate::client::{Client, SshAddress, Target, find_socket};
use crate::config::{Config, Environment, SocketPlaces, Sources, socket_places};

/// Which service to talk to; without any of these, the one on this machine.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Service")]
pub(crate) struct ConnectArgs {
    /// The service's Unix socket [env: HOOKYARD_SOCKET].
    #[arg(long, id = "service_socket", global = true, value_name = "PATH",
        conflicts_with_all = ["service_url", "token_file"])]
    pub(crate) socket: Option<PathBuf>,
    /// The service's URL, or ssh://[user@]host for its socket over there [env: HOOKYARD_URL].
    #[arg(long, id = "service_url", global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A service by its name in contexts.toml, see `hookyard contexts`.
    #[arg(long, id = "service_context", global = true, value_name = "NAME",
        conflicts_with_all = ["service_socket", "service_url", "token_file"])]
    pub(crate) context: Option<String>,
    /// The file that holds the token for --url [env: HOOKYARD_TOKEN holds the token itself].
    #[arg(long, global = true, value_name = "F")]
    pub(crate) token_file: Option<PathBuf>,
}

/// What was found to talk to.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// A service somebody named, or whose socket exists.
    Service(Target),
    /// Nothing is named and no socket exists: the places that were looked at.
    Nothing(Vec<PathBuf>),
}

impl ConnectArgs {
    /// The service's client.
    ///
    /// # Errors
    /// Exit code 2 for a target that makes no sense, 5 where no service is found.
    pub(crate) fn client(&self, environment: &Environment) -> anyhow::Result<Client> {
        match self.find(environment)? {
            Found::Service(target) => Ok(Client::new(target)?),
            Found::Nothing(places) => Err(Failure::unreachable(nothing_text(&places))),
        }
    }

    /// Takes a target that was given in one word: a URL, the path of a socket, else a context's name.
    pub(super) fn name(&mut self, target: String) {
        if target.contains("://") {
            self.url = Some(target);
        } else if target.contains('/') {
            self.socket = Some(target.into());
        } else {
            self.context = Some(target);
        }
    }

    /// Where the service is: flags beat the environment, and without either the usual sockets are tried in turn.
    ///
    /// # Errors
    /// Exit code 2 for a target that makes no sense.
    pub(crate) fn find(&self, environment: &Environment) -> anyhow::Result<Found> {
        if let Some(name) = &self.context {
            let service = contexts::named(name, environment)?;
            return Ok(Found::Service(target_of(&service, environment)?));
        }
        if let Some(path) = &self.socket {
            return Ok(Found::Service(Target::Socket(path.clone())));
        }
        if let Some(url) = &self.url {
            return Ok(Found::Service(self.url_target(url, environment)?));
        }
        match (
            environment.get("HOOKYARD_SOCKET"),
            environment.get("HOOKYARD_URL"),
        ) {
            (Some(_), Some(_)) => Err(Failure::usage(
                "HOOKYARD_SOCKET and HOOKYARD_URL are both set: unset one, or say --socket or --url",
            )),
            (None, Some(url)) => Ok(Found::Service(self.url_target(url, environment)?)),
            (_, None) if self.token_file.is_some() => Err(Failure::usage(
                "--token-file goes with --url: a Unix socket takes no token, the kernel says who is calling",
            )),
            (Some(path), None) => Ok(Found::Service(Target::Socket(path.into()))),
            (None, None) => Ok(local(environment)),
        }
    }

    fn url_target(&self, text: &str, environment: &Environment) -> anyhow::Result<Target> {
        if SshAddress::is_meant_by(text) {
            return self.ssh_target(text);
        }
        let url: Url = text
            .parse()
            .ok()
            .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Failure::usage(format!(
                    "{text:?} is not the URL of a service: write http://, https:// or ssh:// and a host, such as \
                     https://hooks.example.com"
                ))
            })?;
        let token = match &self.token_file {
            Some(path) => Some(read_secret(path)?),
            None => environment.get("HOOKYARD_TOKEN").map(Into::into),
        };
        Ok(Target::Url { url, token })
    }

    fn ssh_target(&self, text: &str) -> anyhow::Result<Target> {
        if self.token_file.is_some() {
            return Err(Failure::usage(
                "--token-file goes with https: over ssh:// the service knows the caller by the login",
            ));
        }
        let address = text.parse::<SshAddress>();
        let address = address.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Target::Ssh(address))
    }
}

/// Where a named service is.
///
/// # Errors
/// Its token cannot be read.
pub(super) fn target_of(
    service: &NamedService,
    environment: &Environment,
) -> anyhow::Result<Target> {
    if service.target.starts_with('/') {
        return Ok(Target::Socket(service.target.clone().into()));
    }
    let url = ConnectArgs {
        token_file: service.token_file.clone(),
        ..ConnectArgs::default()
    };
    url.url_target(&service.target, environment)
}

/// The first socket that exists. A configuration that cannot be read here is the service's business: then the usual
/// places are tried.
fn local(environment: &Environment) -> Found {
    let places = Config::load(&Sources {
        environment: environment.clone(),
        ..Sources::default()
    })
    .map_or_else(
        |_| SocketPlaces::Usual(socket_places(environment, None)),
        |config| config.socket,
    );
    match find_socket(places.all()) {
        Some(path) => Found::Service(Target::Socket(path.to_path_buf())),
        None => Found::Nothing(places.all().to_vec()),
    }
}

pub(super) fn nothing_text(places: &[PathBuf]) -> String {
    let places: Vec<String> = places
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    format!(
        "no service found: no socket at {}\nstart one with `hookyard serve`, or name another with --socket PATH or \
         --url URL",
        places.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(args: &ConnectArgs, environment: &[(&str, &str)]) -> Result<String, String> {
        let environment: Environment = environment.iter().copied().collect();
        args.find(&environment)
            .map(|found| match found {
                Found::Service(target) => target.to_string(),
                Found::Nothing(places) => nothing_text(&places),
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn flags_beat_the_environment_beats_the_usual_places() {
        let socket = ConnectArgs {
            socket: Some("/flag".into()),
            ..ConnectArgs::default()
        };
        let nothing = ConnectArgs::default();
        assert_eq!(
            find(&socket, &[("HOOKYARD_SOCKET", "/env")]).unwrap(),
            "/flag"
        );
        assert_eq!(
            find(&nothing, &[("HOOKYARD_SOCKET", "/env")]).unwrap(),
            "/env"
        );
        assert_eq!(
            find(&nothing, &[("HOOKYARD_URL", "https://h.example/x")]).unwrap(),
            "https://h.example/x"
        );
        assert_eq!(
            find(&nothing, &[("HOOKYARD_URL", "ssh://anna@eu-1")]).unwrap(),
            "ssh://anna@eu-1"
        );
        assert_eq!(
            find(
                &nothing,
                &[("XDG_RUNTIME_DIR", "/nowhere"), ("HOME", "/nowhere")]
            )
            .unwrap(),
            "no service found: no socket at /nowhere/hookyard.sock, /run/hookyard/hookyard.sock, \
             /nowhere/.local/share/hookyard/hookyard.sock\nstart one with `hookyard serve`, or name another with \
             --socket PATH or --url URL"
        );
    }

    #[test]
    fn targets_that_make_no_sense_are_refused() {
        let url = |text: &str| ConnectArgs {
            url: Some(text.into()),
            ..ConnectArgs::default()
        };
        assert_eq!(
            find(&url("localhost:8420"), &[]).unwrap_err(),
            "\"localhost:8420\" is not the URL of a service: write http://, https:// or ssh:// and a host, such as \
             https://hooks.example.com"
        );
        assert_eq!(
            find(&url("ssh://-l@host"), &[]).unwrap_err(),
            "\"ssh://-l@host\" is no address for ssh: user \"-l\" begins with -, as an option of ssh would: write \
             ssh://[user@]host[:port][/path/of/the.sock]"
        );
        let token_for_ssh = ConnectArgs {
            token_file: Some("/t".into()),
            ..url("ssh://host")
        };
        assert_eq!(
            find(&token_for_ssh, &[]).unwrap_err(),
            "--token-file goes with https: over ssh:// the service knows the caller by the login"
        );
        let both = [("HOOKYARD_SOCKET", "/a"), ("HOOKYARD_URL", "http://b")];
        assert!(
            find(&ConnectArgs::default(), &both)
                .unwrap_err()
                .contains("are both set: unset one")
        );
        let token = ConnectArgs {
            token_file: Some("/t".into()),
            ..ConnectArgs::default()
        };
        assert!(
            find(&token, &[])
                .unwrap_err()
                .starts_with("--token-file goes with --url")
        );
    }
}
