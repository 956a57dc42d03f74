//! However a conversation is cut into segments, repeated and shuffled, the exchanges are the same.

use std::fmt::Write as _;

use goldwire_l7::{Closing, Direction, Segment, StreamProtocol, http1::Connection};
use goldwire_model::record::Detail;
use proptest::prelude::*;

use crate::support::{Collected, MILLISECOND, cut, detail, shuffle};

/// A request and its answer.
#[derive(Clone, Debug)]
struct Said {
    method: &'static str,
    path: u16,
    status: u16,
    request_body: Option<Framed>,
    answer_body: Framed,
    is_continued: bool,
}

/// A body and how its length is told.
#[derive(Clone, Debug)]
enum Framed {
    Length(Vec<u8>),
    Chunked(Vec<Vec<u8>>, bool),
}

impl Framed {
    fn write(&self, head: &mut String) -> Vec<u8> {
        match self {
            Self::Length(body) => {
                let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
                body.clone()
            }
            Self::Chunked(chunks, has_trailer) => {
                head.push_str("Transfer-Encoding: chunked\r\n\r\n");
                let mut body = Vec::new();
                for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
                    body.extend(format!("{:x};x=y\r\n", chunk.len()).bytes());
                    body.extend(chunk);
                    body.extend(b"\r\n");
                }
                body.extend(if *has_trailer { &b"0\r\nSum: 1\r\n\r\n"[..] } else { b"0\r\n\r\n" });
                body
            }
        }
    }
}

impl Said {
    fn request(&self) -> Vec<u8> {
        let mut head =
            format!("{} /p/{} HTTP/1.1\r\nHost: shop\r\nX-Filler: {}\r\n", self.method, self.path, self.path);
        match &self.request_body {
            Some(body) => {
                let body = body.write(&mut head);
                [head.into_bytes(), body].concat()
            }
            None => [head.into_bytes(), b"\r\n".to_vec()].concat(),
        }
    }

    fn answer(&self) -> Vec<u8> {
        let interim = if self.is_continued { "HTTP/1.1 100 Continue\r\n\r\n" } else { "" };
        let mut head = format!("{interim}HTTP/1.1 {} Reason\r\nServer: x\r\n", self.status);
        let has_body = self.method != "HEAD" && !matches!(self.status, 204 | 304);
        let body = self.answer_body.write(&mut head);
        if has_body { [head.into_bytes(), body].concat() } else { head.into_bytes() }
    }
}

fn framed() -> impl Strategy<Value = Framed> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        bytes().prop_map(Framed::Length),
        (proptest::collection::vec(bytes(), 0..4), any::<bool>())
            .prop_map(|(chunks, has_trailer)| Framed::Chunked(chunks, has_trailer)),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let methods = prop_oneof![Just("GET"), Just("POST"), Just("HEAD"), Just("PUT"), Just("DELETE"), Just("PURGE")];
    let statuses = prop_oneof![Just(200), Just(204), Just(304), Just(404), Just(500)];
    (methods, any::<u16>(), statuses, proptest::option::of(framed()), framed(), any::<bool>()).prop_map(
        |(method, path, status, request_body, answer_body, is_continued)| Said {
            method,
            path,
            status,
            request_body,
            answer_body,
            is_continued,
        },
    )
}

/// A way of cutting and shuffling.
#[derive(Clone, Debug)]
struct Delivery {
    sizes: Vec<usize>,
    order: Vec<u8>,
    pipelined: bool,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let sizes = proptest::collection::vec(1..120_usize, 1..10);
    let order = proptest::collection::vec(any::<u8>(), 1..30);
    (sizes, order, any::<bool>()).prop_map(|(sizes, order, pipelined)| Delivery { sizes, order, pipelined })
}

struct Player {
    connection: Connection,
    collected: Collected,
    offsets: [u64; 2],
    time: u64,
    /// What the observed socket itself sends.
    sent_here: Option<Direction>,
}

