//! Hookyard: webhook delivery that an ops team runs from a terminal. One binary, one SQLite file.
//!
//! A platform publishes an **event**; Hookyard stores it, fans it out into one **delivery** for each matching
//! **endpoint**, and makes **attempts** (signed HTTP requests) until the endpoint accepts it or its retries end.
//! This page is the architecture; the words are defined in [`domain`].
//!
//! # Bird's eye
//! ```text
//! publisher ─POST /v1/events─► server ─► engine ─► store's writer: one transaction a flush, fsync ─► 202
//!                                                    │ matches endpoints, gives ids, counts
//!                                                    ▼ after the commit
//!                               lane actors ◄─ router ◄─ hand-over (hints; the store is the queue)
//!                                 │ domain::lane: step(now, rng, input) → effects
//!                                 ▼
//!                               transport ─► receiver
//!                                 │ outcome
//!                                 ▼
//!                               writer: attempt, delivery and counters in the flush that other calls share
//!                                 │ changes
//!                                 ▼
//!                               stream ─► console, scripts
//! ```
//!
//! # Code map
//! | module | what it is | IO |
//! |---|---|---|
//! | [`domain`] | the decisions: pure functions of (state, input, now, rng) | none |
//! | [`clock`] | the time seam: system and virtual clock | reads clocks, sleeps |
//! | [`store`] | SQLite: one writer with group commit, readers, retention, fsck, backup | disk |
//! | [`transport`] | outgoing requests: DNS, TLS, address rules, phases | network |
//! | [`engine`] | actors: router, one lane an endpoint, replays; the one door to everything | none of its own |
//! | [`api`] | the wire vocabulary of the HTTP API | none |
//! | [`server`] | the HTTP API on TCP and Unix socket | network |
//! | [`client`] | the typed client of that API | network |
//! | [`console`] | the terminal console: model, update, view, perform | terminal |
//! | [`config`] | file, environment and flags → one checked value | reads files |
//! | [`cli`] | the command tree; puts everything together | all |
//!
//! # Invariants
//! - **Imports run one way**: cli → console, server → client, engine → store, transport → domain. `tests/tidy.rs`
//!   holds it, because one crate has no compiler walls.
//! - **202 means on disk.** A publish is answered after the fsync of the transaction that holds the event and its
//!   deliveries. The service refuses to start when SQLite's `synchronous` reads back below FULL.
//! - **One writer.** All changes pass one task with the only write connection, so their order is total: an event is
//!   matched against the endpoints as they are at that point, and no event slips past an endpoint created before it.
//! - **The store is the queue.** Mailboxes carry hints that may be lost; lanes hold bounded windows and fall back to
//!   reading. Nothing but a lane decides when a delivery goes out; there is no second scheduler and no polling.
//! - **A replay moves with its cursor.** Items are put back to work in the transaction that moves the replay past them,
//!   and end in the one that records their last attempt: no crash repeats or loses one. What an endpoint cannot take is
//!   passed over and noted in the same transaction, and taken up first once it can.
//! - **Nothing is written before a send.** In-flight is memory only: a crash means "send again", at most once more.
//! - **Time comes from [`clock`]**, randomness from a seed that [`cli`] draws; both are arguments everywhere else.
//! - **The console has no private door.** It, the command line and the tests go through [`client`].
//! - **Untrusted text is escaped** (`domain::escape`) before it reaches a terminal or a log.
//!
//! # Choices that could have gone another way
//! - *Held is derived.* A delivery is held when it is pending and its endpoint is paused or disabled; nothing is
//!   rewritten when an operator pauses, so pausing a million deliveries is one row, and no crash can leave some behind.
//! - *Matching happens in the writer*, not in the server against a snapshot: the snapshot could be older than an
//!   endpoint's creation that was answered before.
//! - *A breaker runs the hold clock of its endpoint*, which also stands for pauses: one clock, kept in the endpoint's row,
//!   says which time counts against no retry window, survives restarts and follows a clock that is set. Whether it is open
//!   is all that is stored of it; how long to wait for the next probe is not, and a restart asks at once.
//! - *An endpoint's run of failures is counted in steady time, and only between two failures*: the writer keeps the runs
//!   of those that fail by heart and writes them in the row that a flush writes anyway. What is due by one is decided
//!   again in the transaction that does it, so that a crash or a second caller warns of nothing twice.
//! - *Operational events are ordinary events*, made in the transaction of what they tell: no second queue, no second way
//!   to lose or repeat one. That they cannot feed on themselves follows from three rules: only endpoints that name them
//!   get them, none is about the endpoint that gets it, and none is made of how one of them fares.
//! - *A probe is an ordinary attempt* of a delivery that is due, not a made-up request: what tells whether a receiver takes
//!   deliveries is a delivery.
//! - *A flush is one statement*: a row inserted into a temporary view whose trigger holds all statements. Each statement
//!   of its own would wake the writer's thread and keep a journal to undo it alone.
//! - *A checkpoint waits until 100 ms of commits have gathered*, also under load: each copies a page once however often it
//!   changed meanwhile. The writer's page cache is 16 MiB, for SQLite walks all of it at commits that move pages.
//! - *A lane that has nothing to do holds nothing*: what it needs for requests, its window and its back-off is boxed and
//!   given back, it has no timer, and what lanes ask of the store waits in one queue for eight tasks. An endpoint in a
//!   hundred thousand is then about a kilobyte.
//! - *SQLite uses our allocator too* (mimalloc, `override`), without huge pages: those were a fifth of an idle service.
//! - *`fsck` counts with SQL of its own*, not with what keeps the counters: the same mistake is not made twice.
//! - *A backup is read from outside*, by a process of its own (`VACUUM INTO` on a read-only connection): it needs no
//!   running service, and the writer of a running one does not wait. Restoring is copying one file into an empty
//!   directory, so there is no command for it.
//! - *A reload replaces values, it moves no state.* What engine and server read anew each time, contracts among it, stands
//!   in values that are put in place of those before, and lanes in memory are told to look. What can be refused comes
//!   first, so that a fault changes nothing; what is bound at the start (files, listeners, roots) waits for the next one.
//! - *What is imported is dead*: an import makes no traffic, and what it brings back is replayed with a flight plan like
//!   everything else. Events keep their ids where those are free, deliveries get new ones: an old id would be past its
//!   time at once.
//! - *Causes are counted as failures are recorded*, at most 1,000 of them and a catch-all for each class: a list of causes
//!   is read, not computed, and a success costs nothing.
//! - *Durations are gathered in memory*, as sketches by minute and endpoint, and written down every 15 seconds, the first
//!   at once: a crash loses so much of what quantiles are made of, and no flush pays for them. Whatever the ledger or a
//!   rate counts is in the flush.
//! - *Hours and days that are over are added up once*, in memory: figures of a window read the minutes of its ends alone.
//!   Sums in tables would be written with every minute, and be one more thing that has to agree.
//! - *Many small rows come as one text* (JSON or hex, put together by SQLite) where figures are made of them: handing a row
//!   over takes several times what finding it does.
//! - *The horizon is counted when it is asked for*, from the index of what is due, and kept for five seconds: counters of
//!   what is due when would be written with every retry.
//! - *A disk budget takes payloads and attempts, never dead deliveries*: those are what an operator still has to decide
//!   about.
//! - *The name of a saved view is resolved where a filter is read*: the parser puts the tree of its filter there. A leaf
//!   for it would have to be looked for by whatever evaluates, plans or freezes filters.
//! - *ssh is a program, not a library*: a service elsewhere is reached by the operator's own ssh with its agent, keys and
//!   known hosts, a process for each connection behind a private socket. Keys and passwords are none of our business.
//! - *Going to another context ends the console and begins one*: nothing of one service can be taken for the other's.
//! - *A list in the console may have gaps*: the stream lists at most so many rows, and the console never waits for others
//!   to be shown. A gap knows from which row on the list is whole again, and is fetched when its reader comes near, page
//!   by page: what nobody reads is not asked for.
//! - *The console says how often was tried, not out of how many*: a replay begins a new budget and a probe takes none, so
//!   `3/8` would soon be false. Its header has no clock for the bytes of one; it says CLOCK where two clocks differ.
//! - *Fresh deliveries are indexed by endpoint* (a partial index over the few that were never tried): a lane that
//!   falls back to the store finds its own without walking everybody's.
//!
//! # Absent on purpose
//! No second database, broker or cache; no background polling over deliveries; no global registries; no `unsafe`; no
//! environment proxies, redirects or decompression on the way out.

pub mod api;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod console;
pub mod domain;
pub mod engine;
pub mod server;
pub mod store;
pub mod transport;
