//! A connection that speaks TLS: its handshake is read, and nothing behind it.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Detection, Direction, Nanos, Next, Segment, Sink, StreamProtocol, TlsHandshake, Wanted,
    protocol::Known,
    stream::{Place, Reassembler},
};

use super::{
    finished::{self, Finish},
    hello::{ClientHello, ServerHello, Version},
    records::{begins_sealed, detect},
    side::{Hello, Side},
};

/// TLS among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message: |direction, segment| begins_handshake(direction, segment) || begins_sealed(segment),
    from_start: || Box::new(Connection::from_start()),
    adopted: || Box::new(Connection::adopted()),
};

fn begins_handshake(direction: Direction, segment: &Segment<'_>) -> bool {
    detect(direction, segment.prefix) == Detection::Yes
}

#[derive(Debug)]
struct Lane {
    order: Reassembler,
    side: Side,
}

/// What the server chose, as far as it matters here.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    version: Option<Version>,
    suite: u16,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    client: Lane,
    server: Lane,
    /// Whether the client may send early data, which cannot be told from its Finished; absent until its hello was read.
    may_be_early: Option<bool>,
    chosen: Option<Chosen>,
    told: TlsHandshake,
    /// Joined in its middle, and nothing was seen yet.
    is_unknown: bool,
    is_over: bool,
}

/// How a handshake stands.
enum Outcome {
    Open,
    Over(Option<Nanos>),
}

impl Connection {
    /// A connection seen from its first byte; stream offsets begin at 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self::new(Reassembler::from_start, false)
    }

    /// A connection joined in its middle: its handshake is read if that is what comes now.
    #[must_use]
    pub fn adopted() -> Self {
        Self::new(Reassembler::adopted, true)
    }

    fn new(order: fn() -> Reassembler, is_unknown: bool) -> Self {
        let lane = |direction| Lane { order: order(), side: Side::new(direction) };
        Self {
            client: lane(Direction::Request),
            server: lane(Direction::Response),
            may_be_early: None,
            chosen: None,
            told: TlsHandshake::default(),
            is_unknown,
            is_over: false,
        }
    }

    fn read(&mut self, direction: Direction, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Side)) {
        let Lane { order, side } = match direction {
            Direction::Request => &mut self.client,
            Direction::Response => &mut self.server,
        };
        push(order, side);
        self.judge(sink);
    }

    /// Tells what is new.
    fn judge(&mut self, sink: &mut dyn Sink) {
        if self.is_over {
            return;
        }
        let mut is_news = self.take_client_hello(sink);
        is_news |= self.take_server_hello(sink);
        if let Outcome::Over(latency) = self.outcome() {
            self.is_over = true;
            self.told.latency = latency;
            is_news |= latency.is_some();
        }
        if is_news {
            sink.tls(self.told.clone());
        }
    }

    fn take_client_hello(&mut self, sink: &mut dyn Sink) -> bool {
        let hello = &self.client.side.hello;
        let is_cut = matches!(hello, Hello::Cut(_));
        let (Hello::Whole(body) | Hello::Cut(body)) = hello else { return false };
        let hello = ClientHello::read(body);
        self.told.server_name = hello.server_name.map(|name| sink.text(&name.to_ascii_lowercase()));
        if self.told.alpn.is_none() {
            self.told.alpn = hello.alpn.map(|alpn| sink.text(alpn));
        }
        self.may_be_early = Some(is_cut || hello.early_data || !hello.is_well_formed);
        self.client.side.hello = Hello::Taken;
        true
    }

    fn take_server_hello(&mut self, sink: &mut dyn Sink) -> bool {
        let side = &mut self.server.side;
        if let Hello::Cut(_) = side.hello {
            side.is_over = true;
        }
        let Hello::Whole(body) = &side.hello else { return false };
        let hello = ServerHello::read(body);
        side.is_over |= hello.is_none();
        self.chosen = hello.map(|hello| Chosen { version: hello.version, suite: hello.suite });
        if let Some(ServerHello { version, alpn, .. }) = hello {
            self.told.version = version.map(|version| sink.text(version.text()));
            self.told.alpn = alpn.map(|alpn| sink.text(alpn)).or(self.told.alpn.take());
        }
        side.hello = Hello::Taken;
        self.chosen.is_some()
    }

    fn outcome(&self) -> Outcome {
        let (client, server) = (&self.client.side, &self.server.side);
        // It comes before anything that the server may say, whatever is seen first.
        if matches!(client.hello, Hello::Coming(_)) && !client.is_over {
            return Outcome::Open;
        }
        let Some(Chosen { version, suite }) = self.chosen else { return open_unless(server.is_over) };
        match version {
            None => Outcome::Over(None),
            Some(Version::Tls13) => self.outcome_of_13(suite),
            Some(_) => match (client.finished, server.finished) {
                (Some(client), Some(server)) => self.over_at(client.max(server)),
                _ => open_unless(client.is_over || server.is_over),
            },
        }
    }

    fn outcome_of_13(&self, suite: u16) -> Outcome {
        let client = &self.client.side;
        match self.may_be_early {
            None => open_unless(client.is_over),
            Some(true) => Outcome::Over(None),
            Some(false) => match finished::find(client.sealed(), suite) {
                Finish::Open => open_unless(client.is_over),
                Finish::At(time) => self.over_at(time),
                Finish::Never => Outcome::Over(None),
            },
        }
    }

    fn over_at(&self, time: Nanos) -> Outcome {
        Outcome::Over(self.client.side.started.map(|started| time.saturating_sub(started)))
    }
}

const fn open_unless(is_over: bool) -> Outcome {
    if is_over { Outcome::Over(None) } else { Outcome::Open }
}

impl StreamProtocol for Connection {
    fn protocol(&self) -> Protocol {
        Protocol::Tls
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        if std::mem::take(&mut self.is_unknown) {
            self.is_over = !begins_handshake(direction, &segment);
        }
        if !self.is_over {
            self.read(direction, sink, |order, side| order.push(segment, side));
        }
    }

    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        for direction in [Direction::Request, Direction::Response] {
            self.read(direction, sink, |order, side| order.expire(now, side));
        }
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        self.read(direction, sink, |order, side| order.end_at(Place { offset: length, time }, side));
    }

    fn close(&mut self, _: Nanos, _: Closing, sink: &mut dyn Sink) {
        for direction in [Direction::Request, Direction::Response] {
            self.read(direction, sink, |order, side| {
                order.flush(side);
                side.stop();
            });
        }
    }

    fn body_until(&self, _: Direction) -> u64 {
        0
    }

    fn wanted(&self, _: Direction) -> Wanted {
        Wanted::Ends
    }

    fn waits(&self) -> bool {
        !self.is_over && (self.client.order.waits() || self.server.order.waits())
    }

    fn next(&self) -> Next {
        if self.is_over { Next::Nobody } else { Next::Same }
    }
}
