//! When endpoints that do nothing but fail are warned of, and when they are disabled.

use std::time::Duration;

use super::check::Checker;
use super::error::ConfigError;
use super::settings::duration_text;
use crate::domain::duration::DurationText;
use crate::domain::failing::{FailingPolicy, WARNINGS_MAX};

/// What switches it off.
const OFF: &str = "off";
/// The shortest and the longest that may be asked for.
const SHORTEST: &str = "1h";
const LONGEST: &str = "1y";
/// When it disables unless said otherwise, and when it warns before.
const AFTER_DEFAULT: &str = "5d";
const WARN_DEFAULT: [&str; 2] = ["1d", "3d"];

impl Checker<'_> {
    /// What becomes of endpoints that do nothing but fail.
    pub(super) fn auto_disable(&mut self) -> Result<FailingPolicy, ConfigError> {
        let disable = match self.text("auto_disable.after") {
            Some(OFF) => {
                self.note("auto_disable.after", OFF);
                None
            }
            Some(text) if text.parse::<DurationText>().is_err() => {
                let problem = format!("{text:?} is neither a duration, such as 5d, nor off");
                return Err(self.bad("auto_disable.after", problem));
            }
            _ => {
                let range = (SHORTEST, LONGEST);
                Some(self.duration("auto_disable.after", AFTER_DEFAULT, range)?)
            }
        };
        let warn = self.warnings(disable)?;
        let shown: Vec<String> = warn.iter().copied().map(duration_text).collect();
        self.note("auto_disable.warn", shown.join(","));
        Ok(FailingPolicy { warn, disable })
    }

    /// The warnings; of the usual ones those that come before the end.
    fn warnings(&self, disable: Option<Duration>) -> Result<Vec<Duration>, ConfigError> {
        let key = "auto_disable.warn";
        let read = |text: &str| text.parse::<DurationText>().map(Duration::from);
        let is_early = |after: &Duration| disable.is_none_or(|disable| *after < disable);
        let Some(items) = self.list(key) else {
            let usual = WARN_DEFAULT.iter().filter_map(|text| read(text).ok());
            return Ok(usual.filter(is_early).collect());
        };
        if items.len() > WARNINGS_MAX {
            let count = items.len();
            let problem = format!("the list has {count} times: name at most {WARNINGS_MAX}");
            return Err(self.bad(key, problem));
        }
        let mut warn: Vec<Duration> = Vec::new();
        for text in items {
            let after = read(text).map_err(|error| self.bad(key, error))?;
            let rises = warn.last().is_none_or(|before| *before < after);
            if after < Duration::from_mins(1) || !rises || !is_early(&after) {
                let problem = format!(
                    "{text} is out of order: name rising times of at least 1m, all before auto_disable.after"
                );
                return Err(self.bad(key, problem));
            }
            warn.push(after);
        }
        Ok(warn)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Environment, Written};

    fn load(text: &str) -> Result<FailingPolicy, String> {
        let mut written = Written::default();
        let file = Path::new("/etc/h/h.toml");
        let added = written.add_file(file, text);
        if let Some(fault) = added.first() {
            return Err(fault.to_string());
        }
        let environment: Environment = [("HOME", "/home/ada")].into_iter().collect();
        let config = Config::from_written(&written, &environment);
        config
            .map(|config| config.failing)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn warnings_come_before_the_end_and_both_may_be_switched_off() {
        let days = |days: u64| Duration::from_hours(24 * days);
        assert_eq!(load("").unwrap(), FailingPolicy::default());
        let short = load("auto_disable.after = \"2d\"").unwrap();
        assert_eq!((short.warn, short.disable), (vec![days(1)], Some(days(2))));
        let off = load("[auto_disable]\nafter = \"off\"\nwarn = []").unwrap();
        assert_eq!((off.warn, off.disable), (vec![], None));
        let own = load("[auto_disable]\nafter = \"off\"\nwarn = [\"1h\", \"90d\"]").unwrap();
        assert_eq!(own.warn, [Duration::from_hours(1), days(90)]);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_rule() {
        let check = |text: &str, problem: &str| {
            let refusal = load(text).unwrap_err();
            assert_eq!(refusal.split_once(": ").unwrap().1, problem);
        };
        check(
            "auto_disable.after = \"5m\"",
            "auto_disable.after: 5m is out of range: choose 1h to 1y",
        );
        check(
            "auto_disable.warn = [\"3d\", \"1d\"]",
            "auto_disable.warn: 1d is out of order: name rising times of at least 1m, all before auto_disable.after",
        );
        check(
            "auto_disable.warn = [\"5d\"]",
            "auto_disable.warn: 5d is out of order: name rising times of at least 1m, all before auto_disable.after",
        );
        check(
            "auto_disable.warn = [\"1h\",\"2h\",\"3h\",\"4h\",\"5h\",\"6h\",\"7h\",\"8h\",\"9h\"]",
            "auto_disable.warn: the list has 9 times: name at most 8",
        );
        let never = load("auto_disable.after = \"never\"").unwrap_err();
        let rule = "\"never\" is neither a duration, such as 5d, nor off";
        assert!(never.contains(rule), "{never}");
    }
}
