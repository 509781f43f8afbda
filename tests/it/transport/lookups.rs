//! Dead name servers hurt only the names that they serve.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use hookyard::domain::attempt::FailureClass;
use hookyard::domain::limits::{LOOKUPS_MAX, LOOKUPS_UNPROVEN_MAX};
use hookyard::transport::{Transport, TransportOptions};

use super::harness::{SHORT, answered, failed, looking_up, post, transport_with};
use crate::support::receiver::Receiver;

/// A name server: `dead*` names block until it is dropped, all others lead to 127.0.0.1.
#[derive(Default)]
struct NameServer {
    state: Arc<(Mutex<Served>, Condvar)>,
}

#[derive(Default)]
struct Served {
    over: bool,
    asked: HashMap<String, usize>,
    blocked: usize,
    blocked_max: usize,
}

impl NameServer {
    fn options(&self) -> TransportOptions {
        let state = Arc::clone(&self.state);
        looking_up(move |name: &str| {
            let (served, changed) = &*state;
            let mut served = served.lock().unwrap();
            *served.asked.entry(name.to_owned()).or_default() += 1;
            if name.starts_with("dead") {
                served.blocked += 1;
                served.blocked_max = served.blocked_max.max(served.blocked);
                changed.notify_all();
                served = changed.wait_while(served, |served| !served.over).unwrap();
                served.blocked -= 1;
                return Err(std::io::Error::other("too late"));
            }
            Ok(vec!["127.0.0.1:0".parse().unwrap()])
        })
    }

    fn asked(&self, name: &str) -> usize {
        let served = self.state.0.lock().unwrap();
        served.asked.get(name).copied().unwrap_or(0)
    }

    fn blocked_max(&self) -> usize {
        self.state.0.lock().unwrap().blocked_max
    }

    /// Blocks until so many lookups hang.
    async fn hanging(&self, count: usize) {
        let state = Arc::clone(&self.state);
        let waiting = tokio::task::spawn_blocking(move || {
            let (served, changed) = &*state;
            let served = served.lock().unwrap();
            drop(changed.wait_while(served, |served| served.blocked < count));
        });
        tokio::time::timeout(super::harness::LONG, waiting)
            .await
            .unwrap()
            .unwrap();
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.state.0.lock().unwrap().over = true;
        self.state.1.notify_all();
    }
}

#[tokio::test]
async fn a_name_that_answers_is_reached_while_all_others_hang() {
    let receiver = Receiver::start();
    let names = NameServer::default();
    let transport = transport_with(TransportOptions {
        idle_per_host_max: 0,
        ..names.options()
    });
    let good = receiver.url_by_name("good.example.com", "/");
    answered(&transport, &good).await;
    let dead: Vec<_> = (0..500)
        .map(|number| {
            let url = format!("http://dead{number}.example.com/");
            tokio::spawn(transport.send(post(&url)))
        })
        .collect();
    names.hanging(LOOKUPS_UNPROVEN_MAX).await;
    for _ in 0..20 {
        answered(&transport, &good).await;
    }
    assert_eq!(names.asked("good.example.com"), 21);
    assert!(names.blocked_max() <= LOOKUPS_UNPROVEN_MAX);
    const { assert!(LOOKUPS_UNPROVEN_MAX < LOOKUPS_MAX) };
    for task in dead {
        task.abort();
    }
}

#[tokio::test]
async fn requests_for_one_name_share_one_lookup() {
    let names = NameServer::default();
    let transport = transport_with(names.options());
    let sends: Vec<_> = (0..50)
        .map(|_| tokio::spawn(transport.send(post("http://dead.example.com/"))))
        .collect();
    names.hanging(1).await;
    drop(names.state.0.lock().unwrap());
    let state = Arc::clone(&names.state);
    drop(names);
    for send in sends {
        let text = failed(&send.await.unwrap(), FailureClass::Dns);
        assert_eq!(text, "dead.example.com did not resolve: too late");
    }
    assert_eq!(state.0.lock().unwrap().asked["dead.example.com"], 1);
}

#[tokio::test]
async fn a_lookup_that_hangs_ends_at_the_limit_for_connecting_and_keeps_its_one_thread() {
    let names = NameServer::default();
    let transport = transport_with(names.options());
    let mut request = post("http://dead.example.com/");
    request.connect_timeout = SHORT;
    for _ in 0..2 {
        let exchange = transport.send(request.clone()).await;
        assert_eq!(
            failed(&exchange, FailureClass::Timeout),
            "dead.example.com:80: the name did not resolve within 0.25 s"
        );
        assert!(exchange.phases.total >= SHORT);
    }
    assert_eq!(names.asked("dead.example.com"), 1);
}

#[tokio::test]
async fn a_name_is_looked_up_again_for_each_connection() {
    let receiver = Receiver::start();
    let names = NameServer::default();
    let transport = transport_with(TransportOptions {
        idle_per_host_max: 0,
        ..names.options()
    });
    for _ in 0..3 {
        answered(&transport, &receiver.url_by_name("good.example.com", "/")).await;
    }
    assert_eq!(names.asked("good.example.com"), 3);
}
