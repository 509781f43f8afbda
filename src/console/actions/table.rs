//! The rows of the table, in the order of footer and help.

use super::Action;
use super::ActionId as Id;
use super::Danger::{Ask, Change};
use super::Place::{
    self, Audit, Dead, Deliveries, Endpoints, Events, Inspector, Log, Pulse, Replays,
};
use super::Yank;

/// All views.
pub(crate) const EVERYWHERE: &[Place] = &[
    Pulse, Deliveries, Inspector, Endpoints, Events, Dead, Replays, Audit, Log,
];
/// Views with rows that can be opened.
const ROWS: &[Place] = &[Pulse, Deliveries, Endpoints, Events, Dead, Replays];
/// Views whose row is, or has, an endpoint.
const OF_ENDPOINTS: &[Place] = &[Pulse, Deliveries, Inspector, Endpoints];

/// Views whose row is, or stands for, something that notes can be about.
const NOTED: &[Place] = &[Pulse, Deliveries, Inspector, Endpoints, Events, Dead];

/// Views whose row, or whose filter, can have a bell.
const BELLED: &[Place] = &[Pulse, Deliveries, Inspector, Endpoints, Replays];

const fn key(
    id: Id,
    name: &'static str,
    title: &'static str,
    places: &'static [Place],
    keys: &'static [&'static str],
) -> Action {
    Action::look(id, name, title, places, keys)
}

