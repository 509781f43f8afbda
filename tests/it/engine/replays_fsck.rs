//! Replays and causes whose rows were changed behind the service's back: each kind of damage is found and told.

use std::time::Duration;

use hookyard::domain::id::PlanId;
use hookyard::domain::replay::{Settings, rate_from_text};
use hookyard::engine::Selection;
use hookyard::store::fsck;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, World, somebody};

/// A paused replay of four deliveries, two of them delivered by it, two waiting.
async fn story() -> (World, Receiver) {
    let world = World::make(Making {
        ladder: "[]",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish_together(4).await;
    world.settle().await;
    receiver.always(Behaviour::ok());
    let dead = Selection::Filter("state:dead".to_owned());
    let plan = world.engine.plan_replay(&somebody(), dead).await.unwrap();
    let settings = Settings {
        rate: rate_from_text("1/s").unwrap(),
        ..Settings::default()
    };
    let plan_id = PlanId::from_i64(plan.id.as_i64());
    let engine = &world.engine;
    let started = engine.start_replay(&somebody(), plan_id, settings).await;
    let id = started.unwrap().id;
    world.run_for(Duration::from_secs(1)).await;
    let paused = world.engine.pause_replay(&somebody(), id).await.unwrap();
    assert_eq!(paused.facts.counts.delivered, 2);
    world.settle().await;
    (world, receiver)
}

/// What is found of replays and causes, ids by what they are of.
async fn lines(world: &World) -> Vec<String> {
    let report = fsck::check_file(&world.database()).await.unwrap();
    let mut told = Vec::new();
    for finding in &report.findings {
        let line = format!(
            "{} {}: {}",
            finding.kind.as_str(),
            finding.subject,
            finding.text
        );
        if !line.contains("rpl_") && !line.contains("cause:") {
            continue;
        }
        let masked: Vec<String> = line.split(' ').map(masked).collect();
        told.push(masked.join(" "));
    }
    told
}

fn masked(word: &str) -> String {
    let end = word.trim_start_matches(|letter: char| letter != ',' && letter != ':');
    match word {
        _ if word.starts_with("rpl_") => format!("RPL{end}"),
        _ if word.starts_with("dlv_") => format!("DLV{end}"),
        _ if word.starts_with("cause:") => "CAUSE:".to_owned(),
        _ if word.len() == 64 => "HASH".to_owned(),
        _ => word.to_owned(),
    }
}

/// Damage, what takes it back, and what is told of it.
const DAMAGE: [(&str, &str, &[&str]); 10] = [
    (
        "UPDATE replays SET delivered = delivered + 1",
        "UPDATE replays SET delivered = delivered - 1",
        &[
            "ledger RPL: has 4 items, and 5 that stand somewhere (0 of 0 open ones untried, 0 of 2 waiting ones passed \
             over)",
            "ledger RPL: counts 3 delivered items, and there are 2",
        ],
    ),
    (
        "UPDATE replays SET deferred = 1",
        "UPDATE replays SET deferred = 0",
        &["ledger RPL: counts 1 deferred items, and there are 0"],
    ),
    (
        "UPDATE replay_items SET replay_id = 5 WHERE delivery_id = (SELECT max(delivery_id) FROM replay_items)",
        "UPDATE replay_items SET replay_id = (SELECT id FROM replays) WHERE replay_id = 5",
        &[
            "ledger RPL: is paused with 4 items, and there are 3",
            "ownerless RPL: has 1 items, the first of them DLV, and does not exist",
        ],
    ),
    (
        "UPDATE replay_items SET outcome = 'open' WHERE delivery_id = (SELECT max(delivery_id) FROM replay_items)",
        "UPDATE replay_items SET outcome = NULL WHERE outcome = 'open'",
        &[
            "ledger RPL: counts 2 items without an outcome, and there are 1",
            "ledger RPL: counts 0 open items, and there are 1",
            "impossible DLV: is an open item of RPL, and is dead or not of that replay",
        ],
    ),
    (
        "UPDATE deliveries SET state = 'pending', reason = NULL, replay_id = (SELECT id FROM replays) \
         WHERE id = (SELECT max(id) FROM deliveries)",
        "UPDATE deliveries SET state = 'dead', reason = 'exhausted', replay_id = NULL WHERE state = 'pending'",
        &["impossible DLV: is pending for RPL, whose item it is has the outcome none"],
    ),
    (
        "UPDATE replays SET state = 'finished'",
        "UPDATE replays SET state = 'paused'",
        &["impossible RPL: is finished, with 2 items that wait and 0 under way"],
    ),
    (
        "UPDATE causes SET failures = 3",
        "UPDATE causes SET failures = 4",
        &["ledger CAUSE: counts 3 failures, its endpoints 4, its minutes 4"],
    ),
    (
        "UPDATE causes SET first_seen = last_seen + 1",
        "UPDATE causes SET first_seen = last_seen",
        &["impossible CAUSE: was seen first after it was seen last"],
    ),
    (
        "UPDATE cause_endpoints SET cause_id = 7",
        "UPDATE cause_endpoints SET cause_id = (SELECT id FROM causes)",
        &["ownerless CAUSE: counts failures for 1 endpoints, and does not exist"],
    ),
    (
        "UPDATE replays SET flight = json_set(flight, '$.hash', 'abc')",
        "UPDATE replays SET note = NULL",
        &["impossible RPL: was planned with the hash abc, and its items have HASH"],
    ),
];

#[tokio::test]
async fn damage_to_replays_and_causes_is_told_and_what_is_sound_is_not() {
    let (world, _receiver) = story().await;
    assert_eq!(lines(&world).await, [""; 0]);
    for (damage, undo, expected) in DAMAGE {
        world.tamper(damage).await;
        assert_eq!(lines(&world).await, expected, "{damage}");
        world.tamper(undo).await;
    }
}
