//! Whether a theme can be read: everything that is wrong with it, and how near its colours come to what they must not.
//!
//! Judged is how it looks with all colours; what a terminal's palette decides cannot be. Dim text counts as written.

use std::path::Path;

use serde::Serialize;

use super::colors::{Colors, background_flaw};
use super::contrast::{
    TEXT_CONTRAST_MIN, TEXT_CONTRAST_MIN_HIGH, Vision, distance, hundredths, is_dark,
};
use super::depth::Depth;
use super::layer::{Layer, Unusable};
use super::load::ThemeError;
use super::role::Role;
use super::schema::color_text;
use super::shelf::{Listed, Shelf};
use crate::domain::flaw::Flaw;

/// The theme that promises contrast for low vision, as do those that build upon it.
const HIGH_CONTRAST: &str = "high-contrast";
/// The theme that promises states told apart with any colour vision, as do those that build upon it.
const ANY_VISION: &str = "cvd-safe";
/// What a text without a file is called.
const UNNAMED: &str = "-";
/// How far apart the states must be in L*a*b* then: several times what is just noticeable.
const DISTANCE_MIN: f64 = 20.0;
/// The states that must not be taken for each other.
const STATES: [[Role; 2]; 3] = [
    [Role::StateOk, Role::StateFailed],
    [Role::StateOk, Role::StateRetrying],
    [Role::StateFailed, Role::StateRetrying],
];

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// The theme's name.
    pub theme: String,
    /// Its file; of a built-in theme `NAME.toml`.
    pub file: String,
    /// Whether nothing is wrong.
    pub ok: bool,
    /// The contrast that its text roles need.
    pub contrast_min: f64,
    /// The text role with the least; `None` where the terminal decides all colours.
    pub lowest_contrast: Option<LowestContrast>,
    /// Text roles whose contrast is not judged, because the terminal decides it.
    pub terminals_roles: usize,
    /// How far apart the states ok, failed and retrying must be; `None` where the theme does not promise it.
    pub distance_min: Option<f64>,
    /// The two that are nearest to each other; `None` where the terminal decides their colours.
    pub closest_states: Option<ClosestStates>,
    /// Everything that is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// The text role that stands out least.
#[derive(Clone, Debug, Serialize)]
pub struct LowestContrast {
    /// Its name.
    pub role: &'static str,
    /// WCAG's contrast ratio, in hundredths, rounded down.
    pub ratio: f64,
}

/// The two states that are most alike to those who miss a kind of cone.
#[derive(Clone, Debug, Serialize)]
pub struct ClosestStates {
    /// Their roles.
    pub roles: [&'static str; 2],
    /// To whom.
    pub vision: Vision,
    /// Their distance in L*a*b*, in hundredths, rounded down.
    pub distance: f64,
}

impl Shelf<'_> {
    /// Checks a theme that is listed.
    pub fn check(self, listed: &Listed) -> Checked {
        let file = match &listed.file {
            Some(path) => path.display().to_string(),
            None => format!("{}.toml", listed.name),
        };
        self.check_layer(&listed.name, file, self.top(&listed.name))
    }

    /// Checks a theme's text, which need not be on the shelf; what it builds upon does. `file` is what it is called,
    /// `-` where it has no name.
    pub fn check_text(self, file: &str, text: String) -> Checked {
        let top = Layer::read(file.to_owned(), text).map_err(ThemeError::from);
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str());
        let name = match (&top, stem.filter(|_| file != UNNAMED)) {
            (_, Some(stem)) => stem.to_owned(),
            (Ok(top), None) => top.name().get_ref().clone(),
            (Err(_), None) => file.to_owned(),
        };
        self.check_layer(&name, file.to_owned(), top)
    }

    fn check_layer(self, name: &str, file: String, top: Result<Layer, ThemeError>) -> Checked {
        let start = Flaw {
            file: file.clone(),
            line: 1,
            column: 1,
            text: String::new(),
        };
        let top = match top {
            Ok(top) => top,
            Err(error) => return Checked::unusable(name, file, error.at(start)),
        };
        let place = top.extends().map(|extends| extends.span().start);
        let place = place.map_or(start, |at| top.flaw(at, String::new()));
        match self.stack_upon(name, top) {
            Ok(layers) => judge(name, file, &layers),
            Err(error) => Checked::unusable(name, file, error.at(place)),
        }
    }
}

impl Checked {
    fn unusable(name: &str, file: String, flaw: Flaw) -> Self {
        Self {
            theme: name.to_owned(),
            file,
            ok: false,
            contrast_min: TEXT_CONTRAST_MIN,
            lowest_contrast: None,
            terminals_roles: 0,
            distance_min: None,
            closest_states: None,
            flaws: vec![flaw],
        }
    }
}

