//! Every bound of the system: a constant, its unit, and the reason for its size (promise P9).
//!
//! Limits that an operator may change are in `crate::config`; their defaults stand here.

use std::time::Duration;

/// Characters of a tenant's name: fits an e-mail address or a UUID with room to spare.
pub const TENANT_CHARS_MAX: usize = 128;
/// Characters of an event type: the longest in the five guides has 30.
pub const EVENT_TYPE_CHARS_MAX: usize = 128;
/// Characters of a publisher's idempotency key.
pub const EVENT_KEY_CHARS_MAX: usize = 128;
/// Levels of nesting in a published value: far above real payloads, small enough for any consumer's parser.
pub const JSON_DEPTH_MAX: usize = 64;
/// Bytes of one published event, envelope included (default of `limits.event_bytes`).
pub const EVENT_BYTES_DEFAULT: usize = 256 * 1024;
/// Events in one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// Bytes of one batch.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of any other request body: endpoint settings, commands.
pub const COMMAND_BYTES_MAX: usize = 64 * 1024;

/// Characters of an endpoint's URL: what common servers accept.
pub const URL_CHARS_MAX: usize = 2_048;
/// Characters of a host name without its trailing dot (RFC 1035).
pub const HOST_CHARS_MAX: usize = 253;
/// Characters between two dots of a host name (RFC 1035).
pub const HOST_LABEL_CHARS_MAX: usize = 63;
/// Characters of an endpoint's name.
pub const NAME_CHARS_MAX: usize = 128;
/// Event type patterns of one endpoint.
pub const PATTERNS_MAX: usize = 100;
/// Headers that an endpoint may add to its requests.
pub const ENDPOINT_HEADERS_MAX: usize = 32;
/// Bytes of one such header's value.
pub const HEADER_VALUE_BYTES_MAX: usize = 1_024;
/// Members of an endpoint's metadata.
pub const METADATA_MEMBERS_MAX: usize = 32;
/// Characters of a metadata key or value.
pub const METADATA_CHARS_MAX: usize = 256;
/// Secrets of one endpoint that may be active at once while they are rotated.
pub const ACTIVE_SECRETS_MAX: usize = 10;
/// Bytes of a secret that is used as text.
pub const TEXT_SECRET_BYTES_MAX: usize = 256;
/// Retries that an endpoint may ask for where its contract names no cap of its own.
pub const RETRIES_MAX: u32 = 50;
/// The service's own keys of one contract that are listed, newest first: years of daily rotations.
pub const SERVICE_KEYS_LISTED_MAX: u32 = 500;
/// How long an old secret keeps signing after a rotation, unless asked otherwise.
pub const ROTATION_OVERLAP_DEFAULT: Duration = Duration::from_hours(24);
/// The longest such overlap: seven days.
pub const ROTATION_OVERLAP_MAX: Duration = Duration::from_hours(7 * 24);
/// The longest wait that a receiver's `Retry-After` can ask for; beyond it a delivery would look lost.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(10);
/// The longest a whole exchange may take, whatever a contract or endpoint asks for.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(120);

/// Requests that a rate limit may allow in its stretch: a lane remembers the instant of each, eight bytes.
pub const RATE_LIMIT_REQUESTS_MAX: u32 = 10_000;
/// The shortest stretch of a rate limit.
pub const RATE_LIMIT_PER_MIN: Duration = Duration::from_secs(1);
/// The longest stretch of a rate limit: so far back attempts are read when a lane starts.
pub const RATE_LIMIT_PER_MAX: Duration = Duration::from_hours(24);

/// Certificates of one endpoint whose warnings are remembered: a receiver behind a few machines has a few at once.
pub const CERTIFICATES_REMEMBERED_MAX: u32 = 16;
/// Certificates that end soon of which it is remembered that they need not be looked at again, and those that wait to
/// be: beyond it the hourly round sees to them.
pub const CERTIFICATES_KEPT_MAX: usize = 10_000;
/// Endpoints with certificates near their end that are read at once.
pub const CERTIFICATES_ROUND_ROWS: u32 = 500;

/// Egress addresses that may be published: an allow-list that people keep by hand.
pub const EGRESS_ADDRESSES_MAX: usize = 64;

/// Bytes of a response body that are read and kept; the rest is cut off and said to be.
pub const RESPONSE_BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of response headers that are kept with an attempt.
pub const RESPONSE_HEADER_BYTES_MAX: usize = 16 * 1024;
/// Characters of a failure's text that are kept with an attempt.
pub const FAILURE_TEXT_CHARS_MAX: usize = 500;
/// Characters of an endpoint's latest failure, class included: what a line of a list may show.
pub const LAST_FAILURE_CHARS_MAX: usize = 200;

