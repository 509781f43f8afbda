//! A list as it is read out: a few rows at a time, each by its number, page after page as far as there are any. Pure.

use super::numbers::Numbers;
use super::rows::{self, Row, Target};
use crate::api::page::Searched;
use crate::console::app::msg::{Answer, Call};

/// Rows that are read out at once.
const ROWS_AT_ONCE: usize = 10;
/// Rows that a list keeps: longer than anybody listens.
const ROWS_MAX: usize = 2_000;

/// A list.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Its rows, as far as they are known.
    rows: Vec<Row>,
    /// How many of them were read out.
    told: usize,
    /// Its filter, where it is one of deliveries.
    filter: Option<String>,
    /// What asks for the rows behind them; none behind the last.
    older: Option<Call>,
    /// How far the service searched for a filter that its indexes cannot decide.
    searched: Option<Searched>,
}

impl Listing {
    /// The list that this call was answered with.
    pub(super) fn new(call: Call, answer: Answer) -> Self {
        let filter = match &call {
            Call::Deliveries { filter, .. } => Some(filter.clone()),
            _ => None,
        };
        let mut list = Self {
            filter,
            ..Self::default()
        };
        list.extend(call, answer);
        list
    }

    /// Takes the page that this call was answered with.
    pub(super) fn extend(&mut self, call: Call, answer: Answer) {
        let (rows, older, searched) = page(call, answer);
        self.rows.extend(rows);
        self.rows.truncate(ROWS_MAX);
        self.older = older;
        self.searched = match (self.searched.take(), searched) {
            (Some(so_far), Some(more)) => Some(Searched {
                rows: so_far.rows + more.rows,
                limited: more.limited,
            }),
            (so_far, more) => more.or(so_far),
        };
    }

    /// The filter that it is of; none where it is no list of deliveries.
    pub(super) fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// How many rows can be named.
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of this number, from 1.
    pub(super) fn row(&self, number: usize) -> Option<&Row> {
        self.rows.get(number.checked_sub(1)?)
    }

    /// What a plan of these rows selects, and that in words.
    ///
    /// # Errors
    /// One of them is not there or no delivery, in words.
    pub(super) fn selection(&self, numbers: &Numbers) -> Result<(String, String), String> {
        let id = |number: &usize| match self.row(*number).map(|row| &row.target) {
            Some(Target::Delivery(id)) => Ok(id.to_string()),
            Some(_) => Err(format!(
                "Row {number} is no delivery: several rows are planned of a list of deliveries, others one by one."
            )),
            None => Err(format!("No row {number}: the list has {}.", self.len())),
        };
        let ids = numbers.rows.iter().map(id).collect::<Result<Vec<_>, _>>()?;
        let words = format!("rows {} of the last list", numbers.text);
        Ok((format!("id:{}", ids.join(",")), words))
    }

    /// What has to be asked before more can be read out.
    pub(super) fn wants(&self) -> Option<&Call> {
        let is_at_end = self.told == self.rows.len() && self.rows.len() < ROWS_MAX;
        self.older.as_ref().filter(|_| is_at_end)
    }

    /// The next rows with their numbers, and what is behind them.
    pub(super) fn tell(&mut self) -> Vec<String> {
        let from = self.told;
        self.told = self.rows.len().min(from + ROWS_AT_ONCE);
        let rows = self.rows[from..self.told].iter().enumerate();
        let mut lines: Vec<String> = rows
            .map(|(index, row)| format!("{}. {}", from + index + 1, row.text))
            .collect();
        lines.push(match self.told {
            0 => "Nothing.".to_owned(),
            _ if lines.is_empty() => "No more rows.".to_owned(),
            told => format!("{told} rows{}.", self.behind()),
        });
        if let Some(searched) = &self.searched
            && searched.limited
            && self.told == self.rows.len()
        {
            lines.push(format!(
                "The filter needs each delivery's content: the newest {} were looked at, older ones were not.",
                searched.rows
            ));
        }
        lines
    }

    fn behind(&self) -> String {
        match &self.older {
            _ if self.told < self.rows.len() => ", more has others".to_owned(),
            None => ", that is all".to_owned(),
            Some(_) if self.rows.len() < ROWS_MAX => ", more has others".to_owned(),
            Some(_) => format!(", and a list has {ROWS_MAX} at most: a filter finds the others"),
        }
    }
}

type Rows = (Vec<Row>, Option<Call>, Option<Searched>);

