//! Clients: each goes through its list of exchanges and keeps book.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{book::Book, ways::Way};

/// Length of the headers that are called long.
const LONG_HEADERS: usize = 8 * 1024;

/// One connection and what was done on it.
pub(crate) struct Client {
    pub(crate) reader: BufReader<TcpStream>,
    pub(crate) book: Book,
}

impl Client {
    /// Opens a connection.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { reader: BufReader::new(stream), book: Book { connections: 1, ..Book::default() } })
    }

    fn send(&mut self, way: Way, bytes: &[u8]) -> Result<()> {
        way.send(self.reader.get_ref(), bytes)?;
        self.book.bytes_sent += bytes.len() as u64;
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.reader.read_line(&mut line)? > 0, "the server closed the connection");
        self.book.bytes_received += line.len() as u64;
        Ok(line)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let skipped = std::io::copy(&mut (&mut self.reader).take(bytes), &mut std::io::sink())?;
        self.book.bytes_received += skipped;
        ensure!(skipped == bytes, "the server closed the connection");
        Ok(())
    }

    /// Reads an answer to its end, interim ones first. Says its status.
    pub(crate) fn answer(&mut self, method: &str) -> Result<u16> {
        loop {
            let (status, length, is_chunked) = self.head()?;
            match (status, method) {
                (100..=199, _) if status != 101 => continue,
                (101 | 204 | 304, _) | (_, "HEAD") => {}
                _ if is_chunked => self.chunks()?,
                _ => match length {
                    Some(length) => self.skip(length)?,
                    None => self.book.bytes_received += std::io::copy(&mut self.reader, &mut std::io::sink())?,
                },
            }
            return Ok(status);
        }
    }

    fn head(&mut self) -> Result<(u16, Option<u64>, bool)> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).context("a status line")?;
        let (mut length, mut is_chunked) = (None, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.trim_end().split_once(": ") {
                None => return Ok((status, length, is_chunked)),
                Some(("content-length", value)) => length = Some(value.parse()?),
                Some(("transfer-encoding", value)) => is_chunked = value == "chunked",
                Some(_) => {}
            }
        }
    }

    fn chunks(&mut self) -> Result<()> {
        loop {
            let line = self.line()?;
            let size = line.trim().split(';').next().unwrap_or_default();
            match u64::from_str_radix(size, 16)? {
                0 => break,
                size => self.skip(size + 2)?,
            }
        }
        while self.line()? != "\r\n" {}
        Ok(())
    }

    /// One request and its answer.
    fn ask(&mut self, way: Way, method: &str, path: &str, more: &str) -> Result<u16> {
        let (headers, body) = more.split_once("\n\n").unwrap_or((more, ""));
        let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
        self.send(way, format!("{method} {path} HTTP/1.1\r\nHost: peer\r\n{headers}\r\n{body}").as_bytes())?;
        let status = self.answer(method)?;
        self.book.exchange(method, path, status);
        Ok(status)
    }
}

/// Requests with long headers and a body, written in one way.
pub(crate) fn ways(address: SocketAddr, way: Way, times: usize) -> Result<Book> {
    let mut client = Client::connect(address)?;
    let (long, body) = ("h".repeat(LONG_HEADERS), "b".repeat(3_000));
    for turn in 0..times {
        let more = if turn % 2 == 0 { format!("Content-Length: 3000\n\n{body}") } else { format!("X-Long: {long}") };
        client.ask(way, if turn % 2 == 0 { "POST" } else { "GET" }, "/status/200", &more)?;
    }
    Ok(client.book)
}

/// Requests sent `depth` at a time, some of them slow to answer.
pub(crate) fn pipelines(address: SocketAddr, depth: usize, times: usize) -> Result<Book> {
    let mut client = Client::connect(address)?;
    let paths: Vec<_> = (0..depth)
        .map(|place| match place % 5 {
            3 => "/slow/3".to_owned(),
            4 => "/status/404".to_owned(),
            _ => "/".to_owned(),
        })
        .collect();
    let all: String = paths.iter().map(|path| format!("GET {path} HTTP/1.1\r\nHost: peer\r\n\r\n")).collect();
    for _ in 0..times {
        client.send(Way::Write, all.as_bytes())?;
        for path in &paths {
            let status = client.answer("GET")?;
            client.book.exchange("GET", path, status);
        }
    }
    Ok(client.book)
}

/// Each kind of message whose end is told in its own way.
pub(crate) fn messages(address: SocketAddr, times: usize) -> Result<Book> {
    let mut book = Book::default();
    for _ in 0..times {
        let mut client = Client::connect(address)?;
        let write = Way::Write;
        client.ask(write, "POST", "/status/201", "Content-Length: 4\nExpect: 100-continue\n\nbody")?;
        client.ask(write, "GET", "/hints", "")?;
        client.ask(write, "HEAD", "/bytes/5000", "")?;
        client.ask(write, "DELETE", "/status/204", "")?;
        client.ask(write, "GET", "/status/304", "")?;
        let chunks = "Transfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\nSum: 3\r\n\r\n";
        client.ask(write, "PUT", "/chunked", chunks)?;
        client.ask(write, "GET", "/status/500", "")?;
        client.ask(write, "GET", "/until-close", "")?;
        book.add(client.book);
        book.add(upgraded(address)?);
        book.add(aborted_answer(address)?);
        book.add(aborted_request(address)?);
    }
    Ok(book)
}

/// One exchange; the frames behind it are none.
fn upgraded(address: SocketAddr) -> Result<Book> {
    let mut client = Client::connect(address)?;
    client.ask(Way::Write, "GET", "/upgrade", "Upgrade: websocket\nConnection: Upgrade")?;
    for _ in 0..3 {
        client.send(Way::Write, b"\x82\x05GET /")?;
        client.skip(7)?;
    }
    Ok(client.book)
}

/// The server resets the connection in the middle of its answer.
fn aborted_answer(address: SocketAddr) -> Result<Book> {
    let mut client = Client::connect(address)?;
    match client.ask(Way::Write, "GET", "/abort/500", "") {
        Ok(status) => anyhow::bail!("an aborted answer was whole: {status}"),
        Err(_) => client.book.exchange("GET", "/abort/500", 200),
    }
    Ok(client.book)
}

/// The client goes away in the middle of its request: nobody answers.
fn aborted_request(address: SocketAddr) -> Result<Book> {
    let mut client = Client::connect(address)?;
    client.send(Way::Write, b"POST /status/200 HTTP/1.1\r\nHost: peer\r\nContent-Length: 100\r\n\r\nhalf")?;
    client.reader.get_ref().shutdown(Shutdown::Write)?;
    // The server sees the end and closes; it may also have reset the connection.
    let mut rest = Vec::new();
    match client.reader.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => return Err(error.into()),
    }
    client.book.exchange("POST", "/status/200", if rest.is_empty() { 0 } else { 200 });
    Ok(client.book)
}

/// Requests one after the other on each connection, for a while.
pub(crate) fn steady(address: SocketAddr, connections: usize, seconds: usize) -> Result<Book> {
    let end = Instant::now() + Duration::from_secs(seconds as u64);
    let talk = move || -> Result<Book> {
        let mut client = Client::connect(address)?;
        while Instant::now() < end {
            client.ask(Way::Write, "GET", "/", "")?;
            thread::sleep(Duration::from_millis(2));
        }
        Ok(client.book)
    };
    let threads: Vec<_> = (0..connections).map(|_| thread::spawn(talk)).collect();
    let mut book = Book::default();
    for thread in threads {
        book.add(thread.join().expect("a client panicked")?);
    }
    Ok(book)
}
