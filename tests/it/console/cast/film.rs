//! A session as it is recorded: what the console sent after each key, at moments of a clock of its own, so that how fast
//! the machine was is not in it.

use serde_json::json;

use crate::console::pseudo_terminal::PseudoTerminal;

use super::svg::svg;

/// Between two keys of a word.
const KEY_MS: u64 = 120;

/// A session that is being recorded.
pub(super) struct Film {
    terminal: PseudoTerminal,
    /// Milliseconds and what came then.
    events: Vec<(u64, String)>,
    /// How many of the terminal's bytes are recorded.
    recorded: usize,
    now: u64,
}

/// A screen of it.
pub(super) struct Picture {
    /// What it is called.
    pub(super) name: &'static str,
    /// As a picture.
    pub(super) svg: String,
}

impl Film {
    /// Begins with what the console shows at first.
    pub(super) fn begin(terminal: PseudoTerminal) -> Self {
        Self {
            terminal,
            events: Vec::new(),
            recorded: 0,
            now: 0,
        }
    }

    /// Presses keys, and shows what came of them for so long.
    pub(super) fn press(&mut self, keys: &str, millis: u64) {
        self.terminal.type_in(keys);
        self.terminal.settle();
        self.show(millis);
    }

    /// Leaves the console by a key.
    pub(super) fn leave(&mut self, key: &str) {
        self.terminal.type_in(key);
        assert!(self.terminal.end().success());
        self.terminal.assert_given_back();
        self.show(0);
    }

    /// Types a word key by key.
    pub(super) fn type_text(&mut self, text: &str) {
        for key in text.chars() {
            self.press(&key.to_string(), KEY_MS);
        }
    }

    /// Goes on as soon as this is on the screen.
    pub(super) fn wait_for(&mut self, text: &str) {
        self.terminal.wait_for_text(text);
        self.terminal.settle_drawn();
    }

    /// Shows what the screen is for so long.
    pub(super) fn show(&mut self, millis: u64) {
        let sent = self.terminal.sent_bytes_after(self.recorded);
        self.recorded += sent.len();
        if !sent.is_empty() {
            let text = String::from_utf8(sent).expect("frames are whole");
            self.events.push((self.now, text));
        }
        self.now += millis;
    }

    /// The same, and a picture of it.
    pub(super) fn picture(&mut self, name: &'static str, millis: u64) -> Picture {
        self.show(millis);
        let svg = self.terminal.with_screen(svg);
        Picture { name, svg }
    }

    /// The recording as asciinema has it, version 2.
    pub(super) fn cast(&self, title: &str, (columns, rows): (u16, u16)) -> String {
        let head = json!({
            "version": 2, "width": columns, "height": rows, "title": title, "env": {"TERM": "xterm-256color"},
        });
        let mut lines = vec![head.to_string()];
        for (millis, text) in &self.events {
            let seconds = format!("{}.{:03}", millis / 1_000, millis % 1_000);
            lines.push(format!("[{seconds}, \"o\", {}]", json!(text)));
        }
        lines.join("\n") + "\n"
    }
}
