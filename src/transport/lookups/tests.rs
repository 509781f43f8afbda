//! Name servers that hang, fail and crowd, without a network.

use std::collections::HashSet;

use super::*;

const PATIENT: Duration = Duration::from_secs(20);
const HASTY: Duration = Duration::from_millis(60);

/// Names that hang until they are let go; all others answer at once.
#[derive(Default)]
struct Names {
    hanging: HashSet<String>,
    failing: HashSet<String>,
    in_lookup: usize,
    in_lookup_max: usize,
}

struct Server {
    names: Mutex<Names>,
    changed: std::sync::Condvar,
    watched: watch::Sender<usize>,
}

impl Server {
    fn start() -> Arc<Self> {
        Arc::new(Self {
            names: Mutex::default(),
            changed: std::sync::Condvar::new(),
            watched: watch::Sender::new(0),
        })
    }

    fn lookups(self: &Arc<Self>, deadline: Duration) -> Lookups {
        let server = Arc::clone(self);
        let lookup = move |name: &str| server.answer(name);
        Lookups::new(Arc::new(lookup), deadline)
    }

    fn answer(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let mut names = self.names.lock().unwrap();
        names.in_lookup += 1;
        names.in_lookup_max = names.in_lookup_max.max(names.in_lookup);
        self.watched.send_replace(names.in_lookup);
        names = self
            .changed
            .wait_while(names, |names| names.hanging.contains(name))
            .unwrap();
        names.in_lookup -= 1;
        self.watched.send_replace(names.in_lookup);
        match names.failing.contains(name) {
            true => Err(io::Error::other("no such name")),
            false => Ok(vec![SocketAddr::from(([1, 1, 1, 1], 0))]),
        }
    }

    async fn hanging(&self, count: usize) {
        let mut watched = self.watched.subscribe();
        let reached = watched.wait_for(|now| *now == count);
        clock::within(PATIENT, reached).await.unwrap().unwrap();
    }

    fn release(&self) {
        self.names.lock().unwrap().hanging.clear();
        self.changed.notify_all();
    }
}

fn numbered(kind: &str, count: usize) -> HashSet<String> {
    (0..count).map(|number| format!("{kind}{number}")).collect()
}

fn resolve_all(lookups: &Lookups, names: &HashSet<String>) {
    for name in names {
        let (lookups, name) = (lookups.clone(), name.clone());
        tokio::spawn(async move { lookups.resolve(&name).await });
    }
}

#[tokio::test]
async fn names_that_failed_hold_only_their_share_of_the_threads() {
    let server = Server::start();
    let lookups = server.lookups(PATIENT);
    let bad = numbered("bad", 40);
    server.names.lock().unwrap().failing = bad.clone();
    for name in &bad {
        let refused = lookups.resolve(name).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("{name} did not resolve: no such name")
        );
    }
    server.names.lock().unwrap().hanging = bad.clone();
    resolve_all(&lookups, &bad);
    server.hanging(LOOKUPS_FAILING_MAX).await;
    for name in numbered("fresh", 40) {
        assert!(lookups.resolve(&name).await.is_ok());
    }
    let most = server.names.lock().unwrap().in_lookup_max;
    assert_eq!(most, LOOKUPS_FAILING_MAX + 1);
    server.release();
}

#[tokio::test]
async fn a_crowded_out_name_is_told_so_and_a_proven_one_is_not_crowded_out() {
    let server = Server::start();
    let lookups = server.lookups(HASTY);
    assert!(lookups.resolve("proven").await.is_ok());
    let dead = numbered("dead", LOOKUPS_UNPROVEN_MAX);
    server.names.lock().unwrap().hanging = dead.clone();
    resolve_all(&lookups, &dead);
    server.hanging(LOOKUPS_UNPROVEN_MAX).await;
    assert!(matches!(
        lookups.resolve("fresh").await,
        Err(Unresolved::Crowded { .. })
    ));
    assert!(lookups.resolve("proven").await.is_ok());
    server.release();
}

#[tokio::test]
async fn a_late_answer_ends_the_flight_and_the_next_lookup_is_fresh() {
    let server = Server::start();
    let lookups = server.lookups(HASTY);
    server.names.lock().unwrap().hanging = HashSet::from(["slow".to_owned()]);
    for _ in 0..2 {
        let late = lookups.resolve("slow").await.unwrap_err();
        assert_eq!(late.to_string(), "slow did not resolve within 0.06 s");
    }
    assert_eq!(server.names.lock().unwrap().in_lookup_max, 1);
    server.release();
    server.hanging(0).await;
    // The thread is back; its flight is taken off the list by a task of this runtime.
    while !lookups.shared.state().flights.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(lookups.resolve("slow").await.is_ok());
}

#[tokio::test]
async fn a_flight_whose_runtime_ended_does_not_stop_the_next() {
    let server = Server::start();
    let lookups = server.lookups(PATIENT);
    server.names.lock().unwrap().hanging = HashSet::from(["name".to_owned()]);
    let first = lookups.clone();
    let elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let short = clock::within(HASTY, first.resolve("name"));
        assert!(runtime.block_on(short).is_none());
    });
    elsewhere.join().unwrap();
    assert!(lookups.shared.state().flights.is_empty());
    server.release();
    assert!(lookups.resolve("name").await.is_ok());
}
