//! The types of a catalogue as a refusal lists them: those most like what was asked for, and how many there are.

use super::model::EventTypeEntry;

/// Types that a refusal names: enough for every typing error, few enough to be read.
const NAMED_MAX: usize = 5;

/// The types most like `asked`, the nearest first: `nearest of 12 are a.b, a.c`, or `it has a.b` where all are named.
pub(super) fn in_words<'a>(
    asked: &str,
    listed: impl IntoIterator<Item = &'a EventTypeEntry>,
) -> String {
    let mut names: Vec<(f64, &str)> = listed
        .into_iter()
        .map(|entry| entry.name.as_str())
        .map(|name| (strsim::jaro_winkler(asked, name), name))
        .collect();
    names.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    names.dedup();
    let count = names.len();
    let named: Vec<&str> = names
        .iter()
        .take(NAMED_MAX)
        .map(|&(_, name)| name)
        .collect();
    let named = named.join(", ");
    match count {
        0 => "it lists none".to_owned(),
        1..=NAMED_MAX => format!("it has {named}"),
        _ => format!("nearest of {count} are {named}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(asked: &str, names: &[&str]) -> String {
        let entries: Vec<EventTypeEntry> = names
            .iter()
            .map(|name| EventTypeEntry {
                name: name.parse().unwrap(),
                description: String::new(),
            })
            .collect();
        in_words(asked, &entries)
    }

    #[test]
    fn the_nearest_names_come_first_and_a_long_catalogue_is_counted() {
        let names = ["ship.arrived", "ship.sailed", "crane.stuck"];
        assert_eq!(
            words("crane.struck", &names),
            "it has crane.stuck, ship.arrived, ship.sailed"
        );
        assert_eq!(words("x", &[]), "it lists none");
        let many = [
            "a.a",
            "a.b",
            "a.c",
            "a.d",
            "ship.sailed",
            "b.a",
            "ship.sailed",
        ];
        let told = words("ship.saild", &many);
        assert!(told.starts_with("nearest of 6 are ship.sailed, "), "{told}");
        assert_eq!(told.matches(", ").count(), 4, "{told}");
    }
}
