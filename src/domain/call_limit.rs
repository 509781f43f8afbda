//! How often callers may call: for each a sliding window over the instants of its latest calls.
//!
//! **Invariants.** In any stretch of a limit's length at most as many calls pass as it allows. Calls beyond it are not
//! counted, so whoever waits as long as it is told gets through. Memory is bounded: beyond it the caller who was
//! silent for longest is forgotten and begins anew. Strangers are kept apart from known callers and cannot push these
//! out.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use super::id::TokenId;
use super::limits::{LIMITED_CALLERS_MAX, LIMITED_CALLS_MAX};
use super::rate_limit::RateLimit;

/// Bits of an IPv6 address that name a network: whoever has one has all addresses in it.
const NETWORK_BITS: u32 = 64;

/// Who is calling, as limits tell callers apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// The bearer of this token, from wherever.
    Token(TokenId),
    /// This user of this machine.
    User(Arc<str>),
    /// Somebody unknown at this address; see [`CallerKey::stranger`].
    Address(IpAddr),
}

/// What a caller is told of its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether this call passes.
    pub passes: bool,
    /// Calls that the limit allows.
    pub limit: u32,
    /// Calls that may follow at once.
    pub remaining: u32,
    /// In how long the oldest counted call no longer counts, so that one more may be made; never zero.
    pub resets_in: Duration,
}

/// The latest calls of all callers.
#[derive(Debug)]
pub struct CallLimiter {
    known: Callers,
    strangers: Callers,
}

impl CallerKey {
    /// Somebody unknown at `address`; of IPv6 its network counts.
    pub fn stranger(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << (u128::BITS - NETWORK_BITS));
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            v4 => v4,
        })
    }
}

impl Default for CallLimiter {
    fn default() -> Self {
        Self::with_room(LIMITED_CALLERS_MAX, LIMITED_CALLS_MAX)
    }
}

impl CallLimiter {
    fn with_room(callers_max: usize, calls_max: usize) -> Self {
        let callers = || Callers {
            windows: HashMap::new(),
            calls: 0,
            callers_max,
            calls_max,
        };
        Self {
            known: callers(),
            strangers: callers(),
        }
    }

    /// Counts a call under `limit`, which is `scope`'s, where the limit lets it pass. `now` is monotonic.
    pub fn ask(
        &mut self,
        now: Duration,
        scope: &Arc<str>,
        caller: CallerKey,
        limit: RateLimit,
    ) -> Standing {
        let callers = match caller {
            CallerKey::Token(_) | CallerKey::User(_) => &mut self.known,
            CallerKey::Address(_) => &mut self.strangers,
        };
        callers.ask(now, (Arc::clone(scope), caller), limit)
    }
}

type Key = (Arc<str>, CallerKey);

#[derive(Debug)]
struct Callers {
    windows: HashMap<Key, Window>,
    /// Instants in all windows.
    calls: usize,
    callers_max: usize,
    calls_max: usize,
}

/// One caller's calls within the length of its limit, oldest first, in monotonic microseconds.
#[derive(Debug, Default)]
struct Window {
    calls: VecDeque<u64>,
    seen_us: u64,
    per_us: u64,
}

impl Callers {
    fn ask(&mut self, now: Duration, key: Key, limit: RateLimit) -> Standing {
        let now_us = micros(now);
        if !self.windows.contains_key(&key) && self.windows.len() >= self.callers_max {
            self.make_room(now_us);
        }
        let window = self.windows.entry(key).or_default();
        let before = window.calls.len();
        let standing = window.ask(now_us, limit);
        self.calls = self.calls + window.calls.len() - before;
        if self.calls > self.calls_max {
            self.make_room(now_us);
        }
        standing
    }

    /// Forgets those who have nothing to count any more; where there are none, the one who was silent for longest.
    fn make_room(&mut self, now_us: u64) {
        let before = self.windows.len();
        self.windows
            .retain(|_, window| now_us.saturating_sub(window.seen_us) < window.per_us);
        if self.windows.len() == before {
            let silent = self
                .windows
                .iter()
                .min_by_key(|(_, window)| window.seen_us)
                .map(|(key, _)| key.clone());
            silent.and_then(|key| self.windows.remove(&key));
        }
        self.calls = self.windows.values().map(|window| window.calls.len()).sum();
    }
}

