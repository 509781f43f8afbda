//! Keys: their names, the bytes they come as, and the thread that reads them.

pub(crate) mod bytes;
pub(crate) mod key;
pub(crate) mod reader;
