//! Everything that is not a list of deliveries: endpoints, dead by cause, causes, ledger, horizon, statistics, audit,
//! replays and the rest.

use std::time::Duration;

use anyhow::Result;

use super::Reads;
use super::deliveries::query;
use crate::api::audit::AuditParams;
use crate::api::cause::CausesQuery;
use crate::api::dead::DeadQuery;
use crate::api::horizon::HorizonQuery;
use crate::api::ledger::LedgerQuery;
use crate::api::replay::ReplayBody;
use crate::client::ClientError;

/// Plans that are made: the service keeps 32 at most.
const PLANS: u64 = 5;
/// How often backlogs are counted anew for the horizon, and a little more than the time for which they are shown again.
const HORIZONS: u64 = 5;
const READS_A_HORIZON: u64 = 40;
const HORIZON_KEPT: Duration = Duration::from_millis(5_100);

impl Reads<'_> {
    /// What is dead, by cause: listed, exported, planned.
    pub(super) async fn dead(&mut self) -> Result<()> {
        let client = self.client;
        let dead = self.newest("state:dead").await?;
        let endpoint = dead.endpoint_id;
        let cause = dead.cause.unwrap_or_default();
        let of_cause = format!("cause:{cause}");
        self.time("dead causes", async |_| {
            Ok(client.dead_causes().await?.items.len() as u64)
        })
        .await?;
        let listed = query(&format!("state:dead {of_cause}"), None, 50);
        self.time("dead by cause", async |_| {
            Ok(client.deliveries(&listed).await?.items.len() as u64)
        })
        .await?;
        let everything = DeadQuery::default();
        let caused = DeadQuery {
            filter: Some(of_cause.clone()),
        };
        for (name, query) in [
            ("dead export, first line", everything),
            ("dead export by cause, first line", caused),
        ] {
            self.time(name, async |_| {
                let mut lines = client.export_dead(&query).await?;
                Ok(u64::from(lines.next().await?.is_some()))
            })
            .await?;
        }
        for (name, filter) in [
            ("replay plan of all dead", "state:dead".to_owned()),
            (
                "replay plan of a cause's dead",
                format!("state:dead {of_cause}"),
            ),
            (
                "replay plan of an endpoint's dead",
                format!("state:dead ep:{endpoint}"),
            ),
        ] {
            let body = ReplayBody {
                filter: Some(filter),
                dry_run: true,
                ..ReplayBody::default()
            };
            self.time_some(name, PLANS, Duration::ZERO, async |_| {
                Ok(client.plan_replay(&body).await?.matched)
            })
            .await?;
        }
        self.time("replays", async |_| {
            Ok(client.replays(&query("", None, 50)).await?.items.len() as u64)
        })
        .await
    }

    /// Causes, ledger, statistics.
    pub(super) async fn figures(&mut self) -> Result<()> {
        let client = self.client;
        for (since, limit) in [("1h", 50), ("24h", 50), ("24h", 500)] {
            let query = CausesQuery {
                since: Some(since.to_owned()),
                limit: Some(limit),
            };
            self.time(&format!("causes of {since}, {limit}"), async |_| {
                Ok(client.causes(&query).await?.items.len() as u64)
            })
            .await?;
        }
        let ledger = async |query: LedgerQuery| -> Result<u64, ClientError> {
            let ledger = client.ledger(&query).await?;
            Ok((ledger.days.len() + ledger.endpoints.len()) as u64)
        };
        self.time("ledger, overall", async |_| {
            ledger(LedgerQuery {
                days: Some(1),
                limit: Some(1),
                ..LedgerQuery::default()
            })
            .await
        })
        .await?;
        self.time("ledger by endpoint, 500", async |_| {
            ledger(LedgerQuery {
                limit: Some(500),
                ..LedgerQuery::default()
            })
            .await
        })
        .await?;
        self.time("ledger by day, 400", async |_| {
            ledger(LedgerQuery {
                days: Some(400),
                ..LedgerQuery::default()
            })
            .await
        })
        .await?;
        for window in ["1m", "1h", "24h", "48h", "7d", "90d"] {
            self.time(&format!("stats of {window}"), async |_| {
                Ok(client.stats(window).await?.traffic.minutes.len() as u64)
            })
            .await?;
        }
        self.time(
            "metrics",
            async |_| Ok(client.metrics().await?.len() as u64),
        )
        .await
    }

    /// The horizon: counted anew, shown again, and of one endpoint.
    pub(super) async fn horizon(&mut self) -> Result<()> {
        let client = self.client;
        let all = HorizonQuery::default();
        let read = async |query: &HorizonQuery| -> Result<u64, ClientError> {
            let horizon = client.horizon(query).await?;
            Ok(horizon.total.pending + horizon.total.held)
        };
        let times = HORIZONS.min(self.calls.div_ceil(READS_A_HORIZON));
        self.time_some("horizon, counted anew", times, HORIZON_KEPT, async |_| {
            read(&all).await
        })
        .await?;
        self.time("horizon, shown again", async |_| read(&all).await)
            .await?;
        let endpoint = self.newest("state:retrying").await?.endpoint_id;
        let one = HorizonQuery {
            endpoint: Some(endpoint.to_string()),
            limit: None,
        };
        self.time("horizon of an endpoint", async |_| read(&one).await)
            .await
    }

    /// Endpoints, the audit log, and lists that have nothing to do with deliveries.
    pub(super) async fn others(&mut self) -> Result<()> {
        let client = self.client;
        for limit in [50, 500] {
            let page = query("", None, limit);
            self.time(&format!("endpoints, {limit}"), async |_| {
                Ok(client.endpoints(&page).await?.items.len() as u64)
            })
            .await?;
        }
        let endpoint = self.newest("state:dead").await?.endpoint_id;
        self.time("endpoint", async |_| {
            client.endpoint(endpoint).await.map(|_| 1)
        })
        .await?;
        let audit = async |params: AuditParams| -> Result<u64, ClientError> {
            Ok(client.audit(&params).await?.items.len() as u64)
        };
        self.time("audit", async |_| audit(AuditParams::default()).await)
            .await?;
        self.time("audit by action", async |_| {
            let what = Some("endpoint.*".to_owned());
            audit(AuditParams {
                what,
                ..AuditParams::default()
            })
            .await
        })
        .await?;
        let page = query("", None, 50);
        self.time("tokens", async |_| {
            Ok(client.tokens(&page).await?.items.len() as u64)
        })
        .await?;
        self.time("contracts", async |_| {
            Ok(client.contracts().await?.items.len() as u64)
        })
        .await?;
        self.time("event types", async |_| {
            Ok(client.event_types().await?.items.len() as u64)
        })
        .await?;
        self.time("egress", async |_| client.egress().await.map(|_| 1))
            .await?;
        self.time("info", async |_| client.info().await.map(|_| 1))
            .await
    }
}
