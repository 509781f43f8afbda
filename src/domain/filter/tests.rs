//! The filter language against data and properties.

use proptest::prelude::*;
use serde::Deserialize;

use super::samples::{any_expr, sql_expr};
use super::*;
use crate::domain::limits::{FILTER_CHARS_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX};

#[derive(Deserialize)]
struct Vectors {
    good: Vec<Good>,
    bad: Vec<Bad>,
}

#[derive(Deserialize)]
struct Good {
    text: String,
    prints: String,
    decider: String,
}

#[derive(Deserialize)]
struct Bad {
    text: String,
    errors: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Wrong {
    start: usize,
    end: usize,
    says: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/filters.json")).unwrap()
}

#[test]
fn good_filters_print_in_one_way_and_read_back() {
    for good in vectors().good {
        let filter =
            Filter::parse(&good.text).unwrap_or_else(|errors| panic!("{:?}: {errors}", good.text));
        assert_eq!(filter.to_string(), good.prints, "{:?}", good.text);
        assert_eq!(
            good.prints.parse::<Filter>().unwrap(),
            filter,
            "{:?}",
            good.text
        );
        let decider = match filter.expr.as_ref().map(Expr::decider) {
            Some(Decider::Window) => "window",
            Some(Decider::Sql) | None => "sql",
        };
        assert_eq!(decider, good.decider, "{:?}", good.text);
    }
}

#[test]
fn every_error_is_reported_with_its_place_and_rule() {
    for bad in vectors().bad {
        let errors = match Filter::parse(&bad.text) {
            Ok(filter) => panic!("{:?} was read as {filter}", bad.text),
            Err(errors) => errors.errors,
        };
        let places: Vec<_> = errors
            .iter()
            .map(|error| (error.span.start, error.span.end))
            .collect();
        let expected: Vec<_> = bad
            .errors
            .iter()
            .map(|wrong| (wrong.start, wrong.end))
            .collect();
        assert_eq!(places, expected, "{:?}: {errors:?}", bad.text);
        for (error, wrong) in errors.iter().zip(&bad.errors) {
            let says = error.problem.to_string();
            assert!(says.contains(&wrong.says), "{:?} says {says:?}", bad.text);
        }
    }
}

#[test]
fn an_error_is_shown_by_its_column_and_a_caret() {
    let errors = Filter::parse("größe foo:1 lat>z").unwrap_err();
    assert_eq!(errors.carets(), "      ^^^       ^");
    let text = errors.to_string();
    assert!(
        text.starts_with("at column 7: the field \"foo\" is not known"),
        "{text}"
    );
    assert!(
        text.contains("; at column 17: \"z\" is not a value of latency"),
        "{text}"
    );
    let at_end = Filter::parse("ep:").unwrap_err();
    assert_eq!(at_end.carets(), "   ^");
}

#[test]
fn length_depth_and_terms_are_bounded() {
    let only_problem = |text: &str| {
        let errors = Filter::parse(text).unwrap_err().errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].problem.clone()
    };
    assert!(Filter::parse(&"a".repeat(FILTER_CHARS_MAX)).is_ok());
    let chars = FILTER_CHARS_MAX + 1;
    assert_eq!(only_problem(&"ä".repeat(chars)), Problem::TooLong { chars });

    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&nested(FILTER_DEPTH_MAX)).is_ok());
    assert_eq!(
        only_problem(&nested(FILTER_DEPTH_MAX + 1)),
        Problem::TooDeep
    );
    let negated = |levels: usize| format!("{}a", "-".repeat(levels));
    assert!(Filter::parse(&negated(FILTER_DEPTH_MAX)).is_ok());
    assert_eq!(
        only_problem(&negated(FILTER_DEPTH_MAX + 1)),
        Problem::TooDeep
    );

    assert!(Filter::parse(&"a ".repeat(FILTER_TERMS_MAX)).is_ok());
    assert_eq!(
        only_problem(&"a ".repeat(FILTER_TERMS_MAX + 1)),
        Problem::TooManyTerms
    );
    let list = vec!["1"; FILTER_TERMS_MAX + 1].join(",");
    assert_eq!(only_problem(&format!("try:{list}")), Problem::TooManyTerms);
}

#[test]
fn regular_expressions_are_bounded_in_size() {
    let errors = Filter::parse("type:/(?:a{1000}){1000}/").unwrap_err();
    assert!(
        matches!(errors.errors[0].problem, Problem::BadRegex { .. }),
        "{errors}"
    );
}

#[test]
fn the_reference_names_every_field_and_its_examples_parse() {
    for name in field_names() {
        let plain = name.split(' ').next().unwrap();
        assert!(REFERENCE.contains(&format!("| `{plain}`")), "{name}");
    }
    let examples = REFERENCE
        .lines()
        .filter_map(|line| line.strip_prefix("    "));
    for example in examples {
        assert!(Filter::parse(example).is_ok(), "{example}");
    }
    let inline = REFERENCE.split('`').skip(1).step_by(2);
    for example in inline.filter(|code| code.contains(':') && code.len() > 2) {
        assert!(Filter::parse(example).is_ok(), "{example}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_printed_reads_back_as_the_same_filter(expr in any_expr()) {
        let filter = Filter { expr: Some(expr) };
        let printed = filter.to_string();
        match Filter::parse(&printed) {
            Ok(read) => prop_assert_eq!(read, filter, "{}", printed),
            // Random nesting may pass the bounds: nothing else may be wrong with it.
            Err(errors) => for error in errors.errors {
                let is_bound = matches!(
                    error.problem,
                    Problem::TooLong { .. } | Problem::TooManyTerms | Problem::TooDeep
                );
                prop_assert!(is_bound, "{}: {}", printed, error.problem);
            }
        }
    }

    #[test]
    fn any_text_gives_a_filter_or_placed_errors_and_never_panics(
        text in "([a-z]{1,4}|ep|lat|status|[-:=<>~!.,()/\"\\\\*? ]|and|or|not|5xx|1h|é){0,24}",
    ) {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter)),
            Err(errors) => {
                prop_assert!(!errors.errors.is_empty());
                for error in &errors.errors {
                    prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{:?}", error);
                }
                errors.carets();
            }
        }
    }

    #[test]
    fn a_plan_never_hands_sql_what_it_cannot_decide(expr in any_expr()) {
        let plan = Plan::of(&Filter { expr: Some(expr.clone()) });
        prop_assert!(plan.sql.as_ref().is_none_or(|sql| sql.decider() == Decider::Sql));
        prop_assert_eq!(plan.is_exact(), expr.decider() == Decider::Sql);
        prop_assert!(plan.sql.is_some() || plan.rest.is_some());
    }

    #[test]
    fn what_sql_can_decide_goes_to_it_whole(expr in sql_expr()) {
        let plan = Plan::of(&Filter { expr: Some(expr.clone()) });
        prop_assert_eq!(plan, Plan { sql: Some(expr), rest: None });
    }
}
