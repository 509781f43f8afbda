//! Where the keys of a part of a file apply: in all views, in lists, in all dialogs, or in one view or dialog.

use crate::console::actions::Place;

/// The part for all views.
const ALL: &str = "everywhere";
/// The part for all views that are lists of rows.
const LISTS: &str = "list";
/// The part for all dialogs.
const DIALOGS: &str = "dialog";

/// A part of a file of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All views.
    All,
    /// All views but the one of a single delivery.
    Lists,
    /// All dialogs.
    Dialogs,
    /// One view or dialog.
    One(Place),
}

impl Scope {
    /// Every scope.
    pub(super) fn every() -> impl Iterator<Item = Self> {
        let places = Place::every().map(Self::One);
        [Self::All, Self::Lists, Self::Dialogs]
            .into_iter()
            .chain(places)
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
            Self::Dialogs => DIALOGS,
            Self::One(place) => place.name(),
        }
    }

    /// The places that it holds.
    pub(super) fn places(self) -> impl Iterator<Item = Place> {
        Place::every().filter(move |place| self.has(*place))
    }

    /// Whether it holds a place.
    pub(super) fn has(self, place: Place) -> bool {
        match self {
            Self::All => place.is_view(),
            Self::Lists => place.is_view() && place != Place::Inspector,
            Self::Dialogs => !place.is_view(),
            Self::One(own) => own == place,
        }
    }

    /// The widest name that these places have, else their names one by one.
    pub(super) fn words(places: &[Place]) -> String {
        let is = |scope: &Self| {
            let mut all = Place::every();
            all.all(|place| scope.has(place) == places.contains(&place))
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
    use crate::console::actions::{Dialog, EVERYWHERE};

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
        let dialogs: Vec<Place> = Scope::Dialogs.places().collect();
        assert_eq!(Scope::words(&dialogs), "dialog");
        assert_eq!(Scope::words(&[Place::Over(Dialog::Plan)]), "plan");
        assert_eq!(Scope::words(&[Place::Dead, Place::Pulse]), "dead, pulse");
    }
}