/// The rows of an answer, and what asks for those behind them.
fn page(call: Call, answer: Answer) -> Rows {
    let (rows, next): (Vec<Row>, _) = match answer {
        Answer::Deliveries(page) => {
            let rows = page.items.iter().map(rows::delivery).collect();
            return (rows, older(call, page.next), page.searched);
        }
        Answer::Endpoints(page) => (page.items.iter().map(rows::endpoint).collect(), page.next),
        Answer::Events(page) => (page.items.iter().map(rows::event).collect(), page.next),
        Answer::DeadCauses(causes) => (rows::dead(&causes), None),
        Answer::Replays(page) => (page.items.iter().map(rows::replay).collect(), page.next),
        Answer::Audit(page) => (page.items.iter().map(rows::audit).collect(), page.next),
        Answer::Log(view) => (view.items.iter().map(rows::log).collect(), view.next),
        Answer::SavedViews(views) => (views.iter().map(rows::saved).collect(), None),
        _ => (Vec::new(), None),
    };
    (rows, older(call, next), None)
}

/// The same call from where the next page begins.
fn older(call: Call, next: Option<String>) -> Option<Call> {
    let cursor = Some(next?);
    Some(match call {
        Call::Deliveries { filter, .. } => Call::Deliveries { filter, cursor },
        Call::Endpoints { .. } => Call::Endpoints { cursor },
        Call::Events { .. } => Call::Events { cursor },
        Call::Replays { .. } => Call::Replays { cursor },
        Call::Audit { .. } => Call::Audit { cursor },
        Call::Log { .. } => Call::Log { cursor },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Page;
    use crate::console::app::samples::{delivery, endpoint};

    fn endpoints(cursor: Option<&str>) -> Call {
        Call::Endpoints {
            cursor: cursor.map(str::to_owned),
        }
    }

    fn page_of(count: i64, next: Option<&str>) -> Answer {
        Answer::Endpoints(Page {
            items: (0..count).map(|number| endpoint(number, "acme")).collect(),
            next: next.map(str::to_owned),
            searched: None,
        })
    }

    fn last(list: &mut Listing) -> String {
        list.tell().pop().unwrap()
    }

    #[test]
    fn every_list_goes_on_with_the_next_page_before_it_is_said_to_be_all() {
        let mut list = Listing::new(endpoints(None), page_of(12, Some("next")));
        assert_eq!(last(&mut list), "10 rows, more has others.");
        assert_eq!(list.wants(), None, "two are known still");
        assert_eq!(last(&mut list), "12 rows, more has others.");
        let call = list.wants().cloned().unwrap();
        assert_eq!(call, endpoints(Some("next")));
        list.extend(call, page_of(1, None));
        let lines = list.tell();
        assert!(lines[0].starts_with("13. acme"), "{lines:?}");
        assert_eq!(lines[1], "13 rows, that is all.");
        assert_eq!(list.wants(), None);
        assert_eq!(last(&mut list), "No more rows.");
        let mut none = Listing::new(endpoints(None), page_of(0, None));
        assert_eq!(none.tell(), ["Nothing."]);
    }

    #[test]
    fn several_deliveries_are_selected_by_their_numbers_and_nothing_else_is() {
        let numbers = |text| Numbers::parse(text).unwrap().unwrap();
        let call = Call::Deliveries {
            filter: String::new(),
            cursor: None,
        };
        let answer = Answer::Deliveries(Page {
            items: (0..5).map(delivery).collect(),
            next: None,
            searched: None,
        });
        let list = Listing::new(call, answer);
        let (filter, words) = list.selection(&numbers("2-3,5")).unwrap();
        let ids = [1, 2, 4].map(|number| delivery(number).id.to_string());
        assert_eq!(filter, format!("id:{}", ids.join(",")));
        assert_eq!(words, "rows 2-3,5 of the last list");
        let told = list.selection(&numbers("4-6")).unwrap_err();
        assert_eq!(told, "No row 6: the list has 5.");
        let list = Listing::new(endpoints(None), page_of(3, None));
        let told = list.selection(&numbers("1-2")).unwrap_err();
        assert!(told.starts_with("Row 1 is no delivery"), "{told}");
    }

    #[test]
    fn a_list_is_bounded_and_says_so() {
        let most = i64::try_from(ROWS_MAX).unwrap();
        let mut list = Listing::new(endpoints(None), page_of(most + 1, Some("next")));
        while list.told < ROWS_MAX {
            list.tell();
        }
        assert_eq!((list.len(), list.wants()), (ROWS_MAX, None));
        list.told -= 1;
        assert!(last(&mut list).contains("a filter finds the others"));
    }

    #[test]
    fn a_search_that_left_older_ones_out_says_so_once_its_rows_are_told() {
        let call = || Call::Deliveries {
            filter: "body.a=1".to_owned(),
            cursor: None,
        };
        let page = |limited| {
            Answer::Deliveries(Page {
                items: (0..2).map(delivery).collect(),
                next: None,
                searched: Some(Searched {
                    rows: 9_000,
                    limited,
                }),
            })
        };
        let mut list = Listing::new(call(), page(true));
        assert!(last(&mut list).contains("the newest 9000 were looked at"));
        let mut list = Listing::new(call(), page(false));
        assert_eq!(last(&mut list), "2 rows, that is all.");
    }
}
