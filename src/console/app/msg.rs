//! What can happen to the console, and what it can ask for.

use std::time::Duration;

use super::looking_back::Window;
use super::plan::{Intent, Start};
use super::remembered::Remembered;
use crate::api::audit::AuditEntryView;
use crate::api::cause::CausesView;
use crate::api::contract::ContractView;
use crate::api::dead::{DeadCausesView, DiscardedView};
use crate::api::delivery::{AttemptDetail, DeliveryCount, DeliveryDetail, DeliveryView};
use crate::api::egress::EgressView;
use crate::api::endpoint::{
    CreateEndpoint, CreatedEndpoint, EndpointView, PatchEndpoint, RotateBody, SecretShown,
};
use crate::api::event::EventView;
use crate::api::horizon::HorizonView;
use crate::api::log::LogView;
use crate::api::note::{AddNote, NotesView};
use crate::api::operator::OperatorView;
use crate::api::page::Page;
use crate::api::replay::{PlanView, ReplayView};
use crate::api::saved_view::SavedView;
use crate::api::stats::{EndpointStatsView, StatsView};
use crate::api::stream::StreamFrame;
use crate::console::input::bytes::Typed;
use crate::console::options::ExitReason;
use crate::domain::event_type::EventType;
use crate::domain::filter::ViewName;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::time::Timestamp;

/// When something happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Now {
    /// By the wall clock: for what is shown.
    pub wall: Timestamp,
    /// Since the console's start, never set back: for ages and waits.
    pub elapsed: Duration,
}

/// The number of a request; an answer bears that of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(pub u64);

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// The console begins.
    Started,
    /// A key, or a paste.
    Typed(Typed),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// Whether lists that follow are swept, because rows cannot be moved on the terminal.
    Sweeps(bool),
    /// A moment that [`super::model::Model::next_wakeup`] asked for has come.
    Tick,
    /// The stream is open; frames follow.
    StreamOpened,
    /// A frame of the stream.
    Frame(Box<StreamFrame>),
    /// The stream could not be opened, or it ended, for this reason.
    StreamLost(String),
    /// What came of a call, and how long the answer was on its way where there was one.
    Answered(RequestId, Option<Duration>, Box<Result<Answer, Failure>>),
    /// What came of a program or file outside of the console: in words, empty for nothing to tell.
    Outside(Result<String, String>),
    /// What came of a change of themes: the one in force now, or why another cannot be.
    Themed(Result<String, String>),
    /// What came of asking the context in this place: how long the answer took, or why there is none.
    Probed(usize, Result<Duration, String>),
    /// What came of a copy: where the text went, or why not.
    Copied(Result<String, String>),
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cmd {
    /// Open the stream, after dropping the one that may be open.
    OpenStream,
    /// Drop the stream.
    CloseStream,
    /// Call the service.
    Call(RequestId, Call),
    /// Put a text into the clipboard.
    Copy(String),
    /// Show a text in the operator's pager.
    Page(String),
    /// Give a text to a command of the operator's.
    Pipe {
        /// For the shell.
        command: String,
        /// What it reads.
        text: String,
    },
    /// Write a text to a new file.
    Write {
        /// Its name.
        path: String,
        /// What is written.
        text: String,
    },
    /// Ring, with these words; they may be anybody's and are not escaped.
    Ring(String),
    /// Ask the context in this place of the list whether it is there.
    Probe(usize),
    /// Put another theme in force.
    Theme(String),
    /// Keep this for the next time.
    Remember(Box<Remembered>),
    /// Draw everything again.
    Repaint,
    /// Leave what the screen shows in the terminal's scrollback: the console ends.
    KeepScreen,
    /// Give the terminal back and stop until somebody goes on.
    Suspend,
    /// End.
    Exit(ExitReason),
}

