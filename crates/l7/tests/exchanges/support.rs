//! A small language for conversations: who says what, how much of it is captured, what comes out.

use std::{collections::HashMap, fmt::Write as _, net::IpAddr};

use goldwire_l7::{
    Closing, Connection, Direction, Exchange, Nanos, Proxied, Segment, Sink, TlsHandshake, Turn, http::route,
};
use goldwire_model::record::{Detail, Protocol, Text};

use crate::captures::{self, Sent};

pub(crate) const MILLISECOND: Nanos = 1_000_000;

/// Keeps all it is given.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) lost: u64,
    pub(crate) missed: u64,
    pub(crate) resolved: Vec<String>,
    pub(crate) handshakes: Vec<TlsHandshake>,
    pub(crate) proxied: Vec<Proxied>,
    pub(crate) is_compressed: bool,
    texts: HashMap<String, Text>,
}

impl Sink for Collected {
    fn text(&mut self, text: &str) -> Text {
        self.texts.entry(text.to_owned()).or_insert_with(|| text.into()).clone()
    }

    fn route(&mut self, path: &Text) -> Text {
        route(path).into()
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        self.text(pattern)
    }

    fn tls(&mut self, handshake: TlsHandshake) {
        self.handshakes.push(handshake);
    }

    fn proxied(&mut self, proxied: Proxied) {
        self.proxied.push(proxied);
    }

    fn compressed(&mut self) {
        self.is_compressed = true;
    }

    fn resolved(&mut self, name: &Text, address: IpAddr, seconds: u32) {
        self.resolved.push(format!("{address} is {name} for {seconds}s"));
    }

    fn exchange(&mut self, exchange: Exchange) {
        self.exchanges.push(exchange);
    }

    fn lost(&mut self, exchanges: u64) {
        self.lost += exchanges;
    }

    fn missed(&mut self, bytes: u64) {
        self.missed += bytes;
    }
}

impl Collected {
    /// One line an exchange, times in milliseconds since the request's first byte.
    pub(crate) fn lines(&self) -> String {
        let mut text = String::new();
        for exchange in &self.exchanges {
            writeln!(text, "{}", line(exchange)).expect("writing to a string");
        }
        if self.lost > 0 {
            writeln!(text, "lost {}", self.lost).expect("writing to a string");
        }
        if self.missed > 0 {
            writeln!(text, "missed {} bytes", self.missed).expect("writing to a string");
        }
        text
    }

    /// One line each time a handshake told something, with its latency in microseconds.
    pub(crate) fn handshakes(&self) -> String {
        let lines = self.handshakes.iter().map(|TlsHandshake { server_name, alpn, version, latency }| {
            let shown = |text: &Option<Text>| text.as_deref().unwrap_or("?").to_owned();
            let latency = latency.map_or("-".to_owned(), |latency| format!("{}us", latency / 1_000));
            format!("{} {} {} {latency}\n", shown(server_name), shown(alpn), shown(version))
        });
        lines.collect()
    }
}

pub(crate) fn line(exchange: &Exchange) -> String {
    let Exchange { request_start, answer_first, answer_last, request_bytes, response_bytes, error, .. } = exchange;
    let since = |time: Option<Nanos>| match (request_start, time) {
        (Some(start), Some(time)) => format!("{}ms", (time - start) as f64 / MILLISECOND as f64),
        _ => "-".to_owned(),
    };
    let error = error.map_or(String::new(), |error| format!(" {error:?}"));
    let sizes =
        format!("{request_bytes}/{response_bytes}B first {} last {}", since(*answer_first), since(*answer_last));
    format!("{} {sizes}{error}", detail(&exchange.detail))
}

pub(crate) fn detail(detail: &Detail) -> String {
    let shown = |text: &Option<Text>| text.as_deref().unwrap_or("?").to_owned();
    let code = |code: &Option<Text>| code.as_deref().map_or(String::new(), |code| format!(" -> {code}"));
    match detail {
        Detail::Http { method, path, host, status, error_code, .. } => {
            let status = status.map_or("?".to_owned(), |status| status.to_string());
            format!("{} {} {} -> {status}{}", shown(method), shown(path), shown(host), code(error_code))
        }
        Detail::Dns { name, question_type, code, answers, ttl, retries } => {
            let ttl = ttl.map_or(String::new(), |ttl| format!(" for {ttl}s"));
            let retries = retries
                .filter(|retries| *retries > 0)
                .map_or(String::new(), |retries| format!(" after {retries} retries"));
            format!("{name} {question_type} -> {} [{}]{ttl}{retries}", shown(code), answers.as_deref().unwrap_or(""))
        }
        Detail::Database { operation, target, statement, error_code } => {
            let statement = statement.as_deref().map_or(String::new(), |statement| format!(" `{statement}`"));
            format!("{} {}{statement}{}", shown(operation), shown(target), code(error_code))
        }
        Detail::Messaging { operation, destination, error_code } => {
            format!("{} {}{}", shown(operation), shown(destination), code(error_code))
        }
        other => format!("{other:?}"),
    }
}

/// A connection on which client and server say things, a millisecond apart.
pub(crate) struct Talk {
    pub(crate) connection: Connection,
    pub(crate) collected: Collected,
    pub(crate) time: Nanos,
    /// What the connection was last said to run.
    pub(crate) ran: Option<Protocol>,
    offsets: [u64; 2],
    prefix_max: usize,
    tail_max: usize,
}

