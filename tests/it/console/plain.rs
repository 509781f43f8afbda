//! The console in lines, as a screen reader or a dumb terminal has it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use hookyard::api::endpoint::{BreakerBody, CreateEndpoint, RetryBody};

use super::program::{hookyard, hookyard_at_home};
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

fn plain(yard: &Yard, arguments: &[&str]) -> PseudoTerminal {
    let all = [&["console", "--plain"], arguments].concat();
    let mut command = hookyard(&all, &yard.socket());
    command.env("TERM", "dumb");
    PseudoTerminal::start_sized(command, 160, 48)
}

/// Answers a question until the answer is taken: what comes at once was typed before it could be read.
fn answer_until_taken(terminal: &mut PseudoTerminal, answer: &str, says: &str) {
    loop {
        terminal.wait_for("the prompt", |screen| {
            screen.trim_end().ends_with("hookyard>")
        });
        let before = terminal.sent();
        terminal.type_in(answer);
        terminal.wait_for_sent_after(before, "hookyard> ");
        let sent = terminal.sent_bytes_after(before);
        let sent = String::from_utf8_lossy(&sent);
        if sent.contains(says) {
            return;
        }
        assert!(sent.contains("is not taken"), "{sent}");
    }
}

#[test]
fn a_delivery_is_listed_opened_and_replayed_without_a_control_sequence() {
    let receiver = Receiver::start();
    let hostile = Answer::status(503).body("\u{1b}]0;owned\u{7}\u{1b}[2Jno");
    receiver.script([Behaviour::Answer(hostile)]);
    let yard = Yard::start();
    yard.endpoint_that_gives_up(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    yard.wait_for_dead(1);
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("filter state:dead\r");
    terminal.wait_for_text("1. dead, packet.signed to acme, attempt 1, status 503");
    terminal.type_in("open 1\r");
    terminal.wait_for_text("attempt 1 at ");
    terminal.type_in("replay 1\r");
    terminal.wait_for_text("Answer yes or no.");
    terminal.type_in("no\r");
    terminal.wait_for_text("Nothing was done.");
    terminal.type_in("yes\r");
    terminal.wait_for_text("Nothing was asked.");
    terminal.type_in("replay 1\ryes\r");
    terminal.wait_for_text("Done: replay dlv_");
    receiver.block_until("the replay", |receiver| receiver.requests().len() == 2);
    terminal.type_in("dance\r");
    terminal.wait_for_text("\"dance\" is not known here. help says what is.");
    terminal.type_in("yank.curl\r");
    terminal.wait_for_text("yank.curl is of the console that draws.");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
    let sent = terminal.sent_text();
    let controls: String = sent
        .chars()
        .filter(|character| character.is_control() && !"\r\n".contains(*character))
        .collect();
    assert_eq!(controls, "", "{sent}");
}

#[test]
fn an_endpoint_is_paused_and_resumed_by_its_number_and_never_read_only() {
    let yard = Yard::start();
    let endpoint = yard.endpoint("http://127.0.0.1:9/", "acme");
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("3\rpause 1\ryes\r");
    terminal.wait_for_text("Done: pause acme. It is paused.");
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("resume 2\r");
    terminal.wait_for_text("No row 2: the list has 1.");
    let mut reader = plain(&yard, &["--read-only"]);
    reader.type_in("endpoints\rresume 1\ryes\r");
    reader.wait_for_text("Refused: this console is read-only: resume acme");
    reader.wait_for_text("Nothing was asked.");
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("resume 1\ry\r");
    terminal.wait_for_text("Done: resume acme. It is active.");
    // The end of the input.
    terminal.type_in("\u{4}");
    assert!(terminal.end().success());
}

#[test]
fn what_happens_is_told_between_lines_while_it_is_followed_and_never_within_a_question() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("follow\r");
    terminal.wait_for_text("Following: what happens is told here");
    terminal.type_in("endpoints\r");
    terminal.wait_for_text("1 rows, that is all.");
    yard.publish("packet.signed");
    terminal.wait_for_text("now delivered, packet.signed to acme");
    terminal.type_in("disable 1\r");
    terminal.wait_for_text("disable acme? Answer yes or no.");
    yard.publish("packet.held-back");
    receiver.block_until("both", |receiver| receiver.requests().len() == 2);
    terminal.type_in("no\r");
    terminal.wait_for_text("now delivered, packet.held-back to acme");
    // Half a line outlives what is told into it, is shown again and can be mended.
    terminal.type_in("endpx");
    yard.publish("packet.meanwhile");
    terminal.wait_for_text("now delivered, packet.meanwhile to acme");
    let before = terminal.sent();
    terminal.type_in("\u{12}");
    terminal.wait_for_sent_after(before, "endpx");
    terminal.type_in("\u{7f}oints\r");
    terminal.wait_for_sent_after(before, "1. acme, active");
    let sent = terminal.sent_text();
    let place = |text: &str| sent.find(text).expect(text);
    assert!(
        place("Nothing was done.") < place("now delivered, packet.held-back"),
        "{sent}"
    );
    terminal.type_in("follow\r");
    terminal.wait_for_text("No longer following.");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn a_plan_is_told_in_sentences_and_wants_what_the_console_that_draws_wants() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::Answer(Answer::status(503)));
    let yard = Yard::start();
    let body = CreateEndpoint {
        url: receiver.url("/in"),
        name: Some("acme".into()),
        retry: Some(RetryBody {
            ladder: Some(Vec::new()),
            ..RetryBody::default()
        }),
        // All of them are to die, not to wait.
        breaker: Some(BreakerBody {
            enabled: Some(false),
            ..BreakerBody::default()
        }),
        ..CreateEndpoint::default()
    };
    let made = yard.ask(async |client| client.create_endpoint(&body).await);
    made.unwrap();
    for number in 0..22 {
        yard.publish(&format!("packet.n{number:02}"));
    }
    yard.wait_for_dead(22);
    let mut terminal = plain(&yard, &[]);
    // What is typed ahead of the plan does not begin it.
    terminal.type_in("filter state:dead\rplan\r22\r");
    terminal.wait_for_text("That came before the plan could be read, and is not taken.");
    let sent = terminal.sent_text();
    for told in [
        "replay 22 deliveries on ",
        "Of them acme has 22.",
        "rate 10/s, canary 5, stop 20%/50, delivered left out",
        "Type 22 to start it, or no to leave it.",
    ] {
        assert!(sent.contains(told), "no {told:?} in {sent}");
    }
    receiver.always(Behaviour::Answer(Answer::status(200)));
    terminal.type_in("rate 500/s\r");
    terminal.wait_for_text("rate 500/s, canary 5");
    answer_until_taken(&mut terminal, "y\r", "Not started: type 22 to go on");
    answer_until_taken(&mut terminal, "22\r", "Done: start. rpl_");
    receiver.block_until("the replay", |receiver| receiver.requests().len() == 44);
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn dead_letters_are_discarded_by_their_number_and_a_note() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::Answer(Answer::status(410)));
    let yard = Yard::start();
    yard.endpoint_that_gives_up(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    yard.wait_for_dead(1);
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("dead\rnote 1 they know\ryes\r");
    terminal.wait_for_text("Done: note on ");
    terminal.type_in("discard 1\r");
    terminal.wait_for_text("First say why: note and the reason. Then type 1 to start it");
    terminal.type_in("note nobody wants them\r");
    terminal.wait_for_text("The note is taken.");
    answer_until_taken(&mut terminal, "1\r", "Done: discarded 1");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn an_endpoint_is_made_edited_switched_and_deleted_by_questions_and_a_filter_is_saved() {
    let yard = Yard::start();
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("create\rhttp://127.0.0.1:9/in\racme\r\r\r\r\r\r\r\r");
    terminal.wait_for_text("New endpoint: Create? Answer yes or no");
    terminal.type_in("yes\r");
    terminal.wait_for_text("Its secret, shown once: whsec_");
    terminal.type_in("endpoints\redit 1\r");
    terminal.wait_for_text("url, where requests go");
    terminal.type_in("\racme-2\r\r\r\r\r\r\r");
    terminal.wait_for_text("Save? Answer yes or no");
    terminal.type_in("yes\rendpoints\r");
    terminal.wait_for_text("1. acme-2, active");
    terminal.type_in("disable 1\r");
    terminal.wait_for_text("New events make no deliveries to it");
    terminal.wait_for_text("disable acme-2? Answer yes or no.");
    terminal.type_in("yes\r");
    terminal.wait_for_text("That came before it could be read");
    terminal.type_in("no\rfilter state:held\rsave mine\ryes\r");
    terminal.wait_for_text("Done: save @mine");
    terminal.type_in("views\ropen 1\r");
    terminal.wait_for_text("1. @mine stands for state:held, saved by ");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn a_pipe_is_answered_line_by_line_and_cannot_start_a_plan() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::Answer(Answer::status(503)));
    let yard = Yard::start();
    yard.endpoint_that_gives_up(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    yard.wait_for_dead(1);
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard"));
    command.args(["console", "--plain", "--socket"]);
    command.arg(yard.socket());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut console = command.spawn().unwrap();
    let mut input = console.stdin.take().unwrap();
    input.write_all(b"dead\nplan 1\ny\nno\nhelp\n").unwrap();
    drop(input);
    let output = console.wait_with_output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("replay 1 deliveries on "), "{told}");
    assert!(told.contains("and is not taken."), "{told}");
    assert!(
        told.contains("plan N, or several such as 3-7,9, or alone for what the last filter picks, or replay.plan: "),
        "{told}"
    );
    assert_eq!(receiver.requests().len(), 1, "nothing was replayed");
}

