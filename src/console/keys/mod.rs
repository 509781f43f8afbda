//! What keys mean: those of the table of actions, or what a file of keys makes of them.

mod keymap;

pub use keymap::Keymap;
pub(crate) use keymap::Meaning;
