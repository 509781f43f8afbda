//! Every key there is: the file's, the environment's and the flags' names all come from here.

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A list of texts; in the environment separated by commas.
    List,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
}

/// A key of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, tables before a dot, such as `targets.allow`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is for, in one line.
    pub about: &'static str,
}

macro_rules! keys {
    ($($name:literal, $kind:ident, $about:literal;)*) => {
        /// Every key, in the order of the documents.
        pub const KEYS: &[Key] = &[$(Key { name: $name, kind: Kind::$kind, about: $about }),*];
    };
}

keys! {
    "data_dir", Text, "the directory of the database, the key and, where nothing else is there, the socket";
    "key_file", Text, "the file of the key that seals secrets at rest";
    "listen", Text, "the address of the HTTP API";
    "socket", Text, "the path of the Unix socket";
    "operators_group", Text, "the group whose members are operators on the socket";
    "log", Text, "what is logged: a level such as debug, or info,sqlx=warn";
    "contracts_dir", Text, "a directory of further contracts";
    "contracts", List, "the contracts that are enabled";
    "default_contract", Text, "the contract of endpoints that name none";
    "shutdown_grace", Text, "how long requests in flight may go on at a stop";
    "targets.allow", List, "networks that requests may go to besides public addresses";
    "targets.deny", List, "networks that requests may not go to";
    "targets.require_https", Switch, "whether endpoints must have https URLs";
    "targets.extra_roots", List, "PEM files of certificate authorities besides the system's";
    "targets.source_addresses", List, "local addresses that requests leave from, at most one a family";
    "targets.egress_addresses", List, "public addresses that receivers see; the source addresses where it is not given";
    "delivery.concurrency", Number, "requests in flight, all lanes together";
    "delivery.concurrency_per_endpoint", Number, "requests in flight to one endpoint";
    "breaker.enabled", Switch, "whether receivers that fail are left alone but for probes";
    "breaker.consecutive", Number, "failures in a row after which a breaker opens";
    "breaker.share", Text, "the share of the window's attempts that must fail for it to open";
    "breaker.window", Number, "the latest attempts that a breaker looks at";
    "breaker.attempts_min", Number, "the fewest attempts that a breaker opens on";
    "breaker.probe_first", Text, "the wait before the first probe; each one in vain doubles it";
    "breaker.probe_max", Text, "the longest wait between two probes";
    "auto_disable.after", Text, "after how long of nothing but failures an endpoint is disabled; off for never";
    "auto_disable.warn", List, "after how long of nothing but failures each warning is given";
    "notify.command", List, "a program and its arguments that gets what the service has to tell, as JSON on its input";
    "notify.url", Text, "a URL that the same is posted to";
    "notify.timeout", Text, "how long command and URL may take";
    "retention.payloads", Text, "how long events keep their data";
    "retention.attempts", Text, "how long attempts and finished deliveries are kept";
    "retention.dead", Text, "how long dead deliveries are kept";
    "retention.audit", Text, "how long the audit log and ended tokens are kept";
    "retention.disk", Text, "what the database may take before payloads and attempts go ahead of their time";
    "retention.reserve", Text, "free disk below which no events are accepted";
    "limits.event_bytes", Text, "the largest event";
    "limits.endpoints", Number, "endpoints in all";
    "limits.endpoints_per_tenant", Number, "endpoints of one tenant";
    "limits.tokens", Number, "tokens that are not revoked";
    "http.workers", Number, "threads that serve the HTTP API";
    "http.open_probes", Switch, "whether /healthz, /readyz, /metrics, /openapi.json and /docs answer other machines without a token";
}

impl Key {
    /// The key of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The variable of the environment that sets it: `HOOKYARD_TARGETS__ALLOW`.
    pub fn variable(&self) -> String {
        format!("HOOKYARD_{}", self.name.replace('.', "__").to_uppercase())
    }
}

/// The known key most like `name`: the whole of it, its last part (a wrong or missing table) or its table alone.
pub(super) fn nearest(name: &str) -> &'static str {
    KEYS.iter()
        .map(|key| key.name)
        .min_by_key(|known| {
            let own_part = known.rsplit('.').next().unwrap_or(known);
            let part = name.rsplit('.').next().unwrap_or(name);
            let table = known.split('.').next().unwrap_or(known);
            strsim::damerau_levenshtein(known, name)
                .min(strsim::damerau_levenshtein(own_part, part) + 1)
                .min(strsim::damerau_levenshtein(table, name) + 2)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        for (written, meant) in [
            ("listn", "listen"),
            ("targets.alow", "targets.allow"),
            ("allow", "targets.allow"),
            ("delivery.concurency", "delivery.concurrency"),
            ("target.allow", "targets.allow"),
            ("retention", "retention.payloads"),
        ] {
            assert_eq!(nearest(written), meant, "{written}");
        }
    }

    #[test]
    fn names_of_variables_follow_from_names_of_keys() {
        assert_eq!(
            Key::named("targets.allow").unwrap().variable(),
            "HOOKYARD_TARGETS__ALLOW"
        );
    }
}
