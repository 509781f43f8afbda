//! What a flush binds: rows as JSON arrays, and one heap of bytes that the statements cut payloads from.
//!
//! JSON because SQLite turns it into rows inside one statement; a heap because payloads need no escaping there.

use std::io::Write;

/// Rows as a JSON array of arrays.
#[derive(Debug)]
pub(super) struct Rows {
    text: Vec<u8>,
    rows: usize,
}

impl Rows {
    /// No rows.
    pub(super) fn new() -> Self {
        Self {
            text: vec![b'['],
            rows: 0,
        }
    }

    /// Begins a row with a number.
    pub(super) fn row(&mut self, first: i64) -> &mut Self {
        if self.rows > 0 {
            self.text.extend_from_slice(b"],");
        }
        self.rows += 1;
        self.text.push(b'[');
        self.number(first);
        self
    }

    /// The next column: a number.
    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        self.text.push(b',');
        self.number(value);
        self
    }

    /// The next column: a number or NULL.
    pub(super) fn int_or_null(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.int(value),
            None => self.null(),
        }
    }

    /// The next column: a text.
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.text.push(b',');
        serde_json::to_writer(&mut self.text, value).expect("a text always serialises");
        self
    }

    /// The next column: a text or NULL.
    pub(super) fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// The next column: a piece of the heap, as two numbers.
    pub(super) fn piece(&mut self, piece: Option<Piece>) -> &mut Self {
        match piece {
            Some(Piece { start, length }) => self.int(start).int(length),
            None => self.null().null(),
        }
    }

    /// How many rows there are.
    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    /// The JSON text.
    pub(super) fn finish(mut self) -> String {
        if self.rows > 0 {
            self.text.push(b']');
        }
        self.text.push(b']');
        String::from_utf8(self.text).expect("numbers and serialised texts are UTF-8")
    }

    fn null(&mut self) -> &mut Self {
        self.text.extend_from_slice(b",null");
        self
    }

    fn number(&mut self, value: i64) {
        write!(self.text, "{value}").expect("writing to memory does not fail");
    }
}

/// A piece of the heap as `substr` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first byte, counted from 1.
    start: i64,
    /// Its length in bytes.
    length: i64,
}

impl Piece {
    /// Its first byte, counted from 1.
    pub(super) const fn start(self) -> i64 {
        self.start
    }
}

/// Payloads one after the other.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<u8>);

impl Heap {
    /// Puts `bytes` at the end.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Piece {
        self.put_with(|heap| heap.extend_from_slice(bytes))
    }

    /// Puts what `write` appends at the end.
    pub(super) fn put_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Piece {
        let start = self.0.len();
        write(&mut self.0);
        let number = |count: usize| i64::try_from(count).expect("memory is smaller than 2^63");
        Piece {
            start: number(start + 1),
            length: number(self.0.len() - start),
        }
    }

    /// All of it.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_json_and_pieces_count_from_one() {
        let mut heap = Heap::default();
        heap.put(b"abc");
        let piece = heap.put(b"de");
        let mut rows = Rows::new();
        rows.row(1).text("a\"\u{1}é").piece(Some(piece));
        rows.row(-2).text_or_null(None).piece(None);
        assert_eq!(rows.len(), 2);
        let expected = r#"[[1,"a\"\u0001é",4,2],[-2,null,null,null]]"#;
        assert_eq!(rows.finish(), expected);
        assert_eq!(Rows::new().finish(), "[]");
    }
}
