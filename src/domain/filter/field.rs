//! The fields a filter may name, and the reference text that explains them.

use std::fmt;

use super::error::Problem;

/// The language's reference: one text for `hookyard help filter`, the console's help and the API's documentation.
pub const REFERENCE: &str = include_str!("reference.md");

/// A field of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The delivery's id or its event's.
    Id,
    /// The event's id, its publisher's key, or its type.
    Event,
    /// The event's type.
    Type,
    /// The endpoint's id or name.
    Endpoint,
    /// The endpoint's tenant.
    Tenant,
    /// The contract the endpoint is served under.
    Contract,
    /// Where the delivery stands.
    State,
    /// The latest attempt's HTTP status or failure.
    Status,
    /// The latest attempt's failure class.
    Class,
    /// The cause of the latest failure.
    Cause,
    /// Attempts made in all.
    Attempts,
    /// Whole milliseconds that the latest attempt took.
    Latency,
    /// Milliseconds since the delivery was created.
    Age,
    /// When the delivery was created, in milliseconds of Unix time.
    At,
    /// Milliseconds since the latest attempt, or since creation before the first.
    Last,
    /// Bytes of the event's data and attributes.
    Size,
    /// The host of the endpoint's URL.
    Host,
    /// The address the latest attempt went to.
    Ip,
    /// The replay that last put the delivery to work, by its id.
    Replay,
    /// Whether the event is a test.
    Test,
    /// A header of the latest answer, its name in lower case.
    Header(String),
    /// A value inside the payload, by its path.
    Body(Vec<String>),
    /// One of the endpoint's metadata.
    Metadata(String),
    /// A part of the payload, of the latest failure's text or of the latest answer's body.
    Text,
}

/// The kind of value a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ids,
    Text,
    Contains,
    State,
    Status,
    Class,
    Count,
    Millis,
    Bytes,
    Instant,
    Network,
    Flag,
    Member,
}

/// Name, short form, field. Those that end in a dot take a path.
const FIELDS: [(&str, &str, Field); 21] = [
    ("id", "", Field::Id),
    ("event", "", Field::Event),
    ("type", "", Field::Type),
    ("endpoint", "ep", Field::Endpoint),
    ("tenant", "", Field::Tenant),
    ("contract", "", Field::Contract),
    ("state", "", Field::State),
    ("status", "", Field::Status),
    ("class", "", Field::Class),
    ("cause", "", Field::Cause),
    ("attempts", "try", Field::Attempts),
    ("latency", "lat", Field::Latency),
    ("age", "", Field::Age),
    ("at", "", Field::At),
    ("last", "", Field::Last),
    ("size", "", Field::Size),
    ("host", "", Field::Host),
    ("ip", "", Field::Ip),
    ("replay", "", Field::Replay),
    ("test", "", Field::Test),
    ("text", "", Field::Text),
];
const PATHS: [&str; 3] = ["header", "body", "metadata"];

/// Every field's name, in the order of the reference: for errors and completion.
pub fn field_names() -> impl Iterator<Item = String> {
    let plain = FIELDS.iter().map(|(name, short, _)| match *short {
        "" => (*name).to_owned(),
        short => format!("{name} ({short})"),
    });
    plain.chain(PATHS.iter().map(|head| format!("{head}.*")))
}

impl Field {
    /// Reads a field's name.
    ///
    /// # Errors
    /// [`Problem::UnknownField`] with the nearest known name.
    pub(super) fn from_name(name: &str) -> Result<Self, Problem> {
        let lower = name.to_ascii_lowercase();
        let plain = FIELDS
            .iter()
            .find(|(long, short, _)| lower == *long || (!short.is_empty() && lower == *short));
        if let Some((_, _, field)) = plain {
            return Ok(field.clone());
        }
        let unknown = || Problem::UnknownField {
            name: name.chars().take(64).collect(),
            nearest: nearest(&lower),
        };
        let (head, path) = name.split_once('.').ok_or_else(unknown)?;
        if path.split('.').any(str::is_empty) {
            return Err(unknown());
        }
        match head.to_ascii_lowercase().as_str() {
            "header" => Ok(Self::Header(path.to_ascii_lowercase())),
            "body" => Ok(Self::Body(path.split('.').map(str::to_owned).collect())),
            "metadata" => Ok(Self::Metadata(path.to_owned())),
            _ => Err(unknown()),
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Id | Self::Replay => Kind::Ids,
            Self::Event
            | Self::Type
            | Self::Endpoint
            | Self::Tenant
            | Self::Contract
            | Self::Cause
            | Self::Host
            | Self::Metadata(_) => Kind::Text,
            Self::Text => Kind::Contains,
            Self::State => Kind::State,
            Self::Status => Kind::Status,
            Self::Class => Kind::Class,
            Self::Attempts => Kind::Count,
            Self::Latency | Self::Age | Self::Last => Kind::Millis,
            Self::Size => Kind::Bytes,
            Self::At => Kind::Instant,
            Self::Ip => Kind::Network,
            Self::Test => Kind::Flag,
            Self::Header(_) | Self::Body(_) => Kind::Member,
        }
    }
}

/// The known name nearest to `name`, where one is near enough to be meant.
fn nearest(name: &str) -> Option<String> {
    let short = FIELDS.iter().map(|(_, short, _)| *short);
    let long = FIELDS.iter().map(|(long, _, _)| *long);
    let head = name.split('.').next().unwrap_or(name);
    long.chain(short)
        .chain(PATHS)
        .filter(|known| !known.is_empty())
        .map(|known| (strsim::damerau_levenshtein(head, known), known))
        .filter(|&(distance, known)| distance <= 2 && distance < known.len())
        .min()
        .map(|(_, known)| {
            if PATHS.contains(&known) {
                format!("{known}.*")
            } else {
                known.to_owned()
            }
        })
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(formatter, "header.{name}"),
            Self::Body(path) => write!(formatter, "body.{}", path.join(".")),
            Self::Metadata(key) => write!(formatter, "metadata.{key}"),
            plain => {
                let entry = FIELDS.iter().find(|(_, _, field)| field == plain);
                formatter.write_str(entry.map_or("?", |(name, _, _)| name))
            }
        }
    }
}
