//! However a conversation with a database is cut, repeated, shuffled, captured and lost: nothing is invented, and what is told
//! is right.

use goldwire_l7::{Closing, Connection, Direction, Exchange, Segment};
use goldwire_model::record::ExchangeError;
use proptest::prelude::*;

use crate::{
    mysql, postgresql as pg,
    support::{Collected, MILLISECOND, cut, detail, shuffle},
};

/// An exchange of which everything tells which one it is: its table, and its error.
#[derive(Clone, Copy, Debug)]
struct Said {
    way: u8,
    rows: usize,
    fails: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Database {
    Postgresql,
    Mysql { is_eof: bool },
}

impl Said {
    fn sql(self, index: usize) -> String {
        format!("SELECT 'private' FROM t{index} WHERE id IN (1, 2, 3)")
    }

    fn code(database: Database, index: usize) -> String {
        if database == Database::Postgresql { format!("{index:05}") } else { (2_000 + index).to_string() }
    }

    fn line(self, database: Database, index: usize) -> String {
        let code = if self.fails { format!(" -> {}", Self::code(database, index)) } else { String::new() };
        format!("SELECT t{index} `SELECT ? FROM t{index} WHERE id IN (?)`{code}")
    }

    /// What the client says and the server answers.
    fn bytes(self, database: Database, index: usize) -> (Vec<u8>, Vec<u8>) {
        match database {
            Database::Postgresql => self.postgresql(index),
            Database::Mysql { is_eof } => self.mysql(index, is_eof),
        }
    }

    fn postgresql(self, index: usize) -> (Vec<u8>, Vec<u8>) {
        let sql = self.sql(index);
        let end = if self.fails {
            pg::failed(&Self::code(Database::Postgresql, index))
        } else {
            pg::done(&format!("SELECT {}", self.rows))
        };
        let parsed = [pg::message('1', ""), pg::message('2', "")].concat();
        let (asked, begins) = match self.way % 3 {
            0 => (pg::query(&sql), Vec::new()),
            1 => (
                [pg::parse("", &sql), pg::bind("", ""), pg::describe(""), pg::execute(""), pg::sync()].concat(),
                parsed,
            ),
            _ => {
                let name = format!("s{index}");
                ([pg::parse(&name, &sql), pg::bind("p", &name), pg::execute("p"), pg::sync()].concat(), parsed)
            }
        };
        (asked, [begins, pg::rows(self.rows), end, pg::ready()].concat())
    }

    fn mysql(self, index: usize, is_eof: bool) -> (Vec<u8>, Vec<u8>) {
        let mut payloads = mysql::result(is_eof, self.rows, 2);
        if self.way % 3 == 1 {
            payloads = [mysql::result(is_eof, self.rows, 2 | 8), mysql::result(is_eof, 1, 2)].concat();
        }
        if self.fails {
            let keep = payloads.len() - 1;
            payloads.truncate(if self.way % 3 == 2 { 0 } else { keep });
            payloads.push(mysql::error((2_000 + index) as u16, "this is private"));
        }
        (mysql::query(&self.sql(index)), mysql::packets(1, &payloads))
    }
}

fn said() -> impl Strategy<Value = Said> {
    (any::<u8>(), 0..40_usize, any::<bool>()).prop_map(|(way, rows, fails)| Said { way, rows, fails })
}

fn database() -> impl Strategy<Value = Database> {
    prop_oneof![Just(Database::Postgresql), any::<bool>().prop_map(|is_eof| Database::Mysql { is_eof }),]
}

/// A way of cutting and shuffling.
#[derive(Clone, Debug)]
struct Delivery {
    sizes: Vec<usize>,
    order: Vec<u8>,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let sizes = proptest::collection::vec(1..200_usize, 1..10);
    let order = proptest::collection::vec(any::<u8>(), 1..30);
    (sizes, order).prop_map(|(sizes, order)| Delivery { sizes, order })
}

struct Player {
    connection: Connection,
    collected: Collected,
    offsets: [u64; 2],
    time: u64,
    prefix_max: usize,
    sent_here: Option<Direction>,
}

impl Player {
    fn new(database: Database) -> Self {
        let (connection, collected) = (Connection::from_start(), Collected::default());
        let (offsets, time, prefix_max) = ([0; 2], MILLISECOND, usize::MAX);
        let mut player = Self { connection, collected, offsets, time, prefix_max, sent_here: None };
        match database {
            Database::Postgresql => {
                player.say(Direction::Request, &pg::startup(), None);
                player.say(Direction::Response, &pg::ready(), None);
            }
            Database::Mysql { is_eof } => {
                player.say(Direction::Response, &mysql::greeting(), None);
                player.say(Direction::Request, &mysql::login(if is_eof { 0 } else { mysql::DEPRECATE_EOF }), None);
                player.say(Direction::Response, &mysql::packets(2, &[mysql::ok(2)]), None);
            }
        }
        player
    }

