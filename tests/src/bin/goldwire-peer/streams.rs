//! HTTP/2 without encryption: a server, and a client that keeps its connections over a pause.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result};
use h2::{client, server};
use http::{Request, Response, StatusCode};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::JoinSet,
    time::sleep,
};

use crate::book::Book;

/// Serves until it is killed: 200 to everything.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(answer_all(stream));
        }
    })
}

async fn answer_all(stream: TcpStream) -> Result<()> {
    let mut connection = server::handshake(stream).await?;
    while let Some(request) = connection.accept().await {
        let (_, mut respond) = request?;
        let mut body = respond.send_response(Response::new(()), false)?;
        body.send_data(bytes::Bytes::from_static(b"hello"), true)?;
    }
    Ok(())
}

/// So many requests, on so many streams of each connection at once; then, when `go_on` is there, as many again. Counts the second
/// half only.
pub(crate) fn ask(
    address: SocketAddr,
    (connections, streams, times): (usize, usize, usize),
    go_on: &Path,
) -> Result<Book> {
    Runtime::new()?.block_on(async {
        let mut senders = Vec::new();
        for _ in 0..connections {
            let (sender, connection) = client::handshake(TcpStream::connect(address).await?).await?;
            tokio::spawn(connection);
            senders.push(sender);
        }
        round(&senders, streams, times).await?;
        while !go_on.exists() {
            sleep(Duration::from_millis(20)).await;
        }
        let mut book = Book { connections: connections as u64, ..Book::default() };
        for status in round(&senders, streams, times).await? {
            book.exchange("GET", "/item", status.as_u16());
        }
        Ok(book)
    })
}

async fn round(senders: &[client::SendRequest<bytes::Bytes>], streams: usize, times: usize) -> Result<Vec<StatusCode>> {
    let mut workers = JoinSet::new();
    for sender in senders {
        for worker in 0..streams {
            let (sender, own) = (sender.clone(), times / streams + usize::from(worker < times % streams));
            workers.spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..own {
                    statuses.push(one(sender.clone()).await?);
                }
                anyhow::Ok(statuses)
            });
        }
    }
    let mut statuses = Vec::new();
    while let Some(done) = workers.join_next().await {
        statuses.extend(done??);
    }
    Ok(statuses)
}

async fn one(sender: client::SendRequest<bytes::Bytes>) -> Result<StatusCode> {
    let request = Request::get("http://peer/item").body(())?;
    let (response, _) = sender.ready().await?.send_request(request, true)?;
    let mut body = response.await?;
    while let Some(part) = body.body_mut().data().await {
        let length = part?.len();
        body.body_mut().flow_control().release_capacity(length)?;
    }
    Ok(body.status())
}
