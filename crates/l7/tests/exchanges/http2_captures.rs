//! What passed between real programs, against what those programs counted themselves.

use std::{collections::BTreeMap, fmt::Write as _};

use goldwire_l7::{Closing, Exchange};
use goldwire_model::record::{Detail, ExchangeError, Protocol};
use insta::assert_snapshot;

use crate::{
    captures::{Sent, recorded},
    http2_properties,
    support::{Collected, Talk, detail},
};

/// See `tests/captures/http2/README.md`.
fn capture(name: &str) -> Vec<Sent> {
    let mut all = recorded("http2");
    let at = all.iter().position(|(other, _)| other.starts_with(name)).expect("a capture");
    all.swap_remove(at).1
}

/// All that are HTTP/2 from their first byte on.
fn captures() -> impl Iterator<Item = (String, Vec<Sent>)> {
    recorded("http2").into_iter().filter(|(name, _)| !name.starts_with("upgrade"))
}

fn play(talk: Talk, said: &[Sent]) -> Talk {
    said.iter().fold(talk, |talk, sent| talk.say(sent.direction, &sent.bytes))
}

/// All that came of a conversation, closed.
fn collected(mut talk: Talk) -> Collected {
    let mut collected = std::mem::take(&mut talk.collected);
    talk.connection.close(talk.time, Closing::CLEAN, &mut collected);
    collected
}

fn what(exchange: &Exchange) -> String {
    let error = exchange.error.map_or(String::new(), |error| format!(" {error:?}"));
    let is_timed = if exchange.answer_last.is_some() { "" } else { " untimed" };
    format!("{}{error}{is_timed}", detail(&exchange.detail))
}

/// Like exchanges in one line, with their number in front.
fn summary(exchanges: &[Exchange]) -> String {
    let mut counts = BTreeMap::<String, u32>::new();
    for exchange in exchanges {
        *counts.entry(what(exchange)).or_default() += 1;
    }
    counts.iter().fold(String::new(), |mut text, (line, count)| {
        let _ = writeln!(text, "{count} x {line}");
        text
    })
}

/// Its own words: 120 done, 80 succeeded, 40 failed; 80 2xx, 40 4xx; 15,760 bytes of data.
#[test]
fn h2load_with_32_streams() {
    let said = capture("h2load");
    let talk = play(Talk::new(), &said).expect_protocol(Protocol::Http2).expect_exchanges(120);
    let exchanges = &talk.collected.exchanges;
    let answered: u64 = exchanges.iter().map(|exchange| exchange.response_bytes).sum();
    // Headers of blocks and frames come on top of the data; all but settings and windows is of some exchange.
    assert!((15_760 + 1_349..19_293).contains(&answered), "{answered}");
    assert!(exchanges.iter().all(|exchange| exchange.answer_last >= exchange.answer_first));
    let agents = exchanges.iter().filter(|exchange| {
        matches!(&exchange.detail, Detail::Http { user_agent: Some(class), .. } if &class[..] == "load_test")
    });
    assert_eq!(agents.count(), 120);
    assert_snapshot!(summary(exchanges));
}

#[test]
fn a_pushed_stream_is_no_exchange() {
    assert_snapshot!(summary(&collected(play(Talk::new(), &capture("push"))).exchanges));
}

#[test]
fn an_upgrade_by_nghttp() {
    let talk = play(Talk::new(), &capture("upgrade")).expect_protocol(Protocol::Http2).wait();
    assert_snapshot!(summary(&collected(talk).exchanges));
}

#[test]
fn grpc_in_every_way() {
    let talk = play(Talk::new(), &capture("grpc")).expect_protocol(Protocol::Grpc);
    assert_snapshot!(summary(&collected(talk).exchanges));
}

#[test]
fn node_with_64_streams() {
    let found = collected(play(Talk::new(), &capture("node")));
    assert!(!format!("{:?}", found.exchanges).contains("secret"));
    let mut counts = BTreeMap::<u16, u32>::new();
    for exchange in &found.exchanges {
        if let Detail::Http { status: Some(status), .. } = exchange.detail {
            *counts.entry(status).or_default() += 1;
        }
    }
    // As the client counted.
    let own = [(200, 14), (201, 1), (250, 10), (300, 9), (350, 9), (400, 9), (450, 9), (500, 9)];
    assert_eq!(counts, BTreeMap::from(own));
    let others = found.exchanges.into_iter().filter(|exchange| !detail(&exchange.detail).contains("/n/"));
    assert_snapshot!(summary(&others.collect::<Vec<_>>()));
}