    /// Says a phase of the conversation: cut, shuffled, some parts twice, all of it before the next phase.
    fn say(&mut self, direction: Direction, bytes: &[u8], delivery: Option<&Delivery>) {
        let start = self.offsets[direction as usize];
        let mut parts = vec![(0, bytes)];
        if let Some(delivery) = delivery {
            parts = cut(bytes, &delivery.sizes);
            shuffle(&mut parts, &delivery.order);
        }
        for (offset, part) in parts {
            self.time += MILLISECOND;
            let prefix = &part[..part.len().min(self.prefix_max)];
            let tail = &part[prefix.len().max(part.len() - part.len().min(64))..];
            let sent_here = self.sent_here == Some(direction);
            let whole = Segment::whole(start + offset as u64, part, self.time);
            self.connection.segment(direction, Segment { prefix, tail, sent_here, ..whole }, &mut self.collected);
        }
        self.offsets[direction as usize] = start + bytes.len() as u64;
    }

    fn finish(&mut self) -> Vec<String> {
        for direction in [Direction::Request, Direction::Response] {
            let length = self.offsets[direction as usize];
            self.connection.ended_at(direction, length, self.time, &mut self.collected);
        }
        self.connection.close(self.time, Closing::CLEAN, &mut self.collected);
        let line = |exchange: &Exchange| {
            let line = detail(&exchange.detail);
            let is_code_unseen = exchange.error == Some(ExchangeError::Status) && !line.contains(" -> ");
            if is_code_unseen { line + " -> ?" } else { line }
        };
        self.collected.exchanges.iter().map(line).collect()
    }

