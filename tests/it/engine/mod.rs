//! The engine with real actors, store and sockets, on virtual time.

mod bounds;
mod breakers;
mod certificates;
mod clock;
mod contracts;
mod crashes;
mod failing;
mod given_up;
mod horizon;
mod isolation;
mod keys;
mod ladder;
mod limit;
mod missed;
mod operational;
mod poison;
mod refusing;
mod reloading;
mod replays;
mod replays_fsck;
mod revisions;
mod rotation;
mod tries;
mod upgrade;
mod why;
