//! A console that watches 5,000 events a second: its bytes stay within their budget and its memory stays what it is.
//!
//! Eight seconds of it in every run; `HOOKYARD_TEST_SOAK_SECONDS=600 cargo test --test it console::soak -- --nocapture`
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
/// By how much memory may have grown from the middle to the end, when every list is full: what an allocator keeps.
const GROWTH_KB: u64 = 8_000;

#[test]
fn five_thousand_events_a_second_cost_a_console_no_more_than_a_few() {
    let seconds = std::env::var(SECONDS_VARIABLE).map_or(SECONDS, |text| text.parse().unwrap());
    let yard = Yard::start();
    // Nothing is sent: what is published is what costs.
    let endpoint = yard.endpoint("http://127.0.0.1:9/in", "acme");
    yard.ask(async |client| {
        client
            .pause_endpoint(endpoint.id, &Default::default())
            .await
    })
    .unwrap();
    let mut terminal = LARGE.start(&yard.socket());
    terminal.type_in("2");
    terminal.wait_for_text("No deliveries yet.");
    let begun = Instant::now();
    let flood = yard.flood("packet.signed", EVENTS_A_SECOND);
    // The list is full after 5,000 rows: 100 a frame, ten frames a second.
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
    assert!(
        end.memory_kb <= half.memory_kb + GROWTH_KB,
        "{} kB, and {} kB before",
        end.memory_kb,
        half.memory_kb
    );
}
