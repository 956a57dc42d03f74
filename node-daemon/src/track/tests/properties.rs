//! Whatever happens, reports add up and nothing runs backwards.

use goldwire_model::record::{FlowEvent, Record};
use proptest::prelude::*;

use super::scenario::{Scenario, Socket, answer, get};
use crate::decode::{Role, TcpCounters};

fn counters() -> impl Strategy<Value = TcpCounters> {
    (0..1_000_000_u64, 0..1_000_000_u64, 0..1_000_u32, 0..1_000_u32, 0..50_u32).prop_map(
        |(bytes_sent, bytes_received, segments_sent, segments_received, retransmits)| TcpCounters {
            bytes_sent,
            bytes_received,
            segments_sent,
            segments_received,
            retransmits,
            ..TcpCounters::default()
        },
    )
}

fn socket(is_client: bool) -> Socket {
    let make = if is_client { Socket::client } else { Socket::server };
    make(1, 10, "10.0.0.1:40000", "10.0.0.2:80")
}

proptest! {
    #[test]
    fn differences_add_up_to_what_the_kernel_counted(
        is_client: bool,
        adopted: bool,
        base in counters(),
        reports in proptest::collection::vec(counters(), 0..20),
    ) {
        let (mut scenario, mut socket) = (Scenario::new(), socket(is_client));
        if adopted {
            socket.counters = base;
            scenario.adopt(&socket, if is_client { Role::Client } else { Role::Server });
        } else {
            scenario.established(&socket);
        }
        let mut furthest = socket.counters;
        for counters in reports {
            socket.counters = counters;
            furthest.bytes_sent = furthest.bytes_sent.max(counters.bytes_sent);
            furthest.bytes_received = furthest.bytes_received.max(counters.bytes_received);
            furthest.retransmits = furthest.retransmits.max(counters.retransmits);
            scenario.counted(&socket);
        }
        scenario.close(&socket);
        let base = if adopted { base } else { TcpCounters::default() };
        let (sent, received, retransmits) = scenario.flows().iter().fold((0, 0, 0), |sums, flow| {
            (sums.0 + flow.bytes_sent, sums.1 + flow.bytes_received, sums.2 + flow.retransmits)
        });
        let (own, others) = (furthest.bytes_sent - base.bytes_sent, furthest.bytes_received - base.bytes_received);
        prop_assert_eq!((sent, received), if is_client { (own, others) } else { (others, own) });
        prop_assert_eq!(retransmits, u64::from(furthest.retransmits - base.retransmits));
        let first = if adopted { FlowEvent::Adopted } else { FlowEvent::Start };
        let kinds: Vec<FlowEvent> = scenario.flows().iter().map(|flow| flow.event).collect();
        prop_assert_eq!((kinds.first(), kinds.last()), (Some(&first), Some(&FlowEvent::End)));
    }

    /// Requests handed out and requests told as lost are the requests sent, whichever events are lost.
    #[test]
    fn counted_and_lost_are_what_was_sent(
        is_client: bool,
        seen in proptest::collection::vec((any::<bool>(), any::<bool>()), 1..60),
    ) {
        let (mut scenario, mut socket) = (Scenario::new(), socket(is_client));
        scenario.established(&socket);
        for (index, (request_seen, answer_seen)) in seen.iter().enumerate() {
            let (asked, answered) = (get(&format!("/{index}")), answer(200, "x"));
            let ways = if is_client {
                [(crate::decode::Direction::Egress, asked, *request_seen), (crate::decode::Direction::Ingress, answered, *answer_seen)]
            } else {
                [(crate::decode::Direction::Ingress, asked, *request_seen), (crate::decode::Direction::Egress, answered, *answer_seen)]
            };
            for (direction, text, is_seen) in ways {
                let segment = scenario.segment(&mut socket, direction, text.as_bytes());
                if is_seen {
                    scenario.event(&crate::decode::Event::TcpSegment(segment));
                }
            }
        }
        scenario.close(&socket);
        let requests = scenario.requests();
        prop_assert!(requests.len() + scenario.findings.lost as usize <= seen.len());
        let answers_seen = seen.iter().filter(|(_, answer)| *answer).count();
        prop_assert!(requests.len() >= answers_seen);
        for request in &requests {
            prop_assert!(request.error.is_none());
        }
        let whole = seen.iter().all(|(request, answer)| *request && *answer);
        prop_assert!(!whole || (requests.len() == seen.len() && scenario.findings.lost == 0));
    }

    #[test]
    fn no_order_of_events_panics(order in proptest::collection::vec(0..8_u8, 0..60)) {
        let mut scenario = Scenario::new();
        let (mut client, mut server) = (socket(true), socket(true).mirrored(2, 20));
        for step in order {
            match step {
                0 => scenario.connecting(&client),
                1 => scenario.established(&client),
                2 => scenario.accept(&server),
                3 => scenario.sends(&mut client, get("/a")),
                4 => scenario.receives(&mut server, get("/a")),
                5 => scenario.sends(&mut server, answer(200, "")),
                6 => scenario.close(&client),
                _ => scenario.close(&server),
            };
        }
        scenario.wait(10_000);
        for record in &scenario.findings.records {
            if let Record::Flow(flow) = record {
                prop_assert!(flow.bytes_sent < 1 << 40 && flow.bytes_received < 1 << 40);
            }
        }
    }
}
