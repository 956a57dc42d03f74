//! Takes orders: counts them in redis and has them paid.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    routing::post,
};

use super::{
    address::PAYMENTS_PORT,
    client::{Client, Connections},
    ledger::{Ledger, edge},
    redis::Redis,
    trace::TraceContext,
};

#[derive(Clone)]
struct Orders {
    redis: Arc<Redis>,
    payments: Client,
}

pub(super) fn routes(ledger: &Ledger) -> Router {
    let base = format!("http://payments.demo:{PAYMENTS_PORT}");
    let payments = Client::new(base, edge("orders", "payments", "http"), ledger, Connections::Kept);
    Router::new().route("/orders", post(order)).with_state(Orders { redis: Arc::default(), payments })
}

/// Every third order is looked at for fraud, which is slow; every fifth asks for an earlier receipt, which may be gone.
async fn order(State(orders): State<Orders>, headers: HeaderMap) -> (StatusCode, String) {
    let trace = TraceContext::of_request(&headers);
    let Ok(Some(number)) = orders.redis.run(&["INCR", "orders"]).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "orders cannot be counted\n".to_owned());
    };
    let count: u64 = number.parse().unwrap_or_default();
    if count.is_multiple_of(3) {
        orders.payments.send(Method::POST, "/risk", trace).await;
    }
    if count.is_multiple_of(5) {
        orders.payments.send(Method::GET, &format!("/receipts/{count}"), trace).await;
    }
    let (status, _) = orders.payments.send(Method::POST, &format!("/charges/{count}"), trace).await;
    if status.is_success() {
        return (StatusCode::CREATED, format!("order {number}\n"));
    }
    (StatusCode::INTERNAL_SERVER_ERROR, "payment failed\n".to_owned())
}
