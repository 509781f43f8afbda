//! Any schedule of outcomes, pauses, crashes and steps of the clock: counts add up, the rate holds, canary and stop
//! rule hold.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

const START: Timestamp = Timestamp::from_millis(1_776_075_480_250);

/// What the store would hold: the other half of every schedule.
#[derive(Clone, Debug)]
struct World {
    total: u64,
    facts: Facts,
    settings: Settings,
    machine: Machine,
    now: Timestamp,
    /// When how many were released.
    releases: Vec<(Timestamp, u64)>,
    stopped: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Pass { ms: u64 },
    First { well: bool, dies: bool },
    Retry { dies: bool },
    Discard,
    Skip { count: u64 },
    Pause,
    Resume,
    Cancel,
    Crash,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (1_u64..400).prop_map(|ms| Happening::Pass { ms }),
        8 => (prop::bool::weighted(0.9), any::<bool>())
            .prop_map(|(well, dies)| Happening::First { well, dies }),
        2 => any::<bool>().prop_map(|dies| Happening::Retry { dies }),
        1 => Just(Happening::Discard),
        1 => (1_u64..20).prop_map(|count| Happening::Skip { count }),
        1 => Just(Happening::Pause),
        2 => Just(Happening::Resume),
        1 => prop::bool::weighted(0.05).prop_map(|really| {
            if really { Happening::Cancel } else { Happening::Crash }
        }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        1_u64..500,
        prop_oneof![Just(0_u32), 1_u32..20],
        prop::option::of((0_u32..60, 1_u32..40)),
    )
        .prop_map(|(rate, canary, stop)| Settings {
            rate: RateLimit::new(rate, Duration::from_secs(1)).unwrap(),
            canary,
            stop: stop.map(|(percent, last)| StopRule::new(percent, last).unwrap()),
            ..Settings::default()
        })
}

impl World {
    fn new(total: u64, settings: Settings) -> Self {
        let facts = Facts {
            state: ReplayState::Running,
            released: 0,
            canary_done: settings.canary == 0,
            counts: Counts::planned(total),
        };
        Self {
            total,
            facts,
            machine: Machine::new(&settings, facts, [], START),
            settings,
            now: START,
            releases: Vec::new(),
            stopped: None,
        }
    }

    /// Steps until nothing is left to do at this instant.
    fn drive(&mut self, first: Input) {
        let mut input = first;
        for _ in 0..100 {
            match self.machine.step(self.now, input) {
                Effect::Release(count) => {
                    let count = u64::from(count);
                    let counts = &mut self.facts.counts;
                    counts.waiting -= count;
                    counts.open += count;
                    counts.untried += count;
                    self.facts.canary_done |=
                        self.facts.released >= u64::from(self.settings.canary);
                    self.facts.released += count;
                    self.releases.push((self.now, count));
                    input = Input::Released {
                        count: u32::try_from(count).unwrap(),
                        passed: true,
                        facts: self.facts,
                    };
                }
                Effect::Stop(why) => {
                    self.facts.state = ReplayState::Stopped;
                    self.stopped = Some(why);
                    input = Input::Told(self.facts);
                }
                Effect::Finish => {
                    self.facts.state = ReplayState::Finished;
                    input = Input::Told(self.facts);
                }
                Effect::WaitUntil(_) | Effect::WaitForNews | Effect::Rest => return,
            }
        }
        panic!("a replay goes round in circles: {self:?}");
    }

    fn happen(&mut self, happening: Happening) {
        let counts = &mut self.facts.counts;
        match happening {
            Happening::Pass { ms } => self.now = self.now + Duration::from_millis(ms),
            Happening::First { well, dies } if counts.untried > 0 => {
                counts.untried -= 1;
                match (well, dies) {
                    (true, _) => {
                        counts.tried_well += 1;
                        counts.open -= 1;
                        counts.delivered += 1;
                    }
                    (false, dies) => {
                        counts.tried_badly += 1;
                        counts.open -= u64::from(dies);
                        counts.failed += u64::from(dies);
                    }
                }
            }
            Happening::Retry { dies } if counts.open > counts.untried => {
                counts.open -= 1;
                counts.failed += u64::from(dies);
                counts.delivered += u64::from(!dies);
            }
            Happening::Discard if counts.untried > 0 => {
                counts.untried -= 1;
                counts.open -= 1;
                counts.skipped += 1;
            }
            Happening::Skip { count } => {
                let count = count.min(counts.waiting);
                counts.waiting -= count;
                counts.skipped += count;
            }
            Happening::Pause if self.facts.state == ReplayState::Running => {
                self.facts.state = ReplayState::Paused;
            }
            Happening::Resume if self.facts.state.is_active() => {
                self.facts.canary_done |= self.facts.state == ReplayState::Stopped;
                self.facts.state = ReplayState::Running;
            }
            Happening::Cancel if self.facts.state.is_active() => {
                counts.cancelled += std::mem::take(&mut counts.waiting);
                self.facts.state = ReplayState::Cancelled;
            }
            Happening::Crash => {
                self.machine = Machine::new(&self.settings, self.facts, [], self.now);
            }
            _ => {}
        }
        self.drive(Input::Told(self.facts));
    }

