//! Who is attached: the operators whose streams are open and asked who is there. Who wants to see is seen.

use std::collections::BTreeMap;

use crate::api::operator::OperatorView;
use crate::domain::actor::Actor;
use crate::domain::time::Timestamp;

/// Who is attached; bounded by the number of streams.
#[derive(Debug, Default)]
pub(super) struct Presence {
    attached: BTreeMap<Ticket, Attached>,
    given: u64,
    changes: u64,
}

/// Names an attached stream; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

#[derive(Debug)]
struct Attached {
    who: Actor,
    since: Timestamp,
}

impl Presence {
    /// Somebody has come.
    pub(super) fn come(&mut self, who: Actor, since: Timestamp) -> Ticket {
        self.given += 1;
        self.changes += 1;
        let ticket = Ticket(self.given);
        self.attached.insert(ticket, Attached { who, since });
        ticket
    }

    /// Somebody has gone.
    pub(super) fn go(&mut self, ticket: Ticket) {
        if self.attached.remove(&ticket).is_some() {
            self.changes += 1;
        }
    }

    /// How often anybody came or went: another number means that the list is another.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Who is there, whoever came first before the others; one who came several times stands there once.
    pub(super) fn list(&self) -> Vec<OperatorView> {
        let mut list: Vec<OperatorView> = Vec::new();
        for attached in self.attached.values() {
            let (who, via) = (&attached.who.who, attached.who.via.as_str());
            match list
                .iter_mut()
                .find(|known| known.who == *who && known.via == via)
            {
                Some(known) => known.consoles += 1,
                None => list.push(OperatorView {
                    who: who.clone(),
                    via: via.to_owned(),
                    since: attached.since,
                    consoles: 1,
                }),
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::Via;

    fn actor(who: &str, via: Via) -> Actor {
        Actor {
            who: who.to_owned(),
            via,
            from: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    #[test]
    fn whoever_comes_twice_is_listed_once_with_the_first_time_and_goes_one_by_one() {
        let mut presence = Presence::default();
        let first = presence.come(actor("anna", Via::Socket), at(1));
        presence.come(actor("bo", Via::Tcp), at(2));
        let second = presence.come(actor("anna", Via::Socket), at(3));
        presence.come(actor("anna", Via::Tcp), at(4));
        let shown = |presence: &Presence| -> Vec<(String, String, i64, u32)> {
            let list = presence.list().into_iter();
            list.map(|one| {
                (
                    one.who,
                    one.via,
                    one.since.as_millis() / 1_000,
                    one.consoles,
                )
            })
            .collect()
        };
        let line = |who: &str, via: &str, since, consoles| {
            (who.to_owned(), via.to_owned(), since, consoles)
        };
        assert_eq!(
            shown(&presence),
            [
                line("anna", "socket", 1, 2),
                line("bo", "tcp", 2, 1),
                line("anna", "tcp", 4, 1)
            ]
        );
        presence.go(first);
        assert_eq!(shown(&presence)[1], line("anna", "socket", 3, 1));
        presence.go(second);
        assert_eq!(shown(&presence).len(), 2);
    }

    #[test]
    fn every_coming_and_going_is_a_change_and_going_twice_is_one() {
        let mut presence = Presence::default();
        let ticket = presence.come(actor("anna", Via::Socket), at(1));
        assert_eq!(presence.changes(), 1);
        presence.go(ticket);
        presence.go(ticket);
        assert_eq!((presence.changes(), presence.list()), (2, Vec::new()));
    }
}
