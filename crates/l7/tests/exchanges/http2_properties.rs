//! However streams are woven together, cut into segments, repeated, shuffled and lost: what is handed out is what was said.

use goldwire_l7::{Closing, Connection, Direction, Segment};
use goldwire_model::record::Detail;
use proptest::prelude::*;

use crate::{
    http2_frames::{DATA, END_STREAM, PADDED, PREFACE, Says, frame, message, ping, settings, window},
    support::{Collected, MILLISECOND},
};

/// A stream: everything of it is told apart by its number.
#[derive(Clone, Debug)]
struct Said {
    is_grpc: bool,
    /// Bodies, or messages of a call.
    asked: Vec<Vec<u8>>,
    answered: Vec<Vec<u8>>,
    frame_max: usize,
    padding: Option<u8>,
    has_trailers: bool,
    has_interim: bool,
}

fn said() -> impl Strategy<Value = Said> {
    let bodies = || proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (bodies(), bodies(), 1..40_usize, proptest::option::of(0..9_u8), flags).prop_map(
        |(asked, answered, frame_max, padding, (is_grpc, has_trailers, has_interim))| Said {
            is_grpc,
            asked,
            answered,
            frame_max,
            padding,
            has_trailers: has_trailers || is_grpc,
            has_interim,
        },
    )
}

/// By the stream's place in the conversation.
fn id(index: usize) -> u32 {
    1 + 2 * index as u32
}

fn path(index: usize) -> String {
    format!("/a.B/C{index}")
}

/// Never one that stands in the fixed table.
fn status(index: usize) -> u16 {
    407 + index as u16
}

impl Said {
    /// DATA frames of at most `frame_max` bytes; the last ends the stream, if it is to.
    fn body(&self, index: usize, parts: &[Vec<u8>], ends_stream: bool) -> Vec<Vec<u8>> {
        let bytes: Vec<u8> =
            parts.iter().flat_map(|part| if self.is_grpc { message(part) } else { part.clone() }).collect();
        let mut chunks: Vec<&[u8]> = bytes.chunks(self.frame_max).collect();
        if ends_stream {
            chunks.push(&[]);
        }
        let last = chunks.len().saturating_sub(1);
        let frames = chunks.iter().enumerate().map(|(at, chunk)| {
            let flags = if at == last && ends_stream { END_STREAM } else { 0 };
            match self.padding {
                Some(padding) => {
                    let padded = [&[padding][..], chunk, &vec![0; usize::from(padding)]].concat();
                    frame(DATA, flags | PADDED, id(index), &padded)
                }
                None => frame(DATA, flags, id(index), chunk),
            }
        });
        frames.collect()
    }

    /// Frames of the request; the head must be written when it is said, for what it refers to.
    fn request(&self, index: usize, says: &mut Says) -> Vec<Vec<u8>> {
        let path = path(index);
        let head = if self.is_grpc { says.call(id(index), &path) } else { says.post(id(index), &path) };
        let mut frames = vec![head];
        frames.extend(self.body(index, &self.asked, true));
        frames
    }

    fn answer(&self, index: usize, says: &mut Says) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        if self.has_interim {
            frames.push(says.head(id(index), 0, &[(":status", "103"), ("link", "</a>")]));
        }
        let status = status(index).to_string();
        let kind = if self.is_grpc { "application/grpc" } else { "text/plain" };
        frames.push(says.head(id(index), 0, &[(":status", &status), ("content-type", kind)]));
        frames.extend(self.body(index, &self.answered, !self.has_trailers));
        if self.has_trailers && self.is_grpc {
            frames.push(says.head(id(index), END_STREAM, &[("grpc-status", &(index % 17).to_string())]));
        } else if self.has_trailers {
            frames.push(says.head(id(index), END_STREAM, &[("sum", "1")]));
        }
        frames
    }

    /// What must be handed out, as far as it is told at all.
    fn expected(&self, index: usize) -> Detail {
        if self.is_grpc {
            return Detail::Grpc {
                method: Some(path(index)[1..].into()),
                status: Some(index as u32 % 17),
                request_messages: Some(self.asked.len() as u64),
                response_messages: Some(self.answered.len() as u64),
                error_code: None,
            };
        }
        let (host, path) = (Some("shop".into()), path(index));
        Detail::Http {
            method: Some("POST".into()),
            route: Some(goldwire_l7::http::route(&path).into()),
            path: Some(path.into()),
            host,
            status: Some(status(index)),
            user_agent: None,
            error_code: None,
        }
    }
}

