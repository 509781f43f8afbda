//! All that the console knows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use super::ahead::Ahead;
use super::behind::Behind;
use super::bell::Bells;
use super::beside::Beside;
use super::columns::{ColumnChoice, Columns};
use super::contexts::ContextChoice;
use super::deliveries::Deliveries;
use super::dialogs::Opened;
use super::endpoint_form::EndpointForm;
use super::facts;
use super::filter_line::FilterHistory;
use super::grace::Waiting;
use super::history::History;
use super::inspector::Inspector;
use super::link::{Link, Outage};
use super::msg::{Call, Now};
use super::notes::{NoteLine, Notes};
use super::palette::Palette;
use super::pane::{self, Room};
use super::plan::PlanDialog;
use super::preview;
use super::pulse::{Pulse, Row, rows_on};
use super::remembered::Remembered;
use super::requests::{Purpose, Requests, ScreenId};
use super::round_trip::RoundTrip;
use super::saved::{SaveLine, Saved};
use super::saved_choice::SavedChoice;
pub(crate) use super::screen::Screen;
use super::secret_note::SecretNote;
use super::session::Session;
use super::take_away::Prompt;
use super::themes::ThemeChoice;
use super::times::{TimeStyle, Times};
use super::tour::{self, Tour};
use super::writes::{Arming, Writes};
use crate::api::contract::ContractView;
use crate::api::delivery::DeliveryView;
use crate::api::egress::EgressView;
use crate::api::endpoint::EndpointView;
use crate::api::operator::OperatorView;
use crate::api::stats::{InfoView, StatsView};
use crate::api::stream::Alert;
use crate::console::actions::{ActionId, Place};
use crate::console::input::key::Key;
use crate::console::keys::{Facts, Keymap};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// Screens that may lie upon each other.
const SCREENS_MAX: usize = 16;
/// Alerts that are kept.
const ALERTS_MAX: usize = 100;
/// The pause after which an unfinished key is explained at length.
const PAUSE: Duration = Duration::from_millis(300);
/// How long news stay.
const TOAST: Duration = Duration::from_secs(4);
/// How long bad news stay.
const BAD_TOAST: Duration = Duration::from_secs(10);

/// All that the console knows.
#[derive(Debug)]
pub(crate) struct Model {
    /// What was decided before.
    pub session: Session,
    /// What keys mean.
    pub keys: Keymap,
    /// Columns and rows of the terminal.
    pub terminal: (u16, u16),
    /// What views have of it.
    pub size: (u16, u16),
    /// Whether lists that follow are swept.
    pub sweeps: bool,
    /// The tour under way.
    pub tour: Option<Tour>,
    /// The connection.
    pub link: Link,
    /// How far what comes lies behind the service.
    pub behind: Behind,
    /// How long it takes to answer.
    pub round_trip: RoundTrip,
    /// When a frame last came, by the wall clock.
    pub last_heard: Option<Timestamp>,
    /// Since when there is no connection, by the wall clock; none while there is one, or when there never was.
    pub lost_at: Option<Timestamp>,
    /// Whether anything may be changed.
    pub writes: Writes,
    /// A change that can be taken back still.
    pub grace: Option<Waiting>,
    /// Bells that are set.
    pub bells: Bells,
    /// Filters that were applied.
    pub filters: FilterHistory,
    /// The cache.
    pub data: Data,
    /// The screens, the shown one last; never empty.
    pub screens: Vec<Screen>,
    /// Views that are not on the stack, at most one of each, to be found again as they were left.
    pub parked: Vec<Screen>,
    /// The columns of views that were chosen.
    pub columns: BTreeMap<Place, Columns>,
    /// How instants are told.
    pub times: Times,
    /// Whether lists show the selected row beside them, where they can.
    pub previews: bool,
    /// Whether the list of events shows the selected one's deliveries below it, where the preview has no room.
    pub tree: bool,
    /// What is known of the selected row beside its list.
    pub beside: Option<Beside>,
    /// What was looked at.
    pub history: History,
    /// The view that was shown before this one.
    pub before: Option<Place>,
    /// What lies upon the screen, the one with the keys last.
    pub overlays: Vec<Overlay>,
    /// How the last of them came to have the keys.
    pub opened: Opened,
    /// News.
    pub toast: Option<Toast>,
    /// The newest alert, while news of the operator's own doing are to be read first; not escaped.
    pub announced: Option<String>,
    /// How often the next key is to be done, where that was typed.
    pub count: Option<u16>,
    /// Keys of another program that were explained.
    pub explained: BTreeSet<&'static str>,
    /// Strokes of an unfinished key.
    pub strokes: Vec<Key>,
    /// When the first of them was typed.
    pub strokes_since: Duration,
    /// Keys typed ahead of rows that are not here yet.
    pub ahead: Ahead,
    /// When ctrl-c was last pressed.
    pub cancelled_at: Option<Duration>,
    /// The open requests.
    pub requests: Requests,
    /// What the file of this console has; none where nothing is remembered.
    pub remembered: Option<Box<Remembered>>,
    /// Whether what is shown has changed, and how soon it should be drawn.
    pub dirty: Dirty,
    /// Spreads reconnects.
    pub rng: ChaCha8Rng,
    /// Screens ever opened.
    pub screens_ever: u64,
}

