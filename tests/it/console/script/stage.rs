//! A console on a stage: an action by its name presses its key, and what came of it is looked at before the next.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard::api::audit::{AuditEntryView, AuditParams};
use hookyard::api::endpoint::{BreakerBody, CreateEndpoint, EndpointView, RetryBody};
use hookyard::console::keys::Keymap;

use super::Part;
use crate::console::program::console;
use crate::console::pseudo_terminal::{PseudoTerminal, WAIT_MAX};
use crate::console::yard::Yard;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

/// A service, two receivers, a console, and what the part of the script has done so far.
pub(super) struct Stage {
    pub(super) yard: Yard,
    /// Takes everything.
    pub(super) good: Receiver,
    /// Takes nothing, until it is told to.
    pub(super) bad: Receiver,
    pub(super) terminal: PseudoTerminal,
    part: &'static Part,
    done: BTreeSet<&'static str>,
}

/// A service with the endpoints `acme`, which gets `good.*` and takes it, and `broke`, which gets `bad.*` and does not;
/// what fails there is dead at once.
pub(super) struct Scenery {
    pub(super) yard: Yard,
    pub(super) good: Receiver,
    pub(super) bad: Receiver,
    pub(super) acme: EndpointView,
}

impl Scenery {
    pub(super) fn new() -> Self {
        let (yard, good, bad) = (Yard::start(), Receiver::start(), Receiver::start());
        bad.always(Behaviour::Answer(Answer::status(503).body("db down")));
        let endpoint = |name: &str, url: String, types: &str| {
            let body = CreateEndpoint {
                url,
                name: Some(name.to_owned()),
                event_types: Some(vec![types.to_owned()]),
                retry: Some(RetryBody {
                    ladder: Some(Vec::new()),
                    ..RetryBody::default()
                }),
                // All of them are to fail, not to wait.
                breaker: Some(BreakerBody {
                    enabled: Some(false),
                    ..BreakerBody::default()
                }),
                ..CreateEndpoint::default()
            };
            let made = yard.ask(async |client| client.create_endpoint(&body).await);
            made.unwrap().endpoint
        };
        let acme = endpoint("acme", good.url("/in"), "good.*");
        endpoint("broke", bad.url("/in"), "bad.*");
        Self {
            yard,
            good,
            bad,
            acme,
        }
    }

    /// Publishes so many events that arrive, `good.n00` first.
    pub(super) fn deliver(&self, count: usize) {
        let before = self.good.requests().len();
        for number in 0..count {
            self.yard.publish(&format!("good.n{number:02}"));
        }
        self.good.block_until("what arrives", |receiver| {
            receiver.requests().len() == before + count
        });
    }

    /// Publishes so many events that die.
    pub(super) fn fail(&self, count: usize) {
        for number in 0..count {
            self.yard.publish(&format!("bad.n{number:02}"));
        }
        self.yard.wait_for_dead(count as u64);
    }

    /// A console of it.
    pub(super) fn stage(self, part: &'static Part) -> Stage {
        let command = console(&self.yard.socket());
        self.stage_with(part, command, (110, 34))
    }

    /// This console of it, in so many columns and rows.
    pub(super) fn stage_with(
        self,
        part: &'static Part,
        command: Command,
        (columns, rows): (u16, u16),
    ) -> Stage {
        let terminal = PseudoTerminal::start_told(command, columns, rows);
        Stage {
            yard: self.yard,
            good: self.good,
            bad: self.bad,
            terminal,
            part,
            done: BTreeSet::new(),
        }
    }
}

impl Stage {
    /// Does an action of the table by its key, and looks at what came of it.
    pub(super) fn act(&mut self, action: &'static str, check: impl FnOnce(&Self)) {
        self.press_key_of(action);
        self.terminal.settle();
        check(self);
    }

    /// Does an action by a key that a file of keys gives it.
    pub(super) fn act_by(&mut self, action: &'static str, key: &str, check: impl FnOnce(&Self)) {
        self.promise(action);
        self.answer(key);
        check(self);
    }

    /// Does an action until what lies upon the view has heard it and is gone: it is deaf at first.
    pub(super) fn act_until_gone(&mut self, action: &'static str, overlay: &str) {
        self.press_key_of(action);
        self.answer_until_gone(&key_of(action), overlay);
    }

    /// The same with one that gives the terminal away or ends the console.
    pub(super) fn act_and_part(&mut self, action: &'static str, check: impl FnOnce(&mut Self)) {
        self.press_key_of(action);
        check(self);
    }

    /// Types what belongs to no action: text, answers, the keys of dialogs.
    pub(super) fn answer(&mut self, keys: &str) {
        self.terminal.type_in(keys);
        self.terminal.settle();
    }

    /// Presses a key until what lies upon the view has heard it and is gone: it is deaf at first.
    pub(super) fn answer_until_gone(&mut self, key: &str, overlay: &str) {
        let deadline = Instant::now() + WAIT_MAX;
        while self.terminal.settle().shown.contains(overlay) {
            assert!(Instant::now() < deadline, "{overlay} does not hear {key:?}");
            self.terminal.type_in(key);
        }
    }

