//! The slots that all lanes share (promise P5): who may have one more request in flight.
//!
//! A machine without time: lanes ask, give back, and say how their receivers behave.
//!
//! # Rules
//! 1. A lane gets its first slot while any is free. A quarter of all slots is kept for first ones, and beyond its
//!    first a lane holds at most as many as are free above that quarter: alone it gets three eighths, and whoever
//!    comes next does not wait for anybody's timeout.
//! 2. A lane that has not had an answer yet is *unproven*: it holds at most one slot, and all such lanes together at
//!    most half.
//! 3. A lane whose last attempts timed out is *slow*: it holds at most one slot, and all such lanes together at most
//!    a quarter.
//! 4. Who finds no slot waits in the line of its standing; a slot that comes free is granted in turn, to each line
//!    and within it to each lane, one at a time. A grant is kept for its lane until it is used or declined.

use std::collections::{HashMap, VecDeque};

use crate::domain::id::EndpointId;

/// Waiting lanes that are looked at in one line before a free slot is left alone until the next one comes back:
/// bounds a grant's cost.
const LOOKED_AT_MAX: usize = 4;

/// How a lane's receiver has behaved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It has answered lately.
    Proven,
    /// It has neither answered nor timed out yet.
    #[default]
    Unproven,
    /// Its last attempts timed out.
    Slow,
}

/// The common slots.
#[derive(Debug)]
pub struct Slots {
    /// Slots in all; at least 1.
    total: u32,
    /// Slots held or granted, by standing.
    in_use: [u32; 3],
    /// Lanes that hold, are granted or wait for slots, or whose standing is known.
    lanes: HashMap<EndpointId, Holding>,
    /// Lanes that wait, by standing. An entry whose lane no longer waits in this line is skipped.
    lines: [VecDeque<EndpointId>; 3],
    /// The line that is asked first for the next grant.
    turn: usize,
}

/// One lane's part.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    /// Slots held, the granted ones not among them.
    held: u32,
    /// Slots granted and not used yet.
    granted: u32,
    /// Its receiver's behaviour.
    standing: Standing,
    /// Whether it stands in the line of its standing.
    waits: bool,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Proven, Self::Unproven, Self::Slow];

    const fn line(self) -> usize {
        match self {
            Self::Proven => 0,
            Self::Unproven => 1,
            Self::Slow => 2,
        }
    }
}

impl Slots {
    /// `total` slots, none in use; 0 is taken for 1.
    pub fn new(total: u32) -> Self {
        Self {
            total: total.max(1),
            in_use: [0; 3],
            lanes: HashMap::new(),
            lines: Default::default(),
            turn: 0,
        }
    }

    /// Slots in all.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Puts another total in force; 0 is taken for 1. Where more are in use than that, none is free until enough of
    /// them have come back; where there are more than before, [`Slots::next_grant`] tells who gets them.
    pub fn set_total(&mut self, total: u32) {
        self.total = total.max(1);
    }

    /// Slots held or granted.
    pub fn in_use(&self) -> u32 {
        self.in_use.iter().sum()
    }

    /// How many slots a lane may expect to hold soon: what its window should be made for.
    pub fn expected_share(&self) -> u32 {
        let hungry = u32::try_from(self.lanes.len()).unwrap_or(u32::MAX);
        (self.total / hungry.saturating_add(1)).max(1)
    }

    /// Takes a slot for `lane`; where there is none for it, it stands in line and is told by [`Slots::next_grant`].
    pub fn take(&mut self, lane: EndpointId) -> bool {
        let free = self.free();
        let holding = self.lanes.entry(lane).or_default();
        if holding.granted > 0 {
            holding.granted -= 1;
            holding.held += 1;
            return true;
        }
        let line = holding.standing.line();
        // Those who wait are told as soon as there is a slot for them: more free ones than they are is room enough.
        let first = holding.held == 0 || free as usize > self.lines[line].len();
        if first && may_take(*holding, free, self.in_use[line], self.total) {
            holding.held += 1;
            self.in_use[line] += 1;
            return true;
        }
        if !holding.waits {
            holding.waits = true;
            self.lines[line].push_back(lane);
        }
        false
    }

