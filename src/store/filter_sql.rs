//! The part of a filter that SQL decides, as a condition over a page's tables.
//!
//! Says the same as `domain::filter`'s evaluator, row by row (a property test holds both to it). Every piece is
//! true or false, never NULL, so that a negation means what it says. All text of a person is in the binds.

use crate::domain::attempt::FailureClass;
use crate::domain::filter::{
    AmountTest, ClassMatch, Decider, Expr, Field, IdMatch, IdNoun, Pattern, StateWord, StatusMatch,
    Term, Test, TextMatch,
};
use crate::domain::time::Timestamp;

use super::deliveries::{SqlCondition, SqlValue};

impl SqlCondition {
    /// The condition that `expr` means at `now`; `None` when it holds something that only the evaluator can decide
    /// (see `domain::filter::Plan`).
    pub fn of_filter(expr: &Expr, now: Timestamp) -> Option<Self> {
        if expr.decider() != Decider::Sql {
            return None;
        }
        let mut writer = Writer {
            now,
            condition: Self::default(),
        };
        writer.expr(expr);
        Some(writer.condition)
    }

    /// What must hold of a delivery that is to be looked at as it was at `at`: what always holds, and what holds of those
    /// that have not changed since, as parts of a filter that SQL can decide. `None` where neither is asked.
    pub fn of_past(always: Option<&Expr>, unchanged: Option<&Expr>, at: Timestamp) -> Option<Self> {
        let mut writer = Writer {
            now: at,
            condition: Self::default(),
        };
        if let Some(always) = always {
            writer.any_of(std::slice::from_ref(always), "", Writer::expr);
        }
        if let Some(unchanged) = unchanged {
            if always.is_some() {
                writer.push(" AND ");
            }
            writer.push("(d.updated_at > ");
            writer.bind(SqlValue::Int(at.as_millis()));
            writer.push(" OR ");
            writer.expr(unchanged);
            writer.push(")");
        }
        (!writer.condition.sql.is_empty()).then_some(writer.condition)
    }
}

struct Writer {
    now: Timestamp,
    condition: SqlCondition,
}

