//! SIGTERM ends the daemon soon, whoever is connected.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::StreamExt;
use goldwire_protocol::client::{Connection, NodeClient};
use goldwire_tests::watch::Watch;

#[tokio::test(flavor = "multi_thread")]
async fn daemon_ends_within_two_seconds_whoever_is_connected() -> Result<()> {
    let mut watch = Watch::start("ending").await?;
    let _idle = TcpStream::connect(watch.address)?;
    let client = NodeClient::new(watch.address.to_string().parse()?, &Connection::default())?;
    let followed = r#"{"queryType":"requests","live":true}"#;
    let _unread = client.live(followed, Duration::from_secs(5)).await?;
    let mut read = Box::pin(client.live(followed, Duration::from_secs(5)).await?);
    ensure!(read.next().await.is_some_and(|rows| rows.is_ok()), "the first message tells the columns");
    let begun = Instant::now();
    watch.terminate_daemon(Duration::from_secs(5))?;
    let took = begun.elapsed();
    println!("ended after {took:?}");
    ensure!(took < Duration::from_secs(2), "it took {took:?}");
    let last = read.next().await;
    ensure!(matches!(&last, Some(Err(error)) if error.to_string().contains("shutting down")), "the reason is told");
    Ok(())
}
