//! What leaves the console: rows for a file or a command, the selected one for the pager. The terminal is given back
//! for programs and taken again after them.

use super::program::console;
use super::pseudo_terminal::PseudoTerminal;
use super::yard::Yard;
use crate::support::receiver::Receiver;

#[test]
fn the_pager_and_a_command_have_the_terminal_and_give_it_back() {
    let receiver = Receiver::start();
    let yard = Yard::start();
    yard.endpoint(&receiver.url("/in"), "acme");
    yard.publish("packet.signed");
    let socket = yard.socket();
    let kept = socket.parent().unwrap().join("rows");
    let mut command = console(&socket);
    // A pager that waits for a line from the terminal, as people do.
    command.env(
        "PAGER",
        "cat; echo paged; read line < /dev/tty; echo got $line",
    );
    let mut terminal = PseudoTerminal::start_told(command, 80, 24);
    terminal.type_in("2");
    terminal.wait_for_text("delivered");
    terminal.type_in("je");
    let shown = terminal.wait_for_text("paged");
    assert!(
        shown.contains("\"event_type\": \"packet.signed\""),
        "{shown}"
    );
    terminal.type_elsewhere("this\r");
    terminal.wait_for_text("Deliveries");

    terminal.type_in("|");
    assert_eq!(terminal.settle().shown, "deliveries+prompt-command");
    terminal.type_in(&format!("cat > {}; false\r", kept.display()));
    terminal.wait_for_text("-- enter goes back --");
    terminal.type_elsewhere("\r");
    // It is told that the command failed, in front of the list.
    terminal.wait_for_text("exit status: 1");
    let rows = std::fs::read_to_string(&kept).unwrap();
    let row: serde_json::Value = serde_json::from_str(rows.trim()).unwrap();
    assert_eq!(row["event_type"], "packet.signed");

    terminal.type_in("W\x15");
    assert_eq!(terminal.settle().shown, "deliveries+prompt-file");
    terminal.type_in(&format!("{}.csv\r", kept.display()));
    terminal.wait_for_text("wrote ");
    let table = std::fs::read_to_string(kept.with_extension("csv")).unwrap();
    assert_eq!(table.lines().count(), 2);
    terminal.type_in("Q");
    assert!(terminal.end().success());
    terminal.assert_given_back();
}
