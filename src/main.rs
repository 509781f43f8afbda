//! The `hookyard` binary.

fn main() {}
