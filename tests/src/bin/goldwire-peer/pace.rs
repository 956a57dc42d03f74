//! A sender that keeps to a rate, and a reader of what it sends.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::book::Book;

/// Reads whatever comes, until it is killed.
pub(crate) fn receive(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
    }
    Ok(())
}

/// Sends `amount` bytes each `pause`, by a clock that does not drift. Of what it was late for nothing is left out.
pub(crate) fn send(address: SocketAddr, amount: usize, pause: Duration, seconds: usize) -> Result<Book> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (bytes, begun) = (vec![b'x'; amount], Instant::now());
    let mut book = Book { connections: 1, ..Book::default() };
    let mut next = Duration::ZERO;
    while next < Duration::from_secs(seconds as u64) {
        thread::sleep(next.saturating_sub(begun.elapsed()));
        stream.write_all(&bytes)?;
        book.bytes_sent += amount as u64;
        next += pause;
    }
    Ok(book)
}
