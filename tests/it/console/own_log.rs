//! The service's own log in the console: new lines come by themselves, and a restart is told as a gap.

use super::program::console;
use super::pseudo_terminal::PseudoTerminal;
use crate::support::service::Service;

#[test]
fn what_the_service_logs_appears_and_the_lines_of_before_a_restart_stay_below_a_gap() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut service = runtime.block_on(Service::start(directory.path()));
    let mut terminal =
        PseudoTerminal::start_sized(console(&directory.path().join("hookyard.sock")), 140, 24);
    terminal.wait_for_text("LIVE");
    terminal.type_in("8");
    terminal.wait_for("the line that says where it listens", |screen| {
        screen.contains("Log  FOLLOW") && screen.contains("ready listen=")
    });
    // What the service refuses it logs.
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_hookyard"))
        .args(["delivery", "show", "dlv_0000000000001", "--socket"])
        .arg(directory.path().join("hookyard.sock"))
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    terminal.wait_for_text("a request was refused");
    terminal.type_in("j");
    // The selected line stands beside the list, and is shown or hidden as elsewhere.
    terminal.wait_for("the refusal with its target", |screen| {
        screen.contains("Log  HELD") && screen.contains("target   hookyard::")
    });
    terminal.type_in("o");
    terminal.wait_for("the list alone", |screen| {
        !screen.contains("target   hookyard::")
    });
    terminal.type_in("f");
    terminal.wait_for_text("Log  FOLLOW");

    runtime.block_on(service.kill());
    terminal.wait_for_text("DOWN");
    service = runtime.block_on(Service::start(directory.path()));
    terminal.wait_for_text("the service was started at");
    let screen = terminal.wait_for("lines of both", |screen| {
        screen.matches("ready listen=").count() == 2
    });
    assert!(screen.contains("a request was refused"), "{screen}");
    terminal.type_in("qq");
    assert!(terminal.end().success());
    runtime.block_on(service.stop());
}
