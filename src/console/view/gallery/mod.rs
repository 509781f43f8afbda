//! Every view in every state, and every dialog, at five sizes, with their styles: one picture each in `snapshots/`.
//!
//! The models are made of recorded answers ([`crate::console::app::recorded`]). Whoever changes how something looks draws
//! the pictures anew by `INSTA_UPDATE=always cargo test --lib console::view::gallery` and reads what became of them.

mod dialogs;
mod lanes;
mod views;

use insta::{Settings, assert_snapshot};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::Skin;
use super::screen::draw;
use super::tests::text;
use crate::console::app::model::Model;
use crate::console::app::msg::{Msg, Now};
use crate::console::app::recorded::Recorded;
use crate::console::app::update::update;
use crate::console::options::TerminalTraits;
use crate::console::theme::{Shelf, Theme};
use lanes::{Drawn, Legend};

/// Columns and rows of each picture.
const SIZES: [(u16, u16); 5] = [(40, 8), (60, 15), (80, 24), (120, 30), (160, 48)];

/// What is drawn: a model, the service that goes on answering it, and how long after its start it is looked at.
struct Scene {
    model: Model,
    service: Recorded,
    millis: u64,
}

impl Scene {
    /// What a service shows after these keys.
    fn new(service: Recorded, keys: &str) -> Self {
        let mut model = service.console(SIZES[2]);
        if !keys.is_empty() {
            service.press(&mut model, 0, keys);
        }
        Self {
            model,
            service,
            millis: 1_000,
        }
    }

    /// The same so much later.
    fn later(self, millis: u64) -> Self {
        Self { millis, ..self }
    }

    fn now(&self) -> Now {
        self.service.at(self.millis)
    }

    fn resize(&mut self, (columns, rows): (u16, u16)) {
        let (now, resized) = (self.now(), Msg::Resized(columns, rows));
        let cmds = update(&mut self.model, now, resized);
        self.service.serve(&mut self.model, self.millis, cmds);
    }

    fn drawn(&self) -> Drawn {
        let buffer = |theme: &str, ascii: bool| {
            let traits = TerminalTraits {
                locale: Some("C.UTF-8".into()),
                ..TerminalTraits::default()
            };
            let theme = Theme::find(Some(theme), Shelf::new(None), &traits);
            let skin = Skin {
                theme: theme.expect("it is built in"),
                ascii,
                times: self.model.times.clone(),
            };
            let (columns, rows) = self.model.terminal;
            let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
            draw(&self.model, self.now(), &skin, &mut buffer);
            buffer
        };
        Drawn {
            colored: buffer("ansi16", false),
            mono: buffer("mono", false),
            ascii: buffer("ansi16", true),
        }
    }

    /// The screen's text as it is now.
    fn text(&self) -> String {
        text(&self.drawn().colored)
    }
}

/// Compares the picture of a scene at all sizes with the one that is kept.
fn keep(name: &str, mut scene: Scene) {
    let mut legend = Legend::default();
    let mut pictures = Vec::new();
    for size in SIZES {
        scene.resize(size);
        let drawn = scene.drawn();
        for cell in drawn.mono.content() {
            assert_eq!(
                (cell.fg, cell.bg),
                Default::default(),
                "{name} has colours without colours"
            );
        }
        let lines = legend.lines(&drawn);
        pictures.push(format!("== {}x{}\n{lines}", size.0, size.1));
    }
    pictures.push(format!(
        "== styles with colours / without, glyphs and their ASCII\n{}",
        legend.told()
    ));
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(name, pictures.join("\n\n")));
}

/// Fails unless ASCII draws ASCII at every size.
fn assert_ascii(mut scene: Scene) {
    for size in SIZES {
        scene.resize(size);
        let shown = text(&scene.drawn().ascii);
        assert!(shown.is_ascii(), "{shown}");
    }
}
