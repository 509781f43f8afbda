//! What is done with a row: looking into it, changing it, marking it, undoing that.

use super::{BELLED, EVERYWHERE, NOTED, OF_ENDPOINTS, ROWS, key};
use crate::console::actions::Action;
use crate::console::actions::ActionId as Id;
use crate::console::actions::Danger::{Ask, Change};
use crate::console::actions::Place::{
    Audit, Dead, Deliveries, Endpoints, Events, Inspector, Log, Pulse, Replays,
};
use crate::console::actions::{InText, Marking, Saving};

pub(super) const ROWS_AND_CHANGES: &[Action] = &[
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
        Id::InText(InText::Search),
        "text.search",
        "look for words in this text",
        &[Inspector],
        &["/"],
    )
    .short("search"),
    key(
        Id::InText(InText::Next),
        "text.next",
        "next place that has the words",
        &[Inspector],
        &["n"],
    ),
    key(
        Id::InText(InText::Previous),
        "text.previous",
        "previous place that has the words",
        &[Inspector],
        &["N"],
    ),
    key(
        Id::InText(InText::Fold),
        "json.fold",
        "fold or unfold the object or array of this line",
        &[Inspector],
        &["z"],
    ),
    key(
        Id::InText(InText::FoldAll),
        "json.fold-all",
        "fold all objects and arrays in the outermost, or unfold all",
        &[Inspector],
        &["Z"],
    ),
    key(
        Id::InText(InText::Wrap),
        "text.wrap",
        "let long lines go on in further rows, or cut them",
        &[Inspector],
        &["w"],
    ),
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
        Id::Mark(Marking::Row),
        "row.mark",
        "mark this row and step on",
        &[Deliveries],
        &["space"],
    )
    .short("mark"),
    key(
        Id::Mark(Marking::Range),
        "row.mark-range",
        "mark all rows from the one that was marked last to this one",
        &[Deliveries],
        &["v"],
    ),
    key(
        Id::Mark(Marking::All),
        "row.mark-all",
        "mark all that the filter matches, loaded or not; a mark on a row then leaves it out",
        &[Deliveries],
        &["*"],
    ),
    key(
        Id::Mark(Marking::Others),
        "row.mark-others",
        "mark all that is not marked, and nothing else",
        &[Deliveries],
        &["~"],
    ),
    key(
        Id::Mark(Marking::Only),
        "row.only-marked",
        "show only the marked rows, as a filter",
        &[Deliveries],
        &["M"],
    ),
    key(
        Id::Mark(Marking::Clear),
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
        Id::Saved(Saving::Filter),
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
        Id::Ungroup,
        "dead.ungroup",
        "all dead deliveries as one list, whatever their cause",
        &[Dead],
        &["z"],
    )
    .command("hookyard delivery list state:dead"),
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
];
