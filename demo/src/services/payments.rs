//! Payments: the part of the shop that is slow at times and wrong at times.

use std::time::Duration;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use tokio::time::sleep;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/charges/{order}", post(charge))
        .route("/risk", post(risk))
        .route("/receipts/{order}", get(receipt))
}

/// Every twelfth charge fails.
async fn charge(Path(order): Path<u64>) -> (StatusCode, &'static str) {
    sleep(Duration::from_millis(4)).await;
    if order.is_multiple_of(12) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the bank did not answer\n");
    }
    (StatusCode::OK, "charged\n")
}

/// The slow one.
async fn risk() -> &'static str {
    sleep(Duration::from_millis(220)).await;
    "no risk seen\n"
}

/// Every other receipt is gone.
async fn receipt(Path(order): Path<u64>) -> (StatusCode, &'static str) {
    if order.is_multiple_of(2) {
        return (StatusCode::NOT_FOUND, "no such receipt\n");
    }
    (StatusCode::OK, "paid\n")
}
