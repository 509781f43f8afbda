//! Who is on the other end of a connection, noted once when it is accepted.
//!
//! On the Unix socket the kernel vouches for the peer's user (`SO_PEERCRED`): root and the service's own user are
//! admin, members of the operators' group are operators, everybody else is told what to do. Whether a caller is
//! local is decided by this note and never by an address: actix gives socket connections a made-up one.

use std::any::Any;
use std::collections::HashMap;
use std::ffi::CString;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Extensions;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use super::caller::Identity;
use crate::clock::Stopwatch;
use crate::domain::token::Role;

/// How long a user's groups are believed: a change of membership takes effect within it.
const GROUPS_BELIEVED_FOR: Duration = Duration::from_secs(10);
/// Users whose groups are remembered; beyond it all are forgotten.
const USERS_REMEMBERED_MAX: usize = 256;

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// It came over the Unix socket, and this is what its user may do.
    Socket(SocketPeer),
    /// It came over TCP.
    Tcp(SocketAddr),
}

/// A user on the Unix socket: who it is, or why it may do nothing and what to do about that.
pub(super) type SocketPeer = Result<Arc<Identity>, String>;

impl Peer {
    /// Whether the peer is on this machine.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Tcp(address) => is_loopback(address.ip()),
        }
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Looks users up and remembers them for a moment. Shared by all workers.
#[derive(Debug)]
pub(super) struct Gatekeeper {
    operators_group: Option<String>,
    remembered: Mutex<HashMap<Uid, (Stopwatch, SocketPeer)>>,
}

impl Gatekeeper {
    /// A gatekeeper that lets members of `operators_group` operate; `None` for root and the own user alone.
    pub(super) fn new(operators_group: Option<String>) -> Self {
        Self {
            operators_group,
            remembered: Mutex::default(),
        }
    }

    /// Notes the peer of a fresh connection where the handlers find it.
    pub(super) fn note(&self, connection: &dyn Any, extensions: &mut Extensions) {
        if let Some(stream) = connection.downcast_ref::<tokio::net::UnixStream>() {
            let peer = match stream.peer_cred() {
                Ok(credentials) => self.look_up(Uid::from_raw(credentials.uid())),
                Err(error) => Err(format!(
                    "the kernel does not say who is on the other end of the socket: {error}"
                )),
            };
            extensions.insert(Peer::Socket(peer));
        } else if let Some(stream) = connection.downcast_ref::<tokio::net::TcpStream>()
            && let Ok(address) = stream.peer_addr()
        {
            extensions.insert(Peer::Tcp(address));
        }
    }

    fn look_up(&self, uid: Uid) -> SocketPeer {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((since, peer)) = remembered.get(&uid)
            && since.elapsed() < GROUPS_BELIEVED_FOR
        {
            return peer.clone();
        }
        if remembered.len() >= USERS_REMEMBERED_MAX {
            remembered.clear();
        }
        let peer = self.judge(uid);
        remembered.insert(uid, (Stopwatch::start(), peer.clone()));
        peer
    }

    fn judge(&self, uid: Uid) -> SocketPeer {
        let user = User::from_uid(uid).ok().flatten();
        let name = user
            .as_ref()
            .map_or_else(|| format!("uid {uid}"), |user| user.name.clone());
        let role = if uid.is_root() || uid == Uid::effective() {
            Ok(Role::Admin)
        } else {
            self.role_by_group(&name, user.as_ref())
        };
        role.map(|role| {
            Arc::new(Identity {
                name,
                role,
                tenant: None,
                token: None,
            })
        })
    }

    fn role_by_group(&self, name: &str, user: Option<&User>) -> Result<Role, String> {
        let Some(group_name) = &self.operators_group else {
            return Err(format!(
                "user {name} may not use this socket: only root and the service's own user may, because no \
                 operators_group is configured; name one in the configuration, or use --url with a token"
            ));
        };
        let not_a_member = || {
            format!(
                "user {name} is not in the group {group_name}; ask an administrator for \
                 `usermod -aG {group_name} {name}`, or use --url with a token"
            )
        };
        let Ok(Some(group)) = Group::from_name(group_name) else {
            return Err(format!(
                "operators_group {group_name:?} is not a group of this machine; create it with \
                 `groupadd {group_name}` or correct the configuration"
            ));
        };
        let user = user.ok_or_else(not_a_member)?;
        if groups_of(user).contains(&group.gid) {
            Ok(Role::Operator)
        } else {
            Err(not_a_member())
        }
    }
}

/// The user's primary and supplementary groups, by the group database.
fn groups_of(user: &User) -> Vec<Gid> {
    CString::new(user.name.as_str())
        .ok()
        .and_then(|name| getgrouplist(&name, user.gid).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_besides_root_and_self() -> Option<User> {
        ["nobody", "daemon", "bin"]
            .into_iter()
            .filter_map(|name| User::from_name(name).ok().flatten())
            .find(|user| !user.uid.is_root() && user.uid != Uid::effective())
    }

    #[test]
    fn the_own_user_and_root_are_admins() {
        let gatekeeper = Gatekeeper::new(None);
        for uid in [Uid::effective(), Uid::from_raw(0)] {
            assert_eq!(gatekeeper.look_up(uid).unwrap().role, Role::Admin);
        }
    }

    #[test]
    fn members_of_the_group_are_operators_and_others_are_told_how_to_become_one() {
        let Some(user) = user_besides_root_and_self() else {
            return;
        };
        let own_group = Group::from_gid(user.gid).unwrap().unwrap().name;
        let member = Gatekeeper::new(Some(own_group)).judge(user.uid);
        assert_eq!(member.unwrap().role, Role::Operator);
        let stranger = Gatekeeper::new(Some("root".to_owned())).judge(user.uid);
        assert_eq!(
            stranger.unwrap_err(),
            format!(
                "user {0} is not in the group root; ask an administrator for `usermod -aG root {0}`, or use \
                 --url with a token",
                user.name
            )
        );
    }

    #[test]
    fn a_group_that_does_not_exist_is_named() {
        let Some(user) = user_besides_root_and_self() else {
            return;
        };
        let peer = Gatekeeper::new(Some("no-such-group".to_owned())).judge(user.uid);
        assert!(
            peer.unwrap_err()
                .starts_with("operators_group \"no-such-group\" is not a group of this machine")
        );
    }

    #[test]
    fn a_user_without_a_name_is_shown_by_number() {
        let uid = Uid::from_raw(3_999_999_999);
        let peer = Gatekeeper::new(None).judge(uid);
        let why = peer.unwrap_err();
        assert!(
            why.starts_with("user uid 3999999999 may not use this socket"),
            "{why}"
        );
        assert!(why.contains("no operators_group is configured"), "{why}");
    }

    #[test]
    fn loopback_is_seen_through_mapped_addresses() {
        assert!(is_loopback("::ffff:127.0.0.1".parse().unwrap()));
        assert!(is_loopback("::1".parse().unwrap()));
        assert!(!is_loopback("10.0.0.1".parse().unwrap()));
    }
}
