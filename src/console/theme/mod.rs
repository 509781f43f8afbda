//! Themes: what a role looks like, as data in `themes/*.toml`.
//!
//! A role says what text means (`state.dead`), never which widget draws it, and nothing is told by colour alone: a
//! glyph and a word stand beside it, so that any theme, and none, can be read.

mod depth;
mod load;
mod role;
mod schema;

pub use depth::Depth;
pub use load::{Theme, ThemeError};
pub(crate) use role::Role;