    /// No stretch of a second holds more than the rate and one release.
    fn assert_rate(&self) {
        let most = u64::from(self.settings.rate.requests()) + u64::from(self.machine.batch());
        for (from, _) in &self.releases {
            let within = self
                .releases
                .iter()
                .filter(|(at, _)| at >= from && at.since(*from) < Duration::from_secs(1));
            let released: u64 = within.map(|(_, count)| count).sum();
            assert!(
                released <= most,
                "{released} in a second: {:?}",
                self.releases
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn counts_add_up_and_the_rate_holds_under_any_schedule(
        total in 0_u64..400,
        settings in settings(),
        schedule in prop::collection::vec(happening(), 1..300),
    ) {
        let mut world = World::new(total, settings);
        world.drive(Input::Wake);
        for step in schedule {
            let before = world.facts;
            world.happen(step);
            let counts = world.facts.counts;
            prop_assert!(counts.adds_up(world.total), "{:?}", world.facts);
            let held = matches!(world.facts.state, ReplayState::Paused | ReplayState::Cancelled);
            if held && before.state == world.facts.state {
                prop_assert_eq!(before.released, world.facts.released);
            }
            if !world.facts.canary_done {
                prop_assert!(world.facts.released <= u64::from(world.settings.canary));
            }
        }
        world.assert_rate();
    }

    #[test]
    fn every_replay_whose_receiver_is_well_ends_with_everything_delivered(
        total in 0_u64..300,
        settings in settings(),
    ) {
        let mut world = World::new(total, settings);
        world.drive(Input::Wake);
        for _ in 0..2_000 {
            while world.facts.counts.untried > 0 {
                world.happen(Happening::First { well: true, dies: false });
            }
            world.happen(Happening::Pass { ms: 1_000 });
        }
        prop_assert_eq!(world.facts.state, ReplayState::Finished);
        prop_assert_eq!(world.facts.counts.delivered, total);
    }
}

fn world(total: u64, canary: u32, stop: Option<StopRule>) -> World {
    let settings = Settings {
        rate: RateLimit::new(100, Duration::from_secs(1)).unwrap(),
        canary,
        stop,
        ..Settings::default()
    };
    let mut world = World::new(total, settings);
    world.drive(Input::Wake);
    world
}

#[test]
fn a_canary_goes_alone_until_all_of_it_has_succeeded() {
    let mut world = world(100, 5, None);
    assert_eq!(world.facts.released, 5);
    for _ in 0..4 {
        world.happen(Happening::First {
            well: true,
            dies: false,
        });
        world.happen(Happening::Pass { ms: 5_000 });
        assert_eq!(world.facts.released, 5, "one of them is still to come");
    }
    world.happen(Happening::First {
        well: true,
        dies: false,
    });
    assert_eq!(world.facts.released, 15);
}

#[test]
fn a_canary_that_fails_stops_the_replay_and_says_so() {
    let mut world = world(100, 5, None);
    world.happen(Happening::First {
        well: false,
        dies: false,
    });
    assert_eq!(world.facts.state, ReplayState::Stopped);
    assert_eq!(
        world.stopped.as_deref(),
        Some("the canary failed: 1 of the first 5 did not succeed at once")
    );
    world.happen(Happening::Pass { ms: 5_000 });
    assert_eq!(world.facts.released, 5);
    // Whoever resumes it goes on without the canary.
    world.happen(Happening::Resume);
    assert_eq!(world.facts.released, 15);
}

#[test]
fn the_stop_rule_fires_as_soon_as_too_many_have_failed() {
    let stop = StopRule::new(20, 10).unwrap();
    let mut world = world(100, 0, Some(stop));
    for well in [false, true, true, false, true] {
        world.happen(Happening::First { well, dies: false });
        assert_eq!(world.facts.state, ReplayState::Running);
    }
    world.happen(Happening::First {
        well: false,
        dies: false,
    });
    assert_eq!(world.facts.state, ReplayState::Stopped);
    assert_eq!(
        world.stopped.as_deref(),
        Some("the stop rule 20%/10 fired: 3 of the last 6 attempts failed")
    );
    world.happen(Happening::Resume);
    assert_eq!(
        world.facts.state,
        ReplayState::Running,
        "a new window begins"
    );
}

#[test]
fn what_the_store_remembers_of_the_window_counts_after_a_restart() {
    let stop = StopRule::new(20, 10).unwrap();
    let world = world(100, 0, Some(stop));
    let mut machine = Machine::new(&world.settings, world.facts, [true, true], START);
    let mut facts = world.facts;
    facts.counts.untried -= 1;
    facts.counts.tried_badly += 1;
    assert!(matches!(
        machine.step(START, Input::Told(facts)),
        Effect::Stop(_)
    ));
}

#[test]
fn a_replay_that_no_endpoint_takes_waits_for_news_and_then_goes_on_at_once() {
    let mut world = world(100, 0, None);
    let now = world.now + Duration::from_secs(1);
    assert!(matches!(
        world.machine.step(now, Input::Wake),
        Effect::Release(_)
    ));
    let nothing = Input::Released {
        count: 0,
        passed: false,
        facts: world.facts,
    };
    assert_eq!(world.machine.step(now, nothing), Effect::WaitForNews);
    let later = now + Duration::from_secs(1);
    assert_eq!(world.machine.step(later, Input::Wake), Effect::WaitForNews);
    let told = Input::Told(world.facts);
    assert!(matches!(
        world.machine.step(later, told),
        Effect::Release(_)
    ));
    // Those that were only passed over cost no time.
    let passed = Input::Released {
        count: 0,
        passed: true,
        facts: world.facts,
    };
    assert!(matches!(
        world.machine.step(later, passed),
        Effect::Release(_)
    ));
}

#[test]
fn a_failed_probe_counts_and_the_reason_says_so() {
    let mut world = world(100, 5, None);
    world.facts.counts.probed_badly = 1;
    world.happen(Happening::First {
        well: false,
        dies: false,
    });
    assert_eq!(
        world.stopped.as_deref(),
        Some(
            "the canary failed: 1 of the first 5 did not succeed at once (so far 1 of this replay failed as probes \
             behind an open breaker)"
        )
    );
}

#[test]
fn rates_become_releases_a_tenth_of_a_second_apart_or_more() {
    for (rate, batch, tick) in [
        ("10/s", 1, 100),
        ("7/s", 1, 143),
        ("50/s", 5, 100),
        ("1/m", 1, 60_000),
        ("10000/s", 1_000, 100),
        ("15/s", 1, 67),
    ] {
        let settings = Settings {
            rate: rate_from_text(rate).unwrap(),
            ..Settings::default()
        };
        let world = World::new(1, settings);
        assert_eq!(world.machine.batch(), batch, "{rate}");
        assert_eq!(world.machine.tick(), Duration::from_millis(tick), "{rate}");
    }
}

#[test]
fn texts_of_rates_and_stop_rules_read_and_bad_ones_are_refused() {
    let refused = |text: &str| rate_from_text(text).unwrap_err().to_string();
    assert_eq!(rate_from_text("600/m").unwrap().to_string(), "600 per 1m");
    assert!(refused("fast").starts_with("\"fast\" is not a rate limit"));
    assert!(refused("x/s").starts_with("\"x/s\" is not a rate limit"));
    assert_eq!(
        refused("0/s"),
        "0 requests are out of range: choose 1 to 10000"
    );
    assert_eq!("20%/50".parse::<StopRule>().unwrap().to_string(), "20%/50");
    let refused = |text: &str| text.parse::<StopRule>().unwrap_err().to_string();
    assert_eq!(
        refused("20/50"),
        "\"20/50\" is not a stop rule: expected a share and a number of attempts, such as 20%/50 (more than 20 % of the \
         last 50)"
    );
    assert_eq!(
        refused("100%/50"),
        "100 % is out of range: choose 0 to 99, because more than that share must fail for a stop"
    );
    assert_eq!(
        refused("20%/0"),
        "the last 0 attempts are out of range: choose 1 to 1000"
    );
}

const DEAD: Turn<'static> = Turn {
    planned: "dead",
    state: Some("dead"),
    endpoint_deleted: false,
    has_payload: true,
    elsewhere: false,
};

fn check(turn: Turn<'_>, skip_delivered: bool, expected: Option<Skipped>) {
    assert_eq!(Skipped::why(turn, skip_delivered), expected, "{turn:?}");
}

#[test]
fn what_was_discarded_or_is_elsewhere_is_left_out() {
    let dead = DEAD;
    let discarded = Turn {
        state: Some("discarded"),
        ..dead
    };
    check(discarded, false, Some(Skipped::Discarded));
    let was_discarded = Turn {
        planned: "discarded",
        ..discarded
    };
    check(was_discarded, false, None);
    let elsewhere = Turn {
        state: Some("pending"),
        elsewhere: true,
        ..dead
    };
    check(elsewhere, false, Some(Skipped::Elsewhere));
    // It was in another replay once, which is over.
    let was_elsewhere = Turn {
        state: Some("dead"),
        ..elsewhere
    };
    check(was_elsewhere, false, None);
}

#[test]
fn what_is_gone_or_delivered_since_the_plan_is_left_out() {
    let dead = DEAD;
    check(dead, true, None);
    check(
        Turn {
            state: None,
            ..dead
        },
        false,
        Some(Skipped::Gone),
    );
    check(
        Turn {
            has_payload: false,
            ..dead
        },
        false,
        Some(Skipped::Gone),
    );
    let deleted = Turn {
        endpoint_deleted: true,
        ..dead
    };
    check(deleted, false, Some(Skipped::EndpointDeleted));
    let delivered = Turn {
        state: Some("delivered"),
        ..dead
    };
    check(delivered, false, Some(Skipped::Delivered));
    let was_delivered = Turn {
        planned: "delivered",
        ..delivered
    };
    check(was_delivered, false, None);
    check(was_delivered, true, Some(Skipped::Delivered));
}
