//! Where text of the palette leads that is no name of an action: what a filter or an id finds, and short names of views.

use super::model::Data;
use crate::domain::filter::Filter;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};

/// Short names of views, as other consoles have them, with the actions that lead there.
const SHORT: [(&str, &str); 8] = [
    ("dl", "view.deliveries"),
    ("ep", "view.endpoints"),
    ("ev", "view.events"),
    ("dlq", "view.dead"),
    ("dead", "view.dead"),
    ("jobs", "view.replays"),
    ("ctx", "view.contexts"),
    ("theme", "view.themes"),
];

/// Signs that a text is more than words, which may as well be those of an action.
const SIGNS: [char; 6] = [':', '<', '>', '=', '~', '"'];

/// Whether these letters are a short name of the action.
pub(super) fn is_short(letters: &str, action: &str) -> bool {
    SHORT.contains(&(letters, action))
}

/// The filter that the text is: an id, or whatever has a sign that words have not and can be read.
pub(super) fn filter(text: &str, data: &Data) -> Option<String> {
    if let Ok(replay) = text.parse::<ReplayId>() {
        return Some(format!("replay:{replay}"));
    }
    let is_id = text.parse::<DeliveryId>().is_ok()
        || text.parse::<EventId>().is_ok()
        || text.parse::<EndpointId>().is_ok();
    let is_more = is_id || text.contains(SIGNS);
    (is_more && Filter::check(text, data.saved.filters()).is_ok()).then(|| text.to_owned())
}
