//! What a question is answered with, by the service.

use super::ask::{Ask, Deed, View};
use super::rows::{self, Row, Target};
use crate::client::Client;
use crate::console::app::looking_back::Window;
use crate::console::app::msg::{Answer, Call};
use crate::console::perform;
use crate::domain::filter::Filter;

/// Rows that are read out at once.
const ROWS_AT_ONCE: usize = 10;

const HELP: [&str; 9] = [
    "pulse: how all is. deliveries, endpoints, events, dead, replays, audit, log: lists, also by the digits 2 to 8.",
    "filter EXPRESSION, or /EXPRESSION: deliveries that pass it, such as filter state:dead age<2h",
    "more: the next rows of the list.",
    "open N: row N of the list: a delivery with its attempts, or the deliveries of what the row stands for.",
    "replay N: put delivery N back to work. pause N, resume N: endpoint N. Each asks first.",
    "help: this. quit: leave.",
    "Not here: following, marks, plans for many deliveries, forms. Their commands are:",
    "hookyard replay plan FILTER, hookyard dead discard FILTER, hookyard endpoint create URL",
    "hookyard help filter tells what a filter can be.",
];

/// Answers questions, one after the other.
pub(super) struct Desk {
    client: Client,
    /// Why nothing may be changed.
    refusal: Option<&'static str>,
    /// The last list, as far as it is known.
    rows: Vec<Row>,
    /// How many of its rows were read out.
    told: usize,
    /// The filter and the place from which older rows of it can be had.
    older: Option<(String, String)>,
    /// What yes would do, and what that is in words.
    asked: Option<(Call, String)>,
}

impl Desk {
    pub(super) fn new(client: Client, refusal: Option<&'static str>) -> Self {
        Self {
            client,
            refusal,
            rows: Vec::new(),
            told: 0,
            older: None,
            asked: None,
        }
    }

    /// The answer in lines, not escaped.
    pub(super) async fn answer(&mut self, ask: Ask) -> Vec<String> {
        let asked = self.asked.take();
        match ask {
            Ask::Nothing | Ask::Quit => Vec::new(),
            Ask::Help => HELP.map(str::to_owned).to_vec(),
            Ask::View(view) => self.view(view).await,
            Ask::Filter(filter) => self.filter(filter).await,
            Ask::More => self.more().await,
            Ask::Row(deed, number) => self.row(deed, number).await,
            Ask::WhichRow(word) => {
                let number = "the number of a row of the last list";
                vec![format!("{word} what? {word} N, with {number}.")]
            }
            Ask::Yes => match asked {
                Some((call, words)) => self.change(call, &words).await,
                None => vec!["Nothing was asked.".to_owned()],
            },
            Ask::No => vec!["Nothing was done.".to_owned()],
            Ask::Unknown(line) => {
                vec![format!("{line:?} is not known here. help says what is.")]
            }
        }
    }

    async fn call(&self, call: Call) -> Result<Answer, Vec<String>> {
        let failed = |error| vec![format!("Failed: {error}")];
        perform::answer(&self.client, call).await.map_err(failed)
    }

    async fn view(&mut self, view: View) -> Vec<String> {
        let call = match view {
            View::Pulse => return self.pulse().await,
            View::Deliveries => return self.filter(String::new()).await,
            View::Endpoints => Call::Endpoints { cursor: None },
            View::Events => Call::Events { cursor: None },
            View::Dead => Call::DeadCauses,
            View::Replays => Call::Replays { cursor: None },
            View::Audit => Call::Audit { cursor: None },
            View::Log => Call::Log { cursor: None },
        };
        let rows = match self.call(call).await {
            Err(failed) => return failed,
            Ok(Answer::Endpoints(page)) => page.items.iter().map(rows::endpoint).collect(),
            Ok(Answer::Events(page)) => page.items.iter().map(rows::event).collect(),
            Ok(Answer::DeadCauses(causes)) => rows::dead(&causes),
            Ok(Answer::Replays(page)) => page.items.iter().map(rows::replay).collect(),
            Ok(Answer::Audit(page)) => page.items.iter().map(rows::audit).collect(),
            Ok(Answer::Log(view)) => view.items.iter().map(rows::log).collect(),
            Ok(_) => Vec::new(),
        };
        self.list(rows, None)
    }

    async fn pulse(&mut self) -> Vec<String> {
        let stats = self.call(Call::Figures(Window::Hour)).await;
        let causes = self.call(Call::Causes(Window::Hour)).await;
        match (stats, causes) {
            (Ok(Answer::Stats(stats)), Ok(Answer::Causes(causes))) => rows::pulse(&stats, &causes),
            (Err(failed), _) | (_, Err(failed)) => failed,
            _ => Vec::new(),
        }
    }

