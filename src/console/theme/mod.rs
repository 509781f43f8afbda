//! Themes: what a role looks like, as data in `themes/*.toml`.
//!
//! - `schema`: a file as written; `layer`: a file as read, and its flaws; `shelf`: where files come from
//! - `load`: a theme on one terminal; `depth`: how many colours that has
//! - `check`: whether it can be read; `show`: how it looks; both over `colors`, by the figures of `contrast`
//!
//! A role says what text means (`state.dead`), never which widget draws it, and nothing is told by colour alone: a
//! glyph and a word stand beside it, so that any theme, and none, can be read.

mod check;
mod colors;
mod contrast;
mod depth;
mod layer;
mod load;
mod role;
mod schema;
mod shelf;
mod show;

pub use check::{Checked, ClosestStates, LowestContrast};
pub use contrast::Vision;
pub use depth::Depth;
pub use load::{Theme, ThemeError};
pub(crate) use role::Role;
pub use schema::Appearance;
pub use shelf::{Listed, Shelf, THEME_BYTES_MAX};
pub use show::ShownRole;
