//! Configuration: what was written (file, environment, flags) becomes a validated, immutable [`Config`].
//!
//! Flags beat the environment beats the file beats defaults, key by key, and every value knows where it came from.
//! **Promises.** Nothing is ignored: an unknown key names the nearest known one, a key of a feature that this
//! version does not have is refused as such, and a bad value is refused with its place, its rule and a remedy; all that
//! is wrong is told at once. The environment is read here and nowhere else.
//!
//! - `keys`: every key there is, its kind and its sentence
//! - `environment`: the process's variables, taken once
//! - `written`: file, environment and flags as written, each value with its origin
//! - `size`: sizes such as `256KiB`
//! - `check`: the rules, key by key
//! - `paths`: where files lie unless said otherwise
//! - `reload`: what may change while a service runs

mod auto_disable;
mod breaker;
mod check;
mod environment;
mod error;
mod keys;
mod notify;
mod paths;
mod reload;
mod settings;
mod size;
mod written;

pub use check::{CONTRACT_DEFAULT, LOG_DEFAULT};
pub use environment::Environment;
pub use error::{ConfigError, ConfigErrors};
pub use keys::{KEYS, Key, Kind};
pub use notify::Notify;
pub use paths::{SocketPlaces, default_file, socket_places, user_file, user_state_file};
pub use reload::Difference;
pub use settings::{Config, Delivery, Retention, Targets};
pub use size::{ByteSize, InvalidSize};
pub use written::{Origin, Raw, Setting, Sources, Written};
