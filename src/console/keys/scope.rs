//! Where the keys of a part of a file apply: everywhere, in lists, or in one view.

use crate::console::actions::{EVERYWHERE, Place};

/// The part for all views.
const ALL: &str = "everywhere";
/// The part for all views that are lists of rows.
const LISTS: &str = "list";

/// A part of a file of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All views.
    All,
    /// All views but the one of a single delivery.
    Lists,
    /// One view.
    View(Place),
}

impl Scope {
    /// Every scope.
    pub(super) fn every() -> impl Iterator<Item = Self> {
        let views = EVERYWHERE.iter().map(|place| Self::View(*place));
        [Self::All, Self::Lists].into_iter().chain(views)
    }

    /// The scope of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::every().find(|scope| scope.name() == name)
    }

    /// What a file calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::All => ALL,
            Self::Lists => LISTS,
            Self::View(place) => place.name(),
        }
    }

    /// The places that it holds.
    pub(super) fn places(self) -> impl Iterator<Item = Place> {
        let all = EVERYWHERE.iter().copied();
        all.filter(move |place| self.has(*place))
    }

    /// Whether it holds a place.
    pub(super) fn has(self, place: Place) -> bool {
        match self {
            Self::All => true,
            Self::Lists => place != Place::Inspector,
            Self::View(own) => own == place,
        }
    }

    /// The widest name that these places have, else their names one by one.
    pub(super) fn words(places: &[Place]) -> String {
        let is = |scope: &Self| {
            EVERYWHERE
                .iter()
                .all(|place| scope.has(*place) == places.contains(place))
        };
        if let Some(scope) = Self::every().find(is) {
            return scope.name().to_owned();
        }
        let names: Vec<&str> = places.iter().map(|place| place.name()).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_found_by_its_name() {
        for scope in Scope::every() {
            assert_eq!(Scope::named(scope.name()), Some(scope));
        }
        assert_eq!(Scope::named("lists"), None);
    }

    #[test]
    fn places_are_told_by_the_widest_name_they_have() {
        assert_eq!(Scope::words(EVERYWHERE), "everywhere");
        let lists: Vec<Place> = Scope::Lists.places().collect();
        assert_eq!(Scope::words(&lists), "list");
        assert_eq!(Scope::words(&[Place::Inspector]), "inspector");
        assert_eq!(Scope::words(&[Place::Dead, Place::Pulse]), "dead, pulse");
    }
}
