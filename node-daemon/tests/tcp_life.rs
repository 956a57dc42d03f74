//! The life of TCP connections as the probes tell it, on this kernel.

mod observer;

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::AsRawFd,
    process::Command,
    time::Duration,
};

use goldwire::decode::{Cookie, Event, Reset, Role, SocketState, TcpClosed, TcpEstablished};
use observer::{Namespace, Observer, Pair, Running, pattern};

/// Established and closed events of one connection, by role.
fn whole_life(observer: &mut Observer, client: SocketAddr) -> HashMap<Role, (TcpEstablished, TcpClosed)> {
    let is_ours = |addresses: &goldwire::decode::Addresses| addresses.local == client || addresses.remote == client;
    let mut established: HashMap<Cookie, TcpEstablished> = HashMap::new();
    let closed = observer.collect(2, |event| match event {
        Event::TcpEstablished(event) if is_ours(&event.addresses) => {
            established.insert(event.cookie, event);
            None
        }
        Event::TcpClosed(event) if is_ours(&event.addresses) => Some(event),
        _ => None,
    });
    closed.into_iter().map(|closed| (closed.role, (established[&closed.cookie], closed))).collect()
}

#[test]
fn counters_at_the_end_are_what_was_sent() {
    let mut observer = Observer::of_node();
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let mut pair = Pair::over(address);
        let (client, server) = (pair.client_address(), pair.server_address());
        pair.send(&pattern(3_000_000));
        pair.answer(&pattern(70_000));
        drop(pair);
        let life = whole_life(&mut observer, client);

        let (established, closed) = life[&Role::Client];
        assert_eq!((closed.counters.bytes_sent, closed.counters.bytes_received), (3_000_000, 70_000));
        assert!(closed.counters.bytes_acked >= 3_000_000);
        assert_eq!(established.addresses.remote, server);
        assert_eq!(established.addresses.local, client);
        assert_eq!(established.owner_pid, Some(std::process::id()));
        assert!(established.connect_latency.unwrap() < Duration::from_secs(1));
        assert!(closed.counters.rtt.is_some() && closed.counters.data_segments_sent > 0);
        assert_eq!((closed.errno, closed.reset), (None, None));

        let (established, closed) = life[&Role::Server];
        assert_eq!((closed.counters.bytes_sent, closed.counters.bytes_received), (70_000, 3_000_000));
        assert_eq!(established.connect_latency, None);
        assert_eq!(closed.addresses.remote, client);
        assert_eq!((closed.errno, closed.reset), (None, None));
    }
    let losses = observer.receiver.losses();
    assert_eq!((losses.control_ring, losses.data_ring, losses.read_fault), (0, 0, 0));
}

#[test]
fn sequence_numbers_at_the_start_are_those_of_the_first_payload() {
    let mut observer = Observer::of_node();
    let mut pair = Pair::over("127.0.0.1:0");
    let client = pair.client_address();
    pair.send(b"x");
    let mut firsts = HashMap::new();
    let segments = observer.collect(2, |event| match event {
        Event::TcpEstablished(event) => {
            firsts.insert(event.cookie, (event.first_sent, event.first_received));
            None
        }
        Event::TcpSegment(segment) if firsts.contains_key(&segment.cookie) && segment.prefix == b"x" => {
            Some((segment.direction, segment.cookie, segment.sequence))
        }
        _ => None,
    });
    assert_eq!(segments.len(), 2, "of {client}");
    for (direction, cookie, sequence) in segments {
        let (sent, received) = firsts[&cookie];
        let expected = if direction == goldwire::decode::Direction::Egress { sent } else { received };
        assert_eq!(sequence, expected);
    }
}

#[test]
fn a_thousand_refused_connects_are_a_thousand_refusals() {
    let mut observer = Observer::of_node();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for _ in 0..1000 {
        TcpStream::connect(unused).unwrap_err();
    }
    let mut attempts = 0;
    let closed = observer.collect(1000, |event| match event {
        Event::TcpConnecting(event) if event.addresses.remote == unused => {
            attempts += 1;
            assert_eq!(event.owner.pid, std::process::id());
            None
        }
        Event::TcpClosed(event) if event.addresses.remote == unused => Some(event),
        _ => None,
    });
    assert_eq!((attempts, closed.len()), (1000, 1000));
    for event in closed {
        assert_eq!(
            (event.from, event.errno, event.role),
            (SocketState::SynSent, Some(libc::ECONNREFUSED), Role::Client)
        );
        assert_eq!(event.reset, Some(Reset::Remote));
        assert_ne!(event.addresses.local.port(), 0);
    }
}

#[test]
fn both_sides_know_who_reset() {
    let mut observer = Observer::of_node();
    let pair = Pair::over("127.0.0.1:0");
    let client = pair.client_address();
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: passes an initialised struct of that size.
    let result = unsafe {
        libc::setsockopt(
            pair.client.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of::<libc::linger>() as u32,
        )
    };
    assert_eq!(result, 0);
    drop(pair.client);
    let life = whole_life(&mut observer, client);
    assert_eq!(life[&Role::Client].1.reset, Some(Reset::Local));
    assert_eq!(life[&Role::Server].1.reset, Some(Reset::Remote));
    assert_eq!(life[&Role::Server].1.errno, Some(libc::ECONNRESET));
}

