//! The contracts in use: the built-in ones and those of the configured directory, of which some are enabled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::api::{ApiMethod, ApiRoute, ApiRules};
use super::catalogue_words::in_words;
use super::error::ContractErrors;
use super::model::{Catalogue, Contract};
use super::reader::nearest_hint;
use crate::domain::catalogue::ClosedCatalogues;
use crate::domain::event_type::EventType;

/// The embedded directory: whatever lies in it is a built-in contract. No list of theirs is kept in Rust, so this file
/// must be compiled again to notice a new one; a test compares.
#[derive(rust_embed::Embed)]
#[folder = "src/domain/contract/builtin"]
struct BuiltIn;

/// They are read once in a process, however often its configuration is.
static BUILT_IN: LazyLock<Result<Vec<Arc<Contract>>, ContractErrors>> = LazyLock::new(|| {
    let load = |file: Cow<'static, str>| {
        let embedded = BuiltIn::get(&file)?;
        let text = String::from_utf8_lossy(&embedded.data);
        Some(Contract::load(&format!("builtin/{file}"), &text).map(Arc::new))
    };
    BuiltIn::iter().filter_map(load).collect()
});

/// A contract's text and the file it came from.
#[derive(Clone, Copy, Debug)]
pub struct ContractText<'a> {
    /// What errors call it.
    pub file: &'a str,
    /// The text.
    pub text: &'a str,
}

/// The contracts that are known and enabled. Immutable; shared as `Arc<ContractSet>`.
#[derive(Clone, Debug)]
pub struct ContractSet {
    /// All that loaded, by name.
    known: BTreeMap<String, Arc<Contract>>,
    /// The names that endpoints may have.
    enabled: Vec<String>,
    /// What an endpoint gets that names none; one of `enabled`.
    default_name: String,
}

/// Contracts that cannot be put to use together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractSetError {
    /// One or more do not load.
    #[error("{0}")]
    Contract(#[from] ContractErrors),
    /// Two files of the same name.
    #[error("contract {name} is in {first} and in {second}: keep one of them")]
    Twice {
        /// The contract's name.
        name: String,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A name that is not known.
    #[error("{setting} names contract {name:?}, which is not known{hint}; known are {known}")]
    Unknown {
        /// The setting that names it.
        setting: &'static str,
        /// The name.
        name: String,
        /// The nearest known name, as part of a sentence.
        hint: String,
        /// All known names.
        known: String,
    },
    /// Two enabled contracts answer one request.
    #[error(
        "contracts {first} and {second} both claim {route}: enable one of them, or give one another path"
    )]
    Route {
        /// One contract.
        first: String,
        /// The other.
        second: String,
        /// The route as the second one writes it.
        route: String,
    },
    /// The default is not enabled.
    #[error(
        "default_contract is {name:?}, which is not enabled: add it to contracts, or choose one of {enabled}"
    )]
    DefaultNotEnabled {
        /// The default's name.
        name: String,
        /// The enabled names.
        enabled: String,
    },
}

/// What answers a request on contract routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteLookup<'a> {
    /// This route.
    Found(FoundRoute<'a>),
    /// No route of this method; the path has others (405 with `Allow`).
    OtherMethods {
        /// The contract that has the path; the first by name where several share it.
        contract: &'a Arc<Contract>,
        /// The methods it does have.
        methods: Vec<ApiMethod>,
    },
    /// No contract has the path.
    Unknown,
}

/// A route with its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRoute<'a> {
    /// Whose route it is; an enabled one.
    pub contract: &'a Arc<Contract>,
    /// That contract's routes.
    pub api: &'a ApiRules,
    /// The one that answers.
    pub route: &'a ApiRoute,
    /// What stands for `{id}` in the path, unread: see [`Contract::read_shown_id`].
    pub id: Option<&'a str>,
}

/// An event type that no enabled contract takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{asked} is no event type of any enabled contract, and all their catalogues are closed; {known}"
)]
pub struct UnlistedType {
    asked: String,
    known: String,
}

impl ContractSet {
    /// Loads the built-in contracts and `own`, which replace built-in ones of their name.
    ///
    /// # Errors
    /// A text that does not load, a name that two own texts share, enabled or default names that do not fit, and two
    /// enabled contracts that claim one route.
    pub fn load(
        own: &[ContractText<'_>],
        enabled: &[String],
        default_name: &str,
    ) -> Result<Self, ContractSetError> {
        let mut known = BTreeMap::new();
        for contract in BUILT_IN.clone()? {
            known.insert(contract.name.clone(), contract);
        }
        let mut files: BTreeMap<String, &str> = BTreeMap::new();
        for (file, contract) in load_all(own)? {
            if let Some(first) = files.insert(contract.name.clone(), file) {
                return Err(ContractSetError::Twice {
                    name: contract.name,
                    first: first.to_owned(),
                    second: file.to_owned(),
                });
            }
            known.insert(contract.name.clone(), Arc::new(contract));
        }
        let set = Self {
            known,
            enabled: enabled.to_vec(),
            default_name: default_name.to_owned(),
        };
        for name in enabled {
            set.require_known("contracts", name)?;
        }
        set.require_known("default_contract", default_name)?;
        if !set.enabled.iter().any(|name| name == default_name) {
            return Err(ContractSetError::DefaultNotEnabled {
                name: default_name.to_owned(),
                enabled: set.enabled.join(", "),
            });
        }
        set.check_routes()?;
        Ok(set)
    }

    /// The built-in contracts, all enabled.
    ///
    /// # Errors
    /// A default that is none of them; a built-in text that does not load, which a test rules out.
    pub fn built_in(default_name: &str) -> Result<Self, ContractSetError> {
        let contracts = BUILT_IN.clone()?;
        let names: Vec<String> = contracts.iter().map(|one| one.name.clone()).collect();
        Self::load(&[], &names, default_name)
    }

    /// The enabled contract of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Contract>> {
        let is_enabled = self.enabled.iter().any(|enabled| enabled == name);
        self.known.get(name).filter(|_| is_enabled)
    }

