//! Query strings: every parameter known, none twice, values checked.

use std::str::FromStr;

use actix_web::HttpRequest;

use super::json::nearest;
use super::problem::{Kind, Refusal};
use crate::domain::id::{Id, IdKind};
use crate::domain::limits::PAGE_ROWS_MAX;
use crate::engine::PageRequest;

/// The parameters of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of the request, all of them among `known`.
    ///
    /// # Errors
    /// An unknown parameter, or one that stands there twice.
    pub(super) fn of(request: &HttpRequest, known: &[&str]) -> Result<Self, Refusal> {
        Self::parse(request.query_string(), known)
    }

    fn parse(text: &str, known: &[&str]) -> Result<Self, Refusal> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(unknown(&name, known));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                return Err(Refusal::bad_query(
                    &name,
                    format!("{name} stands there twice; give it once"),
                ));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Which page is wanted.
    ///
    /// # Errors
    /// A limit outside 1–500. Whether the cursor is one of ours, the engine knows.
    pub(super) fn page(&self) -> Result<PageRequest, Refusal> {
        let limit = match self.text("limit") {
            None => None,
            Some(text) => match text.parse() {
                Ok(limit @ 1..=PAGE_ROWS_MAX) => Some(limit),
                _ => {
                    return Err(Refusal::bad_query(
                        "limit",
                        format!("{text:?} is not a number of rows from 1 to {PAGE_ROWS_MAX}"),
                    ));
                }
            },
        };
        Ok(PageRequest {
            cursor: self.text("cursor").map(str::to_owned),
            limit,
        })
    }
}

fn unknown(name: &str, known: &[&str]) -> Refusal {
    let detail = match nearest(name, known.iter().copied()) {
        Some(near) => format!("{name} is not known here; did you mean {near}?"),
        None if known.is_empty() => format!("{name} is not known here; this takes no parameters"),
        None => format!("{name} is not known here; known are {}", known.join(", ")),
    };
    Refusal::bad_query(name, detail)
}

/// The id in the path.
///
/// # Errors
/// 400 with the form that an id of this kind has.
pub(super) fn path_id<K: IdKind>(request: &HttpRequest) -> Result<Id<K>, Refusal> {
    let text = request.match_info().query("id");
    Id::from_str(text).map_err(|error| Refusal::new(Kind::BadId, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, known: &[&str]) -> String {
        Query::parse(text, known)
            .and_then(|query| query.page())
            .unwrap_err()
            .detail
    }

    #[test]
    fn parameters_are_decoded_and_absent_ones_are_none() {
        let query = Query::parse("filter=state%3Adead+x&cursor=", &["filter", "cursor"]).unwrap();
        assert_eq!(query.text("filter"), Some("state:dead x"));
        assert_eq!(query.text("cursor"), Some(""));
        assert_eq!(query.text("limit"), None);
    }

    #[test]
    fn bad_parameters_are_refused_with_the_remedy() {
        let known = ["limit", "cursor"];
        assert_eq!(
            refused("limt=5", &known),
            "?limt: limt is not known here; did you mean limit?"
        );
        assert_eq!(
            refused("zzz=5", &known),
            "?zzz: zzz is not known here; known are limit, cursor"
        );
        assert_eq!(
            refused("limit=1&limit=2", &known),
            "?limit: limit stands there twice; give it once"
        );
        for limit in ["0", "501", "ten", "-1", ""] {
            assert_eq!(
                refused(&format!("limit={limit}"), &known),
                format!("?limit: {limit:?} is not a number of rows from 1 to 500")
            );
        }
    }
}
