//! The console as it is used: a real pseudo-terminal, a real service, keys and what the screen shows.

mod attached;
mod budgets;
mod cast;
mod company;
mod contexts;
mod idle;
mod keys;
mod leaving;
mod line;
mod outside;
mod own_log;
mod plain;
mod program;
mod pseudo_terminal;
mod reached;
mod recording;
mod remembering;
mod script;
mod soak;
mod themes;
mod tmux;
mod using;
mod yard;
