//! The only place, tests apart, where randomness comes from.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// Random bytes of the operating system.
///
/// # Errors
/// The operating system has none to give.
pub(crate) fn entropy<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the operating system gave no random bytes: {error}"))?;
    Ok(bytes)
}

/// A generator seeded by the operating system.
///
/// # Errors
/// See [`entropy`].
pub(crate) fn seeded_rng() -> anyhow::Result<ChaCha8Rng> {
    Ok(ChaCha8Rng::from_seed(entropy()?))
}
