//! The session that the recording shows: something is wrong, why, and how what failed is brought back.

use hookyard::api::endpoint::{BreakerBody, CreateEndpoint, RetryBody};

use super::film::{Film, Picture};
use crate::console::program::hookyard_at_home;
use crate::console::pseudo_terminal::PseudoTerminal;
use crate::console::yard::Yard;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

/// Columns and rows.
pub(super) const SIZE: (u16, u16) = (110, 30);
/// How many deliveries fail.
const FAILED: usize = 30;
/// What the broken receiver says: no terminal is to obey it.
const REFUSAL: &str = "upstream connect error\n\u{1b}]0;owned\u{7}reset reason: timeout\n";

/// Plays it on a real service with real receivers.
pub(super) fn play() -> (Film, Vec<Picture>) {
    let (yard, good, broken) = (Yard::start(), Receiver::start(), Receiver::start());
    endpoint(&yard, "billing-prod", good.url("/in"), "invoice.*");
    endpoint(&yard, "partner-acme", broken.url("/in"), "packet.*");
    yard.publish_many("invoice.paid", 60);
    yard.publish("packet.signed");
    broken.block_until("the last good one", |receiver| {
        receiver.requests().len() == 1
    });
    broken.always(Behaviour::Answer(Answer::status(503).body(REFUSAL)));
    for _ in 0..FAILED {
        yard.publish("packet.signed");
    }
    yard.wait_for_dead(FAILED as u64);
    let mut film = Film::begin(console(&yard));
    let mut pictures = Vec::new();

    // Something is wrong.
    film.wait_for("partner-acme");
    pictures.push(film.picture("pulse", 3_000));
    // Why: the cause, one of its deliveries, what came back, and what was different when it was well.
    film.press("5", 2_000);
    film.press("\r", 1_500);
    film.wait_for("30 loaded");
    film.press("j", 700);
    film.press("\r", 1_500);
    film.wait_for("attempt 1 of 1");
    film.press("l", 900);
    film.press("l", 2_000);
    film.press("d", 1_000);
    film.wait_for("last good");
    pictures.push(film.picture("diff", 3_000));
    // Their fix is out: all of them again, as planned, five first.
    broken.always(Behaviour::status(200));
    film.press("5", 1_500);
    film.press("R", 500);
    film.wait_for("Type 30 and enter to start:");
    film.show(2_500);
    film.press("\t", 500);
    film.press("\u{15}", 300);
    film.type_text("30/s");
    film.press("\t\t\t\t", 500);
    film.type_text("their fix is out");
    film.press("\t", 700);
    film.type_text("30");
    pictures.push(film.picture("plan", 1_500));
    film.press("\r", 1_000);
    film.wait_for("100%");
    film.show(2_500);
    // All is well.
    film.press("5", 2_000);
    film.wait_for("No dead letters.");
    film.press("1", 3_000);
    film.leave("q");
    (film, pictures)
}

fn console(yard: &Yard) -> PseudoTerminal {
    let home = yard.socket().parent().unwrap().to_path_buf();
    let folder = home.join(".config/hookyard");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!("[context.eu-1]\ntarget = {:?}\n", yard.socket());
    std::fs::write(folder.join("contexts.toml"), text).unwrap();
    let arguments = ["console", "eu-1", "--theme", "yard-dark"];
    let mut command = hookyard_at_home(&arguments, &home);
    command.env("COLORTERM", "truecolor");
    PseudoTerminal::start_told(command, SIZE.0, SIZE.1)
}

/// An endpoint whose deliveries are dead after their first failure.
fn endpoint(yard: &Yard, name: &str, url: String, types: &str) {
    let body = CreateEndpoint {
        url,
        name: Some(name.to_owned()),
        event_types: Some(vec![types.to_owned()]),
        retry: Some(RetryBody {
            ladder: Some(Vec::new()),
            ..RetryBody::default()
        }),
        breaker: Some(BreakerBody {
            enabled: Some(false),
            ..BreakerBody::default()
        }),
        ..CreateEndpoint::default()
    };
    let made = yard.ask(async |client| client.create_endpoint(&body).await);
    made.unwrap();
}
