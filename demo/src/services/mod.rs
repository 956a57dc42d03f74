//! The demo's own services and clients: real programs with known behaviour, each of which keeps its own books.
//!
//! `traffic` -> `gateway` (nginx) -> `shop` -> `catalog` -> redis, and `shop` -> `orders` -> `payments`.

pub mod address;
mod catalog;
mod client;
pub mod ledger;
mod orders;
mod payments;
mod redis;
mod shop;
mod trace;
mod traffic;
mod web;

use std::path::Path;

use clap::ValueEnum;

/// A service of the demo's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// The front: asks catalog and orders.
    Shop,
    /// Products, kept in redis.
    Catalog,
    /// Takes orders, counts them in redis and has them paid.
    Orders,
    /// Slow at times, wrong at times.
    Payments,
    /// The clients: browsers, and some that meet refusal, silence and unknown names.
    Traffic,
}

impl Service {
    /// Its name, which is that of its control group and so of its workload.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Catalog => "catalog",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Traffic => "traffic",
        }
    }
}

/// Runs a service until SIGTERM, then writes its books to a file.
pub fn run(service: Service, books: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ledger = ledger::Ledger::default();
    runtime.block_on(async {
        match service {
            Service::Shop => web::serve(address::SHOP_PORT, shop::routes(&ledger)).await,
            Service::Catalog => web::serve(address::CATALOG_PORT, catalog::routes().await?).await,
            Service::Orders => web::serve(address::ORDERS_PORT, orders::routes(&ledger)).await,
            Service::Payments => web::serve(address::PAYMENTS_PORT, payments::routes()).await,
            Service::Traffic => traffic::run(&ledger).await,
        }
    })?;
    ledger.write(books)
}
