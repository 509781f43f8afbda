//! The terminal: its files, its modes, and the bytes that go to it.
//!
//! ```text
//! view ─Buffer─► painter ─► settle ─► encoder ─► output (thread) ─► terminal
//!                  │                    ├── scroll: which rows moved as a block
//!                  └ what it shows      └── head, sgr: the shortest way to place and look
//! ```

mod encoder;
pub(crate) mod guard;
mod head;
pub(crate) mod output;
pub(crate) mod painter;
mod scroll;
mod settle;
pub(crate) mod sgr;
pub(crate) mod signals;
pub mod tty;