impl Window {
    fn ask(&mut self, now_us: u64, limit: RateLimit) -> Standing {
        self.seen_us = now_us;
        self.per_us = micros(limit.per());
        while let Some(&oldest) = self.calls.front()
            && now_us.saturating_sub(oldest) >= self.per_us
        {
            self.calls.pop_front();
        }
        let allowed = usize::try_from(limit.requests()).unwrap_or(usize::MAX);
        let passes = self.calls.len() < allowed;
        if passes {
            self.calls.push_back(now_us);
        }
        let oldest = self.calls.front().copied().unwrap_or(now_us);
        let left = allowed.saturating_sub(self.calls.len());
        Standing {
            passes,
            limit: limit.requests(),
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            resets_in: Duration::from_micros((oldest + self.per_us).saturating_sub(now_us)),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, RngExt as _, SeedableRng as _};

    const SECOND: Duration = Duration::from_secs(1);

    fn limit(requests: u32, per: Duration) -> RateLimit {
        RateLimit::new(requests.into(), per).unwrap()
    }

    fn token(number: i64) -> CallerKey {
        CallerKey::Token(TokenId::from_i64(number))
    }

    #[test]
    fn calls_pass_up_to_the_limit_and_again_once_the_oldest_has_left() {
        let mut limiter = CallLimiter::default();
        let scope: Arc<str> = "x".into();
        let mut ask =
            |seconds: u32| limiter.ask(seconds * SECOND, &scope, token(1), limit(2, 60 * SECOND));
        let told = |standing: Standing| (standing.passes, standing.remaining, standing.resets_in);
        assert_eq!(told(ask(100)), (true, 1, 60 * SECOND));
        assert_eq!(told(ask(110)), (true, 0, 50 * SECOND));
        assert_eq!(told(ask(159)), (false, 0, SECOND));
        assert_eq!(told(ask(160)), (true, 0, 10 * SECOND));
        assert_eq!(told(ask(169)), (false, 0, SECOND));
        assert_eq!(told(ask(400)), (true, 1, 60 * SECOND));
    }

    #[test]
    fn callers_and_scopes_do_not_share_a_limit() {
        let mut limiter = CallLimiter::default();
        let scopes: [Arc<str>; 2] = ["x".into(), "y".into()];
        let network = |text: &str| CallerKey::stranger(text.parse().unwrap());
        let callers = [
            token(1),
            token(2),
            CallerKey::User("ops".into()),
            network("192.0.2.1"),
            network("2001:db8::1"),
            network("2001:db8:0:1::1"),
        ];
        for scope in &scopes {
            for caller in &callers {
                let mut ask = || limiter.ask(SECOND, scope, caller.clone(), limit(1, SECOND));
                assert!(ask().passes, "{scope} {caller:?}");
                assert!(!ask().passes, "{scope} {caller:?}");
            }
        }
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn no_stretch_holds_more_calls_than_the_limit_and_a_told_wait_is_enough() {
        let mut rng = rand_chacha::ChaCha12Rng::from_seed([3; 32]);
        let scope: Arc<str> = "x".into();
        for _ in 0..200 {
            let mut limiter = CallLimiter::default();
            let allowed = rng.random_range(1..6_u32);
            let per = Duration::from_millis(rng.random_range(1_000..3_000));
            let (mut now, mut passed) = (Duration::ZERO, Vec::new());
            for _ in 0..100 {
                now += Duration::from_micros(rng.next_u64() % 1_000_000);
                let mut standing = limiter.ask(now, &scope, token(1), limit(allowed, per));
                if !standing.passes {
                    assert_eq!(standing.remaining, 0);
                    now += standing.resets_in;
                    standing = limiter.ask(now, &scope, token(1), limit(allowed, per));
                }
                assert!(standing.passes, "{now:?}");
                passed.push(now);
            }
            let span = usize::try_from(allowed).unwrap();
            for stretch in passed.windows(span + 1) {
                assert!(stretch[span] - stretch[0] >= per, "{stretch:?}");
            }
        }
    }

    #[test]
    fn beyond_the_room_the_longest_silent_caller_is_forgotten_and_strangers_push_out_none_but_strangers()
     {
        let mut limiter = CallLimiter::with_room(3, 4);
        let scope: Arc<str> = "x".into();
        let one = limit(1, 1_000 * SECOND);
        for number in 1..=3_u32 {
            limiter.ask(number * SECOND, &scope, token(number.into()), one);
        }
        for number in 0..50_u32 {
            let address = IpAddr::V4((0x0a00_0000 + number).into());
            limiter.ask(4 * SECOND, &scope, CallerKey::stranger(address), one);
        }
        assert_eq!(limiter.strangers.windows.len(), 3);
        // A refused call is a sign of life too.
        assert!(!limiter.ask(5 * SECOND, &scope, token(1), one).passes);
        limiter.ask(6 * SECOND, &scope, token(4), one);
        assert!(!limiter.ask(7 * SECOND, &scope, token(1), one).passes);
        assert!(
            limiter.ask(8 * SECOND, &scope, token(2), one).passes,
            "forgotten"
        );
        assert_eq!(limiter.known.windows.len(), 3);
        let many = limit(100, 1_000 * SECOND);
        for _ in 0..50 {
            limiter.ask(9 * SECOND, &scope, token(9), many);
        }
        assert!(limiter.known.calls <= 4, "{}", limiter.known.calls);
    }

    #[test]
    fn who_has_nothing_to_count_any_more_makes_room_first() {
        let mut limiter = CallLimiter::with_room(2, 100);
        let scope: Arc<str> = "x".into();
        limiter.ask(SECOND, &scope, token(1), limit(1, 1_000 * SECOND));
        limiter.ask(2 * SECOND, &scope, token(2), limit(1, SECOND));
        limiter.ask(10 * SECOND, &scope, token(3), limit(1, SECOND));
        assert!(
            !limiter
                .ask(11 * SECOND, &scope, token(1), limit(1, 1_000 * SECOND))
                .passes
        );
    }
}
