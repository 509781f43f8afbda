//! `contexts.toml` as read: named services, and everything that is wrong with the file.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use crate::client::SshAddress;
use crate::console::{Environ, InvalidQuietHours, QuietHours};
use crate::domain::flaw::Flaw;

/// The one table at the top.
const TOP: &str = "context";
/// What a context can say.
const MEMBERS: [&str; 8] = [
    "target",
    "token_file",
    "env",
    "banner",
    "protect",
    "read_only",
    "theme",
    "bell_quiet",
];
/// The longest name: the header shows it whole.
const NAME_CHARS_MAX: usize = 24;
/// The longest banner.
const BANNER_CHARS_MAX: usize = 16;
/// Contexts of a file: far more than anybody tells apart.
const CONTEXTS_MAX: usize = 100;

/// A named service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedService {
    /// What it is called here.
    pub(crate) name: String,
    /// A URL, ssh://… or the path of a socket: known to be one of them.
    pub(crate) target: String,
    /// The file of the token for a URL.
    pub(crate) token_file: Option<PathBuf>,
    /// What depends on it.
    pub(crate) env: Option<Environ>,
    /// What the header says of it besides its name.
    pub(crate) banner: Option<String>,
    /// Whether changes have to be armed.
    pub(crate) protect: bool,
    /// Whether changes are refused.
    pub(crate) read_only: bool,
    /// The console's theme there.
    pub(crate) theme: Option<String>,
    /// When the console's bells do not ring there.
    pub(crate) bell_quiet: Option<QuietHours>,
}

/// Reads the text of a file; what is wrong comes sorted by its place. `theme_problem` says what is wrong with a theme of
/// that name.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(
    file: &Path,
    text: &str,
    theme_problem: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<NamedService>, Vec<Flaw>> {
    let mut reader = Reader {
        file,
        text,
        theme_problem,
        flaws: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.flaw(at, error.message().replace('\n', "; "));
    }
    let services = if errors.is_empty() {
        reader.top(table.get_ref())
    } else {
        Vec::new()
    };
    let mut flaws = reader.flaws;
    flaws.sort();
    if flaws.is_empty() {
        Ok(services)
    } else {
        Err(flaws)
    }
}

type Key<'a> = Spanned<Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    theme_problem: &'a dyn Fn(&str) -> Option<String>,
    flaws: Vec<Flaw>,
}

