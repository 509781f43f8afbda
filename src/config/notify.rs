//! Whom the service tells what it has to tell: a command of the operator's, a URL, or both.

use std::path::Path;
use std::time::Duration;

use super::check::Checker;
use super::error::ConfigError;

/// The most parts of a command.
const PARTS_MAX: usize = 64;

/// Whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The program and its arguments, run without a shell; empty for none.
    pub command: Vec<String>,
    /// Where to post; `None` for nowhere.
    pub url: Option<String>,
    /// How long either may take.
    pub timeout: Duration,
}

impl Notify {
    /// Whether anybody is to be told.
    pub fn is_wanted(&self) -> bool {
        !self.command.is_empty() || self.url.is_some()
    }
}

impl Checker<'_> {
    /// Whom to tell what the service has to tell.
    pub(super) fn notify(&mut self) -> Result<Notify, ConfigError> {
        let command = self.notify_command()?;
        let url = self.notify_url()?;
        Ok(Notify {
            command,
            url,
            timeout: self.duration("notify.timeout", "30s", ("1s", "10m"))?,
        })
    }

    fn notify_command(&mut self) -> Result<Vec<String>, ConfigError> {
        let key = "notify.command";
        let command = self.list(key).unwrap_or_default().to_vec();
        if let Some(program) = command.first()
            && !Path::new(program).is_absolute()
        {
            return Err(self.bad(
                key,
                format_args!(
                    "{program:?} is no absolute path: no shell looks for it, so write where it lies, such as \
                     /usr/local/bin/tell"
                ),
            ));
        }
        if command.len() > PARTS_MAX || command.iter().any(|part| part.contains('\0')) {
            return Err(self.bad(
                key,
                format_args!("a command has at most {PARTS_MAX} parts and no zero bytes: write a script, and name it"),
            ));
        }
        self.note(key, command.join(" "));
        Ok(command)
    }

    fn notify_url(&mut self) -> Result<Option<String>, ConfigError> {
        let key = "notify.url";
        let Some(text) = self.text(key).filter(|text| !text.is_empty()) else {
            self.note(key, "");
            return Ok(None);
        };
        let parsed = url::Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        let Some(parsed) = parsed else {
            return Err(self.bad(
                key,
                format_args!("{text:?} is no URL to post to: write http or https, a host, and no name or password"),
            ));
        };
        // What follows the path may be a password.
        let shown = parsed.query().map_or_else(
            || parsed.to_string(),
            |query| parsed.as_str().replace(query, "(hidden)"),
        );
        self.note(key, shown);
        Ok(Some(parsed.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Written};

    fn load(text: &str) -> Result<Config, String> {
        let mut written = Written::default();
        let added = written.add_file(Path::new("/etc/h/h.toml"), text);
        if let Some(fault) = added.first() {
            return Err(fault.to_string());
        }
        let environment: Environment = [("HOME", "/home/ada")].into_iter().collect();
        Config::from_written(&written, &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_is_told_unless_somebody_is_named() {
        assert!(!load("").unwrap().notify.is_wanted());
        let config =
            load("[notify]\ncommand = [\"/bin/tell\", \"a b\"]\ntimeout = \"5s\"").unwrap();
        assert_eq!(config.notify.command, ["/bin/tell", "a b"]);
        assert_eq!(config.notify.timeout, Duration::from_secs(5));
        let config = load("notify.url = \"http://127.0.0.1:9/hook?key=hunter2\"").unwrap();
        let url = config.notify.url.as_deref();
        assert_eq!(url, Some("http://127.0.0.1:9/hook?key=hunter2"));
        let shown: Vec<_> = config.effective().map(|(_, shown, _)| shown).collect();
        assert!(
            shown.contains(&"http://127.0.0.1:9/hook?(hidden)"),
            "{shown:?}"
        );
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_its_rule() {
        let check = |text: &str, problem: &str| {
            let refusal = load(text).unwrap_err();
            assert_eq!(refusal.split_once(": ").unwrap().1, problem);
        };
        check(
            "notify.command = [\"tell\"]",
            "notify.command: \"tell\" is no absolute path: no shell looks for it, so write where it lies, such as \
             /usr/local/bin/tell",
        );
        let many = vec!["\"/x\""; 65].join(",");
        check(
            &format!("notify.command = [{many}]"),
            "notify.command: a command has at most 64 parts and no zero bytes: write a script, and name it",
        );
        for url in [
            "ftp://example.com",
            "example.com",
            "https://a:b@example.com",
        ] {
            check(
                &format!("notify.url = {url:?}"),
                &format!(
                    "notify.url: {url:?} is no URL to post to: write http or https, a host, and no name or password"
                ),
            );
        }
    }
}
