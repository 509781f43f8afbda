//! The one way to the screen: text is escaped, cut to its columns, and styled by role.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::console::app::times::Times;
use crate::console::theme::{Role, Theme};
use crate::domain::escape;

/// How things look on this terminal.
#[derive(Clone, Debug)]
pub(crate) struct Skin {
    /// The theme.
    pub theme: Theme,
    /// Whether only ASCII glyphs are drawn.
    pub ascii: bool,
    /// How instants are told.
    pub times: Times,
}

impl Skin {
    /// How a role looks.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// One of two glyphs, by the set in use.
    pub(crate) const fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }
}

/// A pen that writes into a part of the screen.
pub(crate) struct Pen<'a> {
    buffer: &'a mut Buffer,
    skin: &'a Skin,
    area: Rect,
}

impl<'a> Pen<'a> {
    /// A pen for this buffer.
    pub(crate) const fn new(buffer: &'a mut Buffer, skin: &'a Skin) -> Self {
        let area = buffer.area;
        Self { buffer, skin, area }
    }

    /// A pen for what is left above so many rows at the bottom.
    pub(crate) fn above(self, rows: u16) -> Self {
        let height = self.area.height.saturating_sub(rows);
        let area = Rect {
            height,
            ..self.area
        };
        Self { area, ..self }
    }

    /// How things look.
    pub(crate) const fn skin(&self) -> &'a Skin {
        self.skin
    }

    /// The part of the screen.
    pub(crate) const fn area(&self) -> Rect {
        self.area
    }

    /// Writes text into at most `width` columns from (x, y); what does not fit is cut at a grapheme and marked. Gives
    /// the columns that were used.
    pub(crate) fn text(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) -> u16 {
        self.styled(x, y, width, text, self.skin.style(role))
    }

    /// Writes right-aligned text into `width` columns; text that does not fit is left out, so that no number is cut.
    pub(crate) fn right(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) {
        let columns = columns(text);
        if columns <= width {
            self.text(x + width - columns, y, columns, text, role);
        }
    }

    /// Fills a part of a row: blanks in the colours of a role turned round.
    pub(crate) fn block(&mut self, x: u16, y: u16, width: u16, role: Role) {
        let style = self.skin.style(role).add_modifier(Modifier::REVERSED);
        let blanks = " ".repeat(usize::from(width));
        self.styled(x, y, width, &blanks, style);
    }

    /// Lays a bar over a part of the screen: one look from edge to edge, whatever the text below it has. Under a bar of
    /// many colours text is hard to read, and each of them is sent again with every step.
    pub(crate) fn shade(&mut self, area: Rect, role: Role) {
        let style = Style::reset().patch(self.skin.style(role));
        self.buffer.set_style(area.intersection(self.area), style);
    }

    /// Empties a part of the screen.
    pub(crate) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// Empties the last two rows, for text that is typed and a note below it.
    pub(crate) fn clear_prompt(&mut self) {
        let area = self.area();
        let rows = area.height.min(2);
        self.clear(Rect {
            y: area.bottom() - rows,
            height: rows,
            ..area
        });
    }

    /// A line from edge to edge of an area's width.
    pub(crate) fn rule(&mut self, x: u16, y: u16, width: u16) {
        let line = self.skin.glyph("─", "-").repeat(usize::from(width));
        self.text(x, y, width, &line, Role::Border);
    }

    fn styled(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = self.area;
        if x >= area.right() || y >= area.bottom() {
            return 0;
        }
        let width = width.min(area.right() - x);
        let shown = escape::line(text);
        let (kept, cut) = fit(&shown, width, self.skin.glyph("…", "~"));
        let (end, _) = self
            .buffer
            .set_stringn(x, y, kept, usize::from(width), style);
        if cut {
            let mark = self.skin.glyph("…", "~");
            let (end, _) = self
                .buffer
                .set_stringn(end, y, mark, usize::from(width), style);
            return end - x;
        }
        end - x
    }
}

/// Columns that a text takes once it is escaped.
pub(crate) fn columns(text: &str) -> u16 {
    u16::try_from(escape::line(text).width()).unwrap_or(u16::MAX)
}

/// The part of a text that fits, with room for `mark` where something is cut off.
fn fit<'a>(text: &'a str, width: u16, mark: &str) -> (&'a str, bool) {
    let width = usize::from(width);
    // Short texts, most of all, need no search.
    if text.len() <= width || text.width() <= width {
        return (text, false);
    }
    let room = width.saturating_sub(mark.width());
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > room {
            return (&text[..at], width > 0);
        }
    }
    (text, false)
}

/// A sentence in lines of at most `width` columns, broken between words where it can be.
pub(crate) fn wrap_words(text: &str, width: u16) -> Vec<String> {
    let room = usize::from(width.max(2));
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(wrap(word, width, 64).0),
        }
    }
    lines
}

/// A text in lines of at most `width` columns; at most `lines_max` of them, and whether that was all.
pub(crate) fn wrap(text: &str, width: u16, lines_max: usize) -> (Vec<String>, bool) {
    let width = usize::from(width.max(2));
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for grapheme in paragraph.graphemes(true) {
            let columns = grapheme.width();
            if used + columns > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
                if lines.len() >= lines_max {
                    return (lines, false);
                }
            }
            line.push_str(grapheme);
            used += columns;
        }
        lines.push(line);
        if lines.len() >= lines_max {
            let whole = text.split('\n').count() == lines.len();
            return (lines, whole);
        }
    }
    (lines, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_graphemes_and_the_cut_is_marked() {
        for (text, width, expected) in [
            ("abcdef", 6, ("abcdef", false)),
            ("abcdef", 5, ("abcd", true)),
            ("漢字漢字", 5, ("漢字", true)),
            ("e\u{301}e\u{301}e\u{301}", 2, ("e\u{301}", true)),
            ("abc", 0, ("", false)),
            ("", 0, ("", false)),
        ] {
            assert_eq!(fit(text, width, "…"), expected, "{text} {width}");
        }
    }

    #[test]
    fn sentences_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrap_words("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap_words("a abcdefgh b", 4), ["a", "abcd", "efgh", "b"]);
        assert_eq!(wrap_words("", 4), [""]);
    }

    #[test]
    fn long_lines_wrap_and_too_many_are_said_to_be() {
        assert_eq!(wrap("abcde\n\nf", 2, 10).0, ["ab", "cd", "e", "", "f"]);
        assert_eq!(
            wrap("漢字漢", 5, 10),
            (vec!["漢字".into(), "漢".into()], true)
        );
        let (lines, whole) = wrap(&"x\n".repeat(100), 10, 7);
        assert_eq!((lines.len(), whole), (7, false));
    }
}
