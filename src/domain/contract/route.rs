//! The paths of contract routes: literal segments and at most one `{id}`.

use std::fmt;

use crate::domain::limits::CONTRACT_PATH_CHARS_MAX;

/// What stands in a path for the endpoint's id.
const ID_SEGMENT: &str = "{id}";
/// Hookyard's own paths, those to come included; no contract may claim one of them or one below.
pub const OWN_PATHS: [&str; 25] = [
    "/docs",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/v1/audit",
    "/v1/causes",
    "/v1/contracts",
    "/v1/dead",
    "/v1/deliveries",
    "/v1/egress",
    "/v1/endpoints",
    "/v1/event-types",
    "/v1/events",
    "/v1/horizon",
    "/v1/info",
    "/v1/ledger",
    "/v1/log",
    "/v1/notes",
    "/v1/operators",
    "/v1/replays",
    "/v1/stats",
    "/v1/stream",
    "/v1/tokens",
    "/v1/views",
];

/// A path such as `/api/webhooks/{id}/test`, compared segment by segment, to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePath {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Text(String),
    Id,
}

impl RoutePath {
    /// Reads a path as a contract writes it.
    ///
    /// # Errors
    /// What was expected instead.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > CONTRACT_PATH_CHARS_MAX {
            return Err(format!(
                "a path of at most {CONTRACT_PATH_CHARS_MAX} characters"
            ));
        }
        let expected = "a path such as /api/webhooks/{id}: segments of A-Z a-z 0-9 . _ ~ -, or {id}, each behind a /";
        let rest = text.strip_prefix('/').ok_or(expected)?;
        let is_plain = |segment: &str| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
        };
        let read = |segment: &str| match segment {
            ID_SEGMENT => Some(Segment::Id),
            plain if is_plain(plain) => Some(Segment::Text(plain.to_owned())),
            _ => None,
        };
        let segments: Option<Vec<Segment>> = rest.split('/').map(read).collect();
        let path = Self {
            segments: segments.ok_or(expected)?,
        };
        if let Some(own) = OWN_PATHS.iter().find(|own| path.is_under(own)) {
            return Err(format!("another path: {own} is Hookyard's own"));
        }
        Ok(path)
    }

    /// How often it has `{id}`.
    pub(super) fn ids(&self) -> usize {
        self.segments
            .iter()
            .filter(|segment| **segment == Segment::Id)
            .count()
    }

    /// Whether this path answers `path`, which begins with a slash: `Some(None)` without an id, `Some(Some(id))`
    /// with the text in the id's place, as it stands there.
    pub fn matches<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        let mut id = None;
        let mut given = path.strip_prefix('/')?.split('/');
        for segment in &self.segments {
            match (segment, given.next()?) {
                (Segment::Text(text), found) if text == found => {}
                (Segment::Id, found) if !found.is_empty() => id = Some(found),
                _ => return None,
            }
        }
        given.next().is_none().then_some(id)
    }

    /// How many segments are spelled out before `{id}`; of two paths that answer one request, the one with more is
    /// nearer to it.
    pub(super) fn spelled(&self) -> usize {
        let mut segments = self.segments.iter();
        segments
            .position(|segment| *segment == Segment::Id)
            .unwrap_or(usize::MAX)
    }

    /// Whether some path is answered by both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let pairs = || self.segments.iter().zip(&other.segments);
        let is_alike = |(one, two): (&Segment, &Segment)| {
            one == two || *one == Segment::Id || *two == Segment::Id
        };
        self.segments.len() == other.segments.len() && pairs().all(is_alike)
    }

    fn is_under(&self, own: &str) -> bool {
        let mut segments = self.segments.iter();
        own.split('/').skip(1).all(|part| match segments.next() {
            Some(Segment::Text(text)) => text == part,
            Some(Segment::Id) => true,
            None => false,
        })
    }
}

impl fmt::Display for RoutePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Text(text) => write!(formatter, "/{text}"),
            Segment::Id => write!(formatter, "/{ID_SEGMENT}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RoutePath {
        RoutePath::parse(text).unwrap()
    }

    #[test]
    fn a_path_answers_itself_with_any_id_and_nothing_else() {
        let test = path("/api/webhooks/{id}/test");
        assert_eq!(test.to_string(), "/api/webhooks/{id}/test");
        assert_eq!(test.matches("/api/webhooks/wh_1/test"), Some(Some("wh_1")));
        for other in [
            "/api/webhooks//test",
            "/api/webhooks/wh_1",
            "/api/webhooks/wh_1/test/",
            "/api/webhooks/wh_1/Test",
            "api/webhooks/wh_1/test",
            "",
        ] {
            assert_eq!(test.matches(other), None, "{other}");
        }
        assert_eq!(path("/hooks").matches("/hooks"), Some(None));
    }

    #[test]
    fn paths_meet_where_one_request_could_be_for_both() {
        assert!(path("/hooks/{id}").meets(&path("/hooks/test")));
        assert!(path("/hooks/{id}").meets(&path("/hooks/{id}")));
        assert!(!path("/hooks/{id}").meets(&path("/hooks/{id}/test")));
        assert!(!path("/hooks").meets(&path("/Hooks")));
    }

    #[test]
    fn what_is_no_path_or_our_own_is_refused() {
        for text in [
            "", "hooks", "/", "/hooks/", "/a//b", "/a b", "/{ID}", "/x/{id}x", "/a/..", "/%61",
        ] {
            let error = RoutePath::parse(text).unwrap_err();
            assert!(error.starts_with("a path such as"), "{text}: {error}");
        }
        for text in [
            "/v1/events",
            "/v1/endpoints/{id}/x",
            "/v1/{id}",
            "/healthz",
            "/{id}",
        ] {
            let error = RoutePath::parse(text).unwrap_err();
            assert!(error.contains("Hookyard's own"), "{text}: {error}");
        }
        for text in ["/v1/webhooks", "/v1", "/api/v1/events"] {
            assert!(RoutePath::parse(text).is_ok(), "{text}");
        }
        assert!(RoutePath::parse(&format!("/{}", "x".repeat(300))).is_err());
    }
}
