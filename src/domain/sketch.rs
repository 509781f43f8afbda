//! Quantiles of durations from a few counters: logarithmic buckets that merge without loss (DDSketch: Masson, Rim and
//! Lee, VLDB 2019).
//!
//! A value falls into the bucket between two powers of γ = 1.02 / 0.98, so whatever a bucket answers with is within 2 %
//! of each value in it. Sketches of minutes add up to the sketch of an hour, those of endpoints to that of all.

use std::collections::BTreeMap;

/// How far an answer may be from the value it stands for.
const ACCURACY: f64 = 0.02;
/// Longer durations, 100 s and more, count as so long: no attempt may take half of it.
const LONGEST_US: u64 = 100_000_000;
/// The largest encoding that is read: every bucket there is, with the widest count.
const ENCODED_BYTES_MAX: usize = 8_192;

/// Durations in microseconds, counted by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Counts by the exponent of γ that bounds the bucket from above; none is zero.
    buckets: BTreeMap<u16, u64>,
}

/// Bytes that are no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes of a sketch are damaged")]
pub struct DamagedSketch;

impl Sketch {
    /// Counts a duration; zero counts as one microsecond.
    pub fn add(&mut self, micros: u64) {
        *self.buckets.entry(bucket_of(micros)).or_default() += 1;
    }

    /// Counts what the other has counted.
    pub fn merge(&mut self, other: &Self) {
        for (&bucket, &count) in &other.buckets {
            let own = self.buckets.entry(bucket).or_default();
            *own = own.saturating_add(count);
        }
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.buckets
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The duration that a share of `permille` thousandths of all do not exceed, within 2 %; `None` of nothing.
    pub fn quantile(&self, permille: u16) -> Option<u64> {
        let last = self.count().checked_sub(1)?;
        let share = u128::from(permille.min(1_000));
        let rank = u128::from(last) * share / 1_000;
        let mut below: u128 = 0;
        for (&bucket, &count) in &self.buckets {
            below += u128::from(count);
            if below > rank {
                return Some(middle_of(bucket));
            }
        }
        None
    }

    /// How many durations lie in each band: up to the first of these bounds, which rise, up to the next, and so on, and
    /// beyond the last; what lies within 2 % of a bound may count on either side.
    pub fn bands(&self, bounds: &[u64]) -> Vec<u64> {
        let mut bands = vec![0_u64; bounds.len() + 1];
        for (&bucket, &count) in &self.buckets {
            let micros = middle_of(bucket);
            let band = bounds.partition_point(|bound| *bound < micros);
            bands[band] = bands[band].saturating_add(count);
        }
        bands
    }

    /// The sketch as bytes: for each bucket its distance from the one before and its count, seven bits a byte.
    pub fn encode(&self) -> Vec<u8> {
        let (mut bytes, mut before) = (Vec::with_capacity(2 * self.buckets.len()), 0);
        for (&bucket, &count) in &self.buckets {
            put(&mut bytes, u64::from(bucket - before));
            put(&mut bytes, count);
            before = bucket;
        }
        bytes
    }

    /// The sketch that was encoded so.
    ///
    /// # Errors
    /// The bytes are not what [`Sketch::encode`] gives.
    pub fn decode(bytes: &[u8]) -> Result<Self, DamagedSketch> {
        let mut buckets = BTreeMap::new();
        each_bucket(bytes, |bucket, count| {
            buckets.insert(bucket, count);
        })?;
        Ok(Self { buckets })
    }
}

/// Many sketches added up: what one of all they counted would be.
#[derive(Clone, Debug, Default)]
pub struct SketchSum {
    /// Counts by bucket, from the first.
    counts: Vec<u64>,
}

impl SketchSum {
    /// Adds a sketch by its bytes.
    ///
    /// # Errors
    /// The bytes are not what [`Sketch::encode`] gives; a part of them may have been added.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), DamagedSketch> {
        each_bucket(bytes, |bucket, count| {
            let place = usize::from(bucket);
            if self.counts.len() <= place {
                self.counts.resize(place + 1, 0);
            }
            if let Some(own) = self.counts.get_mut(place) {
                *own = own.saturating_add(count);
            }
        })
    }

    /// The sketch of all.
    pub fn into_sketch(self) -> Sketch {
        let counts = (0..).zip(self.counts);
        Sketch {
            buckets: counts.filter(|&(_, count)| count > 0).collect(),
        }
    }
}

