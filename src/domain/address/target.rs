//! Target URLs: what an endpoint may have as its address.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::blocked::{Blocked, how_to_allow};
use super::rules::{AddressRules, Permit, unwrap_embedded};
use crate::domain::limits::{HOST_CHARS_MAX, HOST_LABEL_CHARS_MAX, URL_CHARS_MAX};

/// A checked target: http or https, a host, no user info, no fragment, as the WHATWG parser prints it.
///
/// A literal address in it has been judged; a name's addresses are judged when it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl(Url);

/// A URL that cannot be a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Longer than the cap, as written or as printed back.
    #[error("the URL has {chars} characters; at most {URL_CHARS_MAX} are accepted")]
    TooLong {
        /// How many it has.
        chars: usize,
    },
    /// A character that parsers drop or read in different ways.
    #[error(
        "the URL has the character {character:?} at position {position}; white space, control characters and \
         backslashes are not accepted, percent-encode them"
    )]
    Character {
        /// The character.
        character: char,
        /// Counted in characters, from 1.
        position: usize,
    },
    /// Not an absolute URL.
    #[error("{text:?} is not a URL ({source}); expected one such as https://example.com/hooks")]
    Unparsable {
        /// Its beginning.
        text: String,
        /// What the parser said.
        source: url::ParseError,
    },
    /// Neither http nor https.
    #[error("the scheme {scheme:?} is not accepted; use https or http")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// Plain http where the configuration asks for https.
    #[error("plain http is not accepted because targets.require_https is set; use https")]
    HttpsRequired,
    /// A user name or password.
    #[error(
        "a user name or password in the URL is not accepted; put credentials into a header of the endpoint"
    )]
    UserInfo,
    /// No host, or a name that cannot be looked up.
    #[error("the host {host:?} is not a host name: {rule}")]
    BadHost {
        /// The host.
        host: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// Port 0.
    #[error("port 0 cannot be connected to; name a port from 1 to 65535 or leave it out")]
    PortZero,
    /// A local name where nothing local is allowed.
    #[error("{host:?} is a local name, and no local address is allowed; {remedy}")]
    LocalName {
        /// The name.
        host: String,
        /// What would allow it.
        remedy: String,
    },
    /// A literal address that the rules refuse.
    #[error(transparent)]
    Blocked(#[from] Blocked),
}

impl TargetUrl {
    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL.
    pub const fn as_url(&self) -> &Url {
        &self.0
    }

    /// The literal address, where the host is one.
    pub fn literal(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }
}

impl AddressRules {
    /// Whether `text` may be an endpoint's URL, judged by the parsed host.
    ///
    /// Names are accepted unresolved: what they lead to is judged at every attempt. Local names (`localhost`,
    /// names without a dot, `*.internal`, `*.local` and the like) are refused at once while the allow list holds
    /// nothing that they could lead to. A fragment is dropped: it is never sent.
    ///
    /// # Errors
    /// [`BadTarget`], with the rule and, where there is one, the setting that would allow it.
    pub fn judge_url(&self, text: &str) -> Result<TargetUrl, BadTarget> {
        check_text(text)?;
        let mut url = Url::parse(text).map_err(|source| BadTarget::Unparsable {
            text: text.chars().take(64).collect(),
            source,
        })?;
        url.set_fragment(None);
        if url.as_str().len() > URL_CHARS_MAX {
            let chars = url.as_str().len();
            return Err(BadTarget::TooLong { chars });
        }
        match url.scheme() {
            "https" => {}
            "http" if self.require_https => return Err(BadTarget::HttpsRequired),
            "http" => {}
            scheme => {
                let scheme = scheme.chars().take(32).collect();
                return Err(BadTarget::Scheme { scheme });
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadTarget::UserInfo);
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if port == 0 {
            return Err(BadTarget::PortZero);
        }
        match url.host() {
            Some(Host::Ipv4(address)) => {
                self.judge_socket(SocketAddr::new(address.into(), port))?;
            }
            Some(Host::Ipv6(address)) => {
                self.judge_socket(SocketAddr::new(address.into(), port))?;
            }
            Some(Host::Domain(name)) => self.judge_name(name)?,
            None => return Err(bad_host("", "it is empty")),
        }
        Ok(TargetUrl(url))
    }

    fn judge_name(&self, host: &str) -> Result<(), BadTarget> {
        let name = host.strip_suffix('.').unwrap_or(host);
        if name.len() > HOST_CHARS_MAX {
            return Err(bad_host(host, "it is longer than 253 characters"));
        }
        if name.split('.').any(str::is_empty) {
            return Err(bad_host(host, "a label between its dots is empty"));
        }
        if name
            .split('.')
            .any(|label| label.len() > HOST_LABEL_CHARS_MAX)
        {
            return Err(bad_host(host, "a label is longer than 63 characters"));
        }
        let may_lead_somewhere = if is_localhost(host) {
            self.allows_some_loopback()
        } else {
            !is_local_name(host) || !self.allow.is_empty()
        };
        if may_lead_somewhere {
            return Ok(());
        }
        let remedy = if is_localhost(host) {
            "127.0.0.0/8".parse().map(how_to_allow).unwrap_or_default()
        } else {
            "to allow it, put the range its addresses lie in into targets.allow, such as [\"10.0.0.0/8\"], or \
             pass --allow-target 10.0.0.0/8"
                .to_owned()
        };
        Err(BadTarget::LocalName {
            host: host.to_owned(),
            remedy,
        })
    }

    fn allows_some_loopback(&self) -> bool {
        let leads_to_loopback = |address| {
            matches!(self.judge_ip(address), Ok(Permit::Operator(_)))
                && unwrap_embedded(address).is_loopback()
        };
        self.allow
            .iter()
            .any(|network| leads_to_loopback(network.addr()))
    }
}

fn check_text(text: &str) -> Result<(), BadTarget> {
    let chars = text.chars().count();
    if chars > URL_CHARS_MAX {
        return Err(BadTarget::TooLong { chars });
    }
    let is_bad = |&(_, character): &(usize, char)| {
        character.is_whitespace() || character.is_control() || character == '\\'
    };
    match text.chars().enumerate().find(is_bad) {
        None => Ok(()),
        Some((index, character)) => Err(BadTarget::Character {
            character,
            position: index + 1,
        }),
    }
}

fn bad_host(host: &str, rule: &'static str) -> BadTarget {
    BadTarget::BadHost {
        host: host.chars().take(64).collect(),
        rule,
    }
}

/// Endings that no public name has, by RFC 6761, 6762 and 8375, ICANN's reservation of `internal`, and custom.
const LOCAL_ENDINGS: [&str; 10] = [
    "localhost",
    "internal",
    "local",
    "localdomain",
    "lan",
    "home.arpa",
    "intranet",
    "corp",
    "home",
    "private",
];

/// Whether a name means something inside one network only: one label, or one of the local endings.
pub(super) fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    !name.contains('.') || LOCAL_ENDINGS.iter().any(|ending| has_ending(name, ending))
}

/// Whether a name is `localhost` or ends in it (RFC 6761: always this machine).
pub(super) fn is_localhost(name: &str) -> bool {
    has_ending(name.strip_suffix('.').unwrap_or(name), "localhost")
}

fn has_ending(name: &str, ending: &str) -> bool {
    let name = name.as_bytes();
    let Some(start) = name.len().checked_sub(ending.len()) else {
        return false;
    };
    name[start..].eq_ignore_ascii_case(ending.as_bytes()) && (start == 0 || name[start - 1] == b'.')
}
