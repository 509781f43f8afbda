//! The address of a service that is reached through ssh, and how ssh is asked for it.

use std::fmt;
use std::str::FromStr;

/// What an address begins with.
const SCHEME: &str = "ssh://";
/// The longest path that a Unix socket can have.
const SOCKET_BYTES_MAX: usize = 107;
/// Bytes of a host's or a user's name: the longest that DNS has.
const NAME_BYTES_MAX: usize = 253;

/// `ssh://[user@]host[:port][/path/of/the.sock]`: a service on another machine, reached by whoever may log in there.
///
/// No part of it can be taken for an option of ssh, or for more than one word by the shell on the other side: names have
/// letters, digits, `.`, `_`, `-` and `+`, and begin with no `-`; a path has those and `/`, `@`, `:`, `,`, `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    socket: Option<String>,
}

/// Why a text is no such address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no address for ssh: {problem}: write ssh://[user@]host[:port][/path/of/the.sock]"
)]
pub struct BadSshAddress {
    text: String,
    problem: String,
}

impl SshAddress {
    /// Whether a text is meant to be one.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What ssh is started with: it asks nobody anything, opens nothing else, and runs `hookyard attach` over there.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = ["-T", "-a", "-x", "-e", "none"].map(String::from).into();
        let options = [
            // A question would be asked on the terminal that shows the console.
            "BatchMode=yes",
            // Several of these run at once: a port that the user's settings forward can be bound by one alone.
            "ClearAllForwardings=yes",
            // An open master is used, and none becomes one: it would take the others down when it ends.
            "ControlMaster=no",
            "ConnectTimeout=10",
            "LogLevel=ERROR",
            "PermitLocalCommand=no",
            // A line that is cut is noticed after so long.
            "ServerAliveInterval=10",
            "ServerAliveCountMax=2",
        ];
        for option in options {
            arguments.extend(["-o".to_owned(), option.to_owned()]);
        }
        if let Some(port) = self.port {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        if let Some(user) = &self.user {
            arguments.extend(["-l".to_owned(), user.clone()]);
        }
        arguments.extend(["--", &self.host, "hookyard", "attach", "--stdio"].map(String::from));
        if let Some(socket) = &self.socket {
            arguments.extend(["--socket".to_owned(), socket.clone()]);
        }
        arguments
    }
}

impl FromStr for SshAddress {
    type Err = BadSshAddress;

    fn from_str(text: &str) -> Result<Self, BadSshAddress> {
        read(text).map_err(|problem| BadSshAddress {
            text: text.to_owned(),
            problem,
        })
    }
}

impl fmt::Display for SshAddress {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(SCHEME)?;
        if let Some(user) = &self.user {
            write!(to, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(to, "[{}]", self.host)?;
        } else {
            to.write_str(&self.host)?;
        }
        if let Some(port) = self.port {
            write!(to, ":{port}")?;
        }
        to.write_str(self.socket.as_deref().unwrap_or_default())
    }
}

fn read(text: &str) -> Result<SshAddress, String> {
    let rest = text.strip_prefix(SCHEME).ok_or("it begins otherwise")?;
    let (login, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (user, place) = match login.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, login),
    };
    let (host, port) = host_and_port(place)?;
    Ok(SshAddress {
        user: user.map(|user| name("user", user)).transpose()?,
        host,
        port,
        socket: socket(path)?,
    })
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(inner) = place.strip_prefix('[') {
        let (address, rest) = inner.split_once(']').ok_or("a [ without its ]")?;
        let known: Result<std::net::Ipv6Addr, _> = address.parse();
        let address = known.map_err(|_| format!("{address:?} is no IPv6 address"))?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':').ok_or("something behind the ]")?),
        };
        (address.to_string(), port)
    } else {
        match place.split_once(':') {
            Some((host, port)) => (name("host", host)?, Some(port)),
            None => (name("host", place)?, None),
        }
    };
    let port = port.map(|port| match port.parse::<u16>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("port {port:?} is none from 1 to 65535")),
    });
    Ok((host, port.transpose()?))
}

fn name(what: &str, name: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-+".contains(letter);
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(format!("the {what} has {} bytes", name.len()));
    }
    if name.starts_with('-') {
        return Err(format!(
            "{what} {name:?} begins with -, as an option of ssh would"
        ));
    }
    match name.chars().find(|letter| !plain(*letter)) {
        Some(odd) => Err(format!("{what} {name:?} has {odd:?} in it")),
        None => Ok(name.to_owned()),
    }
}