/// One direction: heads in their order, everything else woven in between as `weave` says.
fn woven(streams: Vec<Vec<Vec<u8>>>, first: Vec<u8>, weave: &[u8]) -> Vec<u8> {
    let mut bytes = first;
    let mut open: Vec<std::vec::IntoIter<Vec<u8>>> = Vec::new();
    let mut waiting = streams.into_iter();
    for choice in weave.iter().cycle() {
        match (choice % 4, waiting.len() > 0) {
            (0, _) if choice % 8 == 0 => bytes.extend(ping()),
            (1, _) if choice % 8 == 1 => bytes.extend(window(0)),
            (2 | 3, true) => open.extend(waiting.next().map(|frames| opened(frames, &mut bytes))),
            _ if open.is_empty() && waiting.len() == 0 => return bytes,
            _ if open.is_empty() => open.extend(waiting.next().map(|frames| opened(frames, &mut bytes))),
            _ => {
                let at = usize::from(*choice) % open.len();
                match open[at].next() {
                    Some(frame) => bytes.extend(frame),
                    None => drop(open.remove(at)),
                }
            }
        }
    }
    bytes
}

/// Heads go out in the order in which they were written, since later ones refer to earlier ones.
fn opened(frames: Vec<Vec<u8>>, bytes: &mut Vec<u8>) -> std::vec::IntoIter<Vec<u8>> {
    let mut frames = frames.into_iter();
    bytes.extend(frames.next().into_iter().flatten());
    frames
}

/// Both byte streams of a conversation: so many streams are asked, then they are answered.
fn rounds(talk: &[Said], width: usize, weave: &[u8]) -> Vec<[Vec<u8>; 2]> {
    let (mut client, mut server) = (Says::default(), Says::default());
    let mut first = [[PREFACE.as_bytes(), &settings()].concat(), settings()];
    let numbered: Vec<_> = talk.iter().enumerate().collect();
    let rounds = numbered.chunks(width).map(|round| {
        let asked = round.iter().map(|(index, said)| said.request(*index, &mut client)).collect();
        // Blocks of answers follow on one another, so those with several are not woven.
        let answered = round.iter().map(|(index, said)| {
            let frames = said.answer(*index, &mut server);
            if said.has_trailers || said.has_interim { vec![frames.concat()] } else { frames }
        });
        let answered = answered.collect();
        let [request, response] = std::mem::take(&mut first);
        [woven(asked, request, weave), woven(answered, response, weave)]
    });
    rounds.collect()
}

/// A way of cutting, shuffling and dropping.
#[derive(Clone, Debug)]
struct Delivery {
    sizes: Vec<usize>,
    order: Vec<u8>,
    sides: Vec<bool>,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let sizes = proptest::collection::vec(1..120_usize, 1..10);
    let order = proptest::collection::vec(any::<u8>(), 1..30);
    (sizes, order, proptest::collection::vec(any::<bool>(), 2..20)).prop_map(|(mut sizes, order, mut sides)| {
        sizes.push(100);
        sides.extend([true, false]);
        Delivery { sizes, order, sides }
    })
}

type Part = (Direction, u64, Vec<u8>);

