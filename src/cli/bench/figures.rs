//! Arithmetic of a report: rates, ratios, units.

/// How often `divisor` goes into `dividend`.
#[expect(
    clippy::cast_precision_loss,
    reason = "figures of a report; 52 bits are plenty"
)]
pub(super) fn ratio(dividend: u64, divisor: u64) -> f64 {
    dividend as f64 / divisor as f64
}

/// The rate of `count` things between two instants in microseconds.
pub(super) fn per_second(count: u64, from_us: u64, to_us: u64) -> f64 {
    ratio(count, to_us.saturating_sub(from_us).max(1)) * 1_000_000.0
}

/// Milliseconds of microseconds.
pub(super) fn millis(micros: u64) -> f64 {
    ratio(micros, 1_000)
}

/// 10⁶ bytes of bytes.
pub(super) fn megabytes(bytes: u64) -> f64 {
    ratio(bytes, 1_000_000)
}

/// How much `more` is than `less`, shared out among `count`; below zero where it is less.
pub(super) fn share(more: f64, less: f64, count: u64) -> f64 {
    (more - less) / ratio(count.max(1), 1)
}

/// The middle one; the lower of the two middle ones of an even number, 0 of none.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len().saturating_sub(1) / 2;
    figures.get(middle).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_needs_no_order() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn a_share_may_be_below_zero() {
        assert_eq!(share(1_000.0, 3_000.0, 4), -500.0);
    }
}
