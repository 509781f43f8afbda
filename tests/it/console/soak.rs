//! A console that watches 5,000 events a second: its bytes stay within their budget, and its memory what its list takes.
//!
//! Twenty seconds of it in every run; `HOOKYARD_TEST_SOAK_SECONDS=600 cargo test --test it console::soak -- --nocapture`
//! does it for ten minutes. How many events the service took in a second is printed: it is the machine's.

use std::time::{Duration, Instant};

use super::budgets::{Figures, LARGE, report, report_keys};
use super::yard::Yard;

/// Names another length.
const SECONDS_VARIABLE: &str = "HOOKYARD_TEST_SOAK_SECONDS";
/// How long it takes in every run: bytes a second are a mean over ten seconds, the second half.
const SECONDS: u64 = 20;
/// Events that are published in a second, where the service takes as many.
const EVENTS_A_SECOND: usize = 5_000;
/// Bytes a second that may go to the terminal.
const BYTES_A_SECOND: usize = 8_000;
/// By how much memory may have grown from the middle to the end, when the list is full: what an allocator keeps.
const GROWTH_KB: u64 = 8_000;
/// Rows that the list holds, those that come in a second, and what one may take.
const ROWS_HELD: u64 = 50_000;
const ROWS_A_SECOND: u64 = 1_000;
const ROW_BYTES: u64 = 800;

#[test]
fn five_thousand_events_a_second_cost_a_console_no_more_than_a_few() {
    let seconds = std::env::var(SECONDS_VARIABLE).map_or(SECONDS, |text| text.parse().unwrap());
    let yard = Yard::start();
    // Nothing is sent: what is published is what costs.
    yard.paused_endpoint("acme");
    let mut terminal = LARGE.start(&yard.socket());
    terminal.type_in("2");
    terminal.wait_for_text("No deliveries yet.");
    let begun = Instant::now();
    let flood = yard.flood("packet.signed", EVENTS_A_SECOND);
    // A frame tells a hundred rows, ten times a second: a list of 50,000 is full after fifty seconds.
    terminal.measure(Duration::from_secs(seconds / 2));
    let half = Figures::of(terminal.id());
    let (sent, measured) = terminal.measure(Duration::from_secs(seconds / 2));
    let end = Figures::of(terminal.id());
    report_keys(&mut terminal, LARGE);
    let published = flood.stop();
    let flooded = begun.elapsed();
    let rate = sent * 1_000 / usize::try_from(measured.as_millis()).unwrap();
    let taken = published as u64 * 1_000 / u64::try_from(flooded.as_millis()).unwrap();
    let text = format!(
        "{taken} events/s, {rate} B/s, {} kB then {} kB, {} ticks of processor",
        half.memory_kb,
        end.memory_kb,
        end.ticks - half.ticks
    );
    report("5,000 events/s", LARGE, &text);
    assert!(rate <= BYTES_A_SECOND, "{rate} B/s");
    let growth = GROWTH_KB + still_to_come(seconds) * ROW_BYTES / 1_000;
    assert!(
        end.memory_kb <= half.memory_kb + growth,
        "{} kB, and {} kB before",
        end.memory_kb,
        half.memory_kb
    );
}

/// How many rows a list takes in the second half, because it is not full yet.
fn still_to_come(seconds: u64) -> u64 {
    let held = |seconds: u64| ROWS_HELD.min(seconds * ROWS_A_SECOND);
    held(seconds) - held(seconds / 2)
}
