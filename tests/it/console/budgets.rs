//! What the console costs: bytes on the line, wake-ups, processor time, memory and the time until a key shows.
//!
//! Measured on the real binary and a real service through a pseudo-terminal, and printed as a table:
//! `cargo test --test it console::budgets -- --nocapture`. Bytes are held to their budgets; times, processor and memory
//! are printed alone, because they are the machine's as much as the console's.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::console;
use super::pseudo_terminal::{PseudoTerminal, WAIT_MAX};
use super::yard::Yard;
use crate::support::receiver::Receiver;

/// Events that a full screen of rows needs.
const SCREENFUL: usize = 60;
/// Rows of the memory figure, unless the environment names more.
const ROWS: usize = 2_000;
/// Names another number of rows.
const ROWS_VARIABLE: &str = "HOOKYARD_TEST_BUDGET_ROWS";

/// Columns, rows, and a theme with the colours it takes.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    size: (u16, u16),
    theme: &'static str,
}

const SMALL: Setting = Setting {
    size: (80, 24),
    theme: "yard-dark",
};
pub(super) const LARGE: Setting = Setting {
    size: (160, 48),
    theme: "yard-dark",
};
pub(super) const SMALL_BASIC: Setting = Setting {
    theme: "ansi16",
    ..SMALL
};
pub(super) const LARGE_BASIC: Setting = Setting {
    theme: "ansi16",
    ..LARGE
};

impl Setting {
    fn console(self, socket: &Path) -> Command {
        let mut command = console(socket);
        command.env("COLORTERM", "truecolor");
        // What the console of another setting remembers stays out.
        command.env("XDG_STATE_HOME", socket.with_file_name(self.name()));
        command.args(["--theme", self.theme]);
        command
    }

    pub(super) fn start(self, socket: &Path) -> PseudoTerminal {
        let (columns, rows) = self.size;
        PseudoTerminal::start_told(self.console(socket), columns, rows)
    }

    fn name(self) -> String {
        format!("{}x{} {}", self.size.0, self.size.1, self.theme)
    }
}

/// Prints a line of the table.
#[expect(clippy::print_stdout, reason = "the table is read by people")]
pub(super) fn report(what: &str, setting: Setting, value: &str) {
    println!("| {what:<34} | {:<17} | {value} |", setting.name());
}

/// The same, and holds it to its budget.
fn hold(what: &str, setting: Setting, bytes: usize, budget: usize) {
    report(what, setting, &format!("{bytes} B, budget {budget} B"));
    assert!(bytes <= budget, "{what} at {}: {bytes} B", setting.name());
}

/// A service with a screenful of deliveries that are done.
fn yard() -> (Yard, Receiver) {
    let receiver = Receiver::start();
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish_many("packet.signed", SCREENFUL);
    receiver.block_until("a screenful", |receiver| {
        receiver.requests().len() == SCREENFUL
    });
    (yard, receiver)
}

/// The list of deliveries, full and at rest.
fn open_list(terminal: &mut PseudoTerminal, rows: usize) {
    terminal.wait_for_text("LIVE");
    terminal.type_in("2");
    let loaded = format!("{rows} loaded");
    terminal.wait_for("the list", |screen| {
        screen.contains(&loaded) && screen.contains("delivered")
    });
    terminal.settle_drawn();
}

#[test]
fn a_first_paint_is_small_and_comes_soon() {
    let (yard, _receiver) = yard();
    for (setting, budget) in [(SMALL, 4_500), (LARGE, 9_000), (SMALL_BASIC, 4_500)] {
        let begun = Instant::now();
        let mut terminal = setting.start(&yard.socket());
        terminal.wait_for_text("LIVE");
        report("start to LIVE", setting, &millis(begun.elapsed()));
        open_list(&mut terminal, SCREENFUL);
        let before = terminal.sent();
        let begun = Instant::now();
        terminal.type_in("\u{c}");
        terminal.wait_for_sent_after(before, "\u{1b}[2J");
        let shown = begun.elapsed();
        terminal.settle();
        hold("whole screen", setting, terminal.sent() - before, budget);
        report("key to whole screen", setting, &millis(shown));
    }
}

