//! Numbers as a line of small bars, one column each.

use super::paint::Skin;

/// From nothing to the most.
const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same without anything but ASCII.
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// The values against the greatest of them.
pub(super) fn line(skin: &Skin, values: &[u64]) -> String {
    let bars = if skin.ascii { ASCII } else { UNICODE };
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let bar = |value: &u64| {
        // Whatever is not nothing is seen as more than nothing.
        let level = (u128::from(*value) * 7).div_ceil(u128::from(most));
        bars[usize::try_from(level).unwrap_or(7).min(7)]
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::view::tests::skin;

    #[test]
    fn the_greatest_is_a_full_bar_and_only_nothing_an_empty_one() {
        assert_eq!(line(&skin(false), &[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(line(&skin(true), &[0, 1, 50, 100]), "_.=#");
        assert_eq!(line(&skin(false), &[0, 0]), "▁▁");
        assert_eq!(line(&skin(false), &[u64::MAX, 1]), "█▂");
        assert_eq!(line(&skin(false), &[]), "");
    }
}
