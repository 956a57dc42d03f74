//! Trials 5 and 6: messages written in odd ways, and messages whose end is told in odd ways.

use anyhow::{Result, ensure};
use goldwire_tests::{
    programs::Peer,
    sheet::Line,
    watch::{Watch, count, text},
};
use serde_json::json;

use crate::{BOOK, as_book, line};

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_write_looks_the_same() -> Result<()> {
    for way in ["one-byte", "writev", "sendfile", "splice", "io_uring"] {
        let watch = Watch::start("ways").await?;
        let server = Peer::start(&watch.cgroup)?;
        let times = if way == "one-byte" { "4" } else { "100" };
        let book = server.talk(&watch.cgroup, &["ways", &server.address.to_string(), way, times])?;
        let filter = format!("destination.port = {} and network.protocol = \"http\"", server.address.port());
        let rows = watch.requests_by(&filter, &BOOK, 2 * book.total()).await?;
        let what = format!("requests with 8 KiB of headers or a body, written by {way}");
        line(5, &what, book.total(), &rows).lost(watch.lost().await?).exact()?;
        for reporter in ["client", "server"] {
            assert_eq!(as_book(&rows, reporter), book.exchanges, "{way}, {reporter}");
        }
        let bytes = json!({
            "queryType": "table", "table": "requests", "filter": filter, "groupBy": ["reporter"],
            "aggregates": ["sum(request_bytes)", "sum(response_bytes)"],
        });
        for row in watch.rows(bytes).await? {
            ensure!(count(&row, "sum(request_bytes)") == book.bytes_sent, "{way}: {row:?}, sent {book:?}");
            ensure!(count(&row, "sum(response_bytes)") == book.bytes_received, "{way}: {row:?}, received {book:?}");
        }
        let flows = json!({
            "queryType": "table", "table": "flows", "filter": format!("destination.port = {}", server.address.port()),
            "groupBy": ["reporter"], "aggregates": ["sum(bytes_sent)", "sum(bytes_received)"],
        });
        let is_whole = |rows: &[_]| rows.iter().all(|row| count(row, "sum(bytes_sent)") == book.bytes_sent);
        let rows = watch.settled(flows, is_whole).await?;
        let of = |reporter: &str| {
            let row = rows.iter().find(|row| text(row, "reporter") == reporter);
            row.map_or(0, |row| count(row, "sum(bytes_sent)") + count(row, "sum(bytes_received)"))
        };
        let what = format!("bytes of these connections, written by {way}");
        let line = Line::new(5, &what, book.bytes_sent + book.bytes_received);
        line.client(of("client")).server(of("server")).exact()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_message_is_one_exchange() -> Result<()> {
    let watch = Watch::start("messages").await?;
    let server = Peer::start(&watch.cgroup)?;
    let book = server.talk(&watch.cgroup, &["messages", &server.address.to_string(), "20"])?;
    let filter = format!("destination.port = {} and network.protocol = \"http\"", server.address.port());
    let rows = watch.requests_by(&filter, &BOOK, 2 * book.total()).await?;
    let what = "100-continue, 103, HEAD, 204, 304, chunked with trailers, until close, upgrade, aborted";
    line(6, what, book.total(), &rows).exact()?;
    for reporter in ["client", "server"] {
        assert_eq!(as_book(&rows, reporter), book.exchanges, "{reporter}");
    }
    let errors =
        watch.requests_by(&format!("{filter} and error.type != \"\""), &["url.path", "error.type"], 6 * 20).await?;
    let of = |path: &str, error: &str| {
        let found = errors.iter().filter(|row| row["url.path"] == path && row["error.type"] == error);
        found.map(|row| count(row, "count()")).sum::<u64>()
    };
    // Of a request that its client cuts off the server may see the end before or after it closes.
    let unanswered = of("/status/200", "no_answer") + of("/status/200", "reset_by_server");
    let told = [of("/abort/500", "reset_by_server"), unanswered, of("/status/500", "status")];
    assert_eq!(told, [40, 40, 40], "{errors:?}");
    Ok(())
}