#[test]
fn a_cursor_moves_for_a_few_bytes() {
    let (yard, _receiver) = yard();
    for (setting, budget) in [
        (SMALL, 450),
        (LARGE, 450),
        (SMALL_BASIC, 260),
        // The 260 bytes are those of 80 columns. Of 160 columns a bar that is drawn and one that is taken away are 160 cells
        // each, and no sequence that repeats a reversed blank is understood everywhere.
        (LARGE_BASIC, 350),
    ] {
        let mut terminal = setting.start(&yard.socket());
        open_list(&mut terminal, SCREENFUL);
        if setting.size.0 >= 120 {
            // The list alone; with the preview beside it below.
            terminal.type_in("o");
        }
        let most = dearest_move(&mut terminal);
        hold("cursor move, the dearest of 7", setting, most, budget);
    }
}

#[test]
fn a_cursor_that_takes_a_preview_along_moves_within_the_same_budget() {
    let (yard, _receiver) = yard();
    for (setting, budget) in [(LARGE, 450), (LARGE_BASIC, 350)] {
        let mut terminal = setting.start(&yard.socket());
        open_list(&mut terminal, SCREENFUL);
        let most = dearest_move(&mut terminal);
        hold("the same with the preview", setting, most, budget);
    }
}

/// Holds the list and steps down; the bytes of the step that took the most.
fn dearest_move(terminal: &mut PseudoTerminal) -> usize {
    terminal.type_in("j");
    terminal.settle();
    assert!(terminal.text().contains("HELD"));
    let mut most = 0;
    for row in 1..8 {
        let before = terminal.sent();
        terminal.type_in("j");
        terminal.settle();
        terminal.wait_for_row(3 + row);
        most = most.max(terminal.sent() - before);
    }
    most
}

#[test]
fn a_new_row_costs_what_it_says() {
    for (setting, budget) in [
        (SMALL, 300),
        (LARGE, 450),
        (SMALL_BASIC, 300),
        (LARGE_BASIC, 450),
    ] {
        let (yard, _receiver) = yard();
        let terminal = setting.start(&yard.socket());
        let (bytes, frames) = new_rows(&yard, terminal);
        report("20 rows", setting, &format!("{bytes} B in {frames} frames"));
        hold("a frame with a new row", setting, bytes / frames, budget);
    }
}

#[test]
fn a_new_row_costs_no_more_where_rows_cannot_be_moved() {
    for (setting, budget) in [(SMALL, 300), (LARGE, 450)] {
        let (yard, _receiver) = yard();
        let mut command = setting.console(&yard.socket());
        command.args(["--scroll", "off"]);
        let (columns, rows) = setting.size;
        let terminal = PseudoTerminal::start_told(command, columns, rows);
        let (bytes, frames) = new_rows(&yard, terminal);
        hold("the same in a swept list", setting, bytes / frames, budget);
    }
}

/// Publishes twenty events for a list that follows; the bytes that took, and the frames.
fn new_rows(yard: &Yard, mut terminal: PseudoTerminal) -> (usize, usize) {
    open_list(&mut terminal, SCREENFUL);
    let (before, frames) = (terminal.sent(), terminal.bursts());
    for added in 1..=20 {
        yard.publish("packet.signed");
        let loaded = format!("{} loaded", SCREENFUL + added);
        terminal.wait_for_text(&loaded);
    }
    terminal.settle_drawn();
    (terminal.sent() - before, terminal.bursts() - frames)
}

#[test]
fn heavy_traffic_stays_within_bytes_a_second_and_keys_are_quick() {
    for (setting, arguments, budget) in [
        (LARGE, &[][..], 8_000),
        (SMALL_BASIC, &["--slow"][..], 1_500),
    ] {
        let (yard, _receiver) = yard();
        let mut command = setting.console(&yard.socket());
        command.args(arguments);
        let (columns, rows) = setting.size;
        let mut terminal = PseudoTerminal::start_told(command, columns, rows);
        open_list(&mut terminal, SCREENFUL);
        let traffic = yard.traffic("packet.signed");
        // The burst that is allowed at first is not what is measured.
        terminal.measure(Duration::from_secs(3));
        let (sent, time) = terminal.measure(Duration::from_secs(10));
        let rate = sent * 1_000 / usize::try_from(time.as_millis()).unwrap();
        let what = format!("bytes/s under traffic {}", arguments.join(" "));
        report(&what, setting, &format!("{rate} B/s, budget {budget} B/s"));
        assert!(rate <= budget, "{rate} B/s");
        report_keys(&mut terminal, setting);
        let published = traffic.stop();
        report("events meanwhile", setting, &published.to_string());
    }
}

