//! The front: what browsers see through the gateway.

use std::time::Instant;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Method},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::{
    address::{CATALOG_PORT, ORDERS_PORT},
    client::{Client, Connections},
    ledger::{Ledger, edge},
    trace::TraceContext,
};

#[derive(Clone)]
struct Shop {
    catalog: Client,
    orders: Client,
}

pub(super) fn routes(ledger: &Ledger) -> Router {
    let client = |name: &str, port: u16| {
        let base = format!("http://{name}.demo:{port}");
        Client::new(base, edge("shop", name, "http"), ledger, Connections::Kept)
    };
    let shop = Shop { catalog: client("catalog", CATALOG_PORT), orders: client("orders", ORDERS_PORT) };
    Router::new()
        .route("/", get(home))
        .route("/products", get(products))
        .route("/products/{id}", get(product))
        .route("/checkout", post(checkout))
        .layer(middleware::from_fn_with_state(ledger.clone(), note_arrival))
        .with_state(shop)
}

async fn home(State(shop): State<Shop>, headers: HeaderMap) -> impl IntoResponse {
    shop.catalog.send(Method::GET, "/products?featured=true", TraceContext::of_request(&headers)).await
}

async fn products(State(shop): State<Shop>, headers: HeaderMap) -> impl IntoResponse {
    shop.catalog.send(Method::GET, "/products", TraceContext::of_request(&headers)).await
}

async fn product(State(shop): State<Shop>, Path(id): Path<u32>, headers: HeaderMap) -> impl IntoResponse {
    shop.catalog.send(Method::GET, &format!("/products/{id}"), TraceContext::of_request(&headers)).await
}

async fn checkout(State(shop): State<Shop>, headers: HeaderMap) -> impl IntoResponse {
    shop.orders.send(Method::POST, "/orders", TraceContext::of_request(&headers)).await
}

/// nginx keeps no books that the demo could read, so those of gateway -> shop are kept at the shop's end.
async fn note_arrival(State(ledger): State<Ledger>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let answer = next.run(request).await;
    let status = answer.status();
    let arrival = edge("gateway", "shop", "http");
    ledger.note(&arrival, status.as_str(), status.is_server_error(), started.elapsed());
    answer
}
