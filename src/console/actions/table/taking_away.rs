//! The palette, commands, and what leaves the console: copies, files, pipes.

use super::{EVERYWHERE, OF_ENDPOINTS, key};
use crate::console::actions::Action;
use crate::console::actions::ActionId as Id;
use crate::console::actions::Place::Inspector;
use crate::console::actions::Yank;

pub(super) const LEAVING: &[Action] = &[
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
        "write the marked or loaded rows to a file: .ndjson, .json, .csv, .tsv, .txt, or .sh of one delivery",
        EVERYWHERE,
        &["W"],
    ),
];