#[test]
fn the_first_reader_owns_an_accepted_connection() {
    let mut observer = Observer::of_node();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // The parent listens, a child of it serves the connection.
    let server = Running::start(
        Command::new("socat").arg(format!("TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr")).arg("EXEC:cat"),
    );
    let listening = observer.collect(1, |event| match event {
        // This process listened on the port too, when it looked for a free one.
        Event::TcpListening(event) if event.local.port() == port => {
            event.owner_pid.filter(|pid| *pid != std::process::id())
        }
        _ => None,
    });
    assert_eq!(listening, [server.0.id()]);
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut client, b"whose?").unwrap();

    let mut accepted = None;
    let owners = observer.collect(1, |event| match event {
        Event::TcpEstablished(event) if event.role == Role::Server && event.addresses.local.port() == port => {
            accepted = Some(event.cookie);
            None
        }
        Event::SocketOwned(event) if Some(event.cookie) == accepted => Some(event.owner),
        _ => None,
    });
    assert_eq!(owners.len(), 1);
    assert_ne!(owners[0].pid, server.0.id(), "the listener does not own it");
    assert_eq!(owners[0].comm.as_str(), "socat");
}

#[test]
fn an_open_connection_is_adopted_with_what_it_has_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut pair = Pair::to(&listener);
    pair.send(&pattern(12_345));
    let (client, server) = (pair.client_address(), pair.server_address());
    let mut observer = Observer::of_node();
    let mut listening = false;
    let adopted: HashMap<Role, _> = observer
        .collect(2, |event| match event {
            Event::TcpListening(event) if event.local == server => {
                listening = true;
                assert_eq!(event.owner_pid, Some(std::process::id()));
                None
            }
            Event::TcpAdopted(event) if event.addresses.local == client || event.addresses.remote == client => {
                Some((event.role, event))
            }
            _ => None,
        })
        .into_iter()
        .collect();
    assert!(listening);
    assert_eq!(adopted[&Role::Client].base.bytes_sent, 12_345);
    assert_eq!(adopted[&Role::Client].owner_pid, Some(std::process::id()));
    assert_eq!(adopted[&Role::Server].base.bytes_received, 12_345);
    assert_eq!(adopted[&Role::Server].addresses.local, server);

    pair.send(&pattern(655));
    drop(pair);
    let closed = observer.collect(2, |event| match event {
        Event::TcpClosed(event) if event.addresses.local == client || event.addresses.remote == client => Some(event),
        _ => None,
    });
    let of_client = closed.iter().find(|event| event.role == Role::Client).unwrap();
    assert_eq!(of_client.counters.bytes_sent, 13_000);
}

#[test]
fn a_connection_that_moves_is_reported_and_a_silent_one_is_not() {
    let mut observer = Observer::of_node();
    let mut pair = Pair::over("127.0.0.1:0");
    let client = pair.client_address();
    pair.send(&pattern(1000));
    let mut cookie = None;
    let reports = observer.collect(1, |event| match event {
        Event::TcpEstablished(event) if event.addresses.local == client => {
            cookie = Some(event.cookie);
            None
        }
        Event::TcpCounters(event) if Some(event.cookie) == cookie => Some(event.counters.bytes_sent),
        _ => None,
    });
    assert_eq!(reports, [1000]);
    let silent = observer.collect_for(Duration::from_millis(1500), |event| match event {
        Event::TcpCounters(event) if Some(event.cookie) == cookie => Some(event),
        _ => None,
    });
    assert_eq!(silent, []);
}

#[test]
fn a_service_address_is_told_with_the_address_behind_it() {
    let namespace = Namespace::new("goldwire-translated");
    namespace.inside("ip address add 10.77.0.1/24 dev lo");
    namespace.inside("ip route add 10.96.0.0/16 dev lo src 10.77.0.1");
    namespace.inside("nft add table ip nat");
    namespace.inside("nft add chain ip nat output { type nat hook output priority -100 ; }");
    namespace.inside("nft add rule ip nat output ip daddr 10.96.0.10 tcp dport 80 dnat to 10.77.0.1:8080");
    let mut observer = Observer::of_node();
    let _server = namespace.start("socat TCP-LISTEN:8080,bind=10.77.0.1,fork,reuseaddr EXEC:cat");
    observer.collect(1, |event| match event {
        Event::TcpListening(event) if event.local.port() == 8080 => Some(()),
        _ => None,
    });
    namespace.inside("socat -u OPEN:/etc/hostname TCP:10.96.0.10:80");
    let mut asked = None;
    let translated = observer.collect(1, |event| match event {
        Event::TcpConnecting(event) if event.addresses.remote.port() == 80 => {
            asked = Some((event.cookie, event.addresses.remote.to_string()));
            None
        }
        Event::TcpTranslated(event) => Some((event.cookie, event.remote.to_string())),
        _ => None,
    });
    let (cookie, address) = asked.expect("the connect");
    assert_eq!(address, "10.96.0.10:80");
    assert_eq!(translated, [(cookie, "10.77.0.1:8080".to_owned())]);
}