    /// The enabled contracts, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.known
            .values()
            .filter(|contract| self.get(&contract.name).is_some())
    }

    /// The contract of this name, enabled or not.
    pub fn get_known(&self, name: &str) -> Option<&Arc<Contract>> {
        self.known.get(name)
    }

    /// All contracts by name, enabled or not.
    pub fn iter_known(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.known.values()
    }

    /// What an endpoint gets that names no contract; always an enabled one.
    pub fn default_name(&self) -> &str {
        &self.default_name
    }

    /// The listed types of every closed catalogue, of contracts that are not enabled as well: their endpoints still
    /// get what was accepted for them.
    pub fn closed_catalogues(&self) -> ClosedCatalogues {
        let closed = self
            .iter_known()
            .filter(|contract| contract.catalogue == Catalogue::Closed);
        let listed = |contract: &Contract| {
            let names = contract.event_types.iter().map(|entry| entry.name.clone());
            names.collect()
        };
        closed
            .map(|contract| (contract.name.clone(), listed(contract)))
            .collect()
    }

    /// Accepts an event type, for publishing: some enabled contract lists it, or takes any.
    ///
    /// # Errors
    /// All catalogues are closed and none lists it.
    pub fn check_event_type(&self, event_type: &EventType) -> Result<(), UnlistedType> {
        let takes = |contract: &Contract| {
            contract.catalogue == Catalogue::Open
                || contract
                    .event_types
                    .iter()
                    .any(|entry| entry.name == *event_type)
        };
        if self.iter().any(|contract| takes(contract)) {
            return Ok(());
        }
        let listed = self.iter().flat_map(|contract| &contract.event_types);
        Err(UnlistedType {
            asked: event_type.to_string(),
            known: in_words(event_type.as_str(), listed),
        })
    }

    /// Which enabled contract's route answers `method` on `path`; at most one does.
    ///
    /// A path that a route spells out is that route's, whatever the method: no `{id}` of another route stands for it,
    /// or a platform's words would be read as another platform's ids.
    pub fn find_route<'a>(&'a self, method: &str, path: &'a str) -> RouteLookup<'a> {
        let mut found: Vec<FoundRoute<'a>> = Vec::new();
        for (contract, route) in self.iter_routes() {
            let (Some(id), Some(api)) = (route.path.matches(path), &contract.api) else {
                continue;
            };
            found.push(FoundRoute {
                contract,
                api,
                route,
                id,
            });
        }
        let spelled = found.iter().map(|one| one.route.path.spelled()).max();
        found.retain(|one| Some(one.route.path.spelled()) == spelled);
        let methods = found.iter().map(|one| one.route.method).collect();
        let contract = found.first().map(|one| one.contract);
        let mut answering = found.into_iter();
        if let Some(route) = answering.find(|one| one.route.method.as_str() == method) {
            return RouteLookup::Found(route);
        }
        match contract {
            Some(contract) => RouteLookup::OtherMethods { contract, methods },
            None => RouteLookup::Unknown,
        }
    }

    /// The enabled contracts' routes, by contract, each in its own order.
    pub fn iter_routes(&self) -> impl Iterator<Item = (&Arc<Contract>, &ApiRoute)> {
        self.iter().flat_map(|contract| {
            let routes = contract.routes().iter();
            routes.map(move |route| (contract, route))
        })
    }

    fn check_routes(&self) -> Result<(), ContractSetError> {
        let routes: Vec<_> = self.iter_routes().collect();
        for (position, (second, route)) in routes.iter().enumerate() {
            let mut before = routes[..position].iter();
            if let Some((first, _)) = before.find(|(_, other)| other.meets(route)) {
                return Err(ContractSetError::Route {
                    first: first.name.clone(),
                    second: second.name.clone(),
                    route: route.to_string(),
                });
            }
        }
        Ok(())
    }

    fn require_known(&self, setting: &'static str, name: &str) -> Result<(), ContractSetError> {
        if self.known.contains_key(name) {
            return Ok(());
        }
        let known: Vec<&str> = self.known.keys().map(String::as_str).collect();
        Err(ContractSetError::Unknown {
            setting,
            name: name.chars().take(64).collect(),
            hint: nearest_hint(name, known.iter().copied()),
            known: known.join(", "),
        })
    }
}

/// Every text's contract beside its file; where some do not load, what is wrong with all of them.
fn load_all<'a>(texts: &[ContractText<'a>]) -> Result<Vec<(&'a str, Contract)>, ContractErrors> {
    let mut loaded = Vec::with_capacity(texts.len());
    let mut refused: Option<ContractErrors> = None;
    for text in texts {
        match (Contract::load(text.file, text.text), &mut refused) {
            (Ok(contract), _) => loaded.push((text.file, contract)),
            (Err(errors), None) => refused = Some(errors),
            (Err(errors), Some(before)) => before.append(errors),
        }
    }
    refused.map_or(Ok(loaded), Err)
}
