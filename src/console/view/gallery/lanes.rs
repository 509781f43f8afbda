//! A screen as lines of text, each with a lane that tells its styles, and with what ASCII draws in its place.
//!
//! ```text
//! |dlv_0 ✓ delivered        the row
//! ~.6 a9                    six plain cells, nine of style a: the legend says what it is with colours, and without
//! |dlv_1 ✓ delivered        a row
//! ~"                        with the styles of the row before
//! =dlv_1 + delivered        the same row in ASCII, where the legend of glyphs does not say it
//! |(12 blank)               so many rows without anything
//! ```

use std::collections::BTreeMap;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::super::tests::text;

/// Names of styles in a lane, in the order in which they are given.
const NAMES: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The name of a cell that is plain in both.
const PLAIN: char = '.';

/// The same screen, drawn in three ways.
pub(super) struct Drawn {
    /// With sixteen colours.
    pub(super) colored: Buffer,
    /// Without any.
    pub(super) mono: Buffer,
    /// With sixteen colours, in ASCII.
    pub(super) ascii: Buffer,
}

/// The styles that were met, as they are with colours and without, and the glyphs.
#[derive(Default)]
pub(super) struct Legend {
    styles: Vec<(String, String)>,
    /// What ASCII draws for a glyph.
    glyphs: BTreeMap<String, String>,
}

impl Legend {
    /// The screen's lines.
    pub(super) fn lines(&mut self, drawn: &Drawn) -> String {
        let shown = text(&drawn.colored);
        assert_eq!(shown, text(&drawn.mono), "colours change no text");
        let ascii = text(&drawn.ascii);
        let (mut lines, mut blank, mut before) = (Vec::new(), 0, String::new());
        for (y, (line, ascii)) in (0..).zip(shown.lines().zip(ascii.lines())) {
            let lane = self.lane(drawn, y);
            if line.is_empty() && lane.is_empty() && ascii.is_empty() {
                blank += 1;
                continue;
            }
            note_blank(&mut lines, &mut blank);
            lines.push(format!("|{line}"));
            if !lane.is_empty() {
                let told = if lane == before { "\"" } else { &lane };
                lines.push(format!("~{told}"));
            }
            before = lane;
            if !self.knows_glyphs(drawn, y) {
                lines.push(format!("={ascii}"));
            }
        }
        note_blank(&mut lines, &mut blank);
        lines.join("\n")
    }

    /// What the names stand for.
    pub(super) fn told(&self) -> String {
        let styles = NAMES.chars().zip(&self.styles);
        let lines = styles.map(|(name, (colored, mono))| format!("{name} {colored} / {mono}"));
        let glyphs = self.glyphs.iter();
        let glyphs = glyphs.map(|(glyph, ascii)| format!("{glyph} {ascii}"));
        lines.chain(glyphs).collect::<Vec<_>>().join("\n")
    }

    /// The styles of a row as runs, without the plain cells at its end.
    fn lane(&mut self, drawn: &Drawn, y: u16) -> String {
        let mut runs: Vec<(char, usize)> = Vec::new();
        for x in 0..drawn.colored.area.width {
            let (colored, mono) = (&drawn.colored[(x, y)], &drawn.mono[(x, y)]);
            let name = self.name(style(colored), style(mono));
            match runs.last_mut() {
                Some((last, length)) if *last == name => *length += 1,
                _ => runs.push((name, 1)),
            }
        }
        if runs.last().is_some_and(|(name, _)| *name == PLAIN) {
            runs.pop();
        }
        let runs = runs.iter().map(|(name, length)| format!("{name}{length}"));
        runs.collect::<Vec<_>>().join(" ")
    }

    /// Whether what ASCII draws of a row is what it draws for each glyph elsewhere.
    fn knows_glyphs(&mut self, drawn: &Drawn, y: u16) -> bool {
        let mut known = true;
        for x in 0..drawn.colored.area.width {
            let (glyph, ascii) = (drawn.colored[(x, y)].symbol(), drawn.ascii[(x, y)].symbol());
            if glyph.is_ascii() {
                known &= glyph == ascii;
                continue;
            }
            let before = self.glyphs.entry(glyph.to_owned());
            known &= before.or_insert_with(|| ascii.to_owned()) == ascii;
        }
        known
    }

    fn name(&mut self, colored: String, mono: String) -> char {
        if colored.is_empty() && mono.is_empty() {
            return PLAIN;
        }
        let style = (colored, mono);
        let known = self.styles.iter().position(|one| *one == style);
        let at = known.unwrap_or_else(|| {
            self.styles.push(style);
            self.styles.len() - 1
        });
        NAMES.chars().nth(at).expect("a name for each style")
    }
}

fn note_blank(lines: &mut Vec<String>, blank: &mut usize) {
    if *blank > 0 {
        lines.push(format!("|({blank} blank)"));
    }
    *blank = 0;
}

/// The style of a cell in words; empty for a plain one.
fn style(cell: &Cell) -> String {
    let color = |what: &str, color: Color| match color {
        Color::Reset => None,
        color => Some(format!("{what}{color}").to_lowercase()),
    };
    let modifier =
        (cell.modifier != Modifier::empty()).then(|| format!("{:?}", cell.modifier).to_lowercase());
    let words = [color("", cell.fg), color("on ", cell.bg), modifier];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
