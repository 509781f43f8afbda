//! What commands print: tables for people, tab-separated lines for pipes, JSON lines for scripts.
//!
//! **Promise.** Every cell and every text goes through [`crate::domain::escape`]; JSON is exact and safe to show.

use std::io::{self, IsTerminal as _, Write as _};

use clap::{Args, ValueEnum};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::config::Environment;
use crate::domain::escape;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to print what was read.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct FormatArgs {
    /// Print JSON: one object a line.
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// Print tab-separated lines without a head, as into a pipe.
    #[arg(long)]
    pub(crate) plain: bool,
}

/// How results are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Aligned columns with a head.
    Table,
    /// Tab-separated, no head.
    Plain,
    /// One JSON object a line.
    Json,
}

/// Standard output as a command sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    terminal: bool,
    colour: bool,
}

/// A named member of a result that is one thing.
pub(crate) type Field = (&'static str, String);

/// A column: its head, and the cell of a row.
pub(crate) type Column<'a, T> = (&'static str, &'a dyn Fn(&T) -> String);

impl Output {
    /// Standard output under these rules of colour.
    pub(crate) fn new(colour: Colour, environment: &Environment) -> Self {
        let terminal = io::stdout().is_terminal();
        let plain_terminal = environment.get("TERM") == Some("dumb");
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !plain_terminal && environment.get("NO_COLOR").is_none(),
        };
        Self { terminal, colour }
    }

    /// Whether a person may be reading.
    pub(crate) const fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Whether colours are wanted.
    pub(crate) const fn has_colour(self) -> bool {
        self.colour
    }

    /// The layout that was asked for, or the one that fits where it goes.
    pub(crate) const fn format(self, args: FormatArgs) -> Format {
        match (args.json, args.plain || !self.terminal) {
            (true, _) => Format::Json,
            (false, true) => Format::Plain,
            (false, false) => Format::Table,
        }
    }

    /// Text in bold, where colours are wanted.
    pub(crate) fn strong(self, text: &str) -> String {
        self.styled("1", text)
    }

    /// Text in red, where colours are wanted.
    pub(crate) fn bad(self, text: &str) -> String {
        self.styled("31", text)
    }

    /// Text in green, where colours are wanted.
    pub(crate) fn good(self, text: &str) -> String {
        self.styled("32", text)
    }

    fn styled(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Prints a list.
    pub(crate) fn list<T: Serialize>(
        self,
        args: FormatArgs,
        columns: &[Column<'_, T>],
        rows: &[T],
    ) -> anyhow::Result<()> {
        match self.format(args) {
            Format::Json => {
                for row in rows {
                    self.print(&(json_line(row)? + "\n"))?;
                }
                Ok(())
            }
            Format::Plain => self.print(&plain_rows(columns, rows)),
            Format::Table => {
                let text = table(columns, rows);
                let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
                self.print(&format!("{}\n{body}", self.strong(head)))
            }
        }
    }

    /// Prints one thing, member by member.
    pub(crate) fn one<T: Serialize>(
        self,
        args: FormatArgs,
        value: &T,
        fields: &[Field],
    ) -> anyhow::Result<()> {
        match self.format(args) {
            Format::Json => self.print(&(json_line(value)? + "\n")),
            Format::Plain => {
                let lines = fields
                    .iter()
                    .map(|(name, value)| format!("{name}\t{}\n", escape::line(value)));
                self.print(&lines.collect::<String>())
            }
            Format::Table => {
                let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                let lines = fields.iter().map(|(name, value)| {
                    let name = self.strong(&format!("{name:width$}"));
                    format!("{name}  {}\n", escape::line(value))
                });
                self.print(&lines.collect::<String>())
            }
        }
    }

    /// Prints what is already safe to show. A reader that has gone is no error: `| head` is a common one.
    pub(crate) fn print(self, text: &str) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
        {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            other => Ok(other?),
        }
    }
}

/// Says something beside the result: on stderr, so that pipes stay clean.
pub(crate) fn note(text: &str) {
    // Nothing is left to tell it to when stderr is gone.
    let _ = writeln!(io::stderr(), "{}", escape::block(text));
}

/// A value as one line of JSON that is safe to show.
pub(crate) fn json_line<T: Serialize>(value: &T) -> anyhow::Result<String> {
    // Raw JSON may hold line feeds between its values.
    let text = serde_json::to_string(value)?.replace('\n', " ");
    Ok(escape::json(&text).into_owned())
}

fn plain_rows<T>(columns: &[Column<'_, T>], rows: &[T]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|(_, cell)| escape::line(&cell(row)).into_owned())
            .collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

fn table<T>(columns: &[Column<'_, T>], rows: &[T]) -> String {
    let heads = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![heads];
    lines.extend(rows.iter().map(|row| {
        columns
            .iter()
            .map(|(_, cell)| match escape::line(&cell(row)) {
                empty if empty.is_empty() => "-".to_owned(),
                text => text.into_owned(),
            })
            .collect()
    }));
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        for (column, cell) in line.iter().enumerate() {
            text.push_str(cell);
            if column + 1 < line.len() {
                text.push_str(&" ".repeat(widths[column] - cell.width() + 2));
            }
        }
        text.push('\n');
    }
    text
}

/// A number with its noun in the form that goes with it.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: String,
        count: u32,
    }

    fn rows() -> Vec<Row> {
        let row = |name: &str, count| Row {
            name: name.to_owned(),
            count,
        };
        vec![row("東京", 7), row("\u{1b}[31m\tx", 12), row("", 0)]
    }

    const COLUMNS: [Column<'static, Row>; 2] = [
        ("NAME", &|row: &Row| row.name.clone()),
        ("COUNT", &|row: &Row| row.count.to_string()),
    ];

    #[test]
    fn tables_are_aligned_by_columns_of_the_screen_and_escaped() {
        assert_eq!(
            table(&COLUMNS, &rows()),
            "NAME         COUNT\n東京         7\n\\x1b[31m\\tx  12\n-            0\n"
        );
    }

    #[test]
    fn plain_rows_have_as_many_tabs_as_they_need() {
        assert_eq!(
            plain_rows(&COLUMNS, &rows()),
            "東京\t7\n\\x1b[31m\\tx\t12\n\t0\n"
        );
    }

    #[test]
    fn json_stays_on_one_line_and_escapes_what_a_terminal_would_obey() {
        let raw = crate::domain::json::RawJson::parse("{\n\t\"a\":\n \"\u{9b}\u{202e}\"}").unwrap();
        assert_eq!(json_line(&raw).unwrap(), "{  \"a\":  \"\\u009b\\u202e\"}");
    }
}