/// Characters of a cause's message: a line of a list, and enough to tell causes apart.
pub const CAUSE_MESSAGE_CHARS_MAX: usize = 200;
/// Bytes of an answer's body that its cause is made of.
pub const CAUSE_BODY_BYTES_MAX: usize = 4 * 1024;
/// Causes that are told apart; failures beyond them count as other ones of their class.
pub const CAUSES_MAX: usize = 1_000;
/// How far back statistics can be asked for.
pub const STATS_WINDOW_MAX: Duration = Duration::from_hours(90 * 24);
/// Endpoints whose horizon is shown when the caller does not say.
pub const HORIZONS_SHOWN_DEFAULT: u32 = 20;
/// Deliveries whose end is worked out for one look at the horizon, those of all endpoints that it shows together: reading
/// so many takes some 30 ms. What is due after them is counted as left out.
pub const GIVE_UPS_LOOKED_AT_MAX: u32 = 10_000;
/// Causes that are listed when the caller does not say.
pub const CAUSES_LISTED_DEFAULT: u32 = 50;
/// Dead deliveries of one cause that are counted; beyond it there are at least so many. A list of fifty causes costs 4 ms.
pub const CAUSE_DEAD_COUNTED_MAX: u32 = 1_000;

/// Causes of dead deliveries that are listed at once: about what the writer tells apart.
pub const DEAD_CAUSES_LISTED_MAX: u32 = 1_100;

/// Dead deliveries of one cause that a list of dead letters counts at most: as many as an index gives in a few
/// milliseconds.
pub const DEAD_OF_CAUSE_COUNTED_MAX: u32 = 100_000;

/// Characters of a filter: a long line, and what a URL's query carries anywhere.
pub const FILTER_CHARS_MAX: usize = 2_048;
/// Levels of parentheses and negations in a filter: keeps recursion shallow.
pub const FILTER_DEPTH_MAX: usize = 32;
/// Terms of a filter, each value of a list counted: bounds the binds of its SQL and the work per row.
pub const FILTER_TERMS_MAX: usize = 64;
/// Bytes of the compiled program of a regular expression in a filter.
pub const FILTER_REGEX_BYTES_MAX: usize = 256 * 1024;
/// Levels of groups in a regular expression in a filter.
pub const FILTER_REGEX_DEPTH_MAX: u32 = 32;
/// Deliveries that are counted for a filter: whoever reads the number only wants to know that it is large.
pub const FILTER_COUNTED_MAX: u64 = 10_000;
/// Saved views: a list that people choose from, and what is read to resolve `@name`.
pub const SAVED_VIEWS_MAX: usize = 200;
/// Characters of the name of a saved view.
pub const SAVED_VIEW_NAME_CHARS_MAX: usize = 64;

/// Rows that a page of a list may have.
pub const PAGE_ROWS_MAX: u32 = 500;
/// Rows of a page when the caller does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 50;

/// Days of the ledger that are shown at once: more than a year.
pub const LEDGER_DAYS_MAX: u32 = 400;
/// Days of it when the caller does not say.
pub const LEDGER_DAYS_DEFAULT: u32 = 30;

/// Endpoints in all (default of `limits.endpoints`): each is in memory with its settings, and this many were measured.
pub const ENDPOINTS_DEFAULT: usize = 100_000;
/// Endpoints of one tenant (default of `limits.endpoints_per_tenant`): one customer must not take all of them.
pub const ENDPOINTS_PER_TENANT_DEFAULT: usize = 10_000;
/// Tokens that are not revoked (default of `limits.tokens`): a few for each of thousands of customers.
pub const TOKENS_DEFAULT: usize = 10_000;

/// Requests in flight, all lanes together (default of `delivery.concurrency`).
pub const CONCURRENCY_DEFAULT: usize = 2_048;
/// Requests in flight to one endpoint (default of `delivery.concurrency_per_endpoint`).
pub const CONCURRENCY_PER_ENDPOINT_DEFAULT: usize = 8;
/// Requests in flight that one endpoint may ask for.
pub const CONCURRENCY_PER_ENDPOINT_MAX: usize = 256;

