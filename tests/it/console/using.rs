//! What an operator does: looks, replays, pauses, filters, asks for help.

use std::time::Duration;

use super::program::console;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::service::Service;

/// An answer that is a failure for every contract.
fn refusal() -> Behaviour {
    Behaviour::Answer(Answer::status(503).body("\u{1b}]0;owned\u{7}\u{1b}[2Jno"))
}

#[test]
fn a_delivery_appears_by_itself_and_r_replays_it() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("LIVE");
    terminal.wait_for_text("No deliveries yet.");
    yard.publish("packet.signed");
    terminal.wait_for("the delivery", |screen| {
        screen.contains("acme") && screen.contains("packet.signed") && screen.contains("delivered")
    });
    receiver.block_until("one request", |receiver| receiver.requests().len() == 1);

    terminal.type_in("r");
    terminal.wait_for_text("choose the delivery, then r");
    terminal.type_in("r");
    receiver.block_until("the replay", |receiver| receiver.requests().len() == 2);
    terminal.type_in("\r");
    terminal.wait_for_text("attempt 2 of 2");
    terminal.type_in("q");
    terminal.wait_for_text("HELD");
    terminal.type_in("q");
    terminal.wait_for_text("Pulse");
    terminal.type_in("q");
    assert!(terminal.end().success());
    terminal.assert_given_back();
}

#[test]
fn what_a_flood_left_out_of_a_list_is_loaded_by_reading_on() {
    let yard = Yard::start();
    yard.paused_endpoint("acme");
    let mut terminal = PseudoTerminal::start_told(console(&yard.socket()), 80, 24);
    terminal.type_in("2");
    terminal.wait_for_text("No deliveries yet.");
    // A frame of the stream lists a hundred of them, and a page that is fetched after it two hundred.
    yard.publish_many("packet.signed", 1_500);
    terminal.wait_for_text(" loaded");
    terminal.rest(Duration::from_millis(1_500));
    assert!(!terminal.text().contains("1,500 loaded"));
    terminal.type_in("j");
    let mut pages = 0;
    while !terminal.text().contains("1,500 loaded") {
        terminal.type_in("\u{1b}[6~");
        terminal.settle();
        pages += 1;
        assert!(pages < 200, "{}", terminal.text());
    }
    terminal.type_in("G");
    terminal.settle();
    assert!(!terminal.text().contains("missing"), "{}", terminal.text());
}

#[test]
fn what_a_hostile_receiver_says_is_shown_and_does_nothing() {
    let receiver = Receiver::start();
    receiver.always(refusal());
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("retrying");
    terminal.type_in("\rl");
    terminal.wait_for_text("POST http://127.0.0.1");
    terminal.type_in("l");
    let screen = terminal.wait_for_text("HTTP 503");
    let screen = if screen.contains("owned") {
        screen
    } else {
        terminal.wait_for_text("owned")
    };
    assert!(screen.contains("\\x1b]0;owned\\x07\\x1b[2Jno"), "{screen}");
    assert!(screen.contains("HOOKYARD"), "nothing was cleared: {screen}");
}

#[test]
fn endpoints_are_paused_resumed_and_disabled_after_a_question() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    let endpoint = yard.endpoint(&receiver.url("/in"), "acme");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("LIVE");
    terminal.type_in("3");
    terminal.wait_for_text("idle");
    terminal.type_in("P");
    terminal.wait_for_text("pause acme: done, P resumes it");
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("P");
    terminal.wait_for_text("resume acme: done, it is active");
    terminal.type_in("T");
    terminal.wait_for_text("disable acme?");
    terminal.type_in("\r");
    terminal.wait_for_text("cancelled, nothing was done");
    assert_eq!(yard.status(&endpoint), "active");
}

#[test]
fn a_filter_is_typed_and_help_comes_and_goes() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    yard.publish("invoice.paid");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("invoice.paid");
    terminal.type_in("/event:packet");
    terminal.wait_for_text("/event:packet");
    terminal.type_in(".*\r");
    terminal.wait_for("the filtered list", |screen| {
        screen.contains("packet.signed") && !screen.contains("invoice.paid")
    });
    terminal.type_in("?");
    terminal.wait_for_text("replay this delivery with a fresh retry budget");
    terminal.type_in("\u{1b}");
    terminal.wait_for("no help", |screen| !screen.contains("fresh retry budget"));
    terminal.type_in("\u{1b}");
    terminal.wait_for_text("invoice.paid");
}

