//! What keys mean: those of the table of actions, or what files of keys make of them.
//!
//! - `keymap`: the keys in force; `compose`: layers of them upon each other
//! - `when`: conditions of keys; `reach`: whether one is ever met
//! - `within`: keys inside dialogs, and which are refused there
//! - `file`: a file as read; `scope`: where its keys apply; `taken`: keys that cannot be bound
//! - `elsewhere`: keys that other programs have for something else
//! - `shelf`: where files come from; `told`: the keys in force as rows and as a table of the README

mod compose;
mod elsewhere;
mod file;
mod keymap;
mod reach;
mod scope;
mod shelf;
mod taken;
mod told;
#[cfg(test)]
mod use_tests;
mod when;
mod within;

pub(crate) use elsewhere::Elsewhere;
pub use keymap::Keymap;
pub(crate) use keymap::Meaning;
pub use shelf::{KEYS_BYTES_MAX, KeyShelf, KeysError};
#[cfg(test)]
pub(crate) use taken::why_not;
pub use told::KeyRow;
pub(crate) use when::Facts;
pub(crate) use within::Within;
