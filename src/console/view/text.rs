//! Text of many lines that scrolls: lines put together from pieces with roles.

use super::paint::{columns, wrap, wrap_words};
use crate::api::delivery::{BodyView, HeaderView};
use crate::console::theme::Role;
use crate::domain::escape;

/// Lines of a body that are shown; more are said to be there.
const BODY_LINES_MAX: usize = 4_000;
/// Columns of the names of fields.
const INDENT: u16 = 10;

/// A line: pieces of text with their roles.
pub(super) type TextLine = Vec<(String, Role)>;

/// Lines that are being put together.
#[derive(Debug)]
pub(super) struct Text {
    /// The columns there are.
    pub(super) width: u16,
    /// The lines so far.
    pub(super) lines: Vec<TextLine>,
}

impl Text {
    /// No lines, on so many columns.
    pub(super) const fn new(width: u16) -> Self {
        Self {
            width,
            lines: Vec::new(),
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

    /// Text of several lines, wrapped.
    pub(super) fn block(&mut self, text: &str, role: Role) {
        let shown = escape::block(text);
        let (lines, whole) = wrap(&shown, self.width, BODY_LINES_MAX);
        for line in lines {
            self.line(line, role);
        }
        if !whole {
            self.line(
                format!("… more than {BODY_LINES_MAX} lines: hookyard delivery show has all of it"),
                Role::LevelWarn,
            );
        }
    }

    /// Headers, one after the other.
    pub(super) fn headers(&mut self, headers: &[HeaderView]) {
        for header in headers {
            let name = escape::line(&header.name).into_owned();
            let value = escape::line(&header.value).into_owned();
            let indent = columns(&name).saturating_add(2);
            let room = self.width.saturating_sub(indent).max(20);
            for (index, part) in wrap(&value, room, 200).0.into_iter().enumerate() {
                if index == 0 {
                    self.lines.push(vec![
                        (format!("{name}: "), Role::Accent),
                        (part, Role::Text),
                    ]);
                } else {
                    self.line(format!("    {part}"), Role::Text);
                }
            }
        }
    }

    /// A body as it came.
    pub(super) fn body(&mut self, body: &BodyView) {
        match body {
            BodyView::Text(body) if body.is_empty() => self.line("(empty body)", Role::Muted),
            BodyView::Text(body) => self.block(body, Role::Text),
            BodyView::Base64(body) => {
                self.line("(not UTF-8; base64)", Role::Muted);
                self.block(body, Role::Text);
            }
        }
    }
}