impl Reader<'_> {
    fn flaw(&mut self, at: usize, problem: impl Into<String>) {
        let file = self.file.display().to_string();
        let flaw = Flaw::at(&file, self.text, at, problem.into());
        self.flaws.push(flaw);
    }

    fn top(&mut self, table: &DeTable<'_>) -> Vec<NamedService> {
        let mut services = Vec::new();
        for (key, value) in table {
            match (&**key.get_ref(), value.get_ref()) {
                (TOP, DeValue::Table(contexts)) => {
                    for (name, context) in contexts {
                        services.extend(self.context(name, context));
                    }
                }
                (other, _) => {
                    let problem = format!("{other:?} is not known: write [context.NAME]");
                    self.flaw(key.span().start, problem);
                }
            }
        }
        if services.len() > CONTEXTS_MAX {
            self.flaw(
                0,
                format!("more than {CONTEXTS_MAX} contexts: take some out"),
            );
        }
        services
    }

    fn context(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<NamedService> {
        let (name, at) = (key.get_ref().to_string(), key.span().start);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let is_plain = name.chars().all(plain) && !name.starts_with(['-', '.']);
        if name.is_empty() || !is_plain || name.len() > NAME_CHARS_MAX {
            let problem = format!(
                "{name:?} is no name of a context: up to {NAME_CHARS_MAX} letters, digits, -, _ and ., beginning with \
                 a letter or digit"
            );
            self.flaw(at, problem);
        }
        let DeValue::Table(members) = value.get_ref() else {
            self.flaw(
                value.span().start,
                format!("expected a table: [context.{name}]"),
            );
            return None;
        };
        let mut service = NamedService {
            name,
            target: String::new(),
            token_file: None,
            env: None,
            banner: None,
            protect: false,
            read_only: false,
            theme: None,
            bell_quiet: None,
        };
        let mut token_at = None;
        for (key, value) in members {
            if &**key.get_ref() == "token_file" {
                token_at = Some(value.span().start);
            }
            self.member(&mut service, key, value);
        }
        if !members.keys().any(|key| &**key.get_ref() == "target") {
            let problem = format!(
                "context {} has no target: say where it is, such as target = \"ssh://ops@hooks.example.com\"",
                service.name
            );
            self.flaw(at, problem);
        }
        let takes_token = service.target.starts_with("http");
        if let Some(at) = token_at.filter(|_| !service.target.is_empty() && !takes_token) {
            self.flaw(
                at,
                "token_file goes with a URL: a socket and ssh know the caller",
            );
        }
        Some(service)
    }

    fn member(&mut self, service: &mut NamedService, key: &Key<'_>, value: &Value<'_>) {
        let name = &**key.get_ref();
        let at = value.span().start;
        match name {
            "target" => {
                if let Some(text) = self.words(name, value) {
                    match target_problem(&text) {
                        Some(problem) => self.flaw(at, problem),
                        None => service.target = text,
                    }
                }
            }
            "token_file" => {
                let text = self.words(name, value);
                service.token_file = text.and_then(|text| self.path(at, &text));
            }
            "env" => {
                if let Some(text) = self.words(name, value) {
                    service.env = Environ::named(&text);
                    if service.env.is_none() {
                        let problem =
                            format!("env {text:?} is none of production, staging and dev");
                        self.flaw(at, problem);
                    }
                }
            }
            "banner" => {
                service.banner = self.words(name, value);
                let chars = service
                    .banner
                    .as_deref()
                    .map_or(0, |text| text.chars().count());
                if chars > BANNER_CHARS_MAX {
                    let problem =
                        format!("a banner of {chars} characters: at most {BANNER_CHARS_MAX}");
                    self.flaw(at, problem);
                }
            }
            "theme" => {
                service.theme = self.words(name, value);
                let problem = service.theme.as_deref().and_then(self.theme_problem);
                if let Some(problem) = problem {
                    self.flaw(at, problem);
                }
            }
            "bell_quiet" => match self.words(name, value).map(|text| text.parse()) {
                Some(Ok(hours)) => service.bell_quiet = Some(hours),
                Some(Err(error)) => self.flaw(at, InvalidQuietHours::to_string(&error)),
                None => {}
            },
            "protect" => service.protect = self.switch(name, value),
            "read_only" => service.read_only = self.switch(name, value),
            other => {
                let nearest = MEMBERS
                    .into_iter()
                    .min_by_key(|known| {
                        let distance = strsim::damerau_levenshtein(known, other);
                        (!other.starts_with(known), distance)
                    })
                    .unwrap_or(TOP);
                let problem = format!("{other:?} is not known, perhaps {nearest:?}");
                self.flaw(key.span().start, problem);
            }
        }
    }

    /// A text that is not empty.
    fn words(&mut self, name: &str, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
            _ => {
                self.flaw(value.span().start, format!("{name} takes a text in quotes"));
                None
            }
        }
    }

    fn switch(&mut self, name: &str, value: &Value<'_>) -> bool {
        match value.get_ref() {
            DeValue::Boolean(on) => *on,
            _ => {
                self.flaw(value.span().start, format!("{name} takes true or false"));
                false
            }
        }
    }

    /// A path; one that is not absolute begins where this file lies.
    fn path(&mut self, at: usize, text: &str) -> Option<PathBuf> {
        if text.starts_with('~') {
            let problem = format!(
                "{text:?} begins with ~, which only a shell replaces: write the whole path"
            );
            self.flaw(at, problem);
            return None;
        }
        let folder = self.file.parent().unwrap_or(Path::new(""));
        Some(folder.join(text))
    }
}

