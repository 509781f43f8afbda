//! A theme's colours with all of them to choose from, and how they stand out: what `check` judges and `show` tells.

use ratatui::style::{Color, Style};

use super::contrast::{Rgb, ratio};
use super::depth::{Depth, fixed};
use super::layer::Layer;
use super::role::Role;
use crate::domain::flaw::Flaw;

/// How one role looks, and who says so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub(super) style: Style,
    /// The layer, 0 for the theme itself, and the byte in it; `None` where nobody speaks of the role.
    pub(super) place: Option<(usize, usize)>,
}

/// Text and what it stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) fg: Rgb,
    pub(super) bg: Rgb,
}

/// What a theme's roles look like where every colour can be shown.
#[derive(Debug)]
pub(super) struct Colors {
    said: Vec<Said>,
    background: Option<Rgb>,
}

impl Colors {
    /// Of a theme and what it builds upon, itself first. What cannot be used is left out.
    pub(super) fn of(layers: &[Layer]) -> Self {
        let mut said = vec![Said::default(); Role::ALL.len()];
        for (number, layer) in layers.iter().enumerate().rev() {
            for look in layer.looks(Depth::True).into_iter().flatten() {
                said[look.role as usize] = Said {
                    style: look.style,
                    place: Some((number, look.at)),
                };
            }
        }
        let background = layers.iter().find_map(Layer::background);
        Self {
            said,
            background: background.and_then(Result::ok).and_then(fixed),
        }
    }

    pub(super) fn said(&self, role: Role) -> Said {
        self.said[role as usize]
    }

    /// The role's foreground, if it is the same on every terminal.
    pub(super) fn foreground(&self, role: Role) -> Option<Rgb> {
        self.said(role).style.fg.and_then(fixed)
    }

    /// The two colours that meet where a text role is read; `None` for a role that is not read, and where the
    /// terminal decides one of them. Which of the two is in front does not matter, so reversed text counts the same.
    pub(super) fn pair(&self, role: Role) -> Option<Pair> {
        if !role.is_text() {
            return None;
        }
        let style = self.said(role).style;
        Some(Pair {
            fg: fixed(self.written_over(role, style)?)?,
            bg: match style.bg {
                Some(color) => fixed(color)?,
                None => self.background?,
            },
        })
    }

    /// The contrast of a text role; `None` as for [`pair`](Self::pair).
    pub(super) fn contrast(&self, role: Role) -> Option<f64> {
        self.pair(role).map(|pair| ratio(pair.fg, pair.bg))
    }

    /// Text roles whose contrast the terminal decides.
    pub(super) fn terminals(&self) -> usize {
        let decided = |role: &&Role| role.is_text() && self.pair(**role).is_none();
        Role::ALL.iter().filter(decided).count()
    }

    /// Text roles with a colour of their own that stand on a background which nobody named.
    pub(super) fn groundless(&self) -> usize {
        let groundless = |role: &&Role| {
            let style = self.said(**role).style;
            role.is_text() && self.foreground(**role).is_some() && style.bg.is_none()
        };
        match self.background {
            Some(_) => 0,
            None => Role::ALL.iter().filter(groundless).count(),
        }
    }

    /// The cursor lies over text that has a colour already.
    fn written_over(&self, role: Role, style: Style) -> Option<Color> {
        match (style.fg, role) {
            (None, Role::Cursor) => self.said(Role::Text).style.fg,
            (fg, _) => fg,
        }
    }
}

/// What is wrong with a theme's background: the theme's own or one that it builds upon.
pub(super) fn background_flaw(layers: &[Layer]) -> Option<Flaw> {
    layers.iter().find_map(Layer::background)?.err()
}