    fn promise(&mut self, action: &'static str) {
        assert!(
            self.part.actions.contains(&action),
            "{action} is not what this part of the script promises"
        );
        self.done.insert(action);
    }

    fn press_key_of(&mut self, action: &'static str) {
        self.promise(action);
        self.terminal.type_in(&key_of(action));
    }

    /// The text of the row under the bar.
    pub(super) fn bar(&self) -> String {
        self.terminal.settle();
        self.terminal.bar()
    }

    /// What was copied last, as a terminal gets it.
    pub(super) fn copied(&self) -> String {
        let sent = self.terminal.sent_text();
        let (_, rest) = sent
            .rsplit_once("\u{1b}]52;c;")
            .expect("something was copied");
        let (coded, _) = rest.split_once('\u{7}').expect("all of it was");
        String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap()
    }

    /// What the console shows, by its names.
    pub(super) fn shown(&self) -> String {
        self.terminal.settle().shown
    }

    /// The newest entries of the audit log.
    pub(super) fn audit(&self) -> Vec<AuditEntryView> {
        let query = AuditParams::default();
        let page = self.yard.ask(async |client| client.audit(&query).await);
        page.unwrap().items
    }

    /// Fails unless the newest entry of the audit log is of this action on this target.
    pub(super) fn assert_audited(&self, what: &str, target: &str) {
        let entries = self.audit();
        let newest = entries.first().map(|entry| (&*entry.what, &entry.target));
        let target = Some(target.to_owned());
        assert_eq!(newest, Some((what, &target)));
    }

    /// Fails unless all that the part promises was done and shown.
    pub(super) fn end(self) {
        let seen = self.terminal.idle().seen();
        let missing = |promised: &'static [&'static str], kept: &dyn Fn(&str) -> bool| {
            let missing = promised.iter().filter(|name| !kept(name));
            missing.copied().collect::<Vec<_>>()
        };
        let undone = missing(self.part.actions, &|name| self.done.contains(name));
        assert_eq!(undone, Vec::<&str>::new(), "promised and not done");
        let unseen = missing(self.part.shown, &|name| seen.contains(name));
        assert_eq!(unseen, Vec::<&str>::new(), "promised and not shown");
    }
}

/// The screen has this text, or will.
pub(super) fn shows(text: &str) -> impl FnOnce(&Stage) {
    move |stage| {
        stage.terminal.wait_for_text(text);
    }
}

/// This view, tab, line or overlay is shown, the uppermost.
pub(super) fn opens(name: &str) -> impl FnOnce(&Stage) {
    move |stage| {
        let shown = stage.shown();
        assert_eq!(shown.rsplit('+').next(), Some(name), "{shown}");
    }
}

/// The bar lies on a row with this text.
pub(super) fn selects(text: &str) -> impl FnOnce(&Stage) {
    move |stage| {
        let bar = stage.bar();
        assert!(bar.contains(text), "no {text} in {bar}");
    }
}

/// The bytes that a terminal sends for the first key of an action.
fn key_of(action: &str) -> String {
    let rows = Keymap::ops().rows();
    let row = rows.iter().find(|row| row.action == action);
    let row = row.unwrap_or_else(|| panic!("{action} is not in the table"));
    let key = row.key.as_deref();
    bytes_of_key(key.unwrap_or_else(|| panic!("{action} has no key")))
}

/// The bytes that a terminal sends for a key of one stroke or several.
pub(super) fn bytes_of_key(key: &str) -> String {
    key.split(' ').map(bytes_of).collect()
}

/// The bytes that a terminal sends for one stroke.
pub(super) fn bytes_of(stroke: &str) -> String {
    let named = match stroke {
        "enter" => "\r",
        "esc" => "\u{1b}",
        "space" => " ",
        "tab" => "\t",
        "shift-tab" => "\u{1b}[Z",
        "up" => "\u{1b}[A",
        "down" => "\u{1b}[B",
        "right" => "\u{1b}[C",
        "left" => "\u{1b}[D",
        "home" => "\u{1b}[H",
        "end" => "\u{1b}[F",
        "pgup" => "\u{1b}[5~",
        "pgdn" => "\u{1b}[6~",
        "f1" => "\u{1b}OP",
        _ => "",
    };
    if !named.is_empty() {
        return named.to_owned();
    }
    let control = stroke
        .strip_prefix("ctrl-")
        .and_then(|key| key.chars().next());
    if let Some(letter) = control {
        let code = u32::from(letter) & 0x1f;
        return char::from_u32(code).unwrap().to_string();
    }
    assert_eq!(stroke.chars().count(), 1, "no bytes are known for {stroke}");
    stroke.to_owned()
}

/// The folder in which a service has its socket, and its console its home.
pub(super) fn home_of(yard: &Yard) -> std::path::PathBuf {
    yard.socket().parent().map(Path::to_path_buf).unwrap()
}