    /// Gives a slot back that `lane` holds.
    pub fn give_back(&mut self, lane: EndpointId) {
        let Some(holding) = self.lanes.get_mut(&lane) else {
            debug_assert!(false, "a lane gives back only what it took");
            return;
        };
        debug_assert!(holding.held > 0, "a lane gives back only what it took");
        if holding.held > 0 {
            holding.held -= 1;
            self.in_use[holding.standing.line()] -= 1;
        }
    }

    /// Gives up what `lane` was granted and did not use, and its place in line.
    pub fn decline(&mut self, lane: EndpointId) {
        if let Some(holding) = self.lanes.get_mut(&lane) {
            self.in_use[holding.standing.line()] -= holding.granted;
            holding.granted = 0;
            holding.waits = false;
        }
    }

    /// A fresh lane takes over from one that ended in the middle of something: it holds exactly `held` slots.
    pub fn take_over(&mut self, lane: EndpointId, held: u32) {
        self.decline(lane);
        let holding = self.lanes.entry(lane).or_default();
        let line = holding.standing.line();
        self.in_use[line] = self.in_use[line] - holding.held + held;
        holding.held = held;
    }

    /// Notes how the lane's receiver behaves.
    pub fn set_standing(&mut self, lane: EndpointId, standing: Standing) {
        let holding = self.lanes.entry(lane).or_default();
        if holding.standing == standing {
            return;
        }
        let slots = holding.held + holding.granted;
        self.in_use[holding.standing.line()] -= slots;
        self.in_use[standing.line()] += slots;
        holding.standing = standing;
        if holding.waits {
            self.lines[standing.line()].push_back(lane);
        }
    }

    /// How the lane's receiver has behaved.
    pub fn standing(&self, lane: EndpointId) -> Standing {
        self.lanes
            .get(&lane)
            .map_or(Standing::Unproven, |holding| holding.standing)
    }

    /// Forgets a lane that goes to rest; one that still holds slots only leaves its line.
    pub fn forget(&mut self, lane: EndpointId) {
        self.decline(lane);
        if self
            .lanes
            .get(&lane)
            .is_some_and(|holding| holding.held == 0)
        {
            self.lanes.remove(&lane);
        }
    }

    /// Grants a free slot to a waiting lane; that lane is to be told. Call it until it gives `None` after slots came
    /// back or a lane was refused.
    pub fn next_grant(&mut self) -> Option<EndpointId> {
        for offset in 0..Standing::ALL.len() {
            let line = (self.turn + offset) % Standing::ALL.len();
            if let Some(lane) = self.grant_from(line) {
                self.turn = (line + 1) % Standing::ALL.len();
                return Some(lane);
            }
        }
        None
    }

    /// Slots that nobody holds or was granted.
    fn free(&self) -> u32 {
        self.total.saturating_sub(self.in_use())
    }

    fn grant_from(&mut self, line: usize) -> Option<EndpointId> {
        let free = self.free();
        if self.in_use[line] >= together_max(line, self.total) {
            return None;
        }
        let mut looked_at = 0;
        while looked_at < LOOKED_AT_MAX.min(self.lines[line].len()) && free > 0 {
            let lane = self.lines[line].pop_front()?;
            let Some(holding) = self.lanes.get_mut(&lane) else {
                continue;
            };
            if !holding.waits || holding.standing.line() != line {
                continue;
            }
            if may_take(*holding, free, self.in_use[line], self.total) {
                holding.waits = false;
                holding.granted += 1;
                self.in_use[line] += 1;
                return Some(lane);
            }
            self.lines[line].push_back(lane);
            looked_at += 1;
        }
        None
    }
}

/// Whether a lane may take one of `free` slots when those of its standing hold `in_use` of `total`.
fn may_take(holding: Holding, free: u32, in_use: u32, total: u32) -> bool {
    let own = holding.held + holding.granted;
    let own_max = match holding.standing {
        Standing::Proven => free.saturating_sub(total / 4).max(1),
        Standing::Unproven | Standing::Slow => 1,
    };
    free > 0 && own < own_max && in_use < together_max(holding.standing.line(), total)
}