impl Writer {
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::And(parts) => self.any_of(parts, " AND ", Self::expr),
            Expr::Or(parts) => self.any_of(parts, " OR ", Self::expr),
            Expr::Not(inner) => {
                self.push("NOT ");
                self.any_of(std::slice::from_ref(&**inner), "", Self::expr);
            }
            Expr::Term(Term::Word(pattern)) => self.word(pattern),
            Expr::Term(Term::Field(field, test)) => self.field(field, test),
        }
    }

    /// `(item OR item …)`; false for no items.
    fn any_of<T>(&mut self, items: &[T], separator: &str, mut write: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return self.push("FALSE");
        }
        self.push("(");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            write(self, item);
        }
        self.push(")");
    }

    fn word(&mut self, pattern: &Pattern) {
        let names = ["d.event_type", "p.name", "p.tenant"];
        self.push("(");
        self.any_of(&names, " OR ", |writer, name| {
            if pattern.is_literal() {
                writer.contains(name, pattern);
            } else {
                writer.matches(name, pattern);
            }
        });
        if let Some(id) = IdMatch::of_word(pattern) {
            self.push(" OR ");
            self.id(&id);
        }
        self.push(")");
    }

    fn field(&mut self, field: &Field, test: &Test) {
        match test {
            Test::Text(matches) => self.any_of(matches, " OR ", |writer, wanted| {
                writer.text(field, wanted);
            }),
            Test::State(states) => self.any_of(states, " OR ", |writer, state| {
                writer.push(state_sql(*state));
            }),
            Test::Status(statuses) => self.any_of(statuses, " OR ", |writer, status| {
                writer.status(*status);
            }),
            Test::Class(classes) => self.any_of(classes, " OR ", |writer, class| match class {
                ClassMatch::Any => writer.push("d.last_class IS NOT NULL"),
                ClassMatch::Class(class) => writer.class(*class),
            }),
            Test::Amount(test) => self.amount(field, test),
            Test::Flag(wanted) => {
                self.push("d.test = ");
                self.bind(SqlValue::Int(i64::from(*wanted)));
            }
            // `Term::decider` never gives these to SQL.
            Test::Network(_) | Test::Member(_) => self.push("FALSE"),
        }
    }

    fn text(&mut self, field: &Field, wanted: &TextMatch) {
        let columns: &[&str] = match field {
            Field::Event => &["d.event_type", "e.key"],
            Field::Type => &["d.event_type"],
            Field::Endpoint => &["p.name"],
            Field::Tenant => &["p.tenant"],
            Field::Contract => &["p.contract"],
            Field::Cause => &["iif(d.last_cause IS NULL, NULL, printf('%012x', d.last_cause))"],
            _ => &[],
        };
        match wanted {
            TextMatch::Id(id) => self.id(id),
            TextMatch::Pattern(pattern) => self.any_of(columns, " OR ", |writer, column| {
                writer.matches(column, pattern);
            }),
            // `Term::decider` never gives these to SQL.
            TextMatch::Regex(_) => self.push("FALSE"),
        }
    }

    /// The column is the pattern, as `Pattern::matches` has it.
    fn matches(&mut self, column: &str, pattern: &Pattern) {
        let operator = if pattern.is_literal() {
            " = "
        } else {
            " GLOB "
        };
        let text = if pattern.is_literal() {
            pattern.text().to_owned()
        } else {
            // GLOB knows one wildcard more than filters do.
            pattern.text().replace('[', "[[]")
        };
        self.push("coalesce(");
        self.push(&folded(column, pattern));
        self.push(operator);
        self.bind(SqlValue::Text(text));
        self.push(", FALSE)");
    }

    /// The column contains the literal, as `Pattern::is_in` has it.
    fn contains(&mut self, column: &str, pattern: &Pattern) {
        self.push("coalesce(instr(");
        self.push(&folded(column, pattern));
        self.push(", ");
        self.bind(SqlValue::Text(pattern.text().to_owned()));
        self.push(") > 0, FALSE)");
    }

    fn id(&mut self, id: &IdMatch) {
        if id.noun() == IdNoun::Replay {
            self.push("(d.replay_id IS NOT NULL AND d.replay_id");
            self.between(id.range());
            return self.push(")");
        }
        self.push(match id.noun() {
            IdNoun::Delivery => "d.id",
            IdNoun::Event => "d.event_id",
            IdNoun::Endpoint => "d.endpoint_id",
            IdNoun::Replay => "d.replay_id",
        });
        self.between(id.range());
    }

    fn status(&mut self, status: StatusMatch) {
        match status {
            StatusMatch::Codes(from, to) => {
                self.push("coalesce(d.last_status");
                self.between((i64::from(from), i64::from(to)));
                self.push(", FALSE)");
            }
            StatusMatch::Class(class) => self.class(class),
            StatusMatch::AnyFailure => self.push("d.last_class IS NOT NULL"),
            StatusMatch::NoAnswer => self.push("d.last_status IS NULL"),
        }
    }

    fn class(&mut self, class: FailureClass) {
        self.push("coalesce(d.last_class = ");
        self.bind(SqlValue::Text(class.as_str().to_owned()));
        self.push(", FALSE)");
    }

    fn amount(&mut self, field: &Field, test: &AmountTest) {
        let ranges = test.ranges();
        self.any_of(&ranges, " OR ", |writer, &range| {
            writer.push("coalesce(");
            match field {
                Field::Attempts => writer.push("d.attempts"),
                Field::Latency => writer.push("(d.last_latency_us / 1000)"),
                Field::Size => {
                    writer.push("(length(e.data) + coalesce(length(e.attributes), 0))");
                }
                Field::At => writer.push("d.created_at"),
                Field::Age => writer.since("d.created_at"),
                Field::Last => writer.since("coalesce(d.last_at, d.created_at)"),
                _ => writer.push("NULL"),
            }
            writer.between(range);
            writer.push(", FALSE)");
        });
    }

    /// Milliseconds from an instant until now; zero for an instant still to come.
    fn since(&mut self, instant: &str) {
        let now = self.now.as_millis();
        self.push("CASE WHEN ");
        self.push(instant);
        self.push(" > ");
        self.bind(SqlValue::Int(now));
        self.push(" THEN 0 ELSE ");
        self.bind(SqlValue::Int(now));
        self.push(" - ");
        self.push(instant);
        self.push(" END");
    }

    fn between(&mut self, (from, to): (i64, i64)) {
        self.push(" BETWEEN ");
        self.bind(SqlValue::Int(from));
        self.push(" AND ");
        self.bind(SqlValue::Int(to));
    }

    fn push(&mut self, sql: &str) {
        self.condition.sql.push_str(sql);
    }

    fn bind(&mut self, value: SqlValue) {
        self.condition.binds.push(value);
        let placeholder = format!("${}", self.condition.binds.len());
        self.push(&placeholder);
    }
}

/// The column in the case that the pattern compares: SQLite's `lower` folds ASCII, as patterns do.
fn folded(column: &str, pattern: &Pattern) -> String {
    if pattern.minds_case() {
        return column.to_owned();
    }
    format!("lower({column})")
}

/// A state as it is shown: held and partly discarded follow from the endpoint's status.
const fn state_sql(state: StateWord) -> &'static str {
    match state {
        StateWord::Pending => "(d.state = 'pending' AND p.status = 'active')",
        StateWord::Held => "(d.state = 'pending' AND p.status IN ('paused', 'disabled'))",
        StateWord::Delivered => "d.state = 'delivered'",
        StateWord::Dead => "d.state = 'dead'",
        StateWord::Discarded => {
            "(d.state = 'discarded' OR (d.state = 'pending' AND p.status = 'deleted'))"
        }
        StateWord::Retrying => {
            "(d.state = 'pending' AND p.status = 'active' AND d.budget_attempts > 0)"
        }
        // `Term::decider` never gives it to SQL: only lanes know.
        StateWord::InFlight => "FALSE",
    }
}