/// Holds a list that follows, steps to and fro in it, and reports how long each key took: until its frame was written, as
/// the console says; the same without the time in which its threads could run and had no processor, whatever they waited
/// for, so rather too little than too much; and until it was seen on the screen, which this program reads.
pub(super) fn report_keys(terminal: &mut PseudoTerminal, setting: Setting) {
    terminal.type_in("j");
    terminal.wait_for_text("HELD");
    let (mut seen, mut queued) = (Vec::new(), Vec::new());
    for press in 0..100 {
        let row = 3 + (press + 1) % 2;
        let before = queued_for_a_processor(terminal.id());
        let begun = Instant::now();
        terminal.type_in(if row == 4 { "j" } else { "k" });
        terminal.wait_for_row(row);
        seen.push(begun.elapsed());
        queued.push(queued_for_a_processor(terminal.id()) - before);
    }
    let answered = terminal.idle().wait_for_answers(WAIT_MAX, seen.len());
    let answered = answered.expect("each key is answered");
    let written = &answered[answered.len() - seen.len()..];
    let own: Vec<Duration> = written
        .iter()
        .zip(&queued)
        .map(|(written, queued)| written.saturating_sub(*queued))
        .collect();
    report("key to its frame written", setting, &times(written));
    report("without waits for a processor", setting, &times(&own));
    report("key to screen", setting, &times(&seen));
}

#[test]
fn an_idle_console_sends_nothing_and_hardly_wakes() {
    let (yard, _receiver) = yard();
    let mut terminal = LARGE.start(&yard.socket());
    open_list(&mut terminal, SCREENFUL);
    let before = Figures::of(terminal.id());
    let window = Duration::from_secs(10);
    let sent = terminal.silent_for(window);
    let after = Figures::of(terminal.id());
    let wakes = after.wakes - before.wakes;
    let ticks = after.ticks - before.ticks;
    let text = format!(
        "{} B/s, {:.1} wake-ups/s, {ticks} ticks of processor in {window:?}",
        sent.len() / 10,
        f64::from(wakes) / window.as_secs_f64(),
    );
    report("idle", LARGE, &text);
    assert_eq!(sent, Vec::<u8>::new(), "{}", String::from_utf8_lossy(&sent));
    // A heartbeat every five seconds, statistics every fifteen and with the minute, and a margin.
    assert!(wakes <= 8, "woken {wakes} times");
}

#[test]
fn memory_with_many_rows_is_told() {
    let rows = std::env::var(ROWS_VARIABLE).map_or(ROWS, |rows| rows.parse().unwrap());
    let (yard, _receiver) = yard();
    let mut terminal = LARGE.start(&yard.socket());
    open_list(&mut terminal, SCREENFUL);
    let empty = Figures::of(terminal.id()).memory_kb;
    let mut loaded = SCREENFUL;
    while loaded < rows {
        // A frame of the stream lists no more than a hundred.
        let more = (rows - loaded).min(90);
        yard.publish_many("packet.signed", more);
        loaded += more;
        let told = thousands(loaded);
        terminal.wait_for_text(&format!("{told} loaded"));
    }
    let full = Figures::of(terminal.id()).memory_kb;
    let text = format!("{full} kB with {loaded} rows, {empty} kB with {SCREENFUL}");
    report("resident memory", LARGE, &text);
}

/// How long the threads of a process could have run and had no processor, all in all.
fn queued_for_a_processor(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks
        .map(|task| {
            let stat = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            let nanos = stat.split_whitespace().nth(1).unwrap();
            Duration::from_nanos(nanos.parse().unwrap())
        })
        .sum()
}

/// The median of a hundred times, and the second greatest.
fn times(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let (half, most) = (millis(sorted[50]), millis(sorted[98]));
    format!("p50 {half}, p99 {most}")
}

/// A number as the console writes it.
fn thousands(number: usize) -> String {
    let mut text = number.to_string();
    if number >= 1_000 {
        text.insert(text.len() - 3, ',');
    }
    text
}

pub(super) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// What the kernel counts of a process.
pub(super) struct Figures {
    wakes: u32,
    pub(super) ticks: u64,
    pub(super) memory_kb: u64,
}

impl Figures {
    pub(super) fn of(pid: u32) -> Self {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let wakes = tasks.map(|task| {
            let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
            u32::try_from(number_after(&status, "\nvoluntary_ctxt_switches:")).unwrap()
        });
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        Self {
            wakes: wakes.sum(),
            ticks: fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap(),
            memory_kb: number_after(&status, "VmRSS:"),
        }
    }
}

fn number_after(text: &str, name: &str) -> u64 {
    let rest = text.split_once(name).unwrap().1;
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