impl Player {
    fn new() -> Self {
        let (connection, collected) = (Connection::from_start(), Collected::default());
        Self { connection, collected, offsets: [0; 2], time: 0, sent_here: None }
    }

    /// Says a phase of the conversation: cut, shuffled, some parts twice, all of it before the next phase.
    fn say(&mut self, direction: Direction, bytes: &[u8], delivery: Option<&Delivery>) {
        let start = self.offsets[direction as usize];
        let mut parts = match delivery {
            Some(delivery) => cut(bytes, &delivery.sizes),
            None => vec![(0, bytes)],
        };
        if let Some(delivery) = delivery {
            shuffle(&mut parts, &delivery.order);
        }
        for (offset, part) in parts {
            self.time += MILLISECOND;
            let sent_here = self.sent_here == Some(direction);
            let segment = Segment { sent_here, ..Segment::whole(start + offset as u64, part, self.time) };
            self.connection.segment(direction, segment, &mut self.collected);
        }
        self.offsets[direction as usize] = start + bytes.len() as u64;
    }

    fn finish(mut self) -> Vec<String> {
        self.connection.close(self.time, Closing::CLEAN, &mut self.collected);
        assert_eq!(self.collected.lost, 0);
        let lines = self.collected.exchanges.iter().map(|exchange| {
            let (request, response) = (exchange.request_bytes, exchange.response_bytes);
            format!("{} {request}/{response} {:?}", detail(&exchange.detail), exchange.error)
        });
        lines.collect()
    }
}