fn socket(path: &str) -> Result<Option<String>, String> {
    if path.is_empty() || path == "/" {
        return Ok(None);
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+@:,=".contains(letter);
    if path.len() > SOCKET_BYTES_MAX {
        return Err(format!(
            "path {path:?} has more than {SOCKET_BYTES_MAX} bytes, which no socket has"
        ));
    }
    match path.chars().find(|letter| !plain(*letter)) {
        Some(odd) => Err(format!("path {path:?} has {odd:?} in it")),
        None => Ok(Some(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Result<SshAddress, String> {
        text.parse()
            .map_err(|error: BadSshAddress| error.to_string())
    }

    #[test]
    fn an_address_is_read_and_written_back() {
        for text in [
            "ssh://hooks.example.com",
            "ssh://anna@hooks:2222/run/hookyard/hookyard.sock",
            "ssh://a.b-c_d+e@10.0.0.7",
            "ssh://[2001:db8::7]:22/s.sock",
        ] {
            assert_eq!(address(text).unwrap().to_string(), text);
        }
        assert_eq!(address("ssh://a/").unwrap().to_string(), "ssh://a");
        assert_eq!(address("ssh://anna@eu-1:22").unwrap().host(), "eu-1");
    }

    #[test]
    fn ssh_is_asked_for_the_other_side_of_a_socket_and_nothing_else() {
        let arguments = address("ssh://anna@eu-1:2222/run/h.sock")
            .unwrap()
            .arguments();
        let text = arguments.join(" ");
        assert!(
            text.starts_with("-T -a -x -e none -o BatchMode=yes "),
            "{text}"
        );
        assert!(
            text.ends_with(" -p 2222 -l anna -- eu-1 hookyard attach --stdio --socket /run/h.sock"),
            "{text}"
        );
        let text = address("ssh://eu-1").unwrap().arguments().join(" ");
        assert!(text.ends_with(" -- eu-1 hookyard attach --stdio"), "{text}");
    }

    #[test]
    fn what_ssh_or_a_shell_would_take_for_something_else_is_refused() {
        for (text, problem) in [
            ("ssh://", "the host has 0 bytes"),
            ("ssh://@host", "the user has 0 bytes"),
            (
                "ssh://-oProxyCommand=x",
                "host \"-oProxyCommand=x\" begins with -, as an option of ssh would",
            ),
            ("ssh://-l@host", "user \"-l\" begins with -"),
            (
                "ssh://anna:secret@host",
                "user \"anna:secret\" has ':' in it",
            ),
            ("ssh://a b", "host \"a b\" has ' ' in it"),
            ("ssh://a;b", "host \"a;b\" has ';' in it"),
            ("ssh://host:0", "port \"0\" is none from 1 to 65535"),
            ("ssh://host:x", "port \"x\" is none from 1 to 65535"),
            ("ssh://host/a$(b)", "path \"/a$(b)\" has '$' in it"),
            ("ssh://host/a b", "path \"/a b\" has ' ' in it"),
            ("ssh://[::1", "a [ without its ]"),
            ("ssh://[::1]x", "something behind the ]"),
            ("ssh://[x]", "\"x\" is no IPv6 address"),
        ] {
            let error = address(text).unwrap_err();
            assert!(error.contains(problem), "{error}");
            assert!(error.ends_with("write ssh://[user@]host[:port][/path/of/the.sock]"));
        }
        let long = format!("ssh://host/{}", "a".repeat(SOCKET_BYTES_MAX));
        assert!(address(&long).unwrap_err().contains("more than 107 bytes"));
    }

    proptest! {
        #[test]
        fn no_text_becomes_an_option_or_a_second_word(text in "ssh://[ -~]{0,40}") {
            if let Ok(address) = address(&text) {
                let arguments = address.arguments();
                let host = arguments.iter().position(|argument| argument == "--").unwrap() + 1;
                prop_assert!(!arguments[host].starts_with('-'));
                let special = " \t'\"`$;&|<>()*?~#!\\\n{}[]";
                let is_one_word = |word: &String| !word.contains(|letter| special.contains(letter));
                let are_words = arguments[host + 1..].iter().all(is_one_word);
                prop_assert!(are_words);
                let user = arguments[..host].iter().position(|argument| argument == "-l");
                prop_assert!(user.is_none_or(|at| !arguments[at + 1].starts_with('-')));
            }
        }
    }
}