/// A call of the service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    /// A page of deliveries.
    Deliveries {
        /// The filter, empty for all.
        filter: String,
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// The same as it was at an instant; of calls that have a past.
    Then(Timestamp, Box<Self>),
    /// How many deliveries pass a filter.
    Count(String),
    /// The newest few deliveries that pass a filter.
    Glance(String),
    /// The last hour of one endpoint.
    EndpointHour(EndpointId),
    /// One delivery with its attempts.
    Delivery(DeliveryId),
    /// One attempt with request and response.
    Attempt(DeliveryId, u32),
    /// The latest attempt that this endpoint took well, of an event of this type.
    LastGood(EndpointId, EventType),
    /// A page of endpoints.
    Endpoints {
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// The counters.
    Stats,
    /// What happened in a window, step by step.
    Figures(Window),
    /// Why attempts failed in a window.
    Causes(Window),
    /// What is due when.
    Horizon,
    /// The addresses that requests leave from.
    Egress,
    /// A page of events.
    Events {
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// Dead deliveries by cause.
    DeadCauses,
    /// A page of replays.
    Replays {
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// A page of the audit log.
    Audit {
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// A page of the service's own log.
    Log {
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// The newest line of it that is a warning or worse.
    Warning,
    /// Who is attached.
    Operators,
    /// The notes about something, by its id.
    Notes(String),
    /// Another note.
    AddNote(AddNote),
    /// The saved views.
    SavedViews,
    /// A filter to be saved by this name.
    SaveView(ViewName, String),
    /// The view of this name no longer.
    DeleteView(ViewName),
    /// The contracts.
    Contracts,
    /// Freeze what a filter selects.
    Plan(Intent, String),
    /// Start a replay, or discard what was frozen.
    Start(Box<Start>),
    /// Hold a replay.
    PauseReplay(ReplayId),
    /// Let a replay go on.
    ResumeReplay(ReplayId),
    /// End a replay.
    CancelReplay(ReplayId),
    /// Put a delivery back to work.
    Replay(DeliveryId),
    /// Send nothing to an endpoint.
    Pause(EndpointId),
    /// End a pause.
    Resume(EndpointId),
    /// Make deliveries to it again.
    Enable(EndpointId),
    /// Make no deliveries to it.
    Disable(EndpointId),
    /// A new endpoint.
    CreateEndpoint(Box<CreateEndpoint>),
    /// Other settings for an endpoint.
    EditEndpoint(EndpointId, Box<PatchEndpoint>),
    /// Another secret for an endpoint.
    RotateSecret(EndpointId, RotateBody),
    /// A test event for an endpoint.
    TestEndpoint(EndpointId),
    /// Make an end of an endpoint.
    DeleteEndpoint(EndpointId),
}

impl Call {
    /// Whether the service knows what it would have answered.
    pub(crate) const fn has_past(&self) -> bool {
        matches!(
            self,
            Self::Deliveries { .. }
                | Self::Events { .. }
                | Self::Audit { .. }
                | Self::Count(_)
                | Self::DeadCauses
                | Self::Replays { .. }
                | Self::Log { .. }
                | Self::Figures(_)
        )
    }

    /// Whether it changes something: never called in a console that may only look.
    pub(crate) const fn changes(&self) -> bool {
        match self {
            Self::Deliveries { .. }
            | Self::Then(..)
            | Self::Glance(_)
            | Self::Count(_)
            | Self::EndpointHour(_)
            | Self::Delivery(_)
            | Self::Attempt(..)
            | Self::LastGood(..)
            | Self::Endpoints { .. }
            | Self::Events { .. }
            | Self::DeadCauses
            | Self::Replays { .. }
            | Self::Audit { .. }
            | Self::Log { .. }
            | Self::Warning
            | Self::Operators
            | Self::Notes(_)
            | Self::SavedViews
            | Self::Stats
            | Self::Figures(_)
            | Self::Causes(_)
            | Self::Horizon
            | Self::Contracts
            | Self::Egress => false,
            // Who may not change anything has no use for a plan, and the service keeps it.
            Self::Plan(..)
            | Self::Start(_)
            | Self::AddNote(_)
            | Self::SaveView(..)
            | Self::DeleteView(_)
            | Self::PauseReplay(_)
            | Self::ResumeReplay(_)
            | Self::CancelReplay(_)
            | Self::Replay(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Enable(_)
            | Self::Disable(_)
            | Self::CreateEndpoint(_)
            | Self::EditEndpoint(..)
            | Self::RotateSecret(..)
            | Self::TestEndpoint(_)
            | Self::DeleteEndpoint(_) => true,
        }
    }
}

/// What a call was answered with.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Of [`Call::Deliveries`] and [`Call::Glance`].
    Deliveries(Page<DeliveryView>),
    /// Of [`Call::Count`].
    Count(DeliveryCount),
    /// Of [`Call::Delivery`].
    Delivery(Box<DeliveryDetail>),
    /// Of [`Call::Attempt`].
    Attempt(Box<AttemptDetail>),
    /// Of [`Call::LastGood`].
    LastGood(Option<Box<(DeliveryId, AttemptDetail)>>),
    /// Of [`Call::Endpoints`].
    Endpoints(Page<EndpointView>),
    /// Of [`Call::Causes`].
    Causes(CausesView),
    /// Of [`Call::Horizon`].
    Horizon(Box<HorizonView>),
    /// Of [`Call::Stats`] and [`Call::Figures`].
    Stats(Box<StatsView>),
    /// Of [`Call::EndpointHour`].
    EndpointHour(Box<EndpointStatsView>),
    /// Of [`Call::Egress`].
    Egress(EgressView),
    /// Of [`Call::Events`].
    Events(Page<EventView>),
    /// Of [`Call::DeadCauses`].
    DeadCauses(Box<DeadCausesView>),
    /// Of [`Call::Replays`].
    Replays(Page<ReplayView>),
    /// Of [`Call::Audit`].
    Audit(Page<AuditEntryView>),
    /// Of [`Call::Log`] and [`Call::Warning`].
    Log(Box<LogView>),
    /// Of [`Call::Operators`].
    Operators(Vec<OperatorView>),
    /// Of [`Call::Notes`] and [`Call::AddNote`].
    Notes(NotesView),
    /// Of [`Call::SavedViews`].
    SavedViews(Vec<SavedView>),
    /// Of [`Call::SaveView`].
    SavedView(Box<SavedView>),
    /// Of [`Call::DeleteView`].
    ViewDeleted(ViewName),
    /// Of [`Call::Plan`].
    Plan(Box<PlanView>),
    /// Of [`Call::Start`] for a replay, and of the calls that change one.
    ReplayMoved(Box<ReplayView>),
    /// Of [`Call::Start`] for a discard.
    Discarded(Box<DiscardedView>),
    /// Of [`Call::Replay`].
    Replayed(Box<DeliveryView>),
    /// Of the calls that change an endpoint.
    Endpoint(Box<EndpointView>),
    /// Of [`Call::Contracts`].
    Contracts(Vec<ContractView>),
    /// Of [`Call::CreateEndpoint`].
    Created(Box<CreatedEndpoint>),
    /// Of [`Call::RotateSecret`].
    Rotated(Box<SecretShown>),
    /// Of [`Call::TestEndpoint`].
    TestSent(EventId),
    /// Of [`Call::DeleteEndpoint`].
    Deleted(EndpointId),
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// In words, not escaped.
    pub text: String,
    /// The oldest instant that is kept, where an older one was asked for.
    pub kept_since: Option<Timestamp>,
}

impl Failure {
    /// A failure in these words.
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kept_since: None,
        }
    }
}