/// How soon a change should be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dirty {
    /// Nothing changed.
    Clean,
    /// With the next frame.
    Soon,
    /// At once: a key was pressed.
    Now,
}

/// The cache.
#[derive(Debug, Default)]
pub(crate) struct Data {
    /// The instant that is looked back to; none while now is shown.
    pub rewound: Option<Timestamp>,
    /// The oldest instant that can be, once the service has refused an older one.
    pub kept_since: Option<Timestamp>,
    /// Who answers, and who is asking.
    pub info: Option<InfoView>,
    /// The counters.
    pub stats: Option<Box<StatsView>>,
    /// The endpoints.
    pub endpoints: BTreeMap<EndpointId, EndpointView>,
    /// Endpoints collected by a fetch whose last page is not here yet.
    pub endpoints_coming: BTreeMap<EndpointId, EndpointView>,
    /// Whether there are more endpoints than are kept.
    pub endpoints_cut: bool,
    /// Whether the endpoints were ever fetched.
    pub endpoints_loaded: bool,
    /// Why they could not be fetched, in words, not escaped.
    pub endpoints_error: Option<String>,
    /// The addresses that requests leave from.
    pub egress: Option<EgressView>,
    /// Who is attached, this console included; empty while that is not known.
    pub operators: Vec<OperatorView>,
    /// The notes about what was looked at last.
    pub notes: Notes,
    /// The saved views, once a filter or the palette has asked for them.
    pub saved: Saved,
    /// The contracts, once a form has asked for them.
    pub contracts: Vec<ContractView>,
    /// What an operator should know, newest last.
    pub alerts: VecDeque<Alert>,
}

/// What lies upon a screen and has the keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Overlay {
    /// The keys of the view or the dialog below.
    Help {
        /// Whose they are.
        of: Place,
        /// The first line shown.
        scroll: usize,
    },
    /// A question before something is changed.
    Confirm(Confirm),
    /// Every action by its name.
    Palette(Palette),
    /// The dialog before many deliveries are changed.
    Plan(Box<PlanDialog>),
    /// A form of an endpoint.
    Form(Box<EndpointForm>),
    /// The question for a file or a command.
    Prompt(Prompt),
    /// A note that is being written.
    Note(NoteLine),
    /// A name for the filter in force, to save it by.
    Save(SaveLine),
    /// The choice of a saved view.
    Saved(SavedChoice),
    /// A secret that is shown once.
    Secret(Box<SecretNote>),
    /// The question before a protected service may be changed.
    Arm(Arming),
    /// The choice of a theme.
    Themes(ThemeChoice),
    /// The choice of columns, or of one to sort by.
    Columns(ColumnChoice),
    /// The choice of another service.
    Contexts(ContextChoice),
}

