//! From view to view, out, and what keeps the screen right.

use super::{EVERYWHERE, TIMED, key};
use crate::console::actions::ActionId as Id;
use crate::console::actions::Place::{
    Audit, Dead, Deliveries, Endpoints, Events, Log, Pulse, Replays,
};
use crate::console::actions::{Action, Saving, Stepping};

pub(super) const VIEWS: &[Action] = &[
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
        Id::Saved(Saving::Choose),
        "view.saved",
        "saved views: filters by name, to go to or delete",
        EVERYWHERE,
        &["g s"],
    )
    .command("hookyard view list"),
    key(
        Id::Themes,
        "view.themes",
        "themes, each in force while it is chosen",
        EVERYWHERE,
        &["g t"],
    )
    .command("hookyard themes list"),
    key(
        Id::Times,
        "times.style",
        "times in UTC, local, from now, or in milliseconds since 1970",
        TIMED,
        &["t"],
    ),
    key(
        Id::Rewind(Stepping::Back),
        "time.back",
        "back in time: 1 minute, then 5, 15 and 60, the further back the longer",
        EVERYWHERE,
        &["<"],
    ),
    key(
        Id::Rewind(Stepping::Forward),
        "time.forth",
        "forward in time by the same steps; past now is live again",
        EVERYWHERE,
        &[">"],
    ),
    // Not esc, which leaves an input, a filter or a view: a way out of the past must not be one of those by a slip.
    key(
        Id::Rewind(Stepping::Live),
        "time.live",
        "from the past to now: live again",
        EVERYWHERE,
        &["L"],
    )
    .short("live"),
    key(
        Id::Preview,
        "row.preview",
        "show the selected row beside the list or below it, or no longer",
        &[Deliveries, Endpoints, Events, Dead, Replays, Audit, Log],
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
        Id::History(false),
        "history.back",
        "back to what was looked at before: a view, a filter, a delivery",
        EVERYWHERE,
        &["["],
    ),
    key(
        Id::History(true),
        "history.forth",
        "forth again",
        EVERYWHERE,
        &["]"],
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
    key(
        Id::Tour,
        "tour",
        "a tour of five minutes, step by step; or no longer",
        EVERYWHERE,
        &["g ?"],
    ),
    key(
        Id::TourSkip,
        "tour.skip",
        "skip this step of the tour",
        EVERYWHERE,
        &["g n"],
    ),
    key(Id::Help, "help", "help for this view", EVERYWHERE, &["?"]).short("help"),
];
