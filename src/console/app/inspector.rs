//! The state of the view of one delivery: its attempts, and which of them is looked at.

use std::collections::BTreeMap;

use super::pane::is_wide;
use super::reading::Reading;
use super::requests::ScreenId;
use crate::api::delivery::{AttemptDetail, AttemptView, DeliveryDetail, DeliveryView};
use crate::domain::id::DeliveryId;

/// Attempts whose request and response are kept; each may weigh some hundred KiB.
const ATTEMPTS_KEPT: usize = 8;

/// The view of one delivery.
#[derive(Debug)]
pub(crate) struct Inspector {
    /// Its name for answers.
    pub id: ScreenId,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// What the list knew of it.
    pub known: DeliveryView,
    /// All of it, once fetched.
    pub detail: Option<Box<DeliveryDetail>>,
    /// The attempt that is looked at; none for the latest.
    pub attempt: Option<u32>,
    /// Requests and responses by attempt.
    pub exchanges: BTreeMap<u32, Box<AttemptDetail>>,
    /// What to compare with.
    pub good: Good,
    /// The tab.
    pub tab: Tab,
    /// How the tab's text is read.
    pub reading: Reading,
    /// It changed while it was being fetched.
    pub outdated: bool,
    /// Why it could not be fetched, in words, not escaped.
    pub error: Option<String>,
}

/// The latest attempt that the endpoint took well, of an event of the same type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Good {
    /// Not fetched.
    Unknown,
    /// There is none.
    None,
    /// This one, of this delivery.
    Attempt(Box<(DeliveryId, AttemptDetail)>),
}

/// A part of what is known about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Where it stands and why, and its attempts.
    Summary,
    /// What was sent.
    Request,
    /// What came back.
    Response,
    /// Its attempts on one scale.
    Timeline,
    /// The attempt beside the last good one.
    Diff,
    /// The exact bytes.
    Raw,
    /// What a consumer checks.
    Signature,
}

impl Tab {
    /// All tabs from left to right.
    pub(crate) const ALL: [Self; 7] = [
        Self::Summary,
        Self::Request,
        Self::Response,
        Self::Timeline,
        Self::Diff,
        Self::Raw,
        Self::Signature,
    ];

    /// Whether it shows an attempt's request or response.
    pub(crate) const fn needs_exchange(self) -> bool {
        !matches!(self, Self::Summary | Self::Timeline)
    }

    /// Its word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Request => "Request",
            Self::Response => "Response",
            Self::Timeline => "Timeline",
            Self::Diff => "Diff",
            Self::Raw => "Raw",
            Self::Signature => "Signature",
        }
    }
}

impl Inspector {
    /// The view of a delivery that a list knows.
    pub(crate) fn new(id: ScreenId, known: DeliveryView) -> Self {
        Self {
            id,
            delivery_id: known.id,
            known,
            detail: None,
            attempt: None,
            exchanges: BTreeMap::new(),
            good: Good::Unknown,
            tab: Tab::Summary,
            reading: Reading::default(),
            outdated: false,
            error: None,
        }
    }

    /// The delivery as far as it is known.
    pub(crate) fn delivery(&self) -> &DeliveryView {
        &self.known
    }

    /// Its attempts, oldest first.
    pub(crate) fn history(&self) -> &[AttemptView] {
        self.detail.as_ref().map_or(&[], |detail| &detail.history)
    }

    /// The attempt that is looked at.
    pub(crate) fn current(&self) -> Option<&AttemptView> {
        let history = self.history();
        match self.attempt {
            Some(number) => history.iter().find(|attempt| attempt.number == number),
            None => history.last(),
        }
    }

    /// The exchange of that attempt, once fetched.
    pub(crate) fn exchange(&self) -> Option<&AttemptDetail> {
        self.exchanges
            .get(&self.current()?.number)
            .map(|exchange| &**exchange)
    }

    /// Whether the summary has request and response beside it on a screen of this size.
    pub(crate) fn shows_both(&self, size: (u16, u16)) -> bool {
        self.tab == Tab::Summary && is_wide(size)
    }

    /// Takes the whole delivery.
    pub(crate) fn take_detail(&mut self, detail: Box<DeliveryDetail>) {
        self.known.clone_from(&detail.delivery);
        self.detail = Some(detail);
        self.error = None;
    }

    /// Takes an attempt's request and response.
    pub(crate) fn take_exchange(&mut self, exchange: Box<AttemptDetail>) {
        let number = exchange.attempt.number;
        self.exchanges.insert(number, exchange);
        if self.exchanges.len() > ATTEMPTS_KEPT {
            let farthest = self
                .exchanges
                .keys()
                .copied()
                .max_by_key(|kept| kept.abs_diff(number));
            farthest.and_then(|kept| self.exchanges.remove(&kept));
        }
        self.error = None;
    }

    /// This tab, from its top.
    pub(crate) fn show(&mut self, tab: Tab) {
        self.tab = tab;
        self.reading.begin();
    }

    /// Another tab, so many to the right, round the corner.
    pub(crate) fn turn(&mut self, right: isize) {
        let at = Tab::ALL
            .iter()
            .position(|tab| *tab == self.tab)
            .unwrap_or(0);
        let count = Tab::ALL.len();
        let turned = (at + count).saturating_add_signed(right) % count;
        self.show(Tab::ALL[turned]);
    }

    /// Another attempt, so many later.
    pub(crate) fn step_attempt(&mut self, later: isize) {
        let history = self.history();
        let Some(current) = self.current() else {
            return;
        };
        let at = history
            .iter()
            .position(|attempt| attempt.number == current.number)
            .unwrap_or(0)
            .saturating_add_signed(later)
            .min(history.len() - 1);
        // The latest one is followed when another comes.
        self.attempt = (at + 1 < history.len()).then(|| history[at].number);
        self.reading.begin();
        self.reading.folded.clear();
    }
}
