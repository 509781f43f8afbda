//! Conditions of keys, such as `marks > 0 && !readonly`: a few facts of the console, put together.
//!
//! ```text
//! any  = all { "||" all } ;
//! all  = one { "&&" one } ;
//! one  = "!" one | "(" any ")" | flag | count op number | "view" ( "==" | "!=" ) name ;
//! op   = "==" | "!=" | "<" | "<=" | ">" | ">=" ;
//! ```

use std::fmt;
use std::iter::Peekable;

use super::file::perhaps;
use crate::console::actions::{EVERYWHERE, Place};

/// Characters of a condition.
const CHARS_MAX: usize = 200;
/// Facts that a condition asks for.
const TERMS_MAX: usize = 12;
/// Parentheses and negations within each other.
const DEPTH_MAX: usize = 8;
/// The fact that is compared with the name of a view.
const VIEW: &str = "view";

/// What conditions can ask for, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The view that is shown.
    pub place: Place,
    /// Loaded rows that are marked.
    pub marks: usize,
    /// Rows that are loaded.
    pub rows: usize,
    /// Whether changes are not let through.
    pub readonly: bool,
    /// Whether a protected service was armed.
    pub armed: bool,
    /// Whether there is a connection.
    pub live: bool,
    /// Whether a filter or words are in force.
    pub filtered: bool,
    /// Whether the list follows new rows.
    pub following: bool,
}

/// A fact that is true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Readonly,
    Armed,
    Live,
    Filtered,
    Following,
}

/// A fact that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Marks,
    Rows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expr {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Flag(Flag),
    Count(Count, Op, usize),
    View(Place),
}

/// A condition. It prints as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    text: String,
    expr: Expr,
}

/// What is wrong with a condition: the byte at which, and what.
pub(super) type Fault = (usize, String);

const FLAGS: [(&str, Flag); 5] = [
    ("readonly", Flag::Readonly),
    ("armed", Flag::Armed),
    ("live", Flag::Live),
    ("filtered", Flag::Filtered),
    ("following", Flag::Following),
];
const COUNTS: [(&str, Count); 2] = [("marks", Count::Marks), ("rows", Count::Rows)];
const OPS: [(&str, Op); 6] = [
    ("==", Op::Is),
    ("!=", Op::IsNot),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("<", Op::Less),
    (">", Op::More),
];
/// What stands between, longer ones before those that they begin with.
const SIGNS: [&str; 11] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")"];

impl Facts {
    /// A view of which nothing else is known.
    pub(crate) const fn of(place: Place) -> Self {
        Self {
            place,
            marks: 0,
            rows: 0,
            readonly: false,
            armed: false,
            live: true,
            filtered: false,
            following: false,
        }
    }

    const fn flag(&self, flag: Flag) -> bool {
        match flag {
            Flag::Readonly => self.readonly,
            Flag::Armed => self.armed,
            Flag::Live => self.live,
            Flag::Filtered => self.filtered,
            Flag::Following => self.following,
        }
    }

    const fn count(&self, count: Count) -> usize {
        match count {
            Count::Marks => self.marks,
            Count::Rows => self.rows,
        }
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// Where it is wrong, the rule, and what is known.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        if text.chars().count() > CHARS_MAX {
            let problem = format!("a condition has at most {CHARS_MAX} characters");
            return Err((0, problem));
        }
        let tokens = tokens(text)?;
        let mut reader = Reader {
            tokens: tokens.into_iter().peekable(),
            end: text.len(),
            terms: 0,
        };
        let expr = reader.any(0)?;
        match reader.tokens.next() {
            None => Ok(Self {
                text: text.trim().to_owned(),
                expr,
            }),
            Some((at, token)) => Err((at, format!("expected && or || here, not {token:?}"))),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, facts: &Facts) -> bool {
        self.expr.holds(facts)
    }

    /// The numbers that it compares this fact with.
    pub(super) fn numbers(&self, count: Count) -> Vec<usize> {
        let mut found = Vec::new();
        self.expr.numbers(count, &mut found);
        found
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.text)
    }
}

