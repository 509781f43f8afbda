//! How a replay is to go, as arguments.

use clap::Args;

use crate::api::replay::ReplayBody;

/// How it is to go.
#[derive(Args, Clone, Debug)]
pub(crate) struct PaceArgs {
    /// Deliveries in a time, such as 50/s or 600/m; 10/s when absent.
    #[arg(long, value_name = "N/s")]
    rate: Option<String>,
    /// Send so many first; go on only if the first attempt of each succeeds.
    #[arg(long, value_name = "N")]
    canary: Option<u32>,
    /// Stop when more than a share of the last first attempts failed, such as 20%/50.
    #[arg(long, value_name = "P%/N")]
    stop: Option<String>,
    /// Why, for those who come after.
    #[arg(long)]
    note: Option<String>,
}

impl PaceArgs {
    /// The body of a start without its plan.
    pub(crate) fn body(self, skip_delivered: bool) -> ReplayBody {
        ReplayBody {
            rate: self.rate,
            canary: self.canary,
            stop: self.stop,
            note: self.note,
            skip_delivered,
            ..ReplayBody::default()
        }
    }
}