/// All actions.
pub(crate) const ACTIONS: &[Action] = &[
    key(Id::Open, "open", "open this row", ROWS, &["enter"]).short("open"),
    key(
        Id::PreviousTab,
        "tab.previous",
        "previous tab",
        &[Inspector],
        &["h", "left", "shift-tab"],
    ),
    key(
        Id::NextTab,
        "tab.next",
        "next tab: Summary, Request, Response, Timeline, Diff, Raw, Signature",
        &[Inspector],
        &["l", "right", "tab"],
    )
    .short("tab"),
    key(
        Id::Diff,
        "delivery.diff",
        "this attempt beside the last one that the endpoint took well",
        &[Inspector],
        &["d"],
    )
    .short("diff"),
    key(
        Id::NextAttempt,
        "attempt.next",
        "next attempt",
        &[Inspector],
        &["J"],
    )
    .short("attempt"),
    key(
        Id::PreviousAttempt,
        "attempt.previous",
        "previous attempt",
        &[Inspector],
        &["K"],
    ),
    key(
        Id::Replay,
        "delivery.replay",
        "replay this delivery with a fresh retry budget",
        &[Deliveries, Inspector],
        &["r"],
    )
    .short("replay")
    .changes(Change, "hookyard delivery replay DELIVERY"),
    key(
        Id::PlanReplay,
        "replay.plan",
        "plan a replay: of the marked rows, the filter, the cause or the endpoint",
        &[Pulse, Deliveries, Dead, Endpoints],
        &["R"],
    )
    .short("replay all")
    .changes(Ask, "hookyard replay plan FILTER"),
    key(
        Id::Discard,
        "dead.discard",
        "plan to discard the dead deliveries of this cause",
        &[Dead],
        &["X"],
    )
    .short("discard")
    .changes(Ask, "hookyard dead discard FILTER --note WHY"),
    key(
        Id::PauseReplay,
        "replay.pause",
        "pause this replay, or let it go on",
        &[Replays],
        &["P"],
    )
    .short("pause")
    .changes(Change, "hookyard replay pause REPLAY"),
    key(
        Id::CancelReplay,
        "replay.cancel",
        "cancel this replay: what is not released stays as it is (asks)",
        &[Replays],
        &["x"],
    )
    .short("cancel")
    .changes(Ask, "hookyard replay cancel REPLAY"),
    key(
        Id::Mark,
        "row.mark",
        "mark this row and step on",
        &[Deliveries],
        &["space"],
    )
    .short("mark"),
    key(
        Id::MarkRange,
        "row.mark-range",
        "mark all rows from the one that was marked last to this one",
        &[Deliveries],
        &["v"],
    ),
    key(
        Id::MarkAll,
        "row.mark-all",
        "mark all that the filter matches, loaded or not; a mark on a row then leaves it out",
        &[Deliveries],
        &["*"],
    ),
    key(
        Id::InvertMarks,
        "row.mark-others",
        "mark all that is not marked, and nothing else",
        &[Deliveries],
        &["~"],
    ),
    key(
        Id::OnlyMarked,
        "row.only-marked",
        "show only the marked rows, as a filter",
        &[Deliveries],
        &["M"],
    ),
    key(
        Id::ClearMarks,
        "row.unmark",
        "clear all marks",
        &[Deliveries],
        &["U"],
    ),
    key(
        Id::Follow,
        "list.follow",
        "follow new rows, or hold the list still",
        &[Deliveries, Log],
        &["f"],
    )
    .short("follow/hold"),
    key(
        Id::Filter,
        "list.filter",
        "filter the list: state:dead ep:acme age<2h, elsewhere words of its loaded rows",
        &[Deliveries, Endpoints, Events, Dead, Replays, Audit, Log],
        &["/"],
    )
    .short("filter")
    .command("hookyard delivery list FILTER"),
    key(
        Id::SaveFilter,
        "filter.save",
        "save the filter in force by a name: @name stands for it in any other",
        &[Deliveries],
        &["F"],
    )
    .changes(Change, "hookyard view save NAME FILTER"),
    key(
        Id::Tree,
        "event.tree",
        "show the event's deliveries as a tree below the list, or no longer",
        &[Events],
        &["z"],
    )
    .short("tree"),
    key(
        Id::PauseOrResume,
        "endpoint.pause",
        "pause this endpoint, or resume it",
        OF_ENDPOINTS,
        &["P"],
    )
    .short("pause")
    .changes(Change, "hookyard endpoint pause ENDPOINT"),
    key(
        Id::EnableOrDisable,
        "endpoint.enable",
        "disable this endpoint, or enable it (asks)",
        OF_ENDPOINTS,
        &["T"],
    )
    .short("on/off")
    .changes(Ask, "hookyard endpoint disable ENDPOINT"),
    key(
        Id::CreateEndpoint,
        "endpoint.create",
        "create an endpoint (a form)",
        &[Endpoints],
        &["+"],
    )
    .short("new")
    .changes(Change, "hookyard endpoint create URL"),
    key(
        Id::EditEndpoint,
        "endpoint.edit",
        "edit this endpoint (a form)",
        &[Endpoints],
        &["E"],
    )
    .short("edit")
    .changes(Change, "hookyard endpoint edit ENDPOINT"),
    key(
        Id::TestEndpoint,
        "endpoint.test",
        "send this endpoint a test event",
        &[Endpoints],
        &["t"],
    )
    .short("test")
    .changes(Change, "hookyard endpoint test ENDPOINT"),
    key(
        Id::RotateSecret,
        "endpoint.rotate-secret",
        "give this endpoint another secret (a form)",
        &[Endpoints],
        &["K"],
    )
    .changes(Change, "hookyard endpoint rotate-secret ENDPOINT"),
    key(
        Id::DeleteEndpoint,
        "endpoint.delete",
        "delete this endpoint (asks)",
        &[Endpoints],
        &["X"],
    )
    .changes(Ask, "hookyard endpoint delete ENDPOINT"),
    key(
        Id::DeliveriesOfEndpoint,
        "endpoint.deliveries",
        "deliveries of this endpoint",
        OF_ENDPOINTS,
        &["D"],
    )
    .command("hookyard delivery list ep:ENDPOINT"),
    key(
        Id::DeliveriesOfCause,
        "cause.deliveries",
        "all deliveries that failed for the same cause",
        &[Pulse, Deliveries, Inspector, Dead],
        &["C"],
    )
    .command("hookyard delivery list cause:CAUSE"),
    key(
        Id::Note,
        "note.add",
        "write a note about this, for those who come after",
        NOTED,
        &["a"],
    )
    .changes(Change, "hookyard note add TARGET NOTE"),
    key(
        Id::Bell,
        "bell",
        "ring once this delivery, endpoint or replay changes, or one comes under this filter; or no longer",
        BELLED,
        &["b"],
    ),
    key(
        Id::Undo,
        "undo",
        "take back the replay that is about to go out",
        EVERYWHERE,
        &["u"],
    ),
    key(
        Id::Arm,
        "arm",
        "let changes through, or no longer; of a protected service for ten minutes",
        EVERYWHERE,
        &["!"],
    ),
    key(
        Id::Palette,
        "palette",
        "every action and endpoint by a few letters",
        EVERYWHERE,
        &[":", "ctrl-p"],
    ),
    key(
        Id::Command,
        "command",
        "show the command that does what is shown; again copies it",
        EVERYWHERE,
        &["="],
    ),
    key(
        Id::Yank(Yank::Id),
        "yank.id",
        "copy the id",
        EVERYWHERE,
        &["y y", "y i"],
    ),
    key(
        Id::Yank(Yank::Url),
        "yank.url",
        "copy the endpoint's URL",
        OF_ENDPOINTS,
        &["y u"],
    ),
    key(
        Id::Yank(Yank::Json),
        "yank.json",
        "copy what is selected as JSON",
        EVERYWHERE,
        &["y j"],
    ),
    key(
        Id::Yank(Yank::Row),
        "yank.row",
        "copy the row with its headings, tab-separated",
        EVERYWHERE,
        &["y t"],
    ),
    key(
        Id::Yank(Yank::Command),
        "yank.command",
        "copy the command that shows the same",
        EVERYWHERE,
        &["y l"],
    ),
    key(
        Id::Yank(Yank::Curl),
        "yank.curl",
        "copy the request as a curl command",
        &[Inspector],
        &["y c"],
    )
    .command("hookyard delivery curl DELIVERY"),
    key(
        Id::Yank(Yank::Body),
        "yank.body",
        "copy the body: of the response on its tab, else of the request",
        &[Inspector],
        &["y b"],
    ),
    key(
        Id::Yank(Yank::Headers),
        "yank.headers",
        "copy the headers: of the response on its tab, else of the request",
        &[Inspector],
        &["y h"],
    ),
    key(
        Id::Page,
        "row.page",
        "show what is selected in $PAGER",
        EVERYWHERE,
        &["e"],
    ),
    key(
        Id::Pipe,
        "rows.pipe",
        "give the marked or loaded rows to a command, a JSON object a line",
        EVERYWHERE,
        &["|"],
    ),
    key(
        Id::Write,
        "rows.write",
        "write the marked or loaded rows to a file: .ndjson, .json, .csv or .tsv",
        EVERYWHERE,
        &["W"],
    ),
    key(Id::Down, "row.down", "down", EVERYWHERE, &["j", "down"]),
    key(Id::Up, "row.up", "up", EVERYWHERE, &["k", "up"]),
    key(
        Id::Sort,
        "list.sort",
        "order by attention, queue, dead, failures, mean time or name",
        &[Endpoints],
        &["s"],
    )
    .short("sort"),
    key(
        Id::NextFailure,
        "failure.next",
        "next delivery whose latest attempt failed",
        &[Deliveries],
        &["}"],
    ),
    key(
        Id::PreviousFailure,
        "failure.previous",
        "previous delivery whose latest attempt failed",
        &[Deliveries],
        &["{"],
    ),
    key(
        Id::First,
        "row.first",
        "first row",
        EVERYWHERE,
        &["g g", "home"],
    ),
    key(Id::Last, "row.last", "last row", EVERYWHERE, &["G", "end"]),
    key(
        Id::HalfDown,
        "row.half-down",
        "half a page down",
        EVERYWHERE,
        &["ctrl-d", "pgdn"],
    ),
    key(
        Id::HalfUp,
        "row.half-up",
        "half a page up",
        EVERYWHERE,
        &["ctrl-u", "pgup"],
    ),
    key(
        Id::Leave,
        "leave",
        "one view up; on the first view quit",
        EVERYWHERE,
        &["q"],
    )
    .short("back"),
    key(
        Id::View(Pulse),
        "view.pulse",
        "pulse: is all well?",
        EVERYWHERE,
        &["1", "g p"],
    )
    .short("pulse")
    .command("hookyard stats"),
    key(
        Id::View(Deliveries),
        "view.deliveries",
        "deliveries",
        EVERYWHERE,
        &["2", "g d"],
    )
    .short("deliveries")
    .command("hookyard delivery list"),
    key(
        Id::View(Endpoints),
        "view.endpoints",
        "endpoints",
        EVERYWHERE,
        &["3", "g e"],
    )
    .short("endpoints")
    .command("hookyard endpoint list"),
    key(
        Id::View(Dead),
        "view.dead",
        "dead letters by cause",
        EVERYWHERE,
        &["5", "g x"],
    )
    .short("dead")
    .command("hookyard dead causes"),
    key(
        Id::View(Replays),
        "view.replays",
        "replays",
        EVERYWHERE,
        &["6", "g r"],
    )
    .short("replays")
    .command("hookyard replay list"),
    key(
        Id::View(Events),
        "view.events",
        "events",
        EVERYWHERE,
        &["4", "g v"],
    )
    .short("events")
    .command("hookyard event list"),
    key(
        Id::View(Audit),
        "view.audit",
        "audit log",
        EVERYWHERE,
        &["7", "g a"],
    )
    .short("audit")
    .command("hookyard audit"),
    key(
        Id::View(Log),
        "view.log",
        "the service's own log",
        EVERYWHERE,
        &["8", "g l"],
    )
    .short("log")
    .command("hookyard log"),
    key(
        Id::Contexts,
        "view.contexts",
        "contexts: services by name, and going to another",
        EVERYWHERE,
        &["g c"],
    )
    .command("hookyard contexts list"),
    key(
        Id::Themes,
        "view.themes",
        "themes, each in force while it is chosen",
        EVERYWHERE,
        &["g t"],
    )
    .command("hookyard themes list"),
    key(
        Id::Preview,
        "row.preview",
        "show the selected row beside the list or below it, or no longer",
        &[Deliveries, Endpoints, Events, Dead, Replays, Audit],
        &["o"],
    ),
    key(
        Id::PreviousView,
        "view.previous",
        "the view before this one",
        EVERYWHERE,
        &["-"],
    ),
    key(
        Id::Back,
        "back",
        "close, else leave the input, else clear the filter, else one view up",
        EVERYWHERE,
        &["esc"],
    ),
    key(
        Id::Quit,
        "quit",
        "quit, and leave what the screen shows in the scrollback",
        EVERYWHERE,
        &["Q"],
    ),
    key(
        Id::Cancel,
        "cancel",
        "cancel what runs; twice within a second quits",
        EVERYWHERE,
        &["ctrl-c"],
    ),
    key(
        Id::Refetch,
        "refetch",
        "fetch again, and reconnect now",
        EVERYWHERE,
        &["ctrl-r"],
    ),
    key(Id::Repaint, "repaint", "repaint", EVERYWHERE, &["ctrl-l"]),
    key(
        Id::Suspend,
        "suspend",
        "suspend to the shell",
        EVERYWHERE,
        &["ctrl-z"],
    ),
    key(Id::Help, "help", "help for this view", EVERYWHERE, &["?"]).short("help"),
];