/// Goes through the buckets of a sketch's bytes, rising.
fn each_bucket(bytes: &[u8], mut found: impl FnMut(u16, u64)) -> Result<(), DamagedSketch> {
    if bytes.len() > ENCODED_BYTES_MAX {
        return Err(DamagedSketch);
    }
    let (last, mut rest) = (bucket_of(LONGEST_US), bytes);
    let mut before: Option<u16> = None;
    while !rest.is_empty() {
        let distance = u16::try_from(take(&mut rest)?).map_err(|_| DamagedSketch)?;
        let count = take(&mut rest)?;
        if count == 0 || distance == 0 && before.is_some() {
            return Err(DamagedSketch);
        }
        let bucket = before.unwrap_or(0).checked_add(distance);
        let bucket = bucket.filter(|&bucket| bucket <= last);
        let bucket = bucket.ok_or(DamagedSketch)?;
        found(bucket, count);
        before = Some(bucket);
    }
    Ok(())
}

fn gamma() -> f64 {
    (1.0 + ACCURACY) / (1.0 - ACCURACY)
}

fn bucket_of(micros: u64) -> u16 {
    let micros = u32::try_from(micros.clamp(1, LONGEST_US)).unwrap_or(u32::MAX);
    let exponent = (f64::from(micros).ln() / gamma().ln()).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 461 for what is between 1 and LONGEST_US"
    )]
    let bucket = exponent as u16;
    bucket
}

/// The duration that is equally far, by share, from both ends of a bucket.
fn middle_of(bucket: u16) -> u64 {
    let middle = 2.0 * gamma().powi(i32::from(bucket)) / (gamma() + 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and at most LONGEST_US and 2 % of it"
    )]
    let micros = middle.round() as u64;
    micros
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Result<u64, DamagedSketch> {
    let mut value: u64 = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, others) = rest.split_first().ok_or(DamagedSketch)?;
        *rest = others;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(DamagedSketch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(values: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        for &value in values {
            sketch.add(value);
        }
        sketch
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_two_percent_of_the_value_at_its_rank(
            mut values in prop::collection::vec(1_u64..LONGEST_US, 1..300),
            permille in 0_u16..=1_000,
        ) {
            let found = sketch(&values).quantile(permille).unwrap();
            values.sort_unstable();
            let exact = values[(values.len() - 1) * usize::from(permille) / 1_000];
            // Half a microsecond is lost by rounding.
            let off = found.abs_diff(exact);
            prop_assert!(50 * off <= exact + 50, "{found} for {exact}");
        }

        #[test]
        fn sketches_merge_to_what_one_of_all_would_be_and_survive_their_bytes(
            one in prop::collection::vec(0_u64..2 * LONGEST_US, 0..100),
            other in prop::collection::vec(0_u64..2 * LONGEST_US, 0..100),
        ) {
            let mut merged = sketch(&one);
            merged.merge(&sketch(&other));
            let all: Vec<u64> = one.iter().chain(&other).copied().collect();
            prop_assert_eq!(&merged, &sketch(&all));
            prop_assert_eq!(merged.count(), all.len() as u64);
            let mut sum = SketchSum::default();
            for values in [&one, &other] {
                sum.add(&sketch(values).encode()).unwrap();
            }
            prop_assert_eq!(&sum.into_sketch(), &merged);
            prop_assert_eq!(Sketch::decode(&merged.encode()), Ok(merged));
        }

        #[test]
        fn bytes_that_are_no_sketch_are_refused_or_read_as_one(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            if let Ok(sketch) = Sketch::decode(&bytes) {
                prop_assert_eq!(Sketch::decode(&sketch.encode()), Ok(sketch));
            }
        }
    }

    #[test]
    fn nothing_has_no_quantile_and_damage_is_told() {
        assert_eq!(Sketch::default().quantile(500), None);
        for damaged in [
            &[1][..],
            &[1, 0],
            &[5, 1, 0, 1],
            &[0xff, 0x7f, 1],
            &[0xff; 12],
        ] {
            let found = Sketch::decode(damaged).map_err(|error| error.to_string());
            assert_eq!(
                found,
                Err("the bytes of a sketch are damaged".to_owned()),
                "{damaged:?}"
            );
        }
    }

    #[test]
    fn a_sketch_of_a_thousand_like_durations_is_a_few_bytes() {
        let values: Vec<u64> = (0..1_000).map(|step| 2_000 + step).collect();
        assert!(sketch(&values).encode().len() < 60);
    }

    #[test]
    fn every_duration_lies_in_one_band() {
        let mut sketch = Sketch::default();
        for micros in [10, 90, 110, 900, 1_200, 5_000_000] {
            sketch.add(micros);
        }
        assert_eq!(sketch.bands(&[100, 1_000, 10_000]), [2, 2, 1, 1]);
        assert_eq!(sketch.bands(&[]), [6]);
        assert_eq!(Sketch::default().bands(&[7]), [0, 0]);
    }
}