fn target_problem(text: &str) -> Option<String> {
    if SshAddress::is_meant_by(text) {
        let read = text.parse::<SshAddress>();
        return read.err().map(|error| error.to_string());
    }
    let is_url = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let known = text.starts_with('/') || text.parse().ok().filter(is_url).is_some();
    (!known).then(|| {
        format!(
            "{text:?} is no target: write ssh://[user@]host, https://host, or the whole path of a socket"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(text: &str) -> Vec<String> {
        let read = read(Path::new("/c/contexts.toml"), text, &|_| None);
        let flaws = read.unwrap_err();
        flaws.iter().map(Flaw::to_string).collect()
    }

    #[test]
    fn a_context_says_where_and_how_careful() {
        let text = "[context.prod]\ntarget = \"https://hooks.example.com\"\ntoken_file = \"token\"\nenv = \
                    \"production\"\nbanner = \"PROD\"\nprotect = true\n[context.here]\ntarget = \"/run/h.sock\"\n\
                    read_only = true\ntheme = \"mono\"\nbell_quiet = \"22:00-07:00\"\n";
        let services = read(Path::new("/c/contexts.toml"), text, &|_| None).unwrap();
        assert_eq!(services.len(), 2);
        let prod = services.iter().find(|one| one.name == "prod").unwrap();
        assert_eq!(prod.token_file.as_deref(), Some(Path::new("/c/token")));
        assert_eq!(prod.env, Some(Environ::Production));
        assert!(prod.protect && !prod.read_only);
        let here = services.iter().find(|one| one.name == "here").unwrap();
        assert!(here.read_only && here.theme.as_deref() == Some("mono"));
        assert_eq!(here.bell_quiet, "22:00-07:00".parse().ok());
        let told = flaws("[context.a]\ntarget = \"/h.sock\"\nbell_quiet = \"nights\"\n");
        assert!(
            told[0].contains(":3:14: \"nights\" is no hours of quiet"),
            "{told:?}"
        );
        assert_eq!(read(Path::new("c.toml"), "", &|_| None).unwrap(), []);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let told = flaws(
            "ctx = 1\n[context.a]\ntarget = \"example.com\"\nenvironment = \"x\"\nenv = \"prod\"\nprotect = 1\n\
             [context.\"-b\"]\n[context.c]\ntarget = \"ssh://-l@h\"\nbanner = \"a banner of many words\"\n\
             [context.d]\ntarget = \"ssh://h\"\ntoken_file = \"~/t\"\ntheme = \"\"\n",
        );
        let expected = [
            "/c/contexts.toml:1:1: \"ctx\" is not known: write [context.NAME]",
            "/c/contexts.toml:3:10: \"example.com\" is no target: write ssh://[user@]host, https://host, or the whole \
             path of a socket",
            "/c/contexts.toml:4:1: \"environment\" is not known, perhaps \"env\"",
            "/c/contexts.toml:5:7: env \"prod\" is none of production, staging and dev",
            "/c/contexts.toml:6:11: protect takes true or false",
            "/c/contexts.toml:7:10: \"-b\" is no name of a context: up to 24 letters, digits, -, _ and ., beginning \
             with a letter or digit",
            "/c/contexts.toml:7:10: context -b has no target: say where it is, such as target = \
             \"ssh://ops@hooks.example.com\"",
            "/c/contexts.toml:9:10: \"ssh://-l@h\" is no address for ssh: user \"-l\" begins with -, as an option of \
             ssh would: write ssh://[user@]host[:port][/path/of/the.sock]",
            "/c/contexts.toml:10:10: a banner of 22 characters: at most 16",
            "/c/contexts.toml:13:14: \"~/t\" begins with ~, which only a shell replaces: write the whole path",
            "/c/contexts.toml:13:14: token_file goes with a URL: a socket and ssh know the caller",
            "/c/contexts.toml:14:9: theme takes a text in quotes",
        ];
        for (told, expected) in told.iter().zip(expected) {
            assert_eq!(told, expected);
        }
        assert_eq!(told.len(), expected.len());
        assert_eq!(
            flaws("context = 1\n"),
            ["/c/contexts.toml:1:1: \"context\" is not known: write [context.NAME]"]
        );
        assert_eq!(
            flaws("[context]\na = 1\n"),
            ["/c/contexts.toml:2:5: expected a table: [context.a]"]
        );
        assert!(flaws("[context\n")[0].starts_with("/c/contexts.toml:1:"));
    }
}