fn play(talk: &[Said], pipelined: bool, delivery: Option<&Delivery>) -> Vec<String> {
    let mut player = Player::new();
    if pipelined {
        let asked: Vec<u8> = talk.iter().flat_map(Said::request).collect();
        let answered: Vec<u8> = talk.iter().flat_map(Said::answer).collect();
        player.say(Direction::Request, &asked, delivery);
        player.say(Direction::Response, &answered, delivery);
    } else {
        for said in talk {
            player.say(Direction::Request, &said.request(), delivery);
            player.say(Direction::Response, &said.answer(), delivery);
        }
    }
    player.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_exchanges(talk in proptest::collection::vec(said(), 1..8), delivery in delivery()) {
        let whole = play(&talk, false, None);
        prop_assert_eq!(whole.len(), talk.len());
        for (line, said) in whole.iter().zip(&talk) {
            let expected = format!("{} /p/{} shop -> {}", said.method, said.path, said.status);
            prop_assert!(line.starts_with(&expected), "{} is not {}", line, expected);
        }
        prop_assert_eq!(&play(&talk, delivery.pipelined, Some(&delivery)), &whole);
    }

    /// Whatever is lost of a conversation, nothing is counted twice, no status is invented, and pairings are right or left
    /// open: of clients that ask one at a time, and of others once they were seen to ask ahead.
    #[test]
    fn losses_invent_nothing(
        talk in proptest::collection::vec(said(), 1..40),
        delivery in delivery(),
        lost in proptest::collection::vec(any::<u8>(), 1..40),
        depth in 1..5_usize,
        at_client: bool,
    ) {
        let talk = numbered(talk);
        // A socket is one of the two ends: its own sends are never under way.
        let sent_here = if at_client { Direction::Request } else { Direction::Response };
        let mut player = Player { sent_here: Some(sent_here), ..Player::new() };
        let mut lost = lost.iter().cycle();
        for (index, batch) in talk.chunks(depth).enumerate() {
            let asked: Vec<u8> = batch.iter().flat_map(Said::request).collect();
            let answered: Vec<u8> = batch.iter().flat_map(Said::answer).collect();
            for (direction, bytes) in [(Direction::Request, asked), (Direction::Response, answered)] {
                for (_, part) in cut(&bytes, if delivery.pipelined { &delivery.sizes } else { WHOLE }) {
                    if index >= 2 && lost.next().is_some_and(|lost| *lost < 60) {
                        player.offsets[direction as usize] += part.len() as u64;
                    } else {
                        player.say(direction, part, None);
                    }
                }
            }
        }
        for direction in [Direction::Request, Direction::Response] {
            player.connection.ended_at(direction, player.offsets[direction as usize], player.time, &mut player.collected);
        }
        player.connection.close(player.time, Closing::CLEAN, &mut player.collected);
        let Collected { exchanges, lost, .. } = &player.collected;
        prop_assert!(exchanges.len() as u64 + lost <= talk.len() as u64, "{}", player.collected.lines());
        for exchange in exchanges {
            let Detail::Http { path, status, .. } = &exchange.detail else { unreachable!("all is HTTP") };
            let own = |said: &&Said| path.as_deref() == Some(format!("/p/{}", said.path).as_str());
            if let (Some(said), Some(status)) = (talk.iter().find(own), status) {
                prop_assert_eq!(said.status, *status, "{:?} in\n{}", said, player.collected.lines());
            }
            let is_said = status.is_none_or(|status| talk.iter().any(|said| said.status == status));
            prop_assert!(is_said, "{:?} was not said", status);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Of a client that was seen to wait for all answers before it asks again, whatever was lost: one exchange behind the loss
    /// all is told again as if nothing had been lost.
    #[test]
    fn a_client_that_waits_is_described_again(
        talk in proptest::collection::vec(said(), 60),
        depth in 2..6_usize,
        lost in proptest::collection::vec((any::<bool>(), 0..6_usize), 1..6),
        sizes in proptest::collection::vec(20..200_usize, 1..10),
        at_client: bool,
    ) {
        let talk = numbered(talk);
        let sent_here = if at_client { Direction::Request } else { Direction::Response };
        let mut player = Player { sent_here: Some(sent_here), ..Player::new() };
        let waves: Vec<_> = talk.chunks_exact(depth).collect();
        let mut begins = player.time;
        for (index, wave) in waves.iter().enumerate() {
            let asked: Vec<u8> = wave.iter().flat_map(Said::request).collect();
            let answered: Vec<u8> = wave.iter().flat_map(Said::answer).collect();
            for (direction, bytes) in [(Direction::Request, asked), (Direction::Response, answered)] {
                for (number, (_, part)) in cut(&bytes, &sizes).into_iter().enumerate() {
                    if index == LOSSY_WAVE && lost.contains(&(direction == Direction::Request, number)) {
                        player.offsets[direction as usize] += part.len() as u64;
                    } else {
                        player.say(direction, part, None);
                    }
                }
            }
            if index == LOSSY_WAVE + 1 {
                // What is missing at the end is noticed now, and given up.
                player.time += 4_000 * MILLISECOND;
                player.connection.expire(player.time, &mut player.collected);
            }
            if index == LOSSY_WAVE + 2 {
                begins = player.time;
            }
        }
        player.connection.close(player.time, Closing::CLEAN, &mut player.collected);
        let told = player.collected.exchanges.iter().filter(|exchange| exchange.request_start > Some(begins));
        let told: Vec<_> = told.map(|exchange| detail(&exchange.detail)).collect();
        let expected: Vec<_> = waves[LOSSY_WAVE + 3..].iter().flat_map(|wave| wave.iter()).map(|said| {
            format!("{} /p/{} shop -> {}", said.method, said.path, said.status)
        }).collect();
        prop_assert_eq!(told, expected, "{}", player.collected.lines());
    }
}

/// Behind as many as it takes to know the client's way.
const LOSSY_WAVE: usize = 6;

const WHOLE: &[usize] = &[usize::MAX / 2];

/// Each with a path and a status of its own, but for answers without body.
fn numbered(mut talk: Vec<Said>) -> Vec<Said> {
    for (said, number) in talk.iter_mut().zip(0..) {
        said.path = number;
        if !matches!(said.status, 204 | 304) {
            said.status = 210 + number;
        }
    }
    talk
}