/// A question before something is changed. Its default is no.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Confirm {
    /// What would be done; not escaped.
    pub question: String,
    /// What it means, a line each; not escaped.
    pub consequences: Vec<String>,
    /// What is called on yes.
    pub call: Call,
    /// What was done, for the news.
    pub what: String,
    /// Whether yes is selected.
    pub yes: bool,
}

/// News in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    /// In words, not escaped.
    pub text: String,
    /// How bad it is.
    pub level: Level,
    /// When it goes.
    pub until: Duration,
}

/// How bad news are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Not at all.
    Info,
    /// Something was refused, or is odd.
    Warn,
    /// Something failed.
    Error,
}

impl Model {
    /// A console that has not begun.
    pub(crate) fn new(session: Session, keys: Keymap, size: (u16, u16), rng: ChaCha8Rng) -> Self {
        let first = Pulse::new(ScreenId(1));
        Self {
            writes: Writes::of(&session),
            session,
            keys,
            terminal: size,
            size,
            sweeps: false,
            tour: None,
            link: Link::connecting(Now::default(), 0),
            behind: Behind::default(),
            round_trip: RoundTrip::default(),
            last_heard: None,
            lost_at: None,
            grace: None,
            bells: Bells::default(),
            filters: FilterHistory::default(),
            data: Data::default(),
            screens: vec![Screen::Pulse(Box::new(first))],
            parked: Vec::new(),
            columns: BTreeMap::new(),
            times: Times::default(),
            previews: true,
            tree: false,
            beside: None,
            history: History::default(),
            before: None,
            overlays: Vec::new(),
            opened: Opened::default(),
            toast: None,
            announced: None,
            count: None,
            explained: BTreeSet::new(),
            strokes: Vec::new(),
            ahead: Ahead::default(),
            strokes_since: Duration::ZERO,
            cancelled_at: None,
            requests: Requests::default(),
            remembered: None,
            dirty: Dirty::Now,
            rng,
            screens_ever: 1,
        }
    }

    /// The terminal has this many columns and rows; the tour takes some of the last ones.
    pub(crate) fn fit(&mut self, terminal: (u16, u16)) {
        let taken = self.tour.map_or(0, |_| tour::rows(terminal));
        self.terminal = terminal;
        self.size = (terminal.0, terminal.1 - taken);
    }

    /// The screen that is shown.
    pub(crate) fn screen(&self) -> &Screen {
        self.screens
            .last()
            .expect("the first screen is never closed")
    }

    /// The screen that is shown.
    pub(crate) fn screen_mut(&mut self) -> &mut Screen {
        self.screens
            .last_mut()
            .expect("the first screen is never closed")
    }

    /// Where keys mean something now.
    pub(crate) fn place(&self) -> Place {
        self.screen().place()
    }

    /// What conditions of keys can ask for, as it is now.
    pub(crate) fn facts(&self) -> Facts {
        facts::facts(self)
    }

    /// The key of an action where the keys are now, as a word of a sentence.
    pub(crate) fn key(&self, id: ActionId) -> String {
        self.keys.key_of(&self.facts(), id)
    }

    /// What was chosen for the columns of a view.
    pub(crate) fn columns_of(&self, view: Place) -> Columns {
        self.columns.get(&view).cloned().unwrap_or_default()
    }

    /// The lists of deliveries on the stack.
    pub(crate) fn lists_mut(&mut self) -> impl Iterator<Item = &mut Deliveries> {
        self.screens.iter_mut().filter_map(|screen| match screen {
            Screen::Deliveries(list) => Some(&mut **list),
            _ => None,
        })
    }

    /// The inspectors on the stack.
    pub(crate) fn inspectors_mut(&mut self) -> impl Iterator<Item = &mut Inspector> {
        self.screens.iter_mut().filter_map(|screen| match screen {
            Screen::Inspector(inspector) => Some(&mut **inspector),
            _ => None,
        })
    }

