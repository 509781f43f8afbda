//! Random filters for properties, over a small vocabulary so that some deliveries pass and some do not.

use proptest::prelude::*;

use super::{Expr, Field, Filter, MemberMatch, MemberTest, Pattern, Term, Test, TextMatch};

/// Terms that SQL can decide.
const SQL_TERMS: [&str; 52] = [
    "signed",
    "Signed",
    "packet.*",
    "acme",
    "dlv_0",
    "ep_",
    "evt_0000000000*",
    "id:dlv_0000000001*",
    "id:evt_*,dlv_0000000000001",
    "event:key-1",
    "event:KEY*",
    "event:evt_000000000000*,packet.signed",
    "type:packet.*",
    "type:PACKET.signed,invoice.paid",
    "type:*.?aid",
    "ep:acme",
    "ep:Acme,b*",
    "ep:[a-z]*",
    "ep:ep_0000000000*",
    "ep:\"a*b\"",
    "ep:\"%_'\"",
    "tenant:t1",
    "tenant:*",
    "contract:standard,other",
    "state:pending",
    "state:held,dead",
    "state:delivered",
    "state:discarded",
    "state:retrying",
    "status:5xx",
    "status:200,503,tls",
    "status:err",
    "status:none",
    "status<400",
    "class:any",
    "class:dns,timeout",
    "cause:000000000001",
    "cause:*2,00*1",
    "try>1",
    "try:0,2..3",
    "lat>=2s",
    "lat:500ms..2s",
    "age<2h",
    "age>1h",
    "age:0s..30m,3h..4h",
    "at<=2026-04-13T10:18:00Z",
    "at:2026-04-13",
    "last:1h",
    "last>90m",
    "size>10",
    "replay:rpl_0000000000001",
    "replay:rpl_000000000000*",
];
/// Terms that only the evaluator can decide.
const WINDOW_TERMS: [&str; 12] = [
    "\"insufficient funds\"",
    "text:card*",
    "body.data.amount>=100",
    "body.data.amount:1..5",
    "body.data.items.0:x",
    "header.retry-after:60",
    "type:/^packet\\./",
    "ep:acme,/b$/i",
    "ip:10.0.0.0/8",
    "host:*.example.com",
    "metadata.team:crm",
    "state:inflight",
];

fn parsed(text: &'static str) -> Expr {
    Filter::parse(text).unwrap().expr.unwrap()
}

fn nested(leaf: impl Strategy<Value = Expr> + 'static) -> impl Strategy<Value = Expr> {
    leaf.prop_recursive(4, 16, 3, |inner| {
        let several = || proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several().prop_map(|parts| Expr::all(parts).unwrap()),
            several().prop_map(|parts| Expr::any(parts).unwrap()),
            inner.prop_map(Expr::negate),
        ]
    })
}

/// Expressions that SQL can decide.
pub(crate) fn sql_expr() -> impl Strategy<Value = Expr> {
    nested(proptest::sample::select(&SQL_TERMS[..]).prop_map(parsed))
}

/// Expressions of every kind.
pub(crate) fn any_expr() -> impl Strategy<Value = Expr> {
    let known: Vec<_> = SQL_TERMS.into_iter().chain(WINDOW_TERMS).collect();
    let literal = |text: String| {
        let pattern = Pattern::literal(&text);
        Term::Field(
            Field::Endpoint,
            Test::Text(vec![TextMatch::Pattern(pattern)]),
        )
    };
    let member = |(from, to): (f64, f64)| {
        let between = MemberMatch::Between(from.min(to), from.max(to));
        let test = Test::Member(MemberTest::AnyOf(vec![between]));
        Term::Field(Field::Body(vec!["data".to_owned(), "x".to_owned()]), test)
    };
    nested(prop_oneof![
        4 => proptest::sample::select(known).prop_map(parsed),
        1 => any::<String>().prop_map(literal).prop_map(Expr::Term),
        1 => "[\\\\\"*?./_a]{0,6}".prop_map(literal).prop_map(Expr::Term),
        1 => (proptest::num::f64::NORMAL, proptest::num::f64::NORMAL)
            .prop_map(member).prop_map(Expr::Term),
    ])
}