impl Expr {
    fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Not(part) => !part.holds(facts),
            Self::Flag(flag) => facts.flag(*flag),
            Self::Count(count, op, number) => {
                let count = facts.count(*count);
                match op {
                    Op::Is => count == *number,
                    Op::IsNot => count != *number,
                    Op::Less => count < *number,
                    Op::AtMost => count <= *number,
                    Op::More => count > *number,
                    Op::AtLeast => count >= *number,
                }
            }
            Self::View(place) => facts.place == *place,
        }
    }

    fn numbers(&self, wanted: Count, found: &mut Vec<usize>) {
        match self {
            Self::Any(parts) | Self::All(parts) => {
                for part in parts {
                    part.numbers(wanted, found);
                }
            }
            Self::Not(part) => part.numbers(wanted, found),
            Self::Count(count, _, number) if *count == wanted => found.push(*number),
            Self::Count(..) | Self::Flag(_) | Self::View(_) => {}
        }
    }
}

/// Words, numbers and signs, each with the byte at which it stands.
fn tokens(text: &str) -> Result<Vec<(usize, &str)>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if letter == ' ' {
            at += 1;
        } else if is_word(letter) {
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            found.push((at, &rest[..end]));
            at += end;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push((at, *sign));
            at += sign.len();
        } else {
            let problem = match letter {
                '&' | '|' | '=' => {
                    format!("a single {letter} means nothing: write {letter}{letter}")
                }
                _ => format!(
                    "{letter:?} is no part of a condition: there are {}",
                    SIGNS.join(" ")
                ),
            };
            return Err((at, problem));
        }
    }
    Ok(found)
}

struct Reader<'a> {
    tokens: Peekable<std::vec::IntoIter<(usize, &'a str)>>,
    /// Where the text ends.
    end: usize,
    terms: usize,
}

impl<'a> Reader<'a> {
    fn any(&mut self, depth: usize) -> Result<Expr, Fault> {
        let parts = self.chain("||", |reader| reader.all(depth))?;
        Ok(Expr::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, Fault> {
        let parts = self.chain("&&", |reader| reader.one(depth))?;
        Ok(Expr::All(parts))
    }

    fn chain(
        &mut self,
        sign: &str,
        mut part: impl FnMut(&mut Self) -> Result<Expr, Fault>,
    ) -> Result<Vec<Expr>, Fault> {
        let mut parts = vec![part(self)?];
        while self.takes(sign) {
            parts.push(part(self)?);
        }
        Ok(parts)
    }

    fn one(&mut self, depth: usize) -> Result<Expr, Fault> {
        let (at, token) = self.next("a fact, ! or (")?;
        if depth >= DEPTH_MAX {
            let problem = format!("more than {DEPTH_MAX} parentheses and ! within each other");
            return Err((at, problem));
        }
        if token == "!" {
            return Ok(Expr::Not(Box::new(self.one(depth + 1)?)));
        }
        if token == "(" {
            let inner = self.any(depth + 1)?;
            return match self.next(")")? {
                (_, ")") => Ok(inner),
                (at, other) => Err((at, format!("expected ), && or || here, not {other:?}"))),
            };
        }
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err((
                at,
                format!("a condition asks for at most {TERMS_MAX} facts"),
            ));
        }
        self.fact(at, token)
    }

    fn fact(&mut self, at: usize, name: &str) -> Result<Expr, Fault> {
        if let Some((_, flag)) = FLAGS.iter().find(|(known, _)| *known == name) {
            return match self.op() {
                None => Ok(Expr::Flag(*flag)),
                Some((at, _)) => Err((
                    at,
                    format!("{name} is true or false: write {name} or !{name}"),
                )),
            };
        }
        if let Some((_, count)) = COUNTS.iter().find(|(known, _)| *known == name) {
            let compare = || format!("{name} is a number: compare it with one, such as {name} > 0");
            let Some((_, op)) = self.op() else {
                return Err((at, compare()));
            };
            let (at, number) = self.next("a number")?;
            let number = number.parse().map_err(|_| (at, compare()))?;
            return Ok(Expr::Count(*count, op, number));
        }
        if name == VIEW {
            return self.view(at);
        }
        Err((at, unknown(name)))
    }

    fn view(&mut self, at: usize) -> Result<Expr, Fault> {
        let names = EVERYWHERE.iter().map(|place| place.name());
        let known = || names.clone().collect::<Vec<_>>().join(", ");
        let Some((_, op @ (Op::Is | Op::IsNot))) = self.op() else {
            let problem = format!("view is compared by == or != with one of {}", known());
            return Err((at, problem));
        };
        let (at, name) = self.next("the name of a view")?;
        let place = EVERYWHERE.iter().find(|place| place.name() == name);
        let Some(place) = place else {
            let nearest = perhaps(name, names.clone());
            return Err((
                at,
                format!("{name:?} is no view{nearest}: there are {}", known()),
            ));
        };
        let view = Expr::View(*place);
        Ok(match op {
            Op::IsNot => Expr::Not(Box::new(view)),
            _ => view,
        })
    }

    fn next(&mut self, expected: &str) -> Result<(usize, &'a str), Fault> {
        let end = self.end;
        self.tokens.next().ok_or_else(|| {
            (
                end,
                format!("the condition ends where {expected} should stand"),
            )
        })
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|(_, token)| *token == sign).is_some()
    }

