//! What every command is given.

use super::connect::ConnectArgs;
use super::output::Output;
use crate::client::Client;
use crate::config::Environment;

/// What every command is given: the environment and standard output.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The process's environment.
    pub(crate) environment: Environment,
    /// Where results go.
    pub(crate) output: Output,
}

impl Context {
    /// The client of the service that the arguments name.
    ///
    /// # Errors
    /// See [`ConnectArgs::client`].
    pub(crate) fn client(&self, connect: &ConnectArgs) -> anyhow::Result<Client> {
        connect.client(&self.environment)
    }
}