    async fn filter(&mut self, filter: String) -> Vec<String> {
        // Which views are saved the service knows, and tells of one that is not.
        if let Err(errors) = Filter::check(&filter, None) {
            let problems = errors.errors.iter();
            return problems
                .map(|error| {
                    let place = filter.get(error.span.start..error.span.end);
                    format!(
                        "No filter: {}: {}",
                        place.unwrap_or("at its end"),
                        error.problem
                    )
                })
                .collect();
        }
        let call = Call::Deliveries {
            filter: filter.clone(),
            cursor: None,
        };
        match self.call(call).await {
            Ok(Answer::Deliveries(page)) => {
                let rows = page.items.iter().map(rows::delivery).collect();
                self.list(rows, page.next.map(|next| (filter, next)))
            }
            Ok(_) => Vec::new(),
            Err(failed) => failed,
        }
    }

    fn list(&mut self, rows: Vec<Row>, older: Option<(String, String)>) -> Vec<String> {
        (self.rows, self.told, self.older) = (rows, 0, older);
        if self.rows.is_empty() {
            return vec!["Nothing.".to_owned()];
        }
        self.tell()
    }

    async fn more(&mut self) -> Vec<String> {
        if self.told == self.rows.len()
            && let Some((filter, cursor)) = self.older.take()
        {
            let call = Call::Deliveries {
                filter: filter.clone(),
                cursor: Some(cursor.clone()),
            };
            match self.call(call).await {
                Ok(Answer::Deliveries(page)) => {
                    self.rows.extend(page.items.iter().map(rows::delivery));
                    self.older = page.next.map(|next| (filter, next));
                }
                Ok(_) => {}
                Err(failed) => {
                    self.older = Some((filter, cursor));
                    return failed;
                }
            }
        }
        if self.told == self.rows.len() {
            return vec!["No more rows.".to_owned()];
        }
        self.tell()
    }

    /// The next rows with their numbers.
    fn tell(&mut self) -> Vec<String> {
        let from = self.told;
        self.told = self.rows.len().min(from + ROWS_AT_ONCE);
        let rows = self.rows[from..self.told].iter().enumerate();
        let mut lines: Vec<String> = rows
            .map(|(index, row)| format!("{}. {}", from + index + 1, row.text))
            .collect();
        let more = if self.told < self.rows.len() || self.older.is_some() {
            ", more has others"
        } else {
            ", that is all"
        };
        lines.push(format!("{} rows{more}.", self.told));
        lines
    }

    async fn row(&mut self, deed: Deed, number: usize) -> Vec<String> {
        let row = number.checked_sub(1).and_then(|index| self.rows.get(index));
        let Some(row) = row else {
            let known = self.rows.len();
            return vec![format!("No row {number}: the list has {known}.")];
        };
        let (call, words) = match (deed, row.target.clone()) {
            (Deed::Open, Target::Delivery(id)) => {
                return match self.call(Call::Delivery(id)).await {
                    Ok(Answer::Delivery(detail)) => rows::detail(&detail),
                    Ok(_) => Vec::new(),
                    Err(failed) => failed,
                };
            }
            (Deed::Open, Target::Endpoint(id, _)) => return self.filter(format!("ep:{id}")).await,
            (Deed::Open, Target::Deliveries(filter)) => return self.filter(filter).await,
            (Deed::Replay, Target::Delivery(id)) => (Call::Replay(id), format!("replay {id}")),
            (Deed::Pause, Target::Endpoint(id, name)) => (Call::Pause(id), format!("pause {name}")),
            (Deed::Resume, Target::Endpoint(id, name)) => {
                (Call::Resume(id), format!("resume {name}"))
            }
            _ => return vec![format!("Row {number} is nothing that this is done to.")],
        };
        if let Some(reason) = self.refusal {
            return vec![format!("Refused: {reason}: {words}")];
        }
        let question = format!("{words}? Answer yes or no.");
        self.asked = Some((call, words));
        vec![question]
    }

    async fn change(&mut self, call: Call, words: &str) -> Vec<String> {
        match self.call(call).await {
            Ok(Answer::Replayed(delivery)) => {
                vec![format!("Done: {words}. {}", rows::delivery(&delivery).text)]
            }
            Ok(Answer::Endpoint(endpoint)) => {
                vec![format!("Done: {words}. It is {}.", endpoint.status)]
            }
            Ok(_) => vec![format!("Done: {words}.")],
            Err(failed) => failed,
        }
    }
}
