//! A theme laid out: how each role looks, in words and drawn.

use ratatui::style::{Color, Style};
use serde::Serialize;

use super::super::options::TerminalTraits;
use super::super::term::sgr::{Look, push_change};
use super::colors::Colors;
use super::contrast::hundredths;
use super::load::{Theme, ThemeError};
use super::role::Role;
use super::schema::{color_text, modifier_names};
use super::shelf::Shelf;

/// What is drawn in a role's style: letters, figures, signs.
const SAMPLE: &str = "Sample 0123 -=#";

/// How a role looks.
#[derive(Clone, Debug, Serialize)]
pub struct ShownRole {
    /// Its name.
    pub role: &'static str,
    /// The foreground as a theme file has it; `None` for the terminal's own.
    pub fg: Option<String>,
    /// The background, likewise.
    pub bg: Option<String>,
    /// Bold and the like, by their names.
    pub modifiers: Vec<&'static str>,
    /// WCAG's contrast ratio, in hundredths, rounded down; `None` where the terminal decides it, and for what is drawn and not read.
    pub contrast: Option<f64>,
    /// A sample drawn in this terminal's colours: with control sequences, safe to print.
    #[serde(skip)]
    pub drawn: String,
}

impl Shelf<'_> {
    /// How every role of a theme looks, in the order of the table of roles.
    ///
    /// # Errors
    /// No such theme, or one that is not well formed.
    pub fn show(self, name: &str, traits: &TerminalTraits) -> Result<Vec<ShownRole>, ThemeError> {
        let here = Theme::find(Some(name), self, traits)?;
        let colors = Colors::of(&self.stack(name)?);
        let shown = Role::ALL.iter().map(|&role| {
            let style = colors.said(role).style;
            ShownRole {
                role: role.name(),
                fg: style.fg.map(color_text),
                bg: style.bg.map(color_text),
                modifiers: modifier_names(style),
                contrast: colors.contrast(role).map(hundredths),
                drawn: drawn(here.style(role)),
            }
        });
        Ok(shown.collect())
    }
}

fn drawn(style: Style) -> String {
    let look = Look {
        fg: style.fg.unwrap_or(Color::Reset),
        bg: style.bg.unwrap_or(Color::Reset),
        modifier: style.add_modifier,
    };
    let mut bytes = Vec::new();
    push_change(&mut bytes, Look::PLAIN, look);
    bytes.extend_from_slice(SAMPLE.as_bytes());
    push_change(&mut bytes, look, Look::PLAIN);
    // Only ASCII was written.
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_told_as_the_theme_has_it_and_drawn_as_the_terminal_can() {
        let show = |colorterm: &str| {
            let traits = TerminalTraits {
                colorterm: Some(colorterm.to_owned()),
                ..TerminalTraits::default()
            };
            let shown = Shelf::new(None).show("cvd-safe", &traits).unwrap();
            assert_eq!(shown.len(), Role::ALL.len());
            shown[Role::EnvProduction as usize].clone()
        };
        let (full, sixteen) = (show("truecolor"), show(""));
        for shown in [&full, &sixteen] {
            assert_eq!(shown.role, "env.production");
            assert_eq!(shown.fg.as_deref(), Some("#14171c"));
            assert_eq!(shown.bg.as_deref(), Some("#e8743b"));
            assert_eq!(shown.modifiers, ["bold"]);
        }
        assert_eq!(
            full.drawn,
            "\u{1b}[1;38;2;20;23;28;48;2;232;116;59mSample 0123 -=#\u{1b}[m"
        );
        assert!(
            sixteen.drawn.starts_with("\u{1b}[1;30;"),
            "{:?}",
            sixteen.drawn
        );
    }

    #[test]
    fn a_theme_that_is_not_there_is_not_shown() {
        let error = Shelf::new(None).show("night", &TerminalTraits::default());
        assert!(
            matches!(error, Err(ThemeError::Unknown { .. })),
            "{error:?}"
        );
    }
}
