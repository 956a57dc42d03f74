//! How much history holds and how far back it reaches, for `goldwire status`.

use goldwire_answer::coverage::{Records, Tier};
use goldwire_model::time::Timestamp;
use serde::Serialize;

use crate::{options::Holder, rollup::tiers::TIERS, store::Store};

/// All of history.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetentionReport {
    /// Bytes that are held.
    pub bytes: usize,
    /// Bytes that may be held.
    pub memory: usize,
    /// Of these, bytes for what is still being filled.
    pub open_bytes: usize,
    /// Connections that are open now; both ends of one that is observed twice count.
    pub open_connections: usize,
    /// Milliseconds since the epoch.
    pub recording_since: i64,
    /// Each table's raw records and rollups.
    pub tiers: Vec<TierReport>,
}

/// One tier of one table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TierReport {
    /// `requests`, `flows`, `drops`, `processes` or `saturation`.
    pub table: &'static str,
    /// Which tier.
    pub tier: Tier,
    /// Milliseconds since the epoch: everything from here on is held. Absent while the tier is empty.
    pub oldest: Option<i64>,
    /// Records, or rows of a rollup.
    pub rows: usize,
    /// Bytes that these take.
    pub bytes: usize,
    /// Bytes that are this tier's own; it may take what others leave.
    pub share: usize,
    /// How far back the tier will reach at the present rate once its share is full, in seconds. Absent while there is
    /// too little to tell.
    pub projected_reach_seconds: Option<f64>,
}

/// Names of the holders in reports.
const fn name_of(holder: Holder) -> (&'static str, Tier, Records) {
    match holder {
        Holder::Requests => ("requests", Tier::Raw, Records::Requests),
        Holder::Flows => ("flows", Tier::Raw, Records::Flows),
        Holder::Drops => ("drops", Tier::Raw, Records::Drops),
        Holder::Processes => ("processes", Tier::Raw, Records::Processes),
        Holder::Saturation => ("saturation", Tier::Raw, Records::Saturation),
        Holder::RequestTier(tier) => ("requests", TIERS[tier], Records::Requests),
        Holder::FlowTier(tier) => ("flows", TIERS[tier], Records::Flows),
        Holder::DropTier(tier) => ("drops", TIERS[tier], Records::Drops),
    }
}

impl Store {
    /// What is held now.
    pub(crate) fn report(&self, now: Timestamp, memory: usize) -> RetentionReport {
        let tiers =
            Holder::SHARES.iter().map(|(holder, percent)| self.tier_report(*holder, memory / 100 * percent, now));
        RetentionReport {
            bytes: self.bytes(),
            memory,
            open_bytes: self.open_bytes(),
            open_connections: self.connections.len(),
            recording_since: self.recording_since.div_euclid(1_000_000),
            tiers: tiers.collect(),
        }
    }

    fn tier_report(&self, holder: Holder, share: usize, now: Timestamp) -> TierReport {
        let (table, tier, source) = name_of(holder);
        let reach = self.reach(source);
        let place = TIERS.iter().position(|known| *known == tier);
        let evicted = place.map_or(reach.raw, |place| reach.rollups.and_then(|rollups| rollups[place]));
        let (rows, bytes) = (self.rows_of(holder), self.held_by(holder));
        let oldest = evicted.unwrap_or(self.recording_since).max(self.recording_since);
        let seconds = now.0.saturating_sub(oldest) as f64 / 1e9;
        TierReport {
            table,
            tier,
            oldest: (rows > 0).then(|| oldest.div_euclid(1_000_000)),
            rows,
            bytes,
            share,
            projected_reach_seconds: (rows > 0 && bytes > 0 && seconds >= 1.0)
                .then(|| seconds * (share.max(bytes) as f64 / bytes as f64)),
        }
    }

    fn rows_of(&self, holder: Holder) -> usize {
        match holder {
            Holder::Requests => self.requests.rows(),
            Holder::Flows => self.flows.rows(),
            Holder::Drops => self.drops.rows(),
            Holder::Processes => self.processes.rows(),
            Holder::Saturation => self.saturation.rows(),
            Holder::RequestTier(tier) => self.request_rollup.tiers.tier(tier).rows(),
            Holder::FlowTier(tier) => self.flow_rollup.tiers.tier(tier).rows(),
            Holder::DropTier(tier) => self.drop_rollup.tiers.tier(tier).rows(),
        }
    }
}
