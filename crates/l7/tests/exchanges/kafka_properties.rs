//! However a conversation with Kafka is cut, repeated, shuffled or lost in part, nothing is invented.

use goldwire_l7::{Closing, Direction, Segment, StreamProtocol, kafka::Connection};
use proptest::prelude::*;

use crate::{
    kafka::{answer, request},
    support::{Collected, MILLISECOND, cut, detail, shuffle},
};

/// A heartbeat: its padding, and the code it is answered with, which tells it from others.
#[derive(Clone, Debug)]
struct Said {
    padding: usize,
    fails: bool,
}

fn heartbeat(index: usize, said: &Said) -> Vec<u8> {
    request(12, 0, 1_000 + index as i32, &vec![1; said.padding])
}

fn answered(index: usize, said: &Said) -> Vec<u8> {
    let code = if said.fails { 200 + index as i16 } else { 0 };
    answer(1_000 + index as i32, &[&code.to_be_bytes()[..], &vec![2; said.padding]].concat())
}

fn code(index: usize, said: &Said) -> String {
    if said.fails { format!(" -> CODE_{}", 200 + index) } else { String::new() }
}

struct Player {
    connection: Connection,
    collected: Collected,
    offsets: [u64; 2],
    time: u64,
}

impl Player {
    fn new(connection: Connection) -> Self {
        Self { connection, collected: Collected::default(), offsets: [0; 2], time: 0 }
    }

    /// Says something in parts of these sizes, in this order, some twice, and without those that are lost.
    fn say(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        sizes: &[usize],
        order: &[u8],
        lost: &mut dyn FnMut() -> bool,
    ) {
        let start = self.offsets[direction as usize];
        let mut parts = cut(bytes, sizes);
        parts.retain(|_| !lost());
        shuffle(&mut parts, order);
        for (offset, part) in parts {
            self.time += MILLISECOND;
            let segment = Segment::whole(start + offset as u64, part, self.time);
            self.connection.segment(direction, segment, &mut self.collected);
        }
        self.offsets[direction as usize] = start + bytes.len() as u64;
    }

    fn end(&mut self) -> Vec<String> {
        for direction in [Direction::Request, Direction::Response] {
            let length = self.offsets[direction as usize];
            self.connection.ended_at(direction, length, self.time, &mut self.collected);
        }
        self.connection.close(self.time, Closing::CLEAN, &mut self.collected);
        let line = |exchange: &goldwire_l7::Exchange| {
            let (request, response) = (exchange.request_bytes, exchange.response_bytes);
            format!("{} {request}/{response}", detail(&exchange.detail))
        };
        self.collected.exchanges.iter().map(line).collect()
    }
}

fn said() -> impl Strategy<Value = Said> {
    (0..300_usize, any::<bool>()).prop_map(|(padding, fails)| Said { padding, fails })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_exchanges(
        talk in proptest::collection::vec(said(), 1..12),
        sizes in proptest::collection::vec(1..200_usize, 1..10),
        order in proptest::collection::vec(any::<u8>(), 1..30),
        depth in 1..5_usize,
    ) {
        let mut player = Player::new(Connection::from_start());
        for (batch, all) in talk.chunks(depth).enumerate() {
            let numbered = || all.iter().enumerate().map(|(index, said)| (batch * depth + index, said));
            let asked: Vec<u8> = numbered().flat_map(|(index, said)| heartbeat(index, said)).collect();
            let answers: Vec<u8> = numbered().flat_map(|(index, said)| answered(index, said)).collect();
            player.say(Direction::Request, &asked, &sizes, &order, &mut || false);
            player.say(Direction::Response, &answers, &sizes, &order, &mut || false);
        }
        let lines = player.end();
        let expected = talk.iter().enumerate().map(|(index, said)| {
            let (asked, answers) = (heartbeat(index, said).len(), answered(index, said).len());
            format!("Heartbeat ?{} {asked}/{answers}", code(index, said))
        });
        prop_assert_eq!(lines, expected.collect::<Vec<_>>());
        prop_assert_eq!(player.collected.lost, 0);
    }

    #[test]
    fn losses_invent_nothing(
        talk in proptest::collection::vec(said(), 1..30),
        sizes in proptest::collection::vec(1..200_usize, 1..10),
        order in proptest::collection::vec(any::<u8>(), 1..30),
        lost in proptest::collection::vec(any::<u8>(), 1..40),
        depth in 1..5_usize,
        adopted: bool,
    ) {
        let mut player = Player::new(if adopted { Connection::adopted() } else { Connection::from_start() });
        let mut chances = lost.iter().cycle();
        let mut lose = || chances.next().is_some_and(|chance| *chance < 40);
        for (batch, all) in talk.chunks(depth).enumerate() {
            let numbered = || all.iter().enumerate().map(|(index, said)| (batch * depth + index, said));
            let asked: Vec<u8> = numbered().flat_map(|(index, said)| heartbeat(index, said)).collect();
            let answers: Vec<u8> = numbered().flat_map(|(index, said)| answered(index, said)).collect();
            player.say(Direction::Request, &asked, &sizes, &order, &mut lose);
            player.say(Direction::Response, &answers, &sizes, &order, &mut lose);
        }
        let lines = player.end();
        let Collected { exchanges, lost, .. } = &player.collected;
        let all = lines.join("\n");
        prop_assert!(exchanges.len() as u64 + lost <= talk.len() as u64, "lost {} of {}\n{}", lost, talk.len(), all);
        for line in &lines {
            let is_said = talk.iter().enumerate().any(|(index, said)| {
                line.starts_with(&format!("Heartbeat ?{} ", code(index, said))) || line.starts_with("? ? ")
            });
            prop_assert!(is_said || line.starts_with("Heartbeat ? "), "{}\n{}", line, all);
        }
    }
}
