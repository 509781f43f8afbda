//! The attempts of a delivery on one scale: which phase took how long, and what lay between them.

use super::format;
use super::paint::Skin;
use super::text::Text;
use crate::api::delivery::{AttemptView, PhasesView};
use crate::console::app::inspector::Inspector;
use crate::console::app::msg::Now;
use crate::console::theme::Role;

/// Columns before a bar: number, time, result.
const BEFORE: u16 = 30;
/// Columns behind it: the whole time.
const BEHIND: u16 = 12;
/// The least that a bar has.
const BAR_MIN: u16 = 10;

/// A phase: its word, how it is drawn, and how it looks.
struct Phase {
    word: &'static str,
    unicode: char,
    ascii: char,
    role: Role,
}

const PHASES: [Phase; 5] = [
    Phase {
        word: "dns",
        unicode: '░',
        ascii: 'd',
        role: Role::Chart3,
    },
    Phase {
        word: "connect",
        unicode: '▒',
        ascii: 'c',
        role: Role::Chart2,
    },
    Phase {
        word: "tls",
        unicode: '▓',
        ascii: 't',
        role: Role::Chart4,
    },
    Phase {
        word: "wait",
        unicode: '█',
        ascii: 'w',
        role: Role::Chart1,
    },
    Phase {
        word: "body",
        unicode: '▄',
        ascii: 'b',
        role: Role::Chart5,
    },
];

/// Adds the lines.
pub(super) fn add(text: &mut Text, now: Now, view: &Inspector, skin: &Skin) {
    let mut legend = vec![(" ".to_owned(), Role::Muted)];
    for phase in &PHASES {
        legend.push((glyph(skin, phase).to_string(), phase.role));
        legend.push((format!(" {}   ", phase.word), Role::Muted));
    }
    text.lines.push(legend);
    text.empty();
    let delivery = view.delivery();
    let accepted = skin.times.exact(now.wall, delivery.created_at);
    text.line(format!("      {accepted}  accepted"), Role::Muted);
    let longest = view
        .history()
        .iter()
        .map(|attempt| attempt.phases.total_us)
        .max();
    let width = text.width.saturating_sub(BEFORE + BEHIND).max(BAR_MIN);
    let mut before = delivery.created_at;
    for attempt in view.history() {
        let waited = attempt.started_at.since(before);
        text.line(
            format!(
                "      {:>12}",
                format!("+{}", format::micros(micros(waited)))
            ),
            Role::Muted,
        );
        text.lines
            .push(line(attempt, now, longest.unwrap_or(1), width, view, skin));
        before = attempt.started_at + std::time::Duration::from_micros(attempt.phases.total_us);
    }
    if let ("pending", Some(at)) = (delivery.state.as_str(), delivery.next_attempt_at) {
        let number = delivery.attempts + 1;
        let when = skin.times.near(now.wall, at);
        text.line(
            format!(" {number:>3}  {when}      scheduled"),
            Role::StateRetrying,
        );
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

const fn glyph(skin: &Skin, phase: &Phase) -> char {
    if skin.ascii {
        phase.ascii
    } else {
        phase.unicode
    }
}

fn line(
    attempt: &AttemptView,
    now: Now,
    longest: u64,
    width: u16,
    view: &Inspector,
    skin: &Skin,
) -> Vec<(String, Role)> {
    let (result, _, role) = super::state::of_result(skin, attempt.status, attempt.class.as_deref());
    let is_chosen = view
        .current()
        .is_some_and(|chosen| chosen.number == attempt.number);
    let mark = if is_chosen { ">" } else { " " };
    let plain = if is_chosen { Role::Strong } else { Role::Text };
    let mut line = vec![
        (format!("{mark}{:>3}  ", attempt.number), plain),
        (
            format!("{}  ", skin.times.exact(now.wall, attempt.started_at)),
            Role::Muted,
        ),
        (format!("{result:<9} "), role),
    ];
    for (length, phase) in lengths(&attempt.phases, longest, width)
        .into_iter()
        .zip(&PHASES)
    {
        if length > 0 {
            let bar = glyph(skin, phase).to_string().repeat(usize::from(length));
            line.push((bar, phase.role));
        }
    }
    line.push((
        format!(" {}", format::micros(attempt.phases.total_us)),
        plain,
    ));
    line
}

/// Columns of each phase, where the longest attempt has `width`; what took any time at all has one.
fn lengths(phases: &PhasesView, longest: u64, width: u16) -> [u16; PHASES.len()] {
    let spent = [
        phases.dns_us,
        phases.connect_us,
        phases.tls_us,
        // Without an answer all of the rest was waiting.
        Some(phases.first_byte_us.unwrap_or_else(|| {
            let known = [phases.dns_us, phases.connect_us, phases.tls_us];
            let known: u64 = known.into_iter().flatten().sum();
            phases.total_us.saturating_sub(known)
        })),
        phases.body_us,
    ];
    spent.map(|micros| {
        let micros = u128::from(micros.unwrap_or(0));
        let columns = (micros * u128::from(width)).div_ceil(u128::from(longest.max(1)));
        u16::try_from(columns).unwrap_or(width).min(width)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_on_one_scale_and_nothing_that_took_time_is_left_out() {
        let phases = PhasesView {
            dns_us: Some(1),
            connect_us: Some(250),
            tls_us: None,
            first_byte_us: Some(500),
            body_us: Some(0),
            total_us: 1_000,
            reused: false,
        };
        assert_eq!(lengths(&phases, 1_000, 40), [1, 10, 0, 20, 0]);
        assert_eq!(lengths(&phases, 2_000, 40), [1, 5, 0, 10, 0]);
        let hung = PhasesView {
            connect_us: Some(100),
            total_us: 1_000,
            ..PhasesView::default()
        };
        assert_eq!(lengths(&hung, 1_000, 10), [0, 1, 0, 9, 0], "it waited");
    }
}
