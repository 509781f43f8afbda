//! Templates: text with `{names}`, taken apart once when the contract loads.

use std::fmt;

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `evt_…`: what consumers deduplicate by; stable over retries and replays, without a `.`.
    EventId,
    /// The event's type.
    EventType,
    /// When the event happened, RFC 3339 in UTC with whole seconds.
    EventTime,
    /// When the event happened, in Unix seconds.
    EventUnix,
    /// The endpoint's id as the contract's own routes show it.
    EndpointId,
    /// The delivery's id; stable over retries and replays.
    DeliveryId,
    /// The attempt's id.
    AttemptId,
    /// The attempt's number, from 1.
    AttemptNumber,
    /// When the attempt was started, RFC 3339 in UTC with whole seconds.
    AttemptTime,
    /// When the attempt was started, in Unix seconds.
    AttemptUnix,
    /// The event's tenant; empty when it has none.
    Tenant,
    /// The request's body.
    Body,
    /// The signature.
    Signature,
}

/// Where a template stands, which decides what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TemplatePlace {
    /// A header's value, or what stands before the first signature.
    Header,
    /// The signed bytes: may name the body.
    Signed,
    /// How one signature is written: must name the signature, once.
    Value,
}

/// Text with variables in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

impl Variable {
    const ALL: [Self; 13] = [
        Self::EventId,
        Self::EventType,
        Self::EventTime,
        Self::EventUnix,
        Self::EndpointId,
        Self::DeliveryId,
        Self::AttemptId,
        Self::AttemptNumber,
        Self::AttemptTime,
        Self::AttemptUnix,
        Self::Tenant,
        Self::Body,
        Self::Signature,
    ];

    /// The name between the braces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventId => "event.id",
            Self::EventType => "event.type",
            Self::EventTime => "event.time",
            Self::EventUnix => "event.unix",
            Self::EndpointId => "endpoint.id",
            Self::DeliveryId => "delivery.id",
            Self::AttemptId => "attempt.id",
            Self::AttemptNumber => "attempt.number",
            Self::AttemptTime => "attempt.time",
            Self::AttemptUnix => "attempt.unix",
            Self::Tenant => "tenant",
            Self::Body => "body",
            Self::Signature => "signature",
        }
    }

    fn allowed_in(self, place: TemplatePlace) -> bool {
        match self {
            Self::Body => place == TemplatePlace::Signed,
            Self::Signature => place == TemplatePlace::Value,
            Self::EventId
            | Self::EventType
            | Self::EventTime
            | Self::EventUnix
            | Self::EndpointId
            | Self::DeliveryId
            | Self::AttemptId
            | Self::AttemptNumber
            | Self::AttemptTime
            | Self::AttemptUnix
            | Self::Tenant => true,
        }
    }
}

impl Template {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// What was expected instead: a brace without its partner, a name that is unknown or not available here.
    pub(super) fn parse(text: &str, place: TemplatePlace) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(position) = rest.find(['{', '}']) {
            let (before, from_brace) = rest.split_at(position);
            let inside = from_brace
                .strip_prefix('{')
                .ok_or("a { before every }; expected names in braces such as {event.id}")?;
            let (name, after) = inside
                .split_once('}')
                .ok_or("a } after every {; expected names in braces such as {event.id}")?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Variable(named(name, place)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How often it names `variable`.
    pub fn count(&self, variable: Variable) -> usize {
        self.variables().filter(|&named| named == variable).count()
    }

    /// The variables it names, in order.
    pub fn variables(&self) -> impl Iterator<Item = Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(*variable),
            Piece::Text(_) => None,
        })
    }

    /// Whether the last piece is text, so that what follows can be told apart.
    pub(super) fn ends_in_text(&self) -> bool {
        matches!(self.pieces.last(), Some(Piece::Text(_)))
    }

    /// Its text pieces.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Variable(_) => None,
        })
    }

    /// Writes it to `out`, each variable by `write`.
    pub(super) fn write(&self, out: &mut Vec<u8>, mut write: impl FnMut(Variable, &mut Vec<u8>)) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Variable(variable) => write(*variable, out),
            }
        }
    }

    /// Reads what it wrote: the variables' values, and what of `text` follows.
    ///
    /// A variable reaches to the next piece of text, the last one to the end; two neighbours cannot be told apart.
    pub(super) fn read<'a>(&self, text: &'a str) -> Option<(Vec<(Variable, &'a str)>, &'a str)> {
        let (mut values, mut rest) = (Vec::new(), text);
        let mut waiting: Option<Variable> = None;
        for piece in &self.pieces {
            match (piece, waiting) {
                (Piece::Text(literal), None) => rest = rest.strip_prefix(literal.as_str())?,
                (Piece::Text(literal), Some(variable)) => {
                    let (value, after) = rest.split_once(literal.as_str())?;
                    values.push((variable, value));
                    (waiting, rest) = (None, after);
                }
                (Piece::Variable(variable), None) => waiting = Some(*variable),
                (Piece::Variable(_), Some(_)) => return None,
            }
        }
        if let Some(variable) = waiting {
            values.push((variable, rest));
            rest = "";
        }
        Some((values, rest))
    }
}

fn named(name: &str, place: TemplatePlace) -> Result<Variable, String> {
    let allowed = || {
        Variable::ALL
            .into_iter()
            .filter(|variable| variable.allowed_in(place))
    };
    if let Some(variable) = allowed().find(|variable| variable.name() == name) {
        return Ok(variable);
    }
    let names: Vec<&str> = allowed().map(Variable::name).collect();
    let hint = super::reader::nearest_hint(name, names.iter().copied());
    Err(format!(
        "a known name in braces, found {{{}}}{hint}; expected one of {}",
        name.chars().take(64).collect::<String>().escape_debug(),
        names.join(", ")
    ))
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => formatter.write_str(text)?,
                Piece::Variable(variable) => write!(formatter, "{{{}}}", variable.name())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Template, String> {
        Template::parse(text, TemplatePlace::Header)
    }

    #[test]
    fn templates_print_as_they_were_written() {
        for text in [
            "",
            "plain",
            "{event.id}",
            "t={attempt.unix},",
            "{event.id}{tenant}",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_name_that_is_not_known_or_not_here_is_refused_with_the_nearest_one() {
        let error = parse("x {event.di}").unwrap_err();
        assert!(
            error.contains("found {event.di}; did you mean event.id?"),
            "{error}"
        );
        assert!(parse("{body}").unwrap_err().contains("found {body}"));
        assert!(Template::parse("{body}", TemplatePlace::Signed).is_ok());
        assert!(Template::parse("{signature}", TemplatePlace::Signed).is_err());
        assert!(
            parse("{event.id")
                .unwrap_err()
                .starts_with("a } after every {")
        );
        assert!(
            parse("event.id}")
                .unwrap_err()
                .starts_with("a { before every }")
        );
    }

    #[test]
    fn what_was_written_is_read_back() {
        let template = parse("t={attempt.unix},id={event.id};").unwrap();
        let read = template.read("t=12,id=evt_x;v1=ab").unwrap();
        assert_eq!(
            read.0,
            [(Variable::AttemptUnix, "12"), (Variable::EventId, "evt_x")]
        );
        assert_eq!(read.1, "v1=ab");
        assert_eq!(template.read("t=12;id=evt_x;"), None);
        assert_eq!(parse("{event.id}{tenant}").unwrap().read("ab"), None);
    }
}