/// Slots that all lanes of one line may hold together.
const fn together_max(line: usize, total: u32) -> u32 {
    let share = match line {
        0 => total,
        1 => total / 2,
        _ => total / 4,
    };
    if share == 0 { 1 } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(number: i64) -> EndpointId {
        EndpointId::from_i64(number)
    }

    fn take_all(slots: &mut Slots, who: EndpointId) -> u32 {
        let mut taken = 0;
        while slots.take(who) {
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_lane_alone_leaves_room_and_a_newcomer_never_waits_for_it() {
        let mut slots = Slots::new(100);
        slots.set_standing(lane(1), Standing::Proven);
        slots.set_standing(lane(2), Standing::Proven);
        assert_eq!(take_all(&mut slots, lane(1)), 38);
        assert_eq!(take_all(&mut slots, lane(2)), 19);
        assert_eq!(take_all(&mut slots, lane(3)), 1, "it has not answered yet");
    }

    #[test]
    fn five_hundred_silent_lanes_leave_room_for_one_that_answers() {
        let mut slots = Slots::new(2_048);
        for number in 0..500 {
            slots.set_standing(lane(number), Standing::Proven);
            for _ in 0..8 {
                slots.take(lane(number));
            }
        }
        slots.set_standing(lane(1_000), Standing::Proven);
        assert!(slots.take(lane(1_000)));
        assert!(slots.in_use() < 2_048 - 100, "and for a hundred more");
    }

    #[test]
    fn slow_lanes_hold_one_slot_each_and_a_quarter_together() {
        let mut slots = Slots::new(40);
        let mut held = 0;
        for number in 0..40 {
            slots.set_standing(lane(number), Standing::Slow);
            held += take_all(&mut slots, lane(number));
        }
        assert_eq!(held, 10);
        assert_eq!(slots.next_grant(), None);
        slots.give_back(lane(0));
        assert_eq!(
            slots.next_grant(),
            Some(lane(0)),
            "it asked for a second first"
        );
    }

    #[test]
    fn grants_go_round_one_slot_a_lane() {
        let mut slots = Slots::new(3);
        for number in 0..4 {
            slots.set_standing(lane(number), Standing::Proven);
        }
        for number in 0..3 {
            assert!(slots.take(lane(number)));
        }
        for number in [3, 0, 1] {
            assert!(!slots.take(lane(number)));
        }
        for number in 0..3 {
            slots.give_back(lane(number));
        }
        let granted: Vec<_> = std::iter::from_fn(|| slots.next_grant()).collect();
        assert_eq!(granted, [lane(3), lane(0), lane(1)]);
        assert_eq!(slots.in_use(), 3);
        slots.decline(lane(3));
        assert!(slots.take(lane(0)) && slots.take(lane(2)));
        assert_eq!(slots.in_use(), 3);
    }

    #[test]
    fn another_total_takes_nothing_from_those_who_hold_and_gives_what_is_more_to_those_who_wait() {
        let mut slots = Slots::new(3);
        for number in 0..4 {
            slots.set_standing(lane(number), Standing::Proven);
        }
        assert!((0..3).all(|number| slots.take(lane(number))));
        assert!(!slots.take(lane(3)));
        slots.set_total(1);
        assert_eq!((slots.in_use(), slots.next_grant()), (3, None));
        slots.give_back(lane(0));
        slots.give_back(lane(1));
        assert_eq!(slots.next_grant(), None, "one is held, and one is all");
        slots.set_total(0);
        assert_eq!(slots.total(), 1);
        slots.set_total(2);
        assert_eq!(slots.next_grant(), Some(lane(3)));
        assert_eq!(slots.next_grant(), None);
    }

    #[test]
    fn a_lane_that_changes_its_standing_keeps_its_turn_and_its_slots() {
        let mut slots = Slots::new(2);
        assert!(slots.take(lane(1)));
        assert!(!slots.take(lane(1)));
        slots.set_standing(lane(1), Standing::Proven);
        assert_eq!(slots.in_use(), 1);
        slots.give_back(lane(1));
        assert_eq!(slots.next_grant(), Some(lane(1)));
        assert_eq!(slots.next_grant(), None);
        slots.forget(lane(1));
        assert_eq!(slots.in_use(), 0);
    }
}
