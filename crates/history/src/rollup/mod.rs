//! Rollups: what each series did in each step of 1, 10 and 60 seconds.

mod accumulator;
pub(crate) mod block;
pub(crate) mod buckets;
mod codes;
mod distribution;
pub(crate) mod drops;
pub(crate) mod flows;
mod fold;
mod ledger;
mod registry;
pub(crate) mod requests;
pub(crate) mod series;
pub(crate) mod tiers;
