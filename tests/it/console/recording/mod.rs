//! Real answers of the API to what the console asks, kept for the snapshots of its views.
//!
//! `HOOKYARD_TEST_RECORD=1 cargo test --test it console::recording` writes them anew, as does whoever changes what the
//! API answers; without the variable the test fails when the kept ones have another shape than fresh ones. The snapshots
//! read them through the console's own types: an answer that these cannot take fails there.

mod incident;
mod normal;

use std::path::Path;

use serde_json::{Map, Value, json};

use incident::Incident;

/// Names the wish to write the answers instead of comparing them.
const RECORD: &str = "HOOKYARD_TEST_RECORD";
/// Where they are, below the repository.
const FILE: &str = "src/console/app/recorded/answers.json";

/// What the views ask for, by the names that the snapshots know.
const LOOKS: &[(&str, &str)] = &[
    ("stats", "/v1/stats?window=1m"),
    ("last_hour", "/v1/stats?window=60m"),
    ("causes", "/v1/causes?since=60m"),
    ("horizon", "/v1/horizon?limit=1"),
    ("egress", "/v1/egress"),
    ("endpoints", "/v1/endpoints?limit=500"),
    ("deliveries", "/v1/deliveries?limit=24"),
    ("count", "/v1/deliveries/count"),
    ("events", "/v1/events?limit=24"),
    ("dead_causes", "/v1/dead/causes"),
    ("replays", "/v1/replays?limit=200"),
    ("audit", "/v1/audit?limit=200"),
    ("contracts", "/v1/contracts"),
    ("log", "/v1/log?limit=200"),
    ("warning", "/v1/log?limit=1&level=warn"),
];

/// Asks for all of it.
async fn record() -> Value {
    let incident = Incident::happen().await;
    let mut answers = Map::new();
    answers.insert("hello".to_owned(), incident.hello().await);
    for (name, path) in LOOKS {
        answers.insert((*name).to_owned(), incident.get(path).await);
    }
    answers.insert("operators".to_owned(), incident.operators_attached().await);
    one_delivery(&incident, &mut answers).await;
    changes(&incident, &mut answers).await;
    normal::normal(&Value::Object(answers), &|text| incident.named(text))
}

/// A delivery that died, its attempts, and the last good one of its kind.
async fn one_delivery(incident: &Incident, answers: &mut Map<String, Value>) {
    let dead = "/v1/deliveries?limit=1&filter=state:dead%20ep:partner-acme%20type:packet.signed";
    let dead = incident.get(dead).await;
    let id = dead["items"][0]["id"].as_str().unwrap();
    let delivery = incident.get(&format!("/v1/deliveries/{id}")).await;
    let attempts = delivery["history"].as_array().unwrap().len();
    let mut exchanges = Vec::new();
    for number in 1..=attempts {
        let path = format!("/v1/deliveries/{id}/attempts/{number}");
        exchanges.push(incident.get(&path).await);
    }
    let good =
        "/v1/deliveries?limit=1&filter=state:delivered%20ep:partner-acme%20type:packet.signed";
    let good = incident.get(good).await;
    let good_id = good["items"][0]["id"].clone();
    let path = format!("/v1/deliveries/{}/attempts/1", good_id.as_str().unwrap());
    let endpoint = delivery["endpoint_id"].as_str().unwrap();
    let hour = format!("/v1/endpoints/{endpoint}/stats?window=60m");
    answers.insert("endpoint_hour".to_owned(), incident.get(&hour).await);
    answers.insert("delivery".to_owned(), delivery);
    answers.insert("attempts".to_owned(), Value::Array(exchanges));
    answers.insert(
        "last_good".to_owned(),
        json!([good_id, incident.get(&path).await]),
    );
}

/// Members of the running minute that are there only once its durations were written down, up to 15 s late.
const LATE: [&str; 2] = [".stats.latency_us", ".stats.minutes[].latency_us"];

/// What dialogs and forms are answered.
async fn changes(incident: &Incident, answers: &mut Map<String, Value>) {
    let filter = "state:dead ep:partner-acme";
    let plan = json!({"filter": filter, "dry_run": true});
    let discard = json!({"filter": filter, "dry_run": true, "note": "why"});
    let endpoint = json!({"url": "http://127.0.0.1:9/in", "name": "newcomer"});
    let created = incident.post("/v1/endpoints", endpoint).await;
    let rotate = format!(
        "/v1/endpoints/{}/rotate-secret",
        created["id"].as_str().unwrap()
    );
    for (name, path, body) in [
        ("plan_replay", "/v1/replays", plan),
        ("plan_discard", "/v1/dead/discard", discard),
        ("rotated", &*rotate, json!({})),
    ] {
        answers.insert(name.to_owned(), incident.post(path, body).await);
    }
    answers.insert("created".to_owned(), created);
    let note = json!({"target": answers["delivery"]["id"], "note": "told acme, they look into it: INC-412"});
    answers.insert("notes".to_owned(), incident.post("/v1/notes", note).await);
    for (name, filter) in [
        ("acme", "ep:partner-acme"),
        ("oncall", "state:dead or status:5xx,timeout"),
    ] {
        incident.save_view(name, filter).await;
    }
    answers.insert("views".to_owned(), incident.get("/v1/views").await);
}

#[tokio::test]
async fn the_answers_of_the_snapshots_have_the_shape_of_real_ones() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let fresh = record().await;
    if std::env::var_os(RECORD).is_some() {
        let text = serde_json::to_string_pretty(&fresh).unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
        return;
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let (kept, fresh) = (normal::shape(&kept), normal::shape(&fresh));
    let told = |member: &&String| !LATE.iter().any(|late| member.starts_with(late));
    let gone: Vec<_> = kept.difference(&fresh).filter(told).collect();
    let new: Vec<_> = fresh.difference(&kept).filter(told).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "{FILE} has what the API does not answer: {gone:#?}\nand lacks what it does: {new:#?}\n{RECORD}=1 writes it anew"
    );
}
