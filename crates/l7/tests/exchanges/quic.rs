//! First datagrams of recorded QUIC connections: repeated, out of order, lost, cut.

use goldwire_l7::{Datagram, Datagrams, Direction, TlsHandshake, Turn};
use goldwire_model::record::Protocol;
use proptest::prelude::*;

use crate::{
    captures::{Sent, recorded},
    support::Collected,
};

fn last_told<'a>(conversation: impl Iterator<Item = &'a Sent>, captured_max: usize) -> (Option<Turn>, TlsHandshake) {
    let (mut datagrams, mut collected, mut last) = (Datagrams::default(), Collected::default(), None);
    for (time, Sent { direction, bytes, .. }) in (0..).zip(conversation) {
        let (direction, length) = (*direction, bytes.len() as u32);
        let payload = &bytes[..bytes.len().min(captured_max)];
        let turn = datagrams.datagram(Datagram { direction, payload, length, time }, 4_433, &mut collected);
        last = Some(turn).filter(|turn| *turn != Turn::None).or(last);
    }
    datagrams.close(0, &mut collected);
    assert!(collected.exchanges.is_empty() && collected.lost == 0);
    (last, collected.handshakes.pop().unwrap_or_default())
}

#[test]
fn what_is_captured_in_part_tells_its_version() {
    for (name, conversation) in recorded("quic") {
        let (turn, told) = last_told(conversation.iter(), 200);
        assert_eq!(turn, Some(Turn::Ignored(Some(Protocol::Quic))), "{name}");
        assert!(told.server_name.is_none() && told.version.is_some(), "{name}");
    }
}

#[test]
fn what_does_not_begin_with_a_clients_first_datagram_is_left_alone() {
    for (_, conversation) in recorded("quic") {
        let is_answer = |sent: &&Sent| sent.direction == Direction::Response;
        let (turn, told) = last_told(conversation.iter().filter(is_answer), usize::MAX);
        assert_eq!((turn, told), (Some(Turn::Ignored(None)), TlsHandshake::default()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The client's first flight comes in any order, and in part twice; some of it may be lost.
    #[test]
    fn what_is_told_is_true(order in proptest::collection::vec(any::<prop::sample::Index>(), 2..6), is_lossy: bool) {
        for (name, conversation) in recorded("quic") {
            let (_, whole) = last_told(conversation.iter(), usize::MAX);
            let flight: Vec<&Sent> = conversation.iter().take_while(|sent| sent.direction == Direction::Request).collect();
            let picked = order.iter().map(|index| *index.get(&flight));
            let rest = if is_lossy { &[][..] } else { &flight };
            let (_, seen) = last_told(picked.chain(rest.iter().copied()), usize::MAX);
            prop_assert_eq!(&seen.version, &whole.version, "{}", &name);
            if is_lossy {
                prop_assert!(seen.server_name.is_none() || seen.server_name == whole.server_name, "{}", &name);
            } else {
                prop_assert_eq!(&seen, &whole, "{}", &name);
            }
        }
    }
}