    /// The list with this name.
    pub(crate) fn list_mut(&mut self, id: ScreenId) -> Option<&mut Deliveries> {
        self.lists_mut().find(|list| list.id == id)
    }

    /// The inspector with this name.
    pub(crate) fn inspector_mut(&mut self, id: ScreenId) -> Option<&mut Inspector> {
        self.inspectors_mut().find(|inspector| inspector.id == id)
    }

    /// The screen with this name.
    pub(crate) fn screen_of(&mut self, id: ScreenId) -> Option<&mut Screen> {
        self.screens
            .iter_mut()
            .find(|screen| screen.id() == Some(id))
    }

    /// The dialog that is open.
    pub(crate) fn dialog_mut(&mut self) -> Option<&mut PlanDialog> {
        // Its keys may lie upon it.
        let mut from_top = self.overlays.iter_mut().rev();
        from_top.find_map(|overlay| match overlay {
            Overlay::Plan(dialog) => Some(&mut **dialog),
            _ => None,
        })
    }

    /// The form that is open.
    pub(crate) fn form_mut(&mut self) -> Option<&mut EndpointForm> {
        let mut from_top = self.overlays.iter_mut().rev();
        from_top.find_map(|overlay| match overlay {
            Overlay::Form(form) => Some(&mut **form),
            _ => None,
        })
    }

    /// The delivery that keys act on.
    pub(crate) fn selected_delivery(&self) -> Option<&DeliveryView> {
        match self.screen() {
            Screen::Deliveries(list) => list.selected(),
            Screen::Inspector(inspector) => Some(inspector.delivery()),
            _ => None,
        }
    }

    /// The endpoint that keys act on, as far as the cache knows it.
    pub(crate) fn selected_endpoint(&self) -> Option<&EndpointView> {
        match self.screen() {
            Screen::Endpoints(list) => list.selected(&list.order(&self.data.endpoints)),
            Screen::Pulse(_) => match self.pulse_row() {
                Some(Row::Endpoint(id)) => self.data.endpoints.get(&id),
                _ => None,
            },
            _ => {
                let delivery = self.selected_delivery()?;
                self.data.endpoints.get(&delivery.endpoint_id)
            }
        }
    }

    /// The row of the first view that keys act on, where that view is shown.
    pub(crate) fn pulse_row(&self) -> Option<Row> {
        match self.screen() {
            Screen::Pulse(pulse) => pulse.selected(&self.data, self.list_height()),
            _ => None,
        }
    }

    /// What a delivery's endpoint is called: its name, else its URL without the scheme, else its id; not escaped.
    pub(crate) fn endpoint_name(&self, delivery: &DeliveryView) -> String {
        let url = || {
            let endpoint = self.data.endpoints.get(&delivery.endpoint_id)?;
            let bare = endpoint
                .url
                .split_once("://")
                .map_or(&*endpoint.url, |parts| parts.1);
            Some(bare.to_owned())
        };
        delivery
            .endpoint_name
            .clone()
            .or_else(url)
            .unwrap_or_else(|| delivery.endpoint_id.to_string())
    }

    /// Opens a screen upon the others.
    pub(crate) fn push(&mut self, screen: Screen) {
        if self.screens.len() >= SCREENS_MAX {
            // The one below the first goes: the way back gets shorter, its end stays.
            self.screens.remove(1);
        }
        self.screens.push(screen);
    }

    /// A name for a new screen.
    pub(crate) fn new_screen_id(&mut self) -> ScreenId {
        self.screens_ever += 1;
        ScreenId(self.screens_ever)
    }

    /// Tells news.
    pub(crate) fn tell(&mut self, now: Now, level: Level, text: impl Into<String>) {
        let stay = if level == Level::Info {
            TOAST
        } else {
            BAD_TOAST
        };
        self.toast = Some(Toast {
            text: text.into(),
            level,
            until: now.elapsed + stay,
        });
        self.soil(Dirty::Soon);
    }

