//! What is written after a field's operator, checked against what the field can be.

use super::ast::{
    Amount, AmountTest, Comparison, MemberMatch, MemberTest, StatusMatch, Test, TextMatch,
};
use super::error::{FilterError, Problem, Span};
use super::field::{Field, Kind};
use super::lex::{Operator, Token};
use super::literal::{
    bytes, class, count, expected_status, instant, member_number, millis, state, status,
};
use super::pattern::{IdMatch, IdNoun, Pattern, RegexMatch};
use crate::domain::address::network_from_text;

/// A value as written: one token, or two with `..` between them.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) span: Span,
    pub(super) first: Token,
    pub(super) last: Option<Token>,
}

/// An operator (never a negated one) and the values after it; at least one.
pub(super) struct Written<'a> {
    pub(super) operator: Operator,
    pub(super) operator_span: Span,
    pub(super) values: &'a [Value],
}

/// The test that `written` means for `field`.
pub(super) fn test(field: &Field, written: &Written<'_>) -> Result<Test, FilterError> {
    let reader = Reader { field, written };
    match field.kind() {
        Kind::Ids | Kind::Text | Kind::Contains => reader.texts().map(Test::Text),
        Kind::State => reader.any_of(state).map(Test::State),
        Kind::Class => reader.any_of(class).map(Test::Class),
        Kind::Status => reader.statuses().map(Test::Status),
        Kind::Count | Kind::Millis | Kind::Bytes | Kind::Instant => {
            reader.amounts().map(Test::Amount)
        }
        Kind::Network => reader
            .any_of(|text| network_from_text(text).map_err(|error| error.to_string()))
            .map(Test::Network),
        Kind::Flag => reader.flag().map(Test::Flag),
        Kind::Member => reader.members().map(Test::Member),
    }
}

struct Reader<'a> {
    field: &'a Field,
    written: &'a Written<'a>,
}

