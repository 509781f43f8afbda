//! What the first view shows of windows other than the hour.

use insta::assert_snapshot;

use crate::console::app::msg::Msg;
use crate::console::app::samples::{at, connected, press, serve};
use crate::console::app::update::update;
use crate::console::view::tests::screen;

/// The first view after these keys, each answered.
fn shown(columns: u16, rows: u16, keys: &str) -> String {
    let mut model = connected(false);
    update(&mut model, at(0), Msg::Resized(columns, rows));
    for key in keys.split(' ') {
        let cmds = press(&mut model, 0, key);
        serve(&mut model, 50, cmds);
    }
    screen(&model, 1_000)
}

#[test]
fn each_window_in_lines_and_in_charts() {
    let mut views = Vec::new();
    for (columns, rows) in [(80, 24), (160, 48)] {
        for keys in ["1 {", "1 }", "1 } }", "1 } } }"] {
            let shown = shown(columns, rows, keys);
            views.push(format!("{columns}x{rows} {keys}\n{shown}"));
        }
    }
    assert_snapshot!(views.join("\n\n"));
}

#[test]
fn a_window_without_quantiles_shows_means_and_says_so() {
    for keys in ["1 }", "1 } }", "1 } } }"] {
        let lines = shown(80, 24, keys);
        assert!(
            lines.contains("\nMEAN ") && !lines.contains("\nP95 "),
            "{keys}: {lines}"
        );
        let charts = shown(160, 48, keys);
        assert!(
            charts.contains("bars are the mean, by how long up to 60m only"),
            "{keys}: {charts}"
        );
    }
    for keys in ["1", "1 {"] {
        let lines = shown(80, 24, keys);
        assert!(lines.contains("\nP95 ") && !lines.contains("\nMEAN "));
        assert!(shown(160, 48, keys).contains("latency: : 1%"));
    }
}

#[test]
fn causes_name_their_window_and_it_is_a_day_at_most() {
    for (keys, words) in [
        ("1 {", "LAST 15M"),
        ("1", "LAST HOUR"),
        ("1 }", "LAST 6H"),
        ("1 } }", "LAST 24H"),
        ("1 } } }", "LAST 24H"),
    ] {
        let view = shown(80, 24, keys);
        assert!(
            view.contains(&format!("CAUSES OF THE {words}")),
            "{keys}: {view}"
        );
    }
}

#[test]
fn what_was_known_of_another_window_is_gone_at_once() {
    let mut model = connected(false);
    let cmds = press(&mut model, 0, "1");
    serve(&mut model, 50, cmds);
    assert!(screen(&model, 60).contains(" peak "));
    press(&mut model, 100, "}");
    let view = screen(&model, 110);
    assert!(view.contains("Pulse  last 6 hours"), "{view}");
    assert!(!view.contains(" peak "), "{view}");
    assert!(view.contains("not known yet") && !view.contains("no attempt failed"));
}
