//! Tokens to a tree; goes on after an error, so that a person sees all of them at once.

use std::str::FromStr;

use super::ast::{Expr, Term, Test, TextMatch};
use super::error::{FilterError, FilterErrors, Problem, Span};
use super::field::Field;
use super::lex::{Operator, Placed, Token, tokens, unclosed};
use super::pattern::Pattern;
use super::saved::{Expanded, Meaning, Names, SavedFilters, ViewName};
use super::value::{self, Value, Written};
use crate::domain::limits::{FILTER_CHARS_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX};

/// A filter; the empty text is the filter that everything passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// What it says; `None` when everything passes.
    pub expr: Option<Expr>,
}

impl Filter {
    /// Reads a filter where no views are saved.
    ///
    /// # Errors
    /// All that is wrong with the text, each error with its place.
    pub fn parse(text: &str) -> Result<Self, FilterErrors> {
        Self::parse_with(text, &SavedFilters::default()).map(|expanded| expanded.filter)
    }

    /// Reads a filter that may name these saved views.
    ///
    /// # Errors
    /// As [`Filter::parse`]; a name that is not among them is one.
    pub fn parse_with(text: &str, saved: &SavedFilters) -> Result<Expanded, FilterErrors> {
        read(text, Names::Saved(saved))
    }

    /// Reads a filter that is to be saved as a view: it names no other.
    ///
    /// # Errors
    /// As [`Filter::parse`].
    pub fn parse_to_save(text: &str) -> Result<Self, FilterErrors> {
        read(text, Names::Nested).map(|expanded| expanded.filter)
    }

    /// Reads a filter of somebody who is confined to a tenant, and has no saved views.
    ///
    /// # Errors
    /// As [`Filter::parse`].
    pub fn parse_confined(text: &str) -> Result<Self, FilterErrors> {
        read(text, Names::Withheld).map(|expanded| expanded.filter)
    }

    /// Checks a filter that somebody else is going to read; without `saved`, any name may be one of a saved view.
    ///
    /// # Errors
    /// As [`Filter::parse`].
    pub fn check(text: &str, saved: Option<&SavedFilters>) -> Result<(), FilterErrors> {
        read(text, saved.map_or(Names::Unknown, Names::Saved)).map(drop)
    }
}

fn read(text: &str, names: Names<'_>) -> Result<Expanded, FilterErrors> {
    let fail = |errors| FilterErrors {
        text: text.chars().take(FILTER_CHARS_MAX).collect(),
        errors,
    };
    let chars = text.chars().count();
    if chars > FILTER_CHARS_MAX {
        let cut = text.char_indices().nth(FILTER_CHARS_MAX);
        let span = Span {
            start: cut.map_or(text.len(), |(at, _)| at),
            end: text.len(),
        };
        let problem = Problem::TooLong { chars };
        return Err(fail(vec![FilterError { span, problem }]));
    }
    let mut parser = Parser::new(text, names);
    let expr = parser.whole(0);
    if parser.errors.is_empty() {
        let filter = Filter { expr };
        let views = parser.views;
        return Ok(Expanded { filter, views });
    }
    parser.errors.sort_by_key(|error| error.span);
    Err(fail(parser.errors))
}

impl FromStr for Filter {
    type Err = FilterErrors;

    fn from_str(text: &str) -> Result<Self, FilterErrors> {
        Self::parse(text)
    }
}

struct Parser<'a> {
    names: Names<'a>,
    /// The saved views met so far.
    views: Vec<ViewName>,
    tokens: Vec<Placed>,
    next: usize,
    text_end: usize,
    terms: usize,
    abandoned: bool,
    errors: Vec<FilterError>,
}

impl<'a> Parser<'a> {
    fn new(text: &str, names: Names<'a>) -> Self {
        let mut errors = Vec::new();
        Self {
            names,
            views: Vec::new(),
            tokens: tokens(text, &mut errors),
            next: 0,
            text_end: text.len(),
            terms: 0,
            abandoned: false,
            errors,
        }
    }

    /// All of the text.
    fn whole(&mut self, depth: usize) -> Option<Expr> {
        let expr = self.query(depth);
        while let Some(stray) = self.take() {
            self.expected("a word or a field", &stray);
            self.query(depth);
        }
        expr
    }

