//! Products, kept in redis.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use tokio::time::sleep;

use super::redis::Redis;

/// Products are numbered from 1; higher numbers are answered 404.
pub(super) const PRODUCTS: u32 = 50;

type Answer = (StatusCode, String);

pub(super) async fn routes() -> anyhow::Result<Router> {
    let redis = Arc::new(Redis::default());
    stock(&redis).await.context("cannot put products in redis")?;
    Ok(Router::new().route("/products", get(list)).route("/products/{id}", get(product)).with_state(redis))
}

async fn stock(redis: &Redis) -> anyhow::Result<()> {
    let mut tries = 0;
    while redis.run(&["PING"]).await.is_err() && tries < 100 {
        tries += 1;
        sleep(Duration::from_millis(50)).await;
    }
    for id in 1..=PRODUCTS {
        let product = format!("{{\"id\":{id},\"name\":\"Thing number {id}\",\"price\":{}}}", id * 3 + 1);
        redis.run(&["SET", &key(id), &product]).await?;
    }
    let all = (1..=PRODUCTS).map(|id| format!("Thing number {id}\n")).collect::<String>();
    redis.run(&["SET", "products", &all]).await?;
    Ok(())
}

async fn list(State(redis): State<Arc<Redis>>) -> Answer {
    answer(redis.run(&["GET", "products"]).await)
}

async fn product(State(redis): State<Arc<Redis>>, Path(id): Path<u32>) -> Answer {
    answer(redis.run(&["GET", &key(id)]).await)
}

fn key(id: u32) -> String {
    format!("product:{id}")
}

fn answer(found: std::io::Result<Option<String>>) -> Answer {
    match found {
        Ok(Some(text)) => (StatusCode::OK, text),
        Ok(None) => (StatusCode::NOT_FOUND, "no such product\n".to_owned()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}