#[test]
fn a_service_that_goes_and_returns_is_told_in_words_and_the_list_stays() {
    let receiver = Receiver::start();
    let mut yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("delivered");
    yard.go_silent();
    let screen = terminal.wait_for_text("DOWN");
    assert!(screen.contains("packet.signed"), "{screen}");
    yard.serve();
    terminal.wait_for_text("LIVE");
    yard.publish("invoice.paid");
    terminal.wait_for_text("invoice.paid");
}

#[test]
fn a_service_that_is_killed_and_started_again_is_live_again() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut service = runtime.block_on(Service::start(directory.path()));
    let mut terminal = PseudoTerminal::start(console(&directory.path().join("hookyard.sock")));
    terminal.wait_for_text("LIVE");
    for _ in 0..2 {
        runtime.block_on(service.kill());
        terminal.wait_for_text("DOWN");
        service = runtime.block_on(Service::start(directory.path()));
        terminal.wait_for_text("LIVE");
    }
    terminal.type_in("q");
    assert!(terminal.end().success());
    terminal.assert_given_back();
    runtime.block_on(service.stop());
}

#[test]
fn a_resized_terminal_is_drawn_anew() {
    let yard = Yard::start();
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("No deliveries yet.");
    terminal.resize(30, 7);
    terminal.wait_for_text("need 40x8, have 30x7");
    terminal.resize(120, 30);
    terminal.wait_for_text("EVENT ID");
}

#[test]
fn after_a_storm_of_sizes_the_screen_is_what_it_would_have_been_without() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.type_in("2");
    terminal.wait_for_text("delivered");
    terminal.type_in("j");
    terminal.wait_for_text("HELD");
    for step in 0..300_u16 {
        terminal.resize(20 + step * 37 % 160, 4 + step * 11 % 60);
    }
    terminal.resize(120, 30);
    let stormy = terminal.wait_for("the list at its last size", |screen| {
        // Wider sizes before it had all that too, but not the keys in this row.
        let keys = screen.lines().nth(29);
        keys.is_some_and(|line| line.trim_end().ends_with("? help"))
            && screen.contains("ATTEMPT 1")
            && screen.contains("HELD")
    });
    terminal.type_in("?");
    terminal.wait_for_text("esc closes");
    terminal.type_in("?");
    let calm = terminal.wait_for("the list again", |screen| !screen.contains("esc closes"));
    // A blank that was written and one that never was look the same.
    let seen = |screen: &str| {
        screen
            .lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(seen(&stormy), seen(&calm));
}

#[test]
fn dead_letters_are_replayed_from_their_cause_as_planned() {
    let receiver = Receiver::start();
    receiver.always(refusal());
    let yard = Yard::start();
    yard.endpoint_that_gives_up(&receiver.url("/in"), "acme");
    for _ in 0..3 {
        yard.publish("packet.signed");
    }
    let mut terminal = PseudoTerminal::start(console(&yard.socket()));
    terminal.wait_for("three dead letters", |screen| screen.contains("dead 3"));
    terminal.type_in("5");
    terminal.wait_for("their cause", |screen| {
        screen.contains("3 of 1 cause") && screen.contains("failing")
    });
    receiver.always(Behaviour::status(200));
    terminal.type_in("R");
    terminal.wait_for_text("Type y and enter to start:");
    terminal.type_in("\x1b[200~y\r\x1b[201~");
    terminal.wait_for_text("pasted text never confirms");
    terminal.type_in("y\r");
    terminal.wait_for("the replay at its end", |screen| {
        screen.contains("finished") && screen.contains("100%")
    });
    assert_eq!(receiver.requests().len(), 6);
    terminal.type_in("7");
    terminal.wait_for_text("replay.start");
    terminal.type_in("5");
    terminal.wait_for_text("No dead letters.");
    terminal.type_in("=");
    terminal.wait_for_text("= hookyard dead causes");
}