    fn query(&mut self, depth: usize) -> Option<Expr> {
        let mut parts = Vec::new();
        if self.peek().is_none() || self.peek() == Some(&Token::Close) {
            return None;
        }
        loop {
            parts.extend(self.all_of(depth));
            if !self.skip(&Token::Or) {
                break;
            }
        }
        Expr::any(parts)
    }

    fn all_of(&mut self, depth: usize) -> Option<Expr> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.negated(depth));
            let joined = self.skip(&Token::And);
            match self.peek() {
                None | Some(Token::Close | Token::Or) if !joined => break,
                _ => {}
            }
            if joined
                && matches!(
                    self.peek(),
                    None | Some(Token::Close | Token::Or | Token::And)
                )
            {
                self.expected_here("a word or a field");
                break;
            }
        }
        Expr::all(parts)
    }

    fn negated(&mut self, depth: usize) -> Option<Expr> {
        let mut negations = 0;
        while self.skip(&Token::Not) {
            negations += 1;
        }
        let depth = depth + negations;
        if depth > FILTER_DEPTH_MAX {
            return self.abandon(self.here());
        }
        let expr = self.term(depth)?;
        Some(if negations % 2 == 1 {
            expr.negate()
        } else {
            expr
        })
    }

    fn term(&mut self, depth: usize) -> Option<Expr> {
        let Some(placed) = self.take() else {
            self.expected_here("a word or a field");
            return None;
        };
        match placed.token {
            Token::Open => self.group(depth, placed.span),
            Token::Word(name) if matches!(self.peek(), Some(Token::Operator(_))) => {
                self.field(&name, placed.span)
            }
            Token::Word(word) if word.starts_with('@') => {
                self.saved_view(&word, placed.span, depth)
            }
            Token::Word(word) => self.bare_word(&word, placed.span),
            Token::Text(text) => {
                self.count(placed.span);
                let pattern = TextMatch::Pattern(Pattern::literal(&text));
                if text.is_empty() {
                    self.fail(
                        placed.span,
                        Problem::Expected {
                            expected: "a text between the quotes",
                            found: "none".to_owned(),
                        },
                    );
                }
                Some(Expr::Term(Term::Field(
                    Field::Text,
                    Test::Text(vec![pattern]),
                )))
            }
            Token::Regex { .. } => {
                self.fail(
                    placed.span,
                    Problem::NotKnown {
                        what: "regular expressions without a field (such as type:/^invoice/)",
                    },
                );
                None
            }
            Token::Or | Token::Close => {
                // Left for the caller: it ends this "and", and what it lacks is reported here.
                self.next -= 1;
                self.expected("a word or a field", &placed);
                None
            }
            Token::And | Token::Not | Token::Operator(_) | Token::Comma | Token::Range => {
                self.expected("a word or a field", &placed);
                None
            }
        }
    }

    fn group(&mut self, depth: usize, open: Span) -> Option<Expr> {
        if depth + 1 > FILTER_DEPTH_MAX {
            return self.abandon(open);
        }
        let inner = self.query(depth + 1);
        if inner.is_none() && self.errors.is_empty() {
            self.expected_here("a word or a field");
        }
        if !self.skip(&Token::Close) && !self.abandoned {
            self.errors
                .push(unclosed(open.start, open.end, "parenthesis"));
        }
        inner
    }

    /// Gives up at a nesting too deep: what follows would only be reported for not being read.
    fn abandon(&mut self, span: Span) -> Option<Expr> {
        self.fail(span, Problem::TooDeep);
        self.next = self.tokens.len();
        self.abandoned = true;
        None
    }

    fn bare_word(&mut self, word: &str, span: Span) -> Option<Expr> {
        self.count(span);
        if word.starts_with('~') {
            let what = "fuzzy words (~word)";
            self.fail(span, Problem::NotKnown { what });
            return None;
        }
        Some(Expr::Term(Term::Word(Pattern::word(word))))
    }

    /// The tree of the filter that is saved by this name.
    fn saved_view(&mut self, word: &str, span: Span, depth: usize) -> Option<Expr> {
        let (name, text) = match self.names.meaning(word) {
            Err(problem) => {
                self.fail(span, problem);
                return None;
            }
            // Nobody is going to use it: what is checked is told right or wrong.
            Ok((_, Meaning::Any)) => {
                self.count(span);
                return Some(Expr::Term(Term::Word(Pattern::word(word))));
            }
            Ok((name, Meaning::Filter(text))) => (name, text),
        };
        if self.terms > FILTER_TERMS_MAX {
            return None;
        }
        let mut inner = Parser {
            terms: self.terms,
            ..Parser::new(text, Names::Nested)
        };
        let expr = inner.whole(depth);
        self.terms = inner.terms;
        let is_bound =
            |problem: &Problem| matches!(problem, Problem::TooManyTerms | Problem::TooDeep);
        match inner.errors.into_iter().next().map(|error| error.problem) {
            None if expr.is_some() => self.views.push(name),
            None => self.broken(span, &name, "it is empty".to_owned()),
            Some(bound) if is_bound(&bound) => self.fail(span, bound),
            Some(problem) => self.broken(span, &name, problem.to_string()),
        }
        expr
    }

    fn broken(&mut self, span: Span, name: &ViewName, reason: String) {
        let name = name.to_string();
        self.fail(span, Problem::BrokenView { name, reason });
    }

    fn field(&mut self, name: &str, span: Span) -> Option<Expr> {
        let field = Field::from_name(name).map_err(|problem| self.fail(span, problem));
        let Some(Placed {
            token: Token::Operator(operator),
            span: operator_span,
        }) = self.take()
        else {
            return None;
        };
        let values = self.values();
        let field = field.ok()?;
        if values.is_empty() {
            return None;
        }
        let (positive, negated) = match operator {
            Operator::IsNot => (Operator::Is, true),
            Operator::MatchesNot => (Operator::Matches, true),
            other => (other, false),
        };
        let written = Written {
            operator: positive,
            operator_span,
            values: &values,
        };
        let test = match value::test(&field, &written) {
            Ok(test) => test,
            Err(error) => {
                self.errors.push(error);
                return None;
            }
        };
        let term = Expr::Term(Term::Field(field, test));
        Some(if negated { term.negate() } else { term })
    }

    /// The values after an operator; nothing when the first is missing, which is reported.
    fn values(&mut self) -> Vec<Value> {
        let mut values = Vec::new();
        loop {
            let Some(first) = self.value() else {
                return Vec::new();
            };
            self.count(first.span);
            if self.skip(&Token::Range) {
                let Some(last) = self.value() else {
                    return Vec::new();
                };
                let span = Span {
                    start: first.span.start,
                    end: last.span.end,
                };
                values.push(Value {
                    span,
                    first: first.token,
                    last: Some(last.token),
                });
            } else {
                values.push(Value {
                    span: first.span,
                    first: first.token,
                    last: None,
                });
            }
            if !self.skip(&Token::Comma) {
                return values;
            }
        }
    }

    fn value(&mut self) -> Option<Placed> {
        match self.peek() {
            Some(Token::Word(_) | Token::Text(_) | Token::Regex { .. }) => self.take(),
            _ => {
                self.expected_here("a value");
                None
            }
        }
    }

    fn count(&mut self, span: Span) {
        self.terms += 1;
        if self.terms == FILTER_TERMS_MAX + 1 {
            self.fail(span, Problem::TooManyTerms);
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn take(&mut self) -> Option<Placed> {
        let placed = self.tokens.get(self.next).cloned();
        self.next += usize::from(placed.is_some());
        placed
    }

    fn skip(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn here(&self) -> Span {
        let end = Span {
            start: self.text_end,
            end: self.text_end,
        };
        self.tokens.get(self.next).map_or(end, |placed| placed.span)
    }

    fn fail(&mut self, span: Span, problem: Problem) {
        self.errors.push(FilterError { span, problem });
    }

    fn expected_here(&mut self, expected: &'static str) {
        match self.tokens.get(self.next).cloned() {
            Some(placed) => self.expected(expected, &placed),
            None => self.fail(
                self.here(),
                Problem::Expected {
                    expected,
                    found: "the end".to_owned(),
                },
            ),
        }
    }

    fn expected(&mut self, expected: &'static str, placed: &Placed) {
        let found = match &placed.token {
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::Not => "a negation".to_owned(),
            Token::And => "and".to_owned(),
            Token::Or => "or".to_owned(),
            Token::Comma => "a comma".to_owned(),
            Token::Range => "..".to_owned(),
            Token::Operator(operator) => operator.as_str().to_owned(),
            Token::Word(text) | Token::Text(text) => format!("{text:?}"),
            Token::Regex { source, .. } => format!("/{source}/"),
        };
        self.fail(placed.span, Problem::Expected { expected, found });
    }
}
