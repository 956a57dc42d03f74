//! A table of 100,000 requests in 20 columns becomes a frame in Grafana's form.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use goldwire_answer::{
    column::Column,
    coverage::{Coverage, Exactness},
    table::{Answer, Finished, NamedColumn, Table},
};
use goldwire_model::query::Query;
use gpx_goldwire::frames::{Links, frames};
use serde_json::json;

use crate::{
    figure::{figure, is_wanted, millis, quantile, step},
    world::HOUR,
};

const ROWS: usize = 100_000;
const TIMES: usize = 50;

pub(crate) fn measure() {
    if !is_wanted("table-frame") {
        return;
    }
    step("a table of 100,000 requests becomes a frame");
    let (table, links) = (table(), Links::default());
    let query = query(&table);
    let answer = Answer { body: Finished::Table(table), coverage: coverage() };
    let once = || {
        let begun = Instant::now();
        let frames = frames(&query, &answer, &links, Vec::new()).unwrap();
        let bytes = black_box(frames[0].to_arrow().unwrap()).len();
        (begun.elapsed(), bytes)
    };
    let (_, bytes) = once();
    let times: Vec<Duration> = (0..TIMES).map(|_| once().0).collect();
    figure("table-frame-100k-x-20", millis(quantile(&times, 0.5)), "ms", "<=10");
    figure("table-frame-bytes", bytes as f64 / 1e6, "MB", "-");
}

fn query(table: &Table) -> Query {
    let columns: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
    let query = json!({ "refId": "A", "queryType": "requests", "columns": columns, "from": HOUR.0, "to": HOUR.1 });
    Query::from_value(query).unwrap()
}

fn coverage() -> Coverage {
    Coverage {
        nodes_asked: 1,
        nodes_answered: 1,
        late: Vec::new(),
        unreachable: Vec::new(),
        tier: None,
        quantiles: Exactness::None,
        relative_error: None,
        nodes: Vec::new(),
        notes: Vec::new(),
    }
}

/// The columns that people look at requests by. Names are shared between rows, as they are after the merge.
fn table() -> Table {
    let columns = vec![
        column("time", Column::Time((0..ROWS as i64).map(|row| Some(HOUR.0 * 1_000_000 + row * 1_000_000)).collect())),
        texts("reporter", 2, |number| ["client", "server"][number].to_owned()),
        texts("source.workload", 1_000, |number| format!("client-{number}")),
        texts("source.pod", 1_000, |number| format!("client-{number}-5d8f7c9b4-x{number}")),
        texts("source.address", 1_000, |number| format!("10.1.{}.{}", number / 256, number % 256)),
        integers("source.port", |row| Some(32_768 + row % 28_000)),
        texts("destination.workload", 25, |number| format!("server-{number}")),
        texts("destination.pod", 25, |number| format!("server-{number}-7c9b45d8f-x{number}")),
        texts("destination.address", 25, |number| format!("10.2.0.{number}")),
        integers("destination.port", |_| Some(8080)),
        texts("network.protocol", 1, |_| "http".to_owned()),
        texts("http.request.method", 3, |number| ["GET", "POST", "PUT"][number].to_owned()),
        texts("url.path", 5_000, |number| format!("/v1/route-{}/{number}", number % 10)),
        integers("http.response.status_code", |row| Some(if row % 100 == 0 { 500 } else { 200 })),
        column("error.type", Column::Text((0..ROWS).map(|row| (row % 100 == 0).then(|| "500".into())).collect())),
        column("latency", Column::Float((0..ROWS).map(|row| Some(0.002 + (row % 8_000) as f64 * 1e-6)).collect())),
        integers("request_bytes", |row| Some(200 + row % 100)),
        integers("response_bytes", |row| Some(500 + row % 4_000)),
        texts("trace.id", ROWS, |number| {
            format!("{:032x}", (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
        }),
        texts("node.name", 40, |number| format!("node-{number}")),
    ];
    assert_eq!(columns.len(), 20);
    Table { columns }
}

fn column(name: &str, values: Column) -> NamedColumn {
    NamedColumn { name: name.into(), unit: None, values }
}

fn integers(name: &str, value: impl Fn(i64) -> Option<i64>) -> NamedColumn {
    column(name, Column::Integer((0..ROWS as i64).map(value).collect()))
}

/// So many different texts, in an order that no cache foresees.
fn texts(name: &str, different: usize, text: impl Fn(usize) -> String) -> NamedColumn {
    let known: Vec<Arc<str>> = (0..different).map(|number| text(number).into()).collect();
    let value = |row: usize| Some(Arc::clone(&known[row.wrapping_mul(7_919) % different]));
    column(name, Column::Text((0..ROWS).map(value).collect()))
}
