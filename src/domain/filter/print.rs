//! Prints a filter so that parsing what was printed gives the same filter.

use std::fmt::{self, Display, Formatter};

use super::ast::{
    AmountTest, ClassMatch, Expr, MemberMatch, MemberTest, StatusMatch, Term, Test, TextMatch,
};
use super::field::Field;
use super::lex::is_plain_value;
use super::literal::amount_text;
use super::parse::Filter;
use super::pattern::{IdMatch, IdNoun, Pattern, RegexMatch};

impl Display for Filter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.expr
            .as_ref()
            .map_or(Ok(()), |expr| expr.fmt(formatter))
    }
}

impl Display for Expr {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => separated(formatter, parts, " or ", |part, formatter| {
                part.fmt(formatter)
            }),
            Self::And(parts) => separated(formatter, parts, " ", |part, formatter| match part {
                Self::Or(_) => write!(formatter, "({part})"),
                _ => part.fmt(formatter),
            }),
            Self::Not(inner) => match &**inner {
                Self::Term(term) => write!(formatter, "-{term}"),
                other => write!(formatter, "-({other})"),
            },
            Self::Term(term) => term.fmt(formatter),
        }
    }
}

impl Display for Term {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(pattern) => formatter.write_str(pattern.text()),
            Self::Field(field, test) => {
                field.fmt(formatter)?;
                print_test(formatter, field, test)
            }
        }
    }
}

fn print_test(formatter: &mut Formatter<'_>, field: &Field, test: &Test) -> fmt::Result {
    match test {
        Test::Amount(AmountTest::Compare(comparison, amount)) => {
            let amount = amount_text(field, *amount);
            return write!(formatter, "{}{amount}", comparison.as_str());
        }
        Test::Member(MemberTest::Compare(comparison, number)) => {
            return write!(formatter, "{}{number}", comparison.as_str());
        }
        _ => formatter.write_str(":")?,
    }
    match test {
        Test::Text(matches) => separated(formatter, matches, ",", print_text),
        Test::State(states) => separated(formatter, states, ",", |state, formatter| {
            formatter.write_str(state.as_str())
        }),
        Test::Status(statuses) => separated(formatter, statuses, ",", print_status),
        Test::Class(classes) => separated(formatter, classes, ",", |class, formatter| {
            formatter.write_str(match class {
                ClassMatch::Any => "any",
                ClassMatch::Class(class) => class.as_str(),
            })
        }),
        Test::Amount(AmountTest::AnyOf(ranges)) => {
            separated(formatter, ranges, ",", |(first, last), formatter| {
                formatter.write_str(&amount_text(field, *first))?;
                // `last:1h` would read as "within": a single value of it is printed as a range.
                if first == last && *field != Field::Last {
                    return Ok(());
                }
                write!(formatter, "..{}", amount_text(field, *last))
            })
        }
        Test::Flag(flag) => formatter.write_str(if *flag { "yes" } else { "no" }),
        Test::Network(networks) => separated(formatter, networks, ",", |network, formatter| {
            network.fmt(formatter)
        }),
        Test::Member(MemberTest::AnyOf(matches)) => {
            separated(formatter, matches, ",", print_member)
        }
        Test::Amount(AmountTest::Compare(..)) | Test::Member(MemberTest::Compare(..)) => Ok(()),
    }
}

fn print_status(status: &StatusMatch, formatter: &mut Formatter<'_>) -> fmt::Result {
    match *status {
        StatusMatch::Codes(from, to) if from == to && from >= 100 => write!(formatter, "{from}"),
        StatusMatch::Codes(from, to)
            if from % 100 == 0 && to == from + 99 && (100..600).contains(&from) =>
        {
            write!(formatter, "{}xx", from / 100)
        }
        StatusMatch::Codes(from, to) => write!(formatter, "{from}..{to}"),
        StatusMatch::Class(class) => formatter.write_str(class.as_str()),
        StatusMatch::AnyFailure => formatter.write_str("err"),
        StatusMatch::NoAnswer => formatter.write_str("none"),
    }
}

fn print_text(text: &TextMatch, formatter: &mut Formatter<'_>) -> fmt::Result {
    match text {
        TextMatch::Pattern(pattern) => print_pattern(pattern, formatter),
        TextMatch::Regex(regex) => print_regex(regex, formatter),
        TextMatch::Id(id) => formatter.write_str(id.text()),
    }
}

fn print_member(member: &MemberMatch, formatter: &mut Formatter<'_>) -> fmt::Result {
    match member {
        MemberMatch::Pattern(pattern) => print_pattern(pattern, formatter),
        MemberMatch::Regex(regex) => print_regex(regex, formatter),
        MemberMatch::Between(from, to) => write!(formatter, "{from}..{to}"),
    }
}

/// A literal that has wildcards, looks like an id or ends early without quotes is quoted.
fn print_pattern(pattern: &Pattern, formatter: &mut Formatter<'_>) -> fmt::Result {
    let text = pattern.text();
    let quoted = pattern.is_literal()
        && (!is_plain_value(text) || text.contains(['*', '?']) || looks_like_id(text));
    if !quoted {
        return formatter.write_str(text);
    }
    formatter.write_str("\"")?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            formatter.write_str("\\")?;
        }
        write!(formatter, "{character}")?;
    }
    formatter.write_str("\"")
}

/// Whether the parser could take it for an id where it stands without quotes.
fn looks_like_id(text: &str) -> bool {
    let all = [
        IdNoun::Delivery,
        IdNoun::Event,
        IdNoun::Endpoint,
        IdNoun::Replay,
    ];
    IdMatch::read(text, &all).is_some()
}

fn print_regex(regex: &RegexMatch, formatter: &mut Formatter<'_>) -> fmt::Result {
    let flag = if regex.ignores_case() { "i" } else { "" };
    write!(formatter, "/{}/{flag}", regex.source())
}

fn separated<T>(
    formatter: &mut Formatter<'_>,
    items: &[T],
    separator: &str,
    print: impl Fn(&T, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            formatter.write_str(separator)?;
        }
        print(item, formatter)?;
    }
    Ok(())
}