    /// What compares, where that comes next.
    fn op(&mut self) -> Option<(usize, Op)> {
        let (at, token) = self.tokens.peek()?;
        let (_, op) = OPS.iter().find(|(known, _)| known == token)?;
        let found = (*at, *op);
        self.tokens.next();
        Some(found)
    }
}

fn unknown(name: &str) -> String {
    let counts = COUNTS.iter().map(|(name, _)| *name);
    let flags = FLAGS.iter().map(|(name, _)| *name);
    let all = counts.clone().chain(flags.clone()).chain([VIEW]);
    format!(
        "{name:?} is no fact{}: known are the numbers {}, what is true or false: {}, and view == NAME",
        perhaps(name, all),
        counts.collect::<Vec<_>>().join(", "),
        flags.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, facts: &Facts) -> bool {
        let condition = Condition::read(text);
        condition
            .unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
            .holds(facts)
    }

    #[test]
    fn facts_are_asked_for_and_put_together() {
        let facts = Facts {
            marks: 2,
            rows: 40,
            filtered: true,
            ..Facts::of(Place::Deliveries)
        };
        for (text, expected) in [
            ("marks > 0", true),
            ("marks>2", false),
            ("marks >= 2 && rows < 41", true),
            ("rows == 40", true),
            ("rows != 40", false),
            ("marks <= 1 || filtered", true),
            ("!readonly && live", true),
            ("armed", false),
            ("!!live", true),
            ("view == deliveries", true),
            ("view != deliveries", false),
            ("!(view == dead || following)", true),
            // And binds tighter than or.
            ("live || armed && armed", true),
            ("(live || armed) && armed", false),
        ] {
            assert_eq!(holds(text, &facts), expected, "{text}");
        }
        assert_eq!(
            Condition::read(" marks >0 ").unwrap().to_string(),
            "marks >0"
        );
    }

    #[test]
    fn what_is_no_condition_is_refused_with_the_place_and_the_rule() {
        for (text, at, problem) in [
            ("", 0, "ends where a fact, ! or ( should stand"),
            (
                "marks",
                0,
                "marks is a number: compare it with one, such as marks > 0",
            ),
            ("marks > many", 8, "marks is a number"),
            ("rows >", 6, "ends where a number should stand"),
            (
                "readonly == 1",
                9,
                "readonly is true or false: write readonly or !readonly",
            ),
            (
                "mark > 0",
                0,
                "\"mark\" is no fact, perhaps \"marks\": known are the numbers marks, rows",
            ),
            ("live & armed", 5, "a single & means nothing: write &&"),
            ("live armed", 5, "expected && or || here, not \"armed\""),
            ("(live", 5, "ends where ) should stand"),
            ("(live armed)", 6, "expected ), && or || here"),
            ("live )", 5, "expected && or || here, not \")\""),
            (
                "view",
                0,
                "view is compared by == or != with one of pulse, deliveries",
            ),
            ("view > dead", 0, "view is compared by == or !="),
            ("view == daed", 8, "\"daed\" is no view, perhaps \"dead\""),
            ("live && é", 8, "'é' is no part of a condition"),
            ("!!!!!!!!!live", 8, "more than 8 parentheses and !"),
        ] {
            let (found, told) = Condition::read(text).unwrap_err();
            assert!(told.contains(problem), "{text}: {told}");
            assert_eq!(found, at, "{text}: {told}");
        }
        let many = vec!["live"; 13].join("&&");
        assert!(
            Condition::read(&many)
                .unwrap_err()
                .1
                .contains("at most 12 facts")
        );
        let long = format!("live{}", " ".repeat(200));
        assert!(
            Condition::read(&long)
                .unwrap_err()
                .1
                .contains("at most 200 characters")
        );
    }
}
