//! How far the first view looks back: one of five windows, a quarter of an hour to a week.

use super::fetches;
use super::model::{Level, Model, Screen};
use super::msg::{Cmd, Now};
use super::pulse::Part;
use super::requests::Purpose;
use crate::console::actions::LookingBack;

/// A window of time that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Window {
    /// Fifteen minutes.
    Quarter,
    /// An hour.
    #[default]
    Hour,
    /// Six hours.
    SixHours,
    /// A day.
    Day,
    /// Seven days.
    Week,
}

impl Window {
    /// All of them, the shortest first.
    pub(crate) const ALL: [Self; 5] = [
        Self::Quarter,
        Self::Hour,
        Self::SixHours,
        Self::Day,
        Self::Week,
    ];

    /// How the service is asked for it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "60m",
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    /// The window of the causes: the service looks a day back for them and no further.
    pub(crate) const fn of_causes(self) -> Self {
        match self {
            Self::Week => Self::Day,
            other => other,
        }
    }

    /// Whether the service knows how long most attempts took step by step; of longer windows it knows means.
    pub(crate) const fn has_quantiles(self) -> bool {
        matches!(self, Self::Quarter | Self::Hour)
    }

    /// The one that is so much shorter or longer, where there is one.
    fn changed(self, how: LookingBack) -> Option<Self> {
        let at = Self::ALL.iter().position(|window| *window == self)?;
        let to = match how {
            LookingBack::Less => at.checked_sub(1)?,
            LookingBack::More => at + 1,
        };
        Self::ALL.get(to).copied()
    }
}

/// Looks back less or more, and fetches what depends on it; at either end it says so.
pub(super) fn act(model: &mut Model, now: Now, how: LookingBack) -> Vec<Cmd> {
    let Screen::Pulse(pulse) = model.screen_mut() else {
        return Vec::new();
    };
    let Some(window) = pulse.window.changed(how) else {
        let end = match how {
            LookingBack::Less => "shortest",
            LookingBack::More => "longest",
        };
        let text = format!("{} is the {end} window", pulse.window.text());
        model.tell(now, Level::Info, text);
        return Vec::new();
    };
    pulse.look_back(window);
    let id = pulse.id;
    // What was asked for the other window is not wanted any more.
    model.requests.forget(
        |purpose| matches!(purpose, Purpose::Pulse(of, part) if *of == id && part.has_window()),
    );
    if !model.link.is_up() {
        return Vec::new();
    }
    let parts = Part::ALL.into_iter().filter(|part| part.has_window());
    fetches::fetch_parts(model, id, window, parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::command;
    use crate::console::app::msg::{Answer, Call, Msg};
    use crate::console::app::pulse::Pulse;
    use crate::console::app::samples::{at, calls, connected, press, serve};
    use crate::console::app::update::update;

    fn on_pulse() -> Model {
        let mut model = connected(false);
        let cmds = press(&mut model, 0, "1");
        serve(&mut model, 10, cmds);
        model
    }

    fn shown(model: &Model) -> &Pulse {
        let Screen::Pulse(pulse) = model.screen() else {
            panic!("another view");
        };
        pulse
    }

    #[test]
    fn a_window_is_fetched_with_its_causes_and_nothing_else() {
        let mut model = on_pulse();
        for (key, window, causes) in [
            ("}", Window::SixHours, Window::SixHours),
            ("}", Window::Day, Window::Day),
            ("}", Window::Week, Window::Day),
            ("{", Window::Day, Window::Day),
        ] {
            let cmds = press(&mut model, 100, key);
            assert_eq!(
                calls(&cmds),
                [&Call::Figures(window), &Call::Causes(causes)]
            );
            let pulse = shown(&model);
            assert!(pulse.stats.is_none() && pulse.causes.is_empty() && !pulse.causes_known);
            serve(&mut model, 150, cmds);
            let pulse = shown(&model);
            assert!(pulse.stats.is_some() && !pulse.causes.is_empty() && pulse.causes_known);
        }
        assert_eq!(command::of(&model), "hookyard stats --window 24h");
    }

    #[test]
    fn the_ends_are_told_and_nothing_is_fetched_there() {
        let mut model = on_pulse();
        let cmds = press(&mut model, 100, "{");
        serve(&mut model, 110, cmds);
        assert_eq!(press(&mut model, 200, "{"), []);
        let toast = |model: &Model| model.toast.as_ref().unwrap().text.clone();
        assert_eq!(toast(&model), "15m is the shortest window");
        for _ in 0..4 {
            let cmds = press(&mut model, 300, "}");
            serve(&mut model, 310, cmds);
        }
        assert_eq!(press(&mut model, 400, "}"), []);
        assert_eq!(toast(&model), "7d is the longest window");
        assert!(
            shown(&model).stats.is_some(),
            "what is there stays at an end"
        );
    }

    #[test]
    fn a_late_answer_for_another_window_is_dropped() {
        let mut model = on_pulse();
        let first = press(&mut model, 100, "}");
        let second = press(&mut model, 110, "}");
        assert_eq!(
            calls(&second),
            [&Call::Figures(Window::Day), &Call::Causes(Window::Day)]
        );
        let Some(Cmd::Call(request, Call::Figures(Window::SixHours))) = first.first() else {
            panic!("{first:?}");
        };
        let late = Answer::Stats(Box::default());
        update(
            &mut model,
            at(150),
            Msg::Answered(*request, None, Box::new(Ok(late))),
        );
        assert!(shown(&model).stats.is_none());
        serve(&mut model, 160, second);
        let stats = shown(&model).stats.as_ref().unwrap();
        assert_eq!(
            (stats.traffic.window_s, stats.traffic.step_s),
            (86_400, 900)
        );
    }

    #[test]
    fn a_service_that_is_away_is_asked_for_the_window_when_it_is_back() {
        let mut model = on_pulse();
        update(&mut model, at(100), Msg::StreamLost("gone".into()));
        assert_eq!(press(&mut model, 200, "}"), []);
        assert_eq!(shown(&model).window, Window::SixHours);
        let cmds = fetches::snapshot(&mut model, at(300));
        assert!(calls(&cmds).contains(&&Call::Figures(Window::SixHours)));
    }

    #[test]
    fn another_window_makes_no_other_fetch_earlier_or_later() {
        let mut model = on_pulse();
        let Screen::Pulse(pulse) = model.screen_mut() else {
            panic!("another view");
        };
        pulse.fetched.outdated = true;
        let due = pulse.refetch_at();
        press(&mut model, 100, "}");
        assert_eq!(shown(&model).refetch_at(), due);
    }
}
