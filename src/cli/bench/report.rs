//! What was measured, as a table for people and as one JSON line for scripts.

use serde::Serialize;

use super::backlog::BacklogReport;
use super::idle::IdleReport;
use super::rows::RowsReport;

/// A line of the table: what was measured, and the figure.
pub(super) type Row = (String, String);

/// All figures of one run. Rates are per second, memory in 10⁶ bytes, times in the unit of their name.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Report {
    /// The service's settings beyond its defaults.
    pub(super) serve_settings: String,
    /// Posts per second of the bare client: the better of one and two threads.
    pub(super) raw_per_s: f64,
    /// On one thread.
    pub(super) raw_1_thread_per_s: f64,
    /// On two.
    pub(super) raw_2_threads_per_s: f64,
    /// CPU of the bare client per post, on the better number of threads.
    pub(super) raw_cpu_us: f64,
    /// Events accepted per second in the closed loop to one endpoint.
    pub(super) accepted_per_s: f64,
    /// Events accepted per second while the endpoint is paused: the durable accept alone.
    pub(super) accepted_only_per_s: f64,
    /// Deliveries per second in that loop, from the first publish to the last arrival.
    pub(super) delivered_per_s: f64,
    /// That over `raw_per_s`.
    pub(super) ratio_to_raw: f64,
    /// The same with many endpoints.
    pub(super) delivered_many_per_s: f64,
    /// That over `raw_per_s`.
    pub(super) ratio_to_raw_many: f64,
    /// How many endpoints that was.
    pub(super) endpoints: u64,
    /// Service CPU in seconds per 1,000 events accepted, delivered once and recorded.
    pub(super) cpu_s_per_1000: f64,
    /// That over the bare client's CPU per post.
    pub(super) cpu_over_raw: f64,
    /// Deliveries per second when each event goes to ten endpoints.
    pub(super) fan_out_10_per_s: f64,
    /// That over `delivered_per_s`.
    pub(super) fan_out_over_single: f64,
    /// Deliveries per second when a paused endpoint's backlog is resumed.
    pub(super) drain_per_s: f64,
    /// Publish → arrival at the measured rate, milliseconds.
    pub(super) p50_ms: f64,
    /// 99th percentile.
    pub(super) p99_ms: f64,
    /// 99.9th percentile.
    pub(super) p999_ms: f64,
    /// That rate.
    pub(super) latency_rate_per_s: u64,
    /// Latencies at other rates.
    pub(super) latencies: Vec<Latency>,
    /// Resident memory of the idle service.
    pub(super) rss_idle_mb: f64,
    /// Resident memory at its highest.
    pub(super) rss_peak_mb: f64,
    /// From the start of the process to its first answer, on a directory that is empty unless `rows` says otherwise.
    pub(super) start_ms: f64,
    /// Deliveries that were checked to have arrived, each once or more, each with a good signature.
    pub(super) deliveries_checked: u64,
    /// Copies beyond the first.
    pub(super) extra_requests: u64,
    /// The same with many rows; its members are absent unless asked for.
    #[serde(flatten)]
    pub(super) rows: Option<RowsReport>,
    /// A start with a backlog; its members are absent unless asked for.
    #[serde(flatten)]
    pub(super) backlog: Option<BacklogReport>,
    /// What an idle endpoint weighs; its members are absent unless asked for.
    #[serde(flatten)]
    pub(super) idle: Option<IdleReport>,
}

/// Publish → arrival at one rate.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Latency {
    /// Events a second.
    pub(super) rate_per_s: u64,
    /// Milliseconds at the 50th percentile.
    pub(super) p50_ms: f64,
    /// At the 99th.
    pub(super) p99_ms: f64,
    /// At the 99.9th.
    pub(super) p999_ms: f64,
}

impl Report {
    /// The table that a person reads.
    pub(super) fn table(&self) -> String {
        let rows = [
            self.yardstick(),
            self.throughput(),
            self.latency_rows(),
            self.on_demand(),
            self.weight(),
        ]
        .concat();
        text(rows)
    }

    fn yardstick(&self) -> Vec<Row> {
        let (one, two) = (self.raw_1_thread_per_s, self.raw_2_threads_per_s);
        vec![
            row("serve", self.serve_settings.clone()),
            row("start to first answer", format!("{:.0} ms", self.start_ms)),
            row(
                "raw client, 1 thread / 2 threads",
                format!("{one:.0} / {two:.0} posts/s"),
            ),
            row("raw client CPU", format!("{:.1} µs/post", self.raw_cpu_us)),
        ]
    }

    fn throughput(&self) -> Vec<Row> {
        let end_to_end =
            |rate: f64, ratio: f64| format!("{rate:.0} deliveries/s = {ratio:.3} of raw");
        let cpu = format!(
            "{:.4} s = {:.1}x raw",
            self.cpu_s_per_1000, self.cpu_over_raw
        );
        let fan_out = format!(
            "{:.0} deliveries/s = {:.2} of single",
            self.fan_out_10_per_s, self.fan_out_over_single
        );
        vec![
            row(
                "accepted, nothing sent",
                format!("{:.0} events/s", self.accepted_only_per_s),
            ),
            row(
                "accepted while delivering",
                format!("{:.0} events/s", self.accepted_per_s),
            ),
            row(
                "end to end, 1 endpoint",
                end_to_end(self.delivered_per_s, self.ratio_to_raw),
            ),
            row(
                &format!("end to end, {} endpoints", self.endpoints),
                end_to_end(self.delivered_many_per_s, self.ratio_to_raw_many),
            ),
            row("service CPU per 1,000", cpu),
            row("fan-out of 10", fan_out),
            row(
                "drain of a backlog",
                format!("{:.0} deliveries/s", self.drain_per_s),
            ),
        ]
    }

    fn latency_rows(&self) -> Vec<Row> {
        let text = |latency: &Latency| {
            format!(
                "p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms",
                latency.p50_ms, latency.p99_ms, latency.p999_ms
            )
        };
        self.latencies
            .iter()
            .map(|latency| {
                row(
                    &format!("publish to arrival at {}/s", latency.rate_per_s),
                    text(latency),
                )
            })
            .collect()
    }

    fn on_demand(&self) -> Vec<Row> {
        [
            self.rows.as_ref().map(RowsReport::table),
            self.backlog.map(|backlog| backlog.table()),
            self.idle.map(|idle| idle.table()),
        ]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
    }

    fn weight(&self) -> Vec<Row> {
        let memory = format!("{:.0} / {:.0} MB", self.rss_idle_mb, self.rss_peak_mb);
        let checked = format!(
            "{} deliveries arrived and verified, {} extra",
            self.deliveries_checked, self.extra_requests
        );
        vec![row("memory idle / peak", memory), row("checked", checked)]
    }
}

/// The lines as text.
pub(super) fn text(rows: Vec<Row>) -> String {
    rows.into_iter()
        .map(|(name, value)| format!("{name:<44} {value}\n"))
        .collect()
}

/// A line of the table; the name is empty where it goes on from the line before.
pub(super) fn row(name: &str, value: String) -> Row {
    (name.to_owned(), value)
}