/// Judges a theme, which is the first of the layers, by the name that it goes by.
fn judge(name: &str, file: String, layers: &[Layer]) -> Checked {
    let promises = |promised: &str| {
        name == promised
            || layers
                .iter()
                .any(|layer| layer.name().get_ref() == promised)
    };
    let contrast_min = if promises(HIGH_CONTRAST) {
        TEXT_CONTRAST_MIN_HIGH
    } else {
        TEXT_CONTRAST_MIN
    };
    let distance_min = promises(ANY_VISION).then_some(DISTANCE_MIN);
    let colors = Colors::of(layers);
    let mut flaws = flaws_of_form(name, layers);
    flaws.extend(flaws_of_contrast(&colors, layers, contrast_min));
    if let Some(distance_min) = distance_min {
        flaws.extend(flaws_of_distance(&colors, layers, distance_min));
    }
    flaws.sort();
    Checked {
        theme: name.to_owned(),
        file,
        ok: flaws.is_empty(),
        contrast_min,
        lowest_contrast: lowest(&colors),
        terminals_roles: colors.terminals(),
        distance_min,
        closest_states: closest(&colors),
        flaws,
    }
}

/// What cannot be used, of the theme and of what it builds upon.
fn flaws_of_form(name: &str, layers: &[Layer]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if let Some(top) = layers.first().filter(|top| top.name().get_ref() != name) {
        let text = format!(
            "the theme calls itself {:?}, but goes by its file's name: write name = {name:?}, or rename the file",
            top.name().get_ref()
        );
        flaws.push(top.flaw(top.name().span().start, text));
    }
    for layer in layers {
        flaws.extend(layer.unknown_depths());
        // At sixteen colours a theme has all that it has at any depth, and its exact choices.
        let looks = layer.looks(Depth::Sixteen).into_iter();
        flaws.extend(
            looks
                .filter_map(Result::err)
                .map(|unusable| match unusable {
                    Unusable::Role(flaw) | Unusable::Color(flaw) => flaw,
                }),
        );
    }
    flaws.extend(background_flaw(layers));
    flaws
}

fn flaws_of_contrast(colors: &Colors, layers: &[Layer], contrast_min: f64) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for &role in Role::ALL {
        let Some(pair) = colors.pair(role) else {
            continue;
        };
        let Some(ratio) = colors.contrast(role).filter(|ratio| *ratio < contrast_min) else {
            continue;
        };
        let remedy = if is_dark(pair.bg) {
            "lighter"
        } else {
            "darker"
        };
        let text = format!(
            "{} has contrast {} as {} on {}, at least {contrast_min} is needed: take a {remedy} colour",
            role.name(),
            hundredths(ratio),
            color_text(pair.fg.into()),
            color_text(pair.bg.into()),
        );
        flaws.push(flaw_of_role(colors, layers, role, text));
    }
    // Told once, and not where the background is told of already.
    let groundless = colors.groundless();
    if groundless > 0
        && background_flaw(layers).is_none()
        && let Some(top) = layers.first()
    {
        let text = format!(
            "the contrast of {groundless} roles cannot be measured: write background = \"#rrggbb\" into [theme], the \
             same on every terminal"
        );
        flaws.push(top.flaw(top.name().span().start, text));
    }
    flaws
}

fn flaws_of_distance(colors: &Colors, layers: &[Layer], distance_min: f64) -> Vec<Flaw> {
    let states = [Role::StateOk, Role::StateFailed, Role::StateRetrying].into_iter();
    let unknown = states.filter(|state| colors.foreground(*state).is_none());
    let unknown = unknown.map(|state| {
        let text = format!(
            "{} has a colour that the terminal decides, so nobody knows how far it is from the others: write #rrggbb",
            state.name()
        );
        flaw_of_role(colors, layers, state, text)
    });
    let apart = distances(colors).filter(|found| found.distance < distance_min);
    let flaws = apart.map(|found| {
        let [one, other] = found.roles;
        let text = format!(
            "{} and {} are {} apart under {}, at least {distance_min} is needed: take colours that differ in lightness",
            one.name(),
            other.name(),
            hundredths(found.distance),
            found.vision.as_str(),
        );
        flaw_of_role(colors, layers, other, text)
    });
    unknown.chain(flaws).collect()
}

/// A flaw where the theme says how the role looks, or at its name where another theme says it.
fn flaw_of_role(colors: &Colors, layers: &[Layer], role: Role, text: String) -> Flaw {
    let top = &layers[0];
    match colors.said(role).place {
        Some((0, at)) => top.flaw(at, text),
        Some((layer, _)) => {
            let text = format!("{text} (the role is {}'s)", layers[layer].name().get_ref());
            top.flaw(top.name().span().start, text)
        }
        None => top.flaw(top.name().span().start, text),
    }
}

