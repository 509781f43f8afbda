//! What systemd is told (sd_notify(3)): that the service is ready, that it is alive, that it stops.
//!
//! Without systemd, that is without `NOTIFY_SOCKET`, nothing is told and nothing costs anything.

use sd_notify::NotifyState;

use crate::clock::SharedClock;
use crate::engine::Engine;

/// Everything answers by now.
pub(super) fn tell_ready() {
    tell(NotifyState::Ready);
}

/// It drains, which may take up to the grace.
pub(super) fn tell_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told how the service is");
    }
}

/// Tells as often as systemd asked for that the lanes still answer, until dropped. A full disk or a receiver that
/// stands still is no reason to be killed; a service that no longer reacts is.
pub(super) async fn keep_alive(engine: Engine, clock: SharedClock) {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        if engine.health().await.lanes.is_none() {
            tell(NotifyState::Watchdog);
        }
        // Half of it, as sd_watchdog_enabled(3) advises.
        clock.sleep_for(limit / 2).await;
    }
}
