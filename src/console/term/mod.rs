//! The terminal: its files, its modes, and the bytes that go to it.
//!
//! ```text
//! view ─Buffer─► painter ─► settle ─► encoder ─► output (thread) ─► terminal
//!                  │                    ├── scroll: which rows moved as a block
//!                  └ what it shows      └── head, sgr: the shortest way to place and look
//! ```
//! What a terminal may be asked for says `policy`, by what `between` found out; how often, `pace`. What rings
//! it is `bell`; what lies behind its text, `background`.

pub(crate) mod background;
pub(crate) mod bell;
pub(crate) mod between;
mod encoder;
pub(crate) mod guard;
mod head;
pub(crate) mod output;
pub(crate) mod pace;
pub(crate) mod painter;
pub(crate) mod policy;
mod report;
mod scroll;
mod settle;
pub(crate) mod sgr;
pub(crate) mod signals;
pub mod tty;