impl Reader<'_> {
    fn texts(&self) -> Result<Vec<TextMatch>, FilterError> {
        self.expect_no_comparison()?;
        let read = |value: &Value| match self.single(value)? {
            Token::Regex {
                source,
                ignore_case,
            } if self.field.kind() != Kind::Ids => self
                .regex(value, source, *ignore_case)
                .map(TextMatch::Regex),
            token if self.written.operator == Operator::Matches => {
                self.regex_of_word(value, token).map(TextMatch::Regex)
            }
            Token::Text(text) if self.field.kind() != Kind::Ids => {
                self.not_empty(value, text)?;
                Ok(TextMatch::Pattern(Pattern::literal(text)))
            }
            token => self.word(value, &written_text(token)),
        };
        self.written.values.iter().map(read).collect()
    }

    fn word(&self, value: &Value, word: &str) -> Result<TextMatch, FilterError> {
        let nouns: &[IdNoun] = match self.field {
            Field::Id => &[IdNoun::Delivery, IdNoun::Event],
            Field::Event => &[IdNoun::Event],
            Field::Endpoint => &[IdNoun::Endpoint],
            Field::Replay => &[IdNoun::Replay],
            _ => &[],
        };
        match IdMatch::read(word, nouns) {
            Some(id) => Ok(TextMatch::Id(id)),
            None if *self.field == Field::Replay => {
                Err(self.bad(value, "a replay's id, whole or its beginning (rpl_0e6k*)"))
            }
            None if self.field.kind() == Kind::Ids => Err(self.bad(
                value,
                "a delivery's or an event's id, whole or its beginning (dlv_0e6k*, evt_0e6k*)",
            )),
            None => Ok(TextMatch::Pattern(Pattern::word(word))),
        }
    }

    /// Values that are words of a fixed set (or whatever else `read` takes).
    fn any_of<T>(&self, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, FilterError> {
        if self.written.operator != Operator::Is {
            return Err(self.bad_operator(": or !="));
        }
        let each = |value: &Value| {
            let text = written_text(self.single(value)?);
            read(&text).map_err(|expected| self.bad(value, &expected))
        };
        self.written.values.iter().map(each).collect()
    }

    fn statuses(&self) -> Result<Vec<StatusMatch>, FilterError> {
        let code = |value: &Value, token: &Token| {
            let text = written_text(token);
            let parsed = text.parse::<u16>().ok().filter(|code| *code < 1000);
            parsed.ok_or_else(|| self.bad(value, "an HTTP status such as 503"))
        };
        if let Some(comparison) = self.comparison()? {
            let value = self.only_value()?;
            let code = code(value, self.single(value)?)?;
            let range = match comparison {
                Comparison::Less => (0, code.saturating_sub(1)),
                Comparison::LessOrEqual => (0, code),
                Comparison::Greater => (code.saturating_add(1), 999),
                Comparison::GreaterOrEqual => (code, 999),
            };
            if range.0 > range.1 || (code == 0 && comparison == Comparison::Less) {
                return Err(self.bad(value, "a status that leaves something to match"));
            }
            return Ok(vec![StatusMatch::Codes(range.0, range.1)]);
        }
        let each = |value: &Value| match &value.last {
            Some(last) => {
                let (from, to) = (code(value, &value.first)?, code(value, last)?);
                self.in_order(value, from <= to)?;
                Ok(StatusMatch::Codes(from, to))
            }
            None => status(&written_text(&value.first))
                .ok_or_else(|| self.bad(value, &expected_status())),
        };
        self.written.values.iter().map(each).collect()
    }

    fn amounts(&self) -> Result<AmountTest, FilterError> {
        if let Some(comparison) = self.comparison()? {
            let value = self.only_value()?;
            let amount = self.amount(value, self.single(value)?)?;
            return Ok(AmountTest::Compare(comparison, amount));
        }
        // `last:1h` is what people write for "within the last hour".
        if *self.field == Field::Last
            && let [value] = self.written.values
            && value.last.is_none()
        {
            let amount = self.amount(value, &value.first)?;
            return Ok(AmountTest::Compare(Comparison::LessOrEqual, amount));
        }
        let each = |value: &Value| {
            let first = self.amount(value, &value.first)?;
            let last = match &value.last {
                Some(last) => self.amount(value, last)?,
                None => first,
            };
            self.in_order(value, first.from <= last.to)?;
            Ok((first, last))
        };
        let ranges: Result<_, _> = self.written.values.iter().map(each).collect();
        ranges.map(AmountTest::AnyOf)
    }

    fn amount(&self, value: &Value, token: &Token) -> Result<Amount, FilterError> {
        let text = written_text(token);
        let exactly = |unit: i64| Amount {
            from: unit,
            to: unit,
        };
        let (amount, expected) = match self.field.kind() {
            Kind::Millis => (
                millis(&text).map(exactly),
                "a duration such as 500ms, 2s or 1h30m",
            ),
            Kind::Bytes => (
                bytes(&text).map(exactly),
                "a size such as 800, 10kb, 4kib or 1mb",
            ),
            Kind::Instant => (
                instant(&text),
                "a date such as 2026-04-13 (UTC) or an RFC 3339 instant",
            ),
            _ => (count(&text).map(exactly), "a whole number"),
        };
        amount.ok_or_else(|| self.bad(value, expected))
    }

    fn flag(&self) -> Result<bool, FilterError> {
        let flags = self.any_of(|text| match text {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err("yes or no".to_owned()),
        })?;
        match flags[..] {
            [flag] => Ok(flag),
            _ => Err(self.bad_operator("one value")),
        }
    }

    fn members(&self) -> Result<MemberTest, FilterError> {
        let number = |value: &Value, token: &Token| {
            member_number(&written_text(token)).ok_or_else(|| self.bad(value, "a number"))
        };
        if let Some(comparison) = self.comparison()? {
            let value = self.only_value()?;
            let number = number(value, self.single(value)?)?;
            return Ok(MemberTest::Compare(comparison, number));
        }
        let each = |value: &Value| {
            if let Some(last) = &value.last {
                let (from, to) = (number(value, &value.first)?, number(value, last)?);
                self.in_order(value, from <= to)?;
                return Ok(MemberMatch::Between(from, to));
            }
            match &value.first {
                Token::Regex {
                    source,
                    ignore_case,
                } => self
                    .regex(value, source, *ignore_case)
                    .map(MemberMatch::Regex),
                token if self.written.operator == Operator::Matches => {
                    self.regex_of_word(value, token).map(MemberMatch::Regex)
                }
                Token::Text(text) => Ok(MemberMatch::Pattern(Pattern::literal(text))),
                token => Ok(MemberMatch::Pattern(Pattern::word(&written_text(token)))),
            }
        };
        let matches: Result<_, _> = self.written.values.iter().map(each).collect();
        matches.map(MemberTest::AnyOf)
    }

    fn regex(
        &self,
        value: &Value,
        source: &str,
        ignore_case: bool,
    ) -> Result<RegexMatch, FilterError> {
        RegexMatch::new(source, ignore_case).map_err(|problem| FilterError {
            span: value.span,
            problem,
        })
    }

    /// `=~` takes a word or string as an expression too; a slash in it is escaped, as it prints between slashes.
    fn regex_of_word(&self, value: &Value, token: &Token) -> Result<RegexMatch, FilterError> {
        let text = written_text(token);
        let mut source = String::with_capacity(text.len());
        let mut escaped = false;
        for character in text.chars() {
            if character == '/' && !escaped {
                source.push('\\');
            }
            escaped = character == '\\' && !escaped;
            source.push(character);
        }
        self.regex(value, &source, false)
    }

    fn comparison(&self) -> Result<Option<Comparison>, FilterError> {
        match self.written.operator {
            Operator::Less => Ok(Some(Comparison::Less)),
            Operator::LessOrEqual => Ok(Some(Comparison::LessOrEqual)),
            Operator::Greater => Ok(Some(Comparison::Greater)),
            Operator::GreaterOrEqual => Ok(Some(Comparison::GreaterOrEqual)),
            Operator::Matches if self.field.kind() != Kind::Member => {
                Err(self.bad_operator(": != < <= > >="))
            }
            Operator::Is | Operator::IsNot | Operator::Matches | Operator::MatchesNot => Ok(None),
        }
    }

    fn expect_no_comparison(&self) -> Result<(), FilterError> {
        match self.written.operator {
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => Err(self.bad_operator(": != =~ !~")),
            Operator::Matches if self.field.kind() == Kind::Ids => {
                Err(self.bad_operator(": or !="))
            }
            Operator::Is | Operator::IsNot | Operator::Matches | Operator::MatchesNot => Ok(()),
        }
    }

    fn only_value(&self) -> Result<&Value, FilterError> {
        match self.written.values {
            [value] => Ok(value),
            _ => Err(self.bad_operator(": for a list")),
        }
    }

    fn single<'v>(&self, value: &'v Value) -> Result<&'v Token, FilterError> {
        match &value.last {
            None => Ok(&value.first),
            Some(_) => Err(self.bad(value, "one value, not a range")),
        }
    }

    fn not_empty(&self, value: &Value, text: &str) -> Result<(), FilterError> {
        if text.is_empty() && self.field.kind() == Kind::Contains {
            return Err(self.bad(value, "a text"));
        }
        Ok(())
    }

    fn in_order(&self, value: &Value, ordered: bool) -> Result<(), FilterError> {
        if ordered {
            return Ok(());
        }
        Err(self.bad(value, "a range with its lower end first"))
    }

    fn bad(&self, value: &Value, expected: &str) -> FilterError {
        let mut text = written_text(&value.first);
        if let Some(last) = &value.last {
            text = format!("{text}..{}", written_text(last));
        }
        FilterError {
            span: value.span,
            problem: Problem::BadValue {
                field: self.field.to_string(),
                value: text.chars().take(64).collect(),
                expected: expected.to_owned(),
            },
        }
    }

    fn bad_operator(&self, expected: &'static str) -> FilterError {
        FilterError {
            span: self.written.operator_span,
            problem: Problem::BadOperator {
                field: self.field.to_string(),
                operator: self.written.operator.as_str(),
                expected,
            },
        }
    }
}

fn written_text(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Text(text) => text.clone(),
        Token::Regex {
            source,
            ignore_case,
        } => format!("/{source}/{}", if *ignore_case { "i" } else { "" }),
        _ => String::new(),
    }
}
