//! Endpoint URLs, parsed once and judged at every send.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;

use crate::domain::address::{AddressRules, BadTarget, Blocked};
use crate::domain::limits::TARGETS_KEPT_MAX;

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Target {
    /// The URL, ready for reqwest.
    pub(super) url: Url,
    /// The address, where the host is a literal one.
    pub(super) literal: Option<IpAddr>,
    /// The port, the scheme's own where the URL names none.
    pub(super) port: u16,
    /// `host:port`, for sentences.
    pub(super) label: String,
}

impl Target {
    /// Judges a literal address; a name's addresses are judged where it is resolved.
    pub(super) fn judge(&self, rules: &AddressRules) -> Result<(), Blocked> {
        match self.literal {
            Some(literal) => rules
                .judge_socket(SocketAddr::new(literal, self.port))
                .map(drop),
            None => Ok(()),
        }
    }
}

/// The targets of late, by the URL's text. Belongs to one set of rules.
#[derive(Debug, Default)]
pub(super) struct Targets {
    kept: Mutex<HashMap<String, Arc<Target>>>,
}

impl Targets {
    /// The target that `url` names.
    ///
    /// # Errors
    ///
    /// [`BadTarget`] when the rules refuse it.
    pub(super) fn get(&self, rules: &AddressRules, url: &str) -> Result<Arc<Target>, BadTarget> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = kept.get(url) {
            return Ok(Arc::clone(target));
        }
        let judged = rules.judge_url(url)?;
        let parsed = judged.as_url();
        let port = parsed.port_or_known_default().unwrap_or(0);
        let target = Arc::new(Target {
            literal: judged.literal(),
            port,
            label: format!("{}:{port}", parsed.host_str().unwrap_or_default()),
            url: parsed.clone(),
        });
        // Emptied rather than aged: parsing costs a microsecond, keeping an order would cost one each time.
        if kept.len() >= TARGETS_KEPT_MAX {
            kept.clear();
        }
        kept.insert(url.to_owned(), Arc::clone(&target));
        Ok(target)
    }
}