/// Segments of both directions in the order in which they are seen.
fn parts(streams: &[Vec<u8>; 2], starts: [u64; 2], delivery: &Delivery, is_shuffled: bool) -> Vec<Part> {
    let mut sides = [Direction::Request, Direction::Response].map(|direction| {
        let (mut parts, mut offset) = (Vec::new(), 0);
        let bytes = &streams[direction as usize];
        for size in delivery.sizes.iter().cycle() {
            let part = &bytes[offset..bytes.len().min(offset + size)];
            if part.is_empty() {
                break;
            }
            parts.push((direction, starts[direction as usize] + offset as u64, part.to_vec()));
            offset += part.len();
        }
        if is_shuffled && !parts.is_empty() {
            shuffle(&mut parts, &delivery.order);
        }
        parts.into_iter()
    });
    let mut seen = Vec::new();
    for side in delivery.sides.iter().cycle() {
        seen.extend(sides[usize::from(*side)].next());
        if sides.iter().all(|side| side.len() == 0) {
            return seen;
        }
    }
    seen
}

/// Swaps neighbours, and repeats some.
fn shuffle(parts: &mut Vec<Part>, order: &[u8]) {
    for (index, choice) in order.iter().enumerate() {
        let from = index * 7 % parts.len();
        let to = (from + usize::from(*choice) % 9).min(parts.len() - 1);
        if choice % 5 == 0 {
            parts.insert(to, parts[from].clone());
        } else {
            parts.swap(from, to);
        }
    }
}

fn play(mut connection: Connection, ends: [u64; 2], parts: &[Part], capture: usize) -> Collected {
    let (mut collected, mut time) = (Collected::default(), 0);
    for (direction, offset, bytes) in parts {
        time += MILLISECOND;
        let prefix = &bytes[..bytes.len().min(capture)];
        let segment = Segment { prefix, ..Segment::whole(*offset, bytes, time) };
        connection.segment(*direction, segment, &mut collected);
    }
    for direction in [Direction::Request, Direction::Response] {
        connection.ended_at(direction, ends[direction as usize], time, &mut collected);
    }
    connection.close(time, Closing::CLEAN, &mut collected);
    collected
}

fn lines(collected: &Collected) -> Vec<String> {
    let exchanges = collected.exchanges.iter();
    let mut lines: Vec<String> = exchanges
        .map(|exchange| {
            let (request, response) = (exchange.request_bytes, exchange.response_bytes);
            format!("{:?} {request}/{response} {:?}", exchange.detail, exchange.error)
        })
        .collect();
    lines.sort();
    lines
}

/// Whether what was handed out says nothing that was not said; which stream it is of, if that can be told.
fn stream_of(detail: &Detail, talk: &[Said]) -> Result<Option<usize>, String> {
    let (of_path, of_status) = match detail {
        Detail::Http { path: found, status: code, .. } => (
            talk.iter().enumerate().position(|(index, _)| found.as_deref() == Some(&path(index))),
            talk.iter().enumerate().position(|(index, _)| *code == Some(status(index))),
        ),
        Detail::Grpc { method, .. } => {
            (talk.iter().enumerate().position(|(index, _)| method.as_deref() == Some(&path(index)[1..])), None)
        }
        other => return Err(format!("{other:?}")),
    };
    if of_path.is_some() && of_status.is_some() && of_path != of_status {
        return Err(format!("{detail:?} is of two streams"));
    }
    let Some(index) = of_path.or(of_status) else { return Ok(None) };
    if agrees(detail, &talk[index].expected(index)) { Ok(Some(index)) } else { Err(format!("{detail:?} of {index}")) }
}