fn lowest(colors: &Colors) -> Option<LowestContrast> {
    let ratios = Role::ALL
        .iter()
        .filter_map(|role| Some((role.name(), colors.contrast(*role)?)));
    let (role, ratio) = ratios.min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(LowestContrast {
        role,
        ratio: hundredths(ratio),
    })
}

fn closest(colors: &Colors) -> Option<ClosestStates> {
    let found = distances(colors).min_by(|one, other| one.distance.total_cmp(&other.distance))?;
    Some(ClosestStates {
        roles: found.roles.map(Role::name),
        vision: found.vision,
        distance: hundredths(found.distance),
    })
}

/// Two states as one kind of colour vision sees them.
struct Apart {
    roles: [Role; 2],
    vision: Vision,
    distance: f64,
}

fn distances(colors: &Colors) -> impl Iterator<Item = Apart> {
    let pairs = STATES.into_iter().filter_map(|roles| {
        let [one, other] = roles;
        Some((roles, colors.foreground(one)?, colors.foreground(other)?))
    });
    pairs.flat_map(|(roles, one, other)| {
        Vision::ALL.map(|vision| Apart {
            roles,
            vision,
            distance: distance(one, other, Some(vision)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A theme on black with these lines in its table of roles.
    fn check(head: &str, roles: &str) -> Checked {
        let text = format!("[theme]\nname = \"ours\"\nversion = 1\n{head}\n[roles]\n{roles}\n");
        Shelf::new(None).check_text("themes/ours.toml", text)
    }

    fn told(checked: &Checked) -> Vec<String> {
        checked.flaws.iter().map(Flaw::to_string).collect()
    }

    const BLACK: &str = "background = \"#000000\"";

    #[test]
    fn every_built_in_theme_can_be_read() {
        let shelf = Shelf::new(None);
        for listed in shelf.list().unwrap() {
            let checked = shelf.check(&listed);
            assert!(checked.ok, "{:?}", told(&checked));
            let terminals = ["ansi16", "mono"].contains(&checked.theme.as_str());
            assert_eq!(checked.lowest_contrast.is_none(), terminals, "{checked:?}");
            assert_eq!(checked.closest_states.is_none(), terminals, "{checked:?}");
            let high = checked.theme == "high-contrast";
            assert_eq!(checked.contrast_min, if high { 7.0 } else { 4.5 });
            let any_vision = checked.theme == "cvd-safe";
            assert_eq!(checked.distance_min.is_some(), any_vision, "{checked:?}");
        }
    }

    #[test]
    fn text_that_stands_out_too_little_is_told_with_its_place_and_figures() {
        let roles = "text = { fg = \"#ffffff\" }\n\"state.failed\" = { fg = \"#770000\" }\nborder = { fg = \"#111111\" }";
        let checked = check(BLACK, roles);
        assert_eq!(
            told(&checked),
            [
                "themes/ours.toml:7:1: state.failed has contrast 1.78 as #770000 on #000000, at least 4.5 is needed: take a \
                 lighter colour"
            ]
        );
        let lowest = checked.lowest_contrast.unwrap();
        assert_eq!((lowest.role, lowest.ratio), ("state.failed", 1.78));
        // A role's own background counts before the theme's.
        let badge = "armed = { fg = \"#ffffff\", bg = \"#eeeeee\" }";
        assert_eq!(
            told(&check(BLACK, badge)),
            [
                "themes/ours.toml:6:1: armed has contrast 1.16 as #ffffff on #eeeeee, at least 4.5 is needed: take a darker \
                 colour"
            ]
        );
        // The cursor is laid over plain text.
        let cursor = "text = { fg = \"#ffffff\" }\ncursor = { bg = \"#eeeeee\" }";
        assert!(told(&check(BLACK, cursor))[0].contains("7:1: cursor has contrast 1.16"));
    }

    #[test]
    fn who_builds_upon_a_theme_promises_what_it_promises() {
        let grey = "text = { fg = \"#808080\" }";
        assert!(check(BLACK, grey).ok, "5.3 is enough for most");
        let high = check("extends = \"high-contrast\"", grey);
        assert!(
            told(&high)[0]
                .contains("has contrast 5.31 as #808080 on #000000, at least 7 is needed")
        );

        let own_background = check("extends = \"yard-dark\"\nbackground = \"#707070\"", "");
        let told = told(&own_background);
        assert!(told.len() > 10, "{told:?}");
        assert!(
            told.iter()
                .all(|line| line.starts_with("themes/ours.toml:2:8: ")),
            "{told:?}"
        );
        assert!(told[0].ends_with(" (the role is yard-dark's)"), "{told:?}");
    }

    #[test]
    fn states_that_somebody_would_confuse_are_told_where_that_is_promised() {
        let green_and_red =
            "\"state.ok\" = { fg = \"#8fd694\" }\n\"state.failed\" = { fg = \"#ff7a85\" }";
        let checked = check("extends = \"cvd-safe\"", green_and_red);
        assert_eq!(
            told(&checked),
            [
                "themes/ours.toml:7:1: state.ok and state.failed are 7.68 apart under deuteranopia, at least 20 is needed: \
                 take colours that differ in lightness"
            ]
        );
        let closest = checked.closest_states.unwrap();
        assert_eq!(closest.roles, ["state.ok", "state.failed"]);
        assert!(check("extends = \"yard-dark\"", green_and_red).ok);
        // What cannot be judged is not promised.
        let basic = "\"state.failed\" = { fg = \"red\" }";
        assert_eq!(
            told(&check("extends = \"cvd-safe\"", basic)),
            [
                "themes/ours.toml:6:1: state.failed has a colour that the terminal decides, so nobody knows how far it is \
                 from the others: write #rrggbb"
            ]
        );
        let other = check("extends = \"yard-dark\"", basic);
        assert!(other.ok && other.terminals_roles == 1, "{other:?}");
    }

    #[test]
    fn everything_that_cannot_be_used_is_told_at_once() {
        let roles = "\"state.okay\" = {}\naccent = { fg = \"rde\" }\n[depth.16.roles]\nkey = { bg = \"sky\" }\n\
                     [depth.256.roles]";
        let text = format!(
            "[theme]\nname = \"theirs\"\nversion = 1\nbackground = \"dark\"\n[roles]\n{roles}\n"
        );
        let told = told(&Shelf::new(None).check_text("ours.toml", text));
        let known = "write #rrggbb, a basic colour such as bright-red, an index 0-255, or a name of [palette]";
        assert_eq!(
            told,
            [
                "ours.toml:2:8: the theme calls itself \"theirs\", but goes by its file's name: write name = \"ours\", or \
                 rename the file"
                    .to_owned(),
                format!("ours.toml:4:14: colour \"dark\" of the background is not known: {known}"),
                "ours.toml:6:1: role \"state.okay\" is not known, perhaps \"state.ok\"".to_owned(),
                format!("ours.toml:7:17: colour \"rde\" of role \"accent\" is not known: {known}"),
                format!("ours.toml:9:14: colour \"sky\" of role \"key\" is not known: {known}"),
                "ours.toml:10:8: depth \"256\" is not known: there is only 16".to_owned(),
            ]
        );
    }

    #[test]
    fn colours_without_a_background_cannot_be_judged_and_those_of_the_terminal_are_its_own() {
        let fixed =
            "text = { fg = \"#ffffff\" }\nkey = { fg = \"196\" }\nborder = { fg = \"#ffffff\" }";
        assert_eq!(
            told(&check("", fixed)),
            [
                "themes/ours.toml:2:8: the contrast of 2 roles cannot be measured: write background = \"#rrggbb\" into \
                 [theme], the same on every terminal"
            ]
        );
        // Nobody knows what the terminal's background is, whatever it is called.
        assert!(!check("background = \"black\"", fixed).ok);
        let basic = check(
            "",
            "text = { fg = \"white\" }\nkey = { fg = \"4\", bg = \"black\" }",
        );
        assert!(basic.ok && basic.lowest_contrast.is_none(), "{basic:?}");
    }

    #[test]
    fn a_file_that_is_no_theme_is_told_with_the_place() {
        let bad = |text: &str| told(&Shelf::new(None).check_text("ours.toml", text.to_owned()));
        let head = "[theme]\nname = \"ours\"\n";
        let syntax = bad(&format!("{head}version = 1\n[roles\n"));
        assert!(syntax[0].starts_with("ours.toml:4:"), "{syntax:?}");
        let member = bad(&format!(
            "{head}version = 1\n[roles]\nkey = {{ colour = \"red\" }}\n"
        ));
        assert!(
            member[0].starts_with("ours.toml:5:9: unknown field `colour`"),
            "{member:?}"
        );
        assert_eq!(
            bad(&format!("{head}version = 2\n")),
            ["ours.toml:3:11: version 2 of the theme form is not known: expected 1"]
        );
        let base = bad(&format!("{head}version = 1\nextends = \"night\"\n"));
        assert!(
            base[0].starts_with("ours.toml:4:11: theme \"night\" is not known: known are ansi16, "),
            "{base:?}"
        );
    }

    #[test]
    fn a_theme_of_the_users_that_cannot_be_read_is_told_like_any_other() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ours.toml"), vec![b'#'; 65_537]).unwrap();
        let shelf = Shelf::new(Some(folder.path()));
        let listed = shelf.list().unwrap();
        let ours = listed.iter().find(|one| one.name == "ours").unwrap();
        let told = told(&shelf.check(ours));
        assert!(
            told[0].ends_with("cannot be read: larger than 65536 bytes"),
            "{told:?}"
        );
    }
}