/// Kept connections to one host. Many endpoints share a host (automation services, gateways), so this is the most that
/// one endpoint may have in flight: fewer, and every burst beyond them dials anew. They are closed after
/// [`IDLE_CONNECTION_MAX`].
pub const IDLE_CONNECTIONS_PER_HOST_MAX: usize = CONCURRENCY_PER_ENDPOINT_MAX;
/// How long a connection waits for the next request: Node.js, the commonest receiver, closes at 5 s.
pub const IDLE_CONNECTION_MAX: Duration = Duration::from_secs(4);
/// Endpoint URLs kept parsed: about 1 KiB each.
pub const TARGETS_KEPT_MAX: usize = 8_192;
/// Threads that look names up at once: each is blocked while a name server is silent.
pub const LOOKUPS_MAX: usize = 32;
/// Of those, how many may look up names that have not answered yet.
pub const LOOKUPS_UNPROVEN_MAX: usize = 24;
/// Of those, how many may look up names that failed the last time.
pub const LOOKUPS_FAILING_MAX: usize = 8;
/// How long a request waits for its name: the usual resolver tries a second server after 5 s, which is too late.
pub const LOOKUP_DEADLINE: Duration = Duration::from_millis(4_500);
/// Names whose latest lookup is remembered as good or bad.
pub const LOOKUP_NAMES_MAX: usize = 16_384;
/// Bytes of a contract's text: the largest of the guides needs a tenth of it.
pub const CONTRACT_BYTES_MAX: usize = 64 * 1024;
/// Faults of a contract's text that are listed; whoever has more must begin again anyway.
pub const CONTRACT_FAULTS_MAX: usize = 100;
/// Characters of a contract's name.
pub const CONTRACT_NAME_CHARS_MAX: usize = 64;
/// Headers, body members or signatures that a contract may list.
pub const CONTRACT_LIST_MAX: usize = 64;
/// Characters of a path that a contract claims.
pub const CONTRACT_PATH_CHARS_MAX: usize = 256;
/// Callers of contract routes whose latest calls are remembered; as many strangers, by address, beside them.
pub const LIMITED_CALLERS_MAX: usize = 4_096;
/// Calls that are remembered of all callers, and of all strangers: 8 bytes each.
pub const LIMITED_CALLS_MAX: usize = 1_000_000;
/// Event types that a contract may describe.
pub const CONTRACT_EVENT_TYPES_MAX: usize = 1_000;
/// The longest retry window or single delay: a year; beyond it a typing error is likelier than a wish.
pub const RETRY_SPAN_MAX: Duration = Duration::from_hours(365 * 24);

/// Bytes of all request bodies being read or handled: thirty-two full batches, or a thousand full events.
pub const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The longest that a request body may take to arrive.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Connections that the API keeps open at once, each listener.
pub const CONNECTIONS_MAX: usize = 8_192;
/// Live streams at once: consoles and dashboards of one team, many times over.
pub const STREAMS_MAX: usize = 128;
/// Frames that a slow stream may lag behind before it gets a gap instead: about three seconds.
pub const STREAM_FRAMES_BEHIND_MAX: usize = 32;
/// Deliveries that one frame of the stream lists; more are counted.
pub const STREAM_FRAME_ROWS_MAX: usize = 100;
/// Changed rows that are told apart between two frames; beyond it they are only counted. 100 ms at 500,000/s.
pub const STREAM_GATHERED_MAX: usize = 50_000;
/// How long an idle connection of a caller is kept: longer than common publishers' pools think, so that it is the
/// caller who closes and no request meets a closed door.
pub const KEEP_ALIVE: Duration = Duration::from_secs(95);

/// Items of one replay: what a frozen selection may hold (16 MiB of ids while it is planned).
pub const REPLAY_ITEMS_MAX: usize = 1_000_000;
/// Rows that the planning of a replay judges one by one, where its filter needs each delivery's content.
pub const REPLAY_JUDGED_MAX: usize = 100_000;
/// How long a plan may be started.
pub const REPLAY_PLAN_LIFE: Duration = Duration::from_secs(300);
/// Plans that wait to be started; more are refused.
pub const REPLAY_PLANS_MAX: usize = 32;
/// Replays that are running, paused or stopped at a time.
pub const REPLAYS_ACTIVE_MAX: usize = 32;
/// Items released in one transaction.
pub const REPLAY_BATCH_MAX: u32 = 1_000;
/// Items released and not ended yet, of one replay, to endpoints that take deliveries: those that wait for their next
/// attempt included.
pub const REPLAY_OPEN_MAX: u32 = 10_000;
/// Of these, to one endpoint: what a lane may fall behind before the others go on without it.
pub const REPLAY_OPEN_PER_ENDPOINT_MAX: u32 = 1_000;
/// Of these, to an endpoint whose breaker is open: each goes out as a probe.
pub const REPLAY_OPEN_BEHIND_BREAKER_MAX: u32 = 10;
/// Endpoints with items that were passed over, looked at in one release.
pub const REPLAY_DEFERRED_ENDPOINTS_MAX: u32 = 10_000;
/// Items that a canary may have.
pub const REPLAY_CANARY_MAX: u32 = 1_000;
/// First attempts that a stop rule may look back at.
pub const REPLAY_STOP_LAST_MAX: u32 = 1_000;
/// Endpoints, and causes, that a plan lists.
pub const REPLAY_SHARES_MAX: usize = 100;
/// Characters of the note of a replay or a discard.
pub const REPLAY_NOTE_CHARS_MAX: usize = 500;

/// Lines of dead letters that one call imports.
pub const DEAD_IMPORT_LINES_MAX: usize = 1_000;
/// Lines of them that one transaction imports: each takes some statements, and others write in between.
pub const DEAD_IMPORT_TOGETHER_MAX: usize = 100;

/// Lines of the service's own log that are kept in memory: hours of a quiet service, a minute of one that tells all.
pub const LOG_LINES_MAX: usize = 4_096;
/// Bytes of their texts and targets.
pub const LOG_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one line's text, and of its target; the rest is cut off and counted.
pub const LOG_LINE_BYTES_MAX: usize = 4_096;
/// Characters that a line of the log can be looked for by.
pub const LOG_CONTAINS_CHARS_MAX: usize = 200;
