//! Goldwire's counts against the programs' own, on the real kernel: the trials of `docs/accuracy.md`.

mod abandoned;
mod addresses;
mod adoption;
mod confined;
mod containers;
mod databases;
mod drops;
mod exchanges;
mod failures;
mod latency;
mod messages;
mod names;
mod openings;
mod overload;
mod owners;
mod pipelines;
mod rates;
mod rights;
mod saturation;
mod stores;
mod streams;
mod tls;
mod translated;
mod verdicts;
mod volume;

use std::collections::BTreeMap;

use goldwire_tests::{
    sheet::Line,
    watch::{Row, count, text},
};

/// Each reporter's count of requests.
fn by_reporter(rows: &[Row]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(text(row, "reporter").to_owned()).or_default() += count(row, "count()");
    }
    counts
}

/// A line of the table with what both ends saw.
fn line(trial: u8, what: &str, sent: u64, rows: &[Row]) -> Line {
    let seen = by_reporter(rows);
    let of = |reporter: &str| seen.get(reporter).copied().unwrap_or(0);
    Line::new(trial, what, sent).client(of("client")).server(of("server"))
}

/// Requests by reporter, method, path and status, as programs keep their books: `GET /status/404 404`, with status 0 where
/// nothing answered.
fn as_book(rows: &[Row], reporter: &str) -> BTreeMap<String, u64> {
    let ours = rows.iter().filter(|row| text(row, "reporter") == reporter);
    ours.map(|row| {
        let status = row.get("http.response.status_code").map_or("0".to_owned(), |value| {
            if value.is_null() { "0".to_owned() } else { value.to_string().trim_matches('"').to_owned() }
        });
        let status = if status.is_empty() { "0" } else { &status };
        let key = format!("{} {} {status}", text(row, "http.request.method"), text(row, "url.path"));
        (key, count(row, "count()"))
    })
    .collect()
}

/// What requests are grouped by for [`as_book`].
const BOOK: [&str; 3] = ["http.request.method", "url.path", "http.response.status_code"];
