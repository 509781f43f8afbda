//! A terminal's screen as a picture.

use vt100::{Color, Screen};

/// Pixels of a cell.
const CELL: (u32, u32) = (8, 17);
/// What the theme `yard-dark` assumes behind and in front.
const BACK: &str = "#16181d";
const FRONT: &str = "#d6dae3";

/// The screen; each run of one style is one text of a fixed length, whatever the font.
pub(super) fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (u32::from(columns) * CELL.0, u32::from(rows) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" font-family=\"monospace\" \
         font-size=\"13\" xml:space=\"preserve\">\n<rect width=\"100%\" height=\"100%\" fill=\"{BACK}\"/>\n",
        width + 2 * CELL.0,
        height + CELL.1,
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let run = run(screen, row, column, columns);
            run.draw(&mut out, row, column);
            column += run.width;
        }
    }
    out + "</svg>\n"
}

/// Cells of one style.
struct Run {
    text: String,
    width: u16,
    front: String,
    back: Option<String>,
    bold: bool,
}

fn run(screen: &Screen, row: u16, start: u16, columns: u16) -> Run {
    let style = |column: u16| {
        let cell = screen.cell(row, column).expect("it is on the screen");
        let (mut front, mut back) = (color(cell.fgcolor()), color(cell.bgcolor()));
        if cell.inverse() {
            let behind = back.unwrap_or_else(|| BACK.to_owned());
            back = Some(front.unwrap_or_else(|| FRONT.to_owned()));
            front = Some(behind);
        }
        (front.unwrap_or_else(|| FRONT.to_owned()), back, cell.bold())
    };
    let (front, back, bold) = style(start);
    let mut text = String::new();
    let mut column = start;
    while column < columns && style(column) == (front.clone(), back.clone(), bold) {
        let contents = screen.cell(row, column).map_or("", vt100::Cell::contents);
        text.push_str(if contents.is_empty() { " " } else { contents });
        column += 1;
    }
    Run {
        text,
        width: column - start,
        front,
        back,
        bold,
    }
}

impl Run {
    fn draw(&self, out: &mut String, row: u16, column: u16) {
        let (x, y) = (
            u32::from(column + 1) * CELL.0,
            u32::from(row) * CELL.1 + CELL.1 / 2,
        );
        let width = u32::from(self.width) * CELL.0;
        if let Some(back) = &self.back {
            out.push_str(&format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{back}\"/>\n",
                CELL.1
            ));
        }
        if self.text.trim().is_empty() {
            return;
        }
        let weight = if self.bold {
            " font-weight=\"bold\""
        } else {
            ""
        };
        let text = self.text.replace('&', "&amp;").replace('<', "&lt;");
        out.push_str(&format!(
            "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" fill=\"{}\"{weight}>{text}</text>\n",
            y + 13,
            self.front
        ));
    }
}

fn color(color: Color) -> Option<String> {
    match color {
        Color::Default => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        // The theme has none of the sixteen.
        Color::Idx(_) => Some(FRONT.to_owned()),
    }
}