/// What is told is as it was said. A call whose content type was missed shows as plain HTTP.
pub(crate) fn agrees(found: &Detail, said: &Detail) -> bool {
    fn same<T: PartialEq>(found: &Option<T>, said: &Option<T>) -> bool {
        found.is_none() || found == said
    }
    match (found, said) {
        (
            Detail::Grpc { method, status, request_messages, response_messages, .. },
            Detail::Grpc { method: m, status: s, request_messages: q, response_messages: r, .. },
        ) => same(method, m) && same(status, s) && same(request_messages, q) && same(response_messages, r),
        (Detail::Http { .. }, Detail::Grpc { .. }) => true,
        (
            Detail::Http { method, path, host, status, .. },
            Detail::Http { method: m, path: p, host: h, status: s, .. },
        ) => same(method, m) && same(path, p) && same(host, h) && same(status, s),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_exchanges(
        talk in proptest::collection::vec(said(), 1..9),
        weave in proptest::collection::vec(any::<u8>(), 8..40),
        delivery in delivery(),
    ) {
        let rounds = rounds(&talk, talk.len(), &[&weave[..], &[3, 4, 5, 6]].concat());
        let streams = &rounds[0];
        let ends = streams.each_ref().map(|bytes| bytes.len() as u64);
        let at_once = Delivery { sizes: vec![1 << 20], order: vec![1], sides: vec![false, true] };
        let whole = play(Connection::from_start(), ends, &parts(streams, [0; 2], &at_once, false), usize::MAX);
        prop_assert_eq!((whole.exchanges.len(), whole.lost), (talk.len(), 0));
        let mut found = Vec::new();
        for exchange in &whole.exchanges {
            let Ok(Some(index)) = stream_of(&exchange.detail, &talk) else { panic!("{exchange:?}") };
            prop_assert_eq!(&exchange.detail, &talk[index].expected(index));
            found.push(index);
        }
        found.sort_unstable();
        prop_assert_eq!(found, (0..talk.len()).collect::<Vec<_>>());
        let cut = play(Connection::from_start(), ends, &parts(streams, [0; 2], &delivery, true), usize::MAX);
        prop_assert_eq!(lines(&cut), lines(&whole));
        prop_assert_eq!(cut.lost, 0);
    }

    /// Whatever is lost, or captured in part, and wherever a connection is joined: nothing is counted twice, nothing paired
    /// wrongly, and no status or number invented.
    #[test]
    fn losses_invent_nothing(
        talk in proptest::collection::vec(said(), 1..30),
        weave in proptest::collection::vec(any::<u8>(), 8..40),
        delivery in delivery(),
        lost in proptest::collection::vec(any::<u8>(), 10..60),
        share in 1..120_u8,
        width in 1..9_usize,
        capture in prop_oneof![Just(usize::MAX), 10..100_usize],
        joined: bool,
    ) {
        let (mut all, mut ends) = (Vec::new(), [0; 2]);
        let in_turn = Delivery { sides: vec![false; 500].into_iter().chain([true; 500]).collect(), ..delivery };
        for round in rounds(&talk, width, &[&weave[..], &[3, 4, 5, 6]].concat()) {
            all.extend(parts(&round, ends, &in_turn, false));
            for (end, bytes) in ends.iter_mut().zip(round) {
                *end += bytes.len() as u64;
            }
        }
        let mut chances = lost.iter().cycle();
        let seen: Vec<Part> = all.into_iter().filter(|_| chances.next().is_some_and(|chance| *chance >= share)).collect();
        let connection = if joined { Connection::adopted() } else { Connection::from_start() };
        let found = play(connection, ends, &seen, capture);
        prop_assert!(found.exchanges.len() as u64 + found.lost <= talk.len() as u64, "{:#?} lost {} {:?}", lines(&found), found.lost, seen);
        let mut known = Vec::new();
        for exchange in &found.exchanges {
            match stream_of(&exchange.detail, &talk) {
                Ok(index) => known.extend(index),
                Err(wrong) => prop_assert!(false, "{}", format!("{wrong} {exchange:?} {seen:?}")),
            }
        }
        let count = known.len();
        known.sort_unstable();
        known.dedup();
        prop_assert_eq!(known.len(), count, "{:#?} lost {} {:?}", lines(&found), found.lost, seen);
    }
}
