//! UDP as the probes tell it, on this kernel.

mod observer;

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use goldwire::decode::{ConversationReport, Direction, Event};
use observer::Observer;

/// A question for `a.test`, with its number.
fn question(number: u16) -> Vec<u8> {
    let mut message = number.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 4, b't', b'e', b's', b't', 0, 0, 1, 0, 1]);
    message
}

fn pair() -> (UdpSocket, UdpSocket) {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    (client, server)
}

#[test]
fn a_conversation_is_told_counted_and_ended_with_its_socket() {
    let mut observer = Observer::of_node();
    let (client, server) = pair();
    let (ours, theirs) = (client.local_addr().unwrap(), server.local_addr().unwrap());
    for length in [100, 200, 0] {
        client.send(&vec![0xff; length]).unwrap();
        server.recv_from(&mut [0; 512]).unwrap();
    }
    server.send_to(&[0xff; 50], ours).unwrap();
    client.recv(&mut [0; 512]).unwrap();
    drop((client, server));

    let mut opened = Vec::new();
    let closed: Vec<ConversationReport> = observer.collect(2, |event| match event {
        Event::ConversationOpened(event) if event.local == ours || event.local == theirs => {
            opened.push(event);
            None
        }
        Event::ConversationClosed(event) => is_between(event.conversation.remote, ours, theirs).then_some(event),
        _ => None,
    });
    assert_eq!(opened.len(), 2);
    for event in opened {
        let expected = if event.local == ours { Direction::Egress } else { Direction::Ingress };
        assert_eq!(event.first, expected);
        assert_eq!(event.owner_pid, Some(std::process::id()));
    }
    for event in closed {
        let sent = (event.datagrams_sent, event.bytes_sent);
        let received = (event.datagrams_received, event.bytes_received);
        let expected = if event.conversation.remote == theirs { ((3, 300), (1, 50)) } else { ((1, 50), (3, 300)) };
        assert_eq!((sent, received), expected);
    }
}

fn is_between(remote: SocketAddr, one: SocketAddr, other: SocketAddr) -> bool {
    remote == one || remote == other
}

#[test]
fn every_dns_message_is_told_whole_and_other_payload_is_not() {
    let mut observer = Observer::of_node();
    let (client, server) = pair();
    let ours = client.local_addr().unwrap();
    for number in 0..500 {
        client.send(&question(number)).unwrap();
        client.send(b"this is certainly no DNS").unwrap();
        server.recv_from(&mut [0; 512]).unwrap();
        server.recv_from(&mut [0; 512]).unwrap();
    }
    let told = observer.collect(500, |event| match event {
        Event::Datagram(event) if event.local == ours && event.direction == Direction::Egress => {
            assert_eq!(event.length as usize, event.payload.len());
            Some(event.payload.to_vec())
        }
        _ => None,
    });
    assert_eq!(told, (0..500).map(question).collect::<Vec<_>>());
    let more = observer.collect_for(Duration::from_millis(100), |event| match event {
        Event::Datagram(event) if event.local == ours => Some(event.payload.to_vec()),
        _ => None,
    });
    assert!(more.is_empty() || more.iter().all(|payload| payload.len() == question(0).len()), "{more:?}");
}

#[test]
fn the_first_datagram_of_a_quic_connection_is_told() {
    let mut observer = Observer::of_node();
    let (client, server) = pair();
    let ours = client.local_addr().unwrap();
    // A long header of version 1 with an id of 8 bytes, in a datagram as long as a client must make it, and then a short header.
    let mut initial = vec![0xc3, 0, 0, 0, 1, 8];
    initial.resize(1_200, 7);
    let short = vec![0x43; 1_200];
    for datagram in [&initial, &short] {
        client.send(datagram).unwrap();
        server.recv_from(&mut [0; 2_048]).unwrap();
    }
    let told = observer.collect(1, |event| match event {
        Event::Datagram(event) if event.local == ours && event.direction == Direction::Egress => {
            Some(event.payload.to_vec())
        }
        _ => None,
    });
    assert_eq!(told, [initial]);
}
