//! Which addresses may be a target (promise P7).
//!
//! Pure rules, asked at every place where a target appears: when an endpoint is created or changed, for every
//! answer of the resolver, and for the address a connection really has. They compare numbers of parsed hosts,
//! never text: `0x7f.1`, `[::ffff:7f00:1]` and `１２７.0.0.1` are all 127.0.0.1.
//!
//! **Precedence.** The service's own listeners are refused, then the operator's deny list, then the operator's
//! allow list decides for what it names, then the built-in ranges are refused, then what is left is public.
//!
//! **Left out on purpose.** Names are not matched against lists: whoever owns a name can point it anywhere, so
//! only addresses are allowed or denied.

mod blocked;
mod ranges;
mod rules;
mod target;
#[cfg(test)]
mod tests;

pub use blocked::{Blocked, Rule};
pub use ranges::Range;
pub use rules::{AddressRules, BadNetwork, Permit, network_from_text};
pub use target::{BadTarget, TargetUrl};