#[test]
fn several_rows_are_planned_by_their_numbers() {
    let receiver = Receiver::start();
    receiver.script((0..4).map(|_| Behaviour::Answer(Answer::status(503))));
    let yard = Yard::start();
    yard.endpoint_that_gives_up(&receiver.url("/in"), "acme");
    for number in 0..4 {
        yard.publish(&format!("packet.n{number}"));
    }
    yard.wait_for_dead(4);
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("filter state:dead\rplan 1-2,9\r");
    terminal.wait_for_text("No row 9: the list has 4.");
    terminal.type_in("plan 4-3\r");
    terminal.wait_for_text("\"4-3\" is no row nor a range of rows");
    terminal.type_in("plan 1-2,4\r");
    terminal.wait_for_text("replay 3 deliveries on ");
    terminal.wait_for_text(": rows 1-2,4 of the last list.");
    answer_until_taken(&mut terminal, "y\r", "Done: start. rpl_");
    receiver.block_until("the replay", |receiver| receiver.requests().len() == 7);
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn a_protected_service_is_armed_by_its_name_and_locked_again() {
    let yard = Yard::start();
    let endpoint = yard.endpoint("http://127.0.0.1:9/", "acme");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "[context.prod]\ntarget = {:?}\nbanner = \"LIVE-EU\"\nprotect = true\n",
        yard.socket()
    );
    std::fs::write(folder.join("contexts.toml"), text).unwrap();
    let command = hookyard_at_home(&["console", "prod", "--plain"], home.path());
    let mut terminal = PseudoTerminal::start_sized(command, 160, 48);
    terminal.wait_for_text("Hookyard at prod (LIVE-EU). It is protected");
    terminal.type_in("endpoints\rpause 1\ryes\r");
    terminal.wait_for_text(
        "Refused: this service is protected, and arm lets changes through: pause acme",
    );
    terminal.wait_for_text("Nothing was asked.");
    terminal.type_in("arm\rdev\r");
    terminal.wait_for_text("That is not its name: changes stay locked.");
    terminal.type_in("arm\rprod\r");
    terminal.wait_for_text("Armed: changes are let through for ten minutes.");
    assert_eq!(yard.status(&endpoint), "active");
    terminal.type_in("pause 1\ryes\r");
    terminal.wait_for_text("Done: pause acme. It is paused.");
    terminal.type_in("arm\rresume 1\r");
    terminal.wait_for_text("Changes are locked.");
    terminal.wait_for_text("arm lets changes through: resume acme");
    assert_eq!(yard.status(&endpoint), "paused");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn following_goes_on_by_itself_after_a_lost_connection() {
    let receiver = Receiver::start();
    let mut yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("follow\r");
    terminal.wait_for_text("Following: what happens is told here");
    yard.publish("packet.first");
    terminal.wait_for_text("now delivered, packet.first to acme");
    yard.go_silent();
    terminal.wait_for_text("Following is interrupted: ");
    terminal.type_in("endpoints\r");
    terminal.wait_for_text("Failed: ");
    yard.serve();
    terminal.wait_for_text("Following again; what was missed is not told.");
    yard.publish("packet.second");
    terminal.wait_for_text("now delivered, packet.second to acme");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn a_secret_is_rotated_by_questions_and_never_typed() {
    let yard = Yard::start();
    yard.endpoint("http://127.0.0.1:9/", "acme");
    let mut terminal = plain(&yard, &[]);
    terminal.type_in("endpoints\rrotate 1\r");
    terminal.wait_for_text("Rotate the secret of acme. Each line is asked for; no leaves.");
    terminal.wait_for_text("how long the old secret signs too: 0s to 7d");
    terminal.type_in("a while\r");
    terminal.wait_for_text("Rotate? Answer yes or no");
    terminal.type_in("yes\r");
    terminal.wait_for_text("a while");
    terminal.wait_for_text("Answer yes or no");
    terminal.type_in("\r");
    terminal.type_in("no\r");
    terminal.wait_for_text("Nothing was done.");
    terminal.type_in("rotate 1\r1h\ryes\r");
    terminal.wait_for_text("Its secret, shown once: whsec_");
    let sent = terminal.sent_text();
    assert!(!sent.contains("the new one; empty makes one"), "{sent}");
    terminal.type_in("quit\r");
    assert!(terminal.end().success());
}

#[test]
fn a_dumb_terminal_is_told_of_the_lines() {
    let yard = Yard::start();
    let mut command = hookyard(&["console"], &yard.socket());
    command.env("TERM", "dumb");
    let mut terminal = PseudoTerminal::start(command);
    terminal.wait_for("the way out", |screen| {
        screen
            .replace('\n', "")
            .contains("`hookyard console --plain`")
    });
    assert!(!terminal.end().success());
}
