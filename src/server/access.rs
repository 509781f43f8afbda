//! Who may call a route: one rule per method and path, stated in the route table and enforced in [`super::caller`].

use crate::domain::token::Role;

/// Who may call one method of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without saying who.
    Public,
    /// Anybody on this machine; from elsewhere those who may read everything, unless configured open.
    Probe,
    /// Whoever is known, whatever the role.
    Known,
    /// Those with one of these roles.
    Roles(&'static [Role]),
}

/// Those who publish.
pub(super) const PUBLISH: Access = Access::Roles(&[Role::Publisher, Role::Operator, Role::Admin]);
/// Those who read everything.
pub(super) const READ: Access = Access::Roles(&[Role::Viewer, Role::Operator, Role::Admin]);
/// Those who read endpoints and deliveries, consumers their own tenant's.
pub(super) const READ_OWN: Access =
    Access::Roles(&[Role::Consumer, Role::Viewer, Role::Operator, Role::Admin]);
/// Those who change endpoints, consumers their own tenant's.
pub(super) const MANAGE_OWN: Access = Access::Roles(&[Role::Consumer, Role::Operator, Role::Admin]);
/// Those who operate.
pub(super) const OPERATE: Access = Access::Roles(&[Role::Operator, Role::Admin]);
/// Those who hand out tokens.
pub(super) const ADMINISTER: Access = Access::Roles(&[Role::Admin]);

impl Access {
    /// Whether a known caller with this role may call.
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Public | Self::Known => true,
            Self::Probe => READ.admits(role),
            Self::Roles(roles) => roles.contains(&role),
        }
    }

    /// The roles that may call, in words: `operator or admin`.
    pub(super) fn in_words(self) -> String {
        let words: Vec<&str> = Role::ALL
            .into_iter()
            .filter(|&role| self.admits(role))
            .map(Role::as_str)
            .collect();
        match words.as_slice() {
            [] => "nobody".to_owned(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_listed_in_words() {
        assert_eq!(ADMINISTER.in_words(), "admin");
        assert_eq!(OPERATE.in_words(), "operator or admin");
        assert_eq!(READ.in_words(), "viewer, operator or admin");
    }

    #[test]
    fn an_admin_may_call_everything() {
        for access in [PUBLISH, READ, READ_OWN, MANAGE_OWN, OPERATE, ADMINISTER] {
            assert!(access.admits(Role::Admin), "{access:?}");
        }
    }
}