/// Everything that is said of an exchange is said of one that happened, and no more exchanges are than happened.
fn assert_nothing_is_invented(found: &Collected, whole: &[Exchange], place: &str) {
    // nghttp leaves out some numbers at first, to group others by priority: where its beginning is missing they look missed.
    let lost = if place.starts_with("push") { 0 } else { found.lost };
    assert!(found.exchanges.len() as u64 + lost <= whole.len() as u64, "{place}: {}", summary(&found.exchanges));
    let mut left: Vec<&Exchange> = whole.iter().collect();
    // Those that have a name find their own first.
    let mut exchanges: Vec<&Exchange> = found.exchanges.iter().collect();
    let any_is_grpc = whole.iter().any(|exchange| matches!(exchange.detail, Detail::Grpc { .. }));
    exchanges.sort_by_key(|exchange| {
        // What is not known to be gRPC may be any that is, and without an error any at all.
        let may_be_any = any_is_grpc && matches!(exchange.detail, Detail::Http { .. });
        let may_be_others = may_be_any || !is_named(&exchange.detail);
        let unknown = what(exchange).replace("error_code: None", "").matches("None").count();
        (may_be_others, may_be_others && exchange.error.is_none(), may_be_any, unknown)
    });
    for exchange in exchanges {
        let at = left.iter().position(|whole| agrees(exchange, whole));
        let at = at.or_else(|| left.iter().position(|whole| crossed_with_reset(exchange, whole)));
        let Some(at) = at else {
            let left: Vec<_> = left.into_iter().map(what).collect();
            panic!("{place}: {} did not happen, or was one of\n{left:#?}", what(exchange))
        };
        left.swap_remove(at);
    }
}

fn is_of_same_name(found: &Detail, whole: &Detail) -> bool {
    match (found, whole) {
        (Detail::Grpc { method: found, .. }, Detail::Grpc { method: whole, .. }) => found.is_none() || found == whole,
        (Detail::Http { path: found, .. }, Detail::Http { path: whole, .. }) => found.is_none() || found == whole,
        _ => false,
    }
}

fn is_named(detail: &Detail) -> bool {
    matches!(detail, Detail::Grpc { method: Some(_), .. } | Detail::Http { path: Some(_), .. })
}

fn agrees(found: &Exchange, whole: &Exchange) -> bool {
    let details = http2_properties::agrees(&found.detail, &whole.detail);
    details && (found.error.is_none() || found.error == whole.error)
}

/// Where it is not seen in time that a request was reset, the answer that crossed with that is its answer, or the end of the
/// connection its end.
fn crossed_with_reset(found: &Exchange, whole: &Exchange) -> bool {
    let was_reset = matches!(whole.error, Some(ExchangeError::ResetByClient | ExchangeError::ResetByServer));
    let was_cut = matches!(found.error, Some(ExchangeError::Truncated | ExchangeError::NoAnswer));
    was_reset && is_of_same_name(&found.detail, &whole.detail) && (whole.answer_first.is_none() || was_cut)
}

#[test]
fn joined_anywhere() {
    for (name, said) in captures() {
        let whole = collected(play(Talk::new(), &said)).exchanges;
        for from in 0..said.len() {
            let found = collected(play(Talk::adopted(), &said[from..]));
            assert_nothing_is_invented(&found, &whole, &format!("{name} from {from}"));
        }
    }
}

/// Whatever a connection is joined in, it is taken for what it is or for nothing.
#[test]
fn joined_for_what_it_is() {
    for protocol in ["http1", "tls", "mysql", "postgresql", "http2"] {
        for (name, said) in recorded(protocol).into_iter().filter(|(name, _)| !name.starts_with("upgrade")) {
            for from in 0..said.len() {
                let ran = play(Talk::adopted(), &said[from..]).ran;
                let is_http2 = matches!(ran, Some(Protocol::Http2 | Protocol::Grpc));
                assert!(ran.is_none() || is_http2 == (protocol == "http2"), "{name} from {from}: {ran:?}");
            }
        }
    }
}

#[test]
fn any_segment_lost() {
    for (name, said) in captures() {
        let whole = collected(play(Talk::new(), &said)).exchanges;
        for lost in 0..said.len() {
            let talk = play(Talk::new(), &said[..lost]);
            let talk = talk.lose(said[lost].direction, said[lost].bytes.len() as u64);
            let (next, rest) = said[lost + 1..].split_at(3.min(said.len() - lost - 1));
            let talk = play(play(talk, next).wait(), rest).counted();
            let found = collected(talk);
            let said_to_be_lost = found.exchanges.len() as u64 + found.lost;
            assert!(
                said_to_be_lost >= whole.len() as u64,
                "{name} without {lost}: of {} {said_to_be_lost} {}",
                whole.len(),
                summary(&found.exchanges)
            );
            assert_nothing_is_invented(&found, &whole, &format!("{name} without {lost}"));
        }
    }
}

#[test]
fn captured_in_part() {
    for (name, said) in captures() {
        let whole = collected(play(Talk::new(), &said)).exchanges;
        for prefix in [20, 64, 100, 512, 4_096, 16_384] {
            let found = collected(play(Talk::new().capture(prefix, 64), &said).counted());
            assert_nothing_is_invented(&found, &whole, &format!("{name} in {prefix}"));
            if prefix == 16_384 {
                assert_eq!(found.exchanges.len(), whole.len(), "{name} {}", found.lines());
            }
        }
    }
}