    fn sizes(&self) -> Vec<(u64, u64)> {
        self.collected.exchanges.iter().map(|exchange| (exchange.request_bytes, exchange.response_bytes)).collect()
    }
}

type Phase = (Direction, Vec<u8>);

fn phases(talk: &[Said], database: Database, pipelined: bool) -> Vec<Phase> {
    let said: Vec<_> = talk.iter().enumerate().map(|(index, said)| said.bytes(database, index)).collect();
    if !pipelined {
        let both = said.into_iter();
        return both.flat_map(|(asked, told)| [(Direction::Request, asked), (Direction::Response, told)]).collect();
    }
    let (asked, told): (Vec<_>, Vec<_>) = said.into_iter().unzip();
    vec![(Direction::Request, asked.concat()), (Direction::Response, told.concat())]
}

fn expected(talk: &[Said], database: Database) -> Vec<String> {
    talk.iter().enumerate().map(|(index, said)| said.line(database, index)).collect()
}

/// What is told is what was said, in its order, each at most once.
fn is_part_of(told: &[String], said: &[String]) -> bool {
    let mut said = said.iter();
    told.iter().all(|line| said.any(|other| is_same(line, other)))
}

/// Whether a line says what was said; an error's code may not have been seen.
fn is_same(line: &str, said: &str) -> bool {
    match (line.strip_suffix(" -> ?"), said.split_once(" -> ")) {
        (Some(line), Some((said, _))) => line == said,
        _ => line == said,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_exchanges(
        talk in proptest::collection::vec(said(), 1..8),
        database in database(),
        delivery in delivery(),
        pipelined: bool,
    ) {
        let mut whole = Player::new(database);
        for (direction, bytes) in phases(&talk, database, false) {
            whole.say(direction, &bytes, None);
        }
        prop_assert_eq!(whole.finish(), expected(&talk, database));
        let mut cut = Player::new(database);
        for (direction, bytes) in phases(&talk, database, pipelined) {
            cut.say(direction, &bytes, Some(&delivery));
        }
        prop_assert_eq!(cut.finish(), expected(&talk, database));
        prop_assert_eq!(cut.collected.lost, 0);
        prop_assert_eq!(cut.sizes(), whole.sizes());
    }

    /// Of what is captured in part, every exchange is told rightly, or counted as lost.
    #[test]
    fn what_is_not_captured_is_counted(
        talk in proptest::collection::vec(said(), 1..12),
        database in database(),
        sizes in proptest::collection::vec(1..2_000_usize, 1..6),
        prefix_max in 100..600_usize,
    ) {
        let mut player = Player::new(database);
        player.prefix_max = prefix_max;
        let delivery = Delivery { sizes, order: Vec::new() };
        for (direction, bytes) in phases(&talk, database, false) {
            let delivery = (direction == Direction::Response).then_some(&delivery);
            player.say(direction, &bytes, delivery);
        }
        // The client says goodbye.
        player.say(Direction::Request, &if database == Database::Postgresql { pg::message('X', "") } else { b"\x01\0\0\0\x01".to_vec() }, None);
        let told = player.finish();
        prop_assert!(is_part_of(&told, &expected(&talk, database)), "{:?}", told);
        prop_assert_eq!(told.len() as u64 + player.collected.lost, talk.len() as u64, "{:?}", told);
    }

    /// Of a client that was seen to wait for all answers before it asks again, whatever was lost: behind the next rounds all is
    /// told again as if nothing had been lost.
    #[test]
    fn a_client_that_waits_is_described_again(
        talk in proptest::collection::vec(said(), 60),
        database in database(),
        depth in 1..6_usize,
        lost in proptest::collection::vec((any::<bool>(), 0..6_usize), 1..6),
    ) {
        let mut player = Player::new(database);
        let mut begins = 0;
        let said: Vec<_> = talk.iter().enumerate().map(|(index, said)| said.bytes(database, index)).collect();
        for (index, wave) in said.chunks_exact(depth).enumerate() {
            let (asked, told): (Vec<_>, Vec<_>) = wave.iter().cloned().unzip();
            for (direction, parts) in [(Direction::Request, asked), (Direction::Response, told)] {
                for (number, part) in parts.iter().enumerate() {
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
        let lines = player.finish();
        let both = lines.iter().zip(&player.collected.exchanges);
        let told: Vec<_> = both.filter(|(_, exchange)| exchange.request_start > Some(begins)).map(|(line, _)| line).collect();
        let expected = expected(&talk, database);
        let expected = &expected[(LOSSY_WAVE + 3) * depth..talk.len() / depth * depth];
        prop_assert_eq!(told, expected.iter().collect::<Vec<_>>(), "{}", lines.join("\n"));
    }

    /// Whatever is lost of a conversation, nothing is counted twice, and no answer is given to another question, as long as
    /// losses have whole exchanges between them.
    #[test]
    fn losses_invent_nothing(
        talk in proptest::collection::vec(said(), 1..30),
        database in database(),
        seen in proptest::collection::vec(0..5_u8, 60),
        sizes in proptest::collection::vec(20..600_usize, 1..6),
        sent_here in prop_oneof![Just(None), Just(Some(Direction::Request)), Just(Some(Direction::Response))],
        prefix_max in prop_oneof![Just(usize::MAX), 100..600_usize],
    ) {
        let mut player = Player::new(database);
        (player.sent_here, player.prefix_max) = (sent_here, prefix_max);
        let delivery = Delivery { sizes, order: Vec::new() };
        for (index, (direction, bytes)) in phases(&talk, database, false).into_iter().enumerate() {
            let is_safe = index % 4 < 2;
            match seen[index] {
                _ if is_safe => player.say(direction, &bytes, Some(&delivery)),
                0 => player.offsets[direction as usize] += bytes.len() as u64,
                // Only the first half is seen, or the second.
                1 => {
                    player.say(direction, &bytes[..bytes.len() / 2], None);
                    player.offsets[direction as usize] += (bytes.len() - bytes.len() / 2) as u64;
                }
                2 => {
                    player.offsets[direction as usize] += (bytes.len() / 2) as u64;
                    player.say(direction, &bytes[bytes.len() / 2..], None);
                }
                _ => player.say(direction, &bytes, Some(&delivery)),
            }
        }
        let told = player.finish();
        let lost = player.collected.lost;
        prop_assert!(told.len() as u64 + lost <= talk.len() as u64, "{:?} and {} lost", told, lost);
        let said = expected(&talk, database);
        let unanswered: Vec<_> = talk.iter().enumerate().map(|(index, said)| Said { fails: false, ..*said }.line(database, index)).collect();
        for (line, exchange) in told.iter().zip(&player.collected.exchanges) {
            let is_unanswered = exchange.answer_last.is_none() && unanswered.contains(line);
            let is_unknown = line.starts_with("? ? `?`") && said.iter().any(|said| said.ends_with(&line["? ? `?`".len()..]));
            let is_said = said.iter().any(|said| is_same(line, said));
            prop_assert!(is_said || is_unanswered || is_unknown, "{}", line);
        }
    }
}

/// Behind as many as it takes to know the client's way.
const LOSSY_WAVE: usize = 6;