    /// Tells what the service has to say, after the news that are shown: the same act often causes both, and what came
    /// of it is what the operator waits for.
    pub(crate) fn announce(&mut self, now: Now, text: String) {
        let is_read = |toast: &Toast| toast.level == Level::Info && now.elapsed < toast.until;
        if self.toast.as_ref().is_some_and(is_read) {
            self.announced = Some(text);
        } else {
            self.tell(now, Level::Warn, text);
        }
    }

    /// Notes that what is shown has changed.
    pub(crate) fn soil(&mut self, dirty: Dirty) {
        self.dirty = self.dirty.max(dirty);
    }

    /// Rows of the screen that a list has for its lines.
    pub(crate) fn list_height(&self) -> usize {
        if let Screen::Pulse(_) = self.screen() {
            return rows_on(self.size);
        }
        let below = match pane::room(self) {
            Some(Room::Below(rows)) => rows,
            Some(Room::Right(_)) | None => 0,
        };
        usize::from(self.size.1.saturating_sub(5 + below)).max(1)
    }

    /// The moment, since the console's start, at which a tick is wanted.
    pub(crate) fn next_wakeup(&self, now: Now) -> Duration {
        let toast = self.toast.as_ref().map(|toast| toast.until);
        let refetch = self.refetch_at();
        let count = self.screen().count_at().filter(|_| self.link.is_up());
        let dialog = match self.overlays.last() {
            Some(Overlay::Plan(dialog)) => dialog.hears_from(now.elapsed),
            _ => None,
        };
        let beside = self.beside.as_ref().and_then(Beside::refetch_at);
        let beside = beside.filter(|_| self.may_ask(|open| matches!(open, Purpose::Beside(_))));
        let grace = self.grace.as_ref().map(|waiting| waiting.due);
        let writes = self.writes.next_change(now.elapsed);
        let bells = self.bells.asks_at();
        let bells = bells.filter(|_| self.may_ask(|open| matches!(open, Purpose::Bell(_))));
        let ages = self.times.style == TimeStyle::Relative;
        let ages = ages.then(|| now.elapsed + Duration::from_secs(1));
        let preview = preview::gives_up_at(self, now);
        let explains = self.explains_at().filter(|at| *at > now.elapsed);
        [
            toast, refetch, count, beside, dialog, grace, writes, bells, explains, ages, preview,
        ]
        .into_iter()
        .flatten()
        .fold(self.link.next_wakeup(now), Duration::min)
    }

    /// When the rows of the shown screen may be fetched again; none while they are past or up to date, or an answer for them
    /// is on its way, which may take longer than the time between two fetches.
    pub(crate) fn refetch_at(&self) -> Option<Duration> {
        let screen = self.screen();
        let is_of_it = |open: &Purpose| match open {
            Purpose::Newest(id) | Purpose::Pulse(id, _) => screen.id() == Some(*id),
            _ => false,
        };
        let due = screen.refetch_at();
        due.filter(|_| self.shows_past().is_none() && self.may_ask(is_of_it))
    }

    /// Whether such a question can be asked now: there is a connection, and no answer to one is on its way.
    fn may_ask(&self, is_such: impl Fn(&Purpose) -> bool) -> bool {
        self.link.is_up() && !self.requests.any(is_such)
    }

    /// When an unfinished key is explained at length; none where none is.
    pub(crate) fn explains_at(&self) -> Option<Duration> {
        (!self.strokes.is_empty()).then(|| self.strokes_since + PAUSE)
    }

    /// The time without connection that ends now.
    pub(crate) fn take_outage(&mut self, now: Now) -> Option<Outage> {
        let from = self.lost_at.take()?;
        Some(Outage { from, to: now.wall })
    }
}

impl Data {
    /// Keeps an alert.
    pub(crate) fn note_alert(&mut self, alert: Alert) {
        self.alerts.push_back(alert);
        while self.alerts.len() > ALERTS_MAX {
            self.alerts.pop_front();
        }
    }
}
