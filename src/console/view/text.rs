//! Text of many lines that scrolls: lines put together from pieces with roles.

use std::collections::{BTreeMap, BTreeSet};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::json;
use super::paint::wrap_words;
use crate::api::delivery::{BodyView, HeaderView};
use crate::console::app::reading::{Node, Part};
use crate::console::theme::Role;
use crate::domain::escape;

/// Lines of a body that are shown; more are said to be there.
const BODY_LINES_MAX: usize = 4_000;
/// Columns of the names of fields.
const INDENT: u16 = 10;
/// Columns that a header's further rows stand in from the edge.
const HEADER_INDENT: usize = 4;
/// Columns that a row has for text at least, however far in it stands.
const ROOM_MIN: usize = 8;

/// A line: pieces of text with their roles.
pub(super) type TextLine = Vec<(String, Role)>;

/// Lines that are being put together.
#[derive(Debug)]
pub(super) struct Text {
    /// The columns there are.
    pub(super) width: u16,
    /// The lines so far.
    pub(super) lines: Vec<TextLine>,
    /// Whether long lines are cut instead of going on.
    pub(super) cuts: bool,
    /// Lines that go on with the one above them; their first piece is what they are indented by.
    pub(super) continued: BTreeSet<usize>,
    /// The object or array that a line of JSON opens, closes or stands in.
    pub(super) nodes: BTreeMap<usize, Node>,
    /// All objects and arrays that can be folded.
    pub(super) foldable: Vec<Node>,
}

impl Text {
    /// No lines, on so many columns.
    pub(super) const fn new(width: u16) -> Self {
        Self {
            width,
            lines: Vec::new(),
            cuts: false,
            continued: BTreeSet::new(),
            nodes: BTreeMap::new(),
            foldable: Vec::new(),
        }
    }

    /// A line of one piece.
    pub(super) fn line(&mut self, text: impl Into<String>, role: Role) {
        self.lines.push(vec![(text.into(), role)]);
    }

    /// An empty line.
    pub(super) fn empty(&mut self) {
        self.lines.push(Vec::new());
    }

    /// A name and its value, which may go on over further lines.
    pub(super) fn field(&mut self, name: &str, value: &str, role: Role) {
        let shown = escape::line(value);
        let room = self.width.saturating_sub(INDENT);
        for (index, part) in wrap_words(&shown, room).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            self.lines
                .push(vec![(format!(" {name:<8} "), Role::Muted), (part, role)]);
        }
    }

    /// Pieces beside each other, which may go on in further rows, `indent` columns from the edge.
    pub(super) fn run(&mut self, indent: usize, pieces: TextLine) {
        let width = usize::from(self.width).max(indent + ROOM_MIN);
        let needed: usize = pieces.iter().map(|(text, _)| text.width()).sum();
        if self.cuts || needed <= width {
            self.lines.push(pieces);
            return;
        }
        let (mut line, mut used) = (TextLine::new(), 0);
        for (text, role) in pieces {
            let mut part = String::new();
            for grapheme in text.graphemes(true) {
                let columns = grapheme.width();
                if used + columns > width {
                    line.push((std::mem::take(&mut part), role));
                    self.lines.push(std::mem::take(&mut line));
                    self.continued.insert(self.lines.len());
                    line.push((" ".repeat(indent), Role::Text));
                    used = indent;
                }
                part.push_str(grapheme);
                used += columns;
            }
            line.push((part, role));
        }
        self.lines.push(line);
    }

    /// Text of several lines.
    pub(super) fn block(&mut self, text: &str, role: Role) {
        let start = self.lines.len();
        for paragraph in escape::block(text).split('\n') {
            self.run(0, vec![(paragraph.to_owned(), role)]);
            if self.is_full(start) {
                return;
            }
        }
    }

    /// Whether as many lines stand below a line as are shown of a body; what is more is let go and said to be there.
    pub(super) fn is_full(&mut self, start: usize) -> bool {
        if self.lines.len() - start <= BODY_LINES_MAX {
            return false;
        }
        self.lines.truncate(start + BODY_LINES_MAX);
        self.line(
            format!("… more than {BODY_LINES_MAX} lines: hookyard delivery show has all of it"),
            Role::LevelWarn,
        );
        true
    }

    /// Headers, one after the other.
    pub(super) fn headers(&mut self, headers: &[HeaderView]) {
        for header in headers {
            let name = escape::line(&header.name).into_owned();
            let value = escape::line(&header.value).into_owned();
            self.run(
                HEADER_INDENT,
                vec![(format!("{name}: "), Role::Accent), (value, Role::Text)],
            );
        }
    }

    /// A body: JSON a member a line, what `folded` has in one line each, all else as it came.
    pub(super) fn body(&mut self, body: &BodyView, part: Part, folded: &BTreeSet<Node>) {
        match body {
            BodyView::Text(body) if body.is_empty() => self.line("(empty body)", Role::Muted),
            BodyView::Text(body) => {
                if !json::add(self, body, part, folded) {
                    self.block(body, Role::Text);
                }
            }
            BodyView::Base64(body) => {
                self.line("(not UTF-8; base64)", Role::Muted);
                self.block(body, Role::Text);
            }
        }
    }
}