impl Talk {
    pub(crate) fn new() -> Self {
        Self::on(Connection::from_start(), 0)
    }

    pub(crate) fn adopted() -> Self {
        Self::on(Connection::adopted(), 777_777)
    }

    pub(crate) fn on(connection: Connection, offset: u64) -> Self {
        let collected = Collected::default();
        let (time, offsets) = (MILLISECOND, [offset; 2]);
        Self { connection, collected, time, ran: None, offsets, prefix_max: usize::MAX, tail_max: 64 }
    }

    /// From now on only so much of each segment is captured.
    pub(crate) fn capture(mut self, prefix_max: usize, tail_max: usize) -> Self {
        (self.prefix_max, self.tail_max) = (prefix_max, tail_max);
        self
    }

    pub(crate) fn client(self, text: impl AsRef<[u8]>) -> Self {
        self.say(Direction::Request, text.as_ref())
    }

    pub(crate) fn server(self, text: impl AsRef<[u8]>) -> Self {
        self.say(Direction::Response, text.as_ref())
    }

    pub(crate) fn say(mut self, direction: Direction, bytes: &[u8]) -> Self {
        let prefix = &bytes[..bytes.len().min(self.prefix_max)];
        let tail = &bytes[prefix.len().max(bytes.len() - bytes.len().min(self.tail_max))..];
        let (offset, time) = (self.offsets[direction as usize], self.time);
        let length = bytes.len() as u32;
        let segment = Segment { offset, length, prefix, tail, time, sent_here: false };
        match self.connection.segment(direction, segment, &mut self.collected) {
            Turn::Protocol(protocol) | Turn::Ignored(Some(protocol)) => self.ran = Some(protocol),
            Turn::Ignored(None) | Turn::None => {}
        }
        self.lose(direction, bytes.len() as u64)
    }

    /// Plays what was recorded of a real connection, as `captures` has it.
    pub(crate) fn replay(mut self, conversation: &[Sent]) -> Self {
        for Sent { direction, time, bytes } in conversation {
            self.time = MILLISECOND + time;
            self = self.say(*direction, bytes);
        }
        self
    }

    /// The same, by its name.
    pub(crate) fn recorded(self, name: &str) -> Self {
        self.replay(&captures::conversation(name))
    }

    /// Bytes go by unseen: their events were lost, or the kernel was told to skip them.
    pub(crate) fn lose(mut self, direction: Direction, length: u64) -> Self {
        self.offsets[direction as usize] += length;
        self.time += MILLISECOND;
        self
    }

    pub(crate) fn lose_client(self, text: impl AsRef<[u8]>) -> Self {
        self.lose(Direction::Request, text.as_ref().len() as u64)
    }

    pub(crate) fn lose_server(self, text: impl AsRef<[u8]>) -> Self {
        self.lose(Direction::Response, text.as_ref().len() as u64)
    }

    /// Nothing happens for a while; what waits behind a gap is given up.
    pub(crate) fn wait(mut self) -> Self {
        self.time += 5_000 * MILLISECOND;
        self.connection.expire(self.time, &mut self.collected);
        self
    }

    /// The kernel says how long both streams were.
    pub(crate) fn counted(mut self) -> Self {
        for direction in [Direction::Request, Direction::Response] {
            let length = self.offsets[direction as usize];
            self.connection.ended_at(direction, length, self.time, &mut self.collected);
        }
        self
    }

    pub(crate) fn close(self) -> String {
        self.end(Closing::CLEAN)
    }

    pub(crate) fn reset(self) -> String {
        self.end(Closing::Cut { by: None })
    }

    pub(crate) fn reset_by(self, by: Direction) -> String {
        self.end(Closing::Cut { by: Some(by) })
    }

    pub(crate) fn end(mut self, closing: Closing) -> String {
        self.connection.close(self.time, closing, &mut self.collected);
        self.collected.lines()
    }

    pub(crate) fn expect_protocol(self, expected: impl Into<Option<Protocol>>) -> Self {
        assert_eq!(self.connection.protocol(), expected.into());
        self
    }

    pub(crate) fn expect_exchanges(self, count: usize) -> Self {
        assert_eq!(self.collected.exchanges.len(), count, "{}", self.collected.lines());
        self
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n")
}

pub(crate) fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Parts of so many bytes, with their places; the sizes come again and again.
pub(crate) fn cut<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<(usize, &'a [u8])> {
    let (mut parts, mut offset) = (Vec::new(), 0);
    for size in sizes.iter().cycle() {
        let part = &bytes[offset..bytes.len().min(offset + size)];
        if part.is_empty() {
            return parts;
        }
        parts.push((offset, part));
        offset += part.len();
    }
    parts
}

/// Swaps parts, and repeats some.
pub(crate) fn shuffle<T: Copy>(parts: &mut Vec<T>, order: &[u8]) {
    let order = if parts.is_empty() { &[] } else { order };
    for (index, choice) in order.iter().enumerate() {
        let (from, to) = (index % parts.len(), usize::from(*choice) % parts.len());
        if choice % 5 == 0 {
            parts.insert(to, parts[from]);
        } else {
            parts.swap(from, to);
        }
    }
}
