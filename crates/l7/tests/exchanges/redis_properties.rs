//! However a conversation with Redis is cut, repeated, shuffled or lost in part, nothing is invented.

use goldwire_l7::{Closing, Direction, Segment, StreamProtocol, redis::Connection};
use proptest::prelude::*;

use crate::support::{Collected, MILLISECOND, cut, detail, shuffle};

/// A command and its answer. The key and the answer's error code are the same number, in letters.
#[derive(Clone, Debug)]
struct Said {
    number: u8,
    value: Vec<u8>,
    kind: u8,
    pushed_before: bool,
}

fn letters(number: u8) -> String {
    let letter = |digit: u8| char::from(b'A' + digit);
    [letter(number / 16), letter(number % 16)].iter().collect()
}

impl Said {
    fn request(&self) -> Vec<u8> {
        let head = format!("*3\r\n$3\r\nSET\r\n$2\r\n{}\r\n${}\r\n", letters(self.number), self.value.len());
        [head.as_bytes(), &self.value, b"\r\n"].concat()
    }

    fn answer(&self) -> Vec<u8> {
        let pushed = if self.pushed_before { ">2\r\n+invalidate\r\n*1\r\n$1\r\nx\r\n" } else { "" };
        let bulk = [format!("${}\r\n", self.value.len()).as_bytes(), &self.value, b"\r\n"].concat();
        let answer = match self.kind {
            0 => b"+OK\r\n".to_vec(),
            1 => bulk,
            2 => [b"*3\r\n:1\r\n", bulk.as_slice(), b"*1\r\n_\r\n"].concat(),
            3 => [b"%1\r\n", bulk.as_slice(), b"*0\r\n"].concat(),
            _ => format!("-CODE{} it is\r\n", letters(self.number)).into_bytes(),
        };
        [pushed.as_bytes(), &answer].concat()
    }

    /// Pushed messages are no part of it.
    fn answer_length(&self) -> u64 {
        Self { pushed_before: false, ..self.clone() }.answer().len() as u64
    }

    fn code(&self) -> Option<String> {
        (self.kind > 3).then(|| format!("CODE{}", letters(self.number)))
    }
}

/// Values may hold what looks like an answer. One that holds a command is believed to be one where it begins a segment
/// behind a gap, so such values are for conversations without gaps.
fn said(commands: bool) -> impl Strategy<Value = Said> {
    let command: &[u8] = if commands { b"*1\r\n$4\r\nPING\r\n" } else { b"*1\r\n:1\r\n" };
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..120),
        Just(command.to_vec()),
        Just(b"\r\n-ERR x\r\n+OK\r\n".to_vec()),
    ];
    (any::<u8>(), value, 0..6_u8, any::<bool>()).prop_map(|(number, value, kind, pushed_before)| Said {
        number,
        value,
        kind,
        pushed_before,
    })
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

    /// Says something in parts of these sizes, in this order, some of them twice.
    fn say(&mut self, direction: Direction, bytes: &[u8], sizes: &[usize], order: &[u8]) {
        let start = self.offsets[direction as usize];
        let mut parts = cut(bytes, sizes);
        shuffle(&mut parts, order);
        for (offset, part) in parts {
            self.time += MILLISECOND;
            let segment = Segment::whole(start + offset as u64, part, self.time);
            self.connection.segment(direction, segment, &mut self.collected);
        }
        self.offsets[direction as usize] = start + bytes.len() as u64;
    }

    fn lose(&mut self, direction: Direction, bytes: &[u8]) {
        self.offsets[direction as usize] += bytes.len() as u64;
    }

    fn end(&mut self) {
        for direction in [Direction::Request, Direction::Response] {
            let length = self.offsets[direction as usize];
            self.connection.ended_at(direction, length, self.time, &mut self.collected);
        }
        self.connection.close(self.time, Closing::CLEAN, &mut self.collected);
    }

    fn lines(&self) -> Vec<String> {
        let line = |exchange: &goldwire_l7::Exchange| {
            let (request, response) = (exchange.request_bytes, exchange.response_bytes);
            format!("{} {request}/{response} {:?}", detail(&exchange.detail), exchange.error)
        };
        self.collected.exchanges.iter().map(line).collect()
    }
}

const WHOLE: &[usize] = &[usize::MAX / 2];

fn play(talk: &[Said], pipelined: bool, sizes: &[usize], order: &[u8]) -> Vec<String> {
    let mut player = Player::new(Connection::from_start());
    let depth = if pipelined { talk.len() } else { 1 };
    for batch in talk.chunks(depth) {
        let asked: Vec<u8> = batch.iter().flat_map(Said::request).collect();
        let answered: Vec<u8> = batch.iter().flat_map(Said::answer).collect();
        player.say(Direction::Request, &asked, sizes, order);
        player.say(Direction::Response, &answered, sizes, order);
    }
    player.end();
    assert_eq!(player.collected.lost, 0);
    player.lines()
}

/// Each with a number of its own.
fn numbered(mut talk: Vec<Said>) -> Vec<Said> {
    for (said, number) in talk.iter_mut().zip(0..) {
        said.number = number;
    }
    talk
}

/// Pairs are right or left open, and nothing is counted twice.
fn check(player: &Player, talk: &[Said]) -> Result<(), TestCaseError> {
    let Collected { exchanges, lost, .. } = &player.collected;
    let lines = player.lines().join("\n");
    prop_assert!(exchanges.len() as u64 + lost <= talk.len() as u64, "{} of {}:\n{}", lost, talk.len(), lines);
    for exchange in exchanges {
        let line = detail(&exchange.detail);
        let mut may_be = talk.iter().flat_map(|said| -> [[String; 2]; 3] {
            let code = said.code().map_or(String::new(), |code| format!(" -> {code}"));
            let key = letters(said.number);
            // Of a command that was lost in part its name may be known.
            ["SET ?", "? ?", &format!("SET {key}")].map(|asked| [format!("{asked}{code}"), asked.to_owned()])
        });
        prop_assert!(may_be.any(|others| others.contains(&line)), "{} in\n{}", line, lines);
        let own = |said: &Said| format!("SET {}", letters(said.number)) == line && said.code().is_none();
        let is_ok =
            exchange.answer_last.is_none() || line.contains("->") || line.ends_with('?') || talk.iter().any(own);
        prop_assert!(is_ok, "{} was an error in\n{}", line, lines);
        let Some(said) = talk.iter().find(|said| line.starts_with(&format!("SET {}", letters(said.number)))) else {
            continue;
        };
        let has_its_own = exchange.answer_last.is_none() || exchange.response_bytes == said.answer_length();
        prop_assert!(has_its_own, "{} of {} bytes is not {:?}", line, exchange.response_bytes, said);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_exchanges(
        talk in proptest::collection::vec(said(true), 1..12),
        sizes in proptest::collection::vec(1..90_usize, 1..10),
        order in proptest::collection::vec(any::<u8>(), 1..30),
        pipelined: bool,
    ) {
        let whole = play(&talk, false, WHOLE, &[]);
        prop_assert_eq!(whole.len(), talk.len());
        for (line, said) in whole.iter().zip(&talk) {
            let code = said.code().map_or(String::new(), |code| format!(" -> {code}"));
            let expected = format!("SET {}{code} {}/", letters(said.number), said.request().len());
            prop_assert!(line.starts_with(&expected), "{} is not {}", line, expected);
        }
        prop_assert_eq!(&play(&talk, pipelined, &sizes, &order), &whole);
    }

    /// Segments of any size are lost, of clients that wait for all answers (after they were seen to) and of others.
    #[test]
    fn losses_invent_nothing(
        talk in proptest::collection::vec(said(false), 6..40),
        sizes in proptest::collection::vec(1..90_usize, 1..10),
        lost in proptest::collection::vec(any::<u8>(), 1..40),
        depth in 1..5_usize,
        sent_here: bool,
        adopted: bool,
    ) {
        let talk = numbered(talk);
        let mut player = Player::new(if adopted { Connection::adopted() } else { Connection::from_start() });
        let mut lost = lost.iter().cycle();
        for (index, batch) in talk.chunks(depth).enumerate() {
            let asked: Vec<u8> = batch.iter().flat_map(Said::request).collect();
            let answered: Vec<u8> = batch.iter().flat_map(Said::answer).collect();
            for (direction, bytes) in [(Direction::Request, asked), (Direction::Response, answered)] {
                let mut offset = 0;
                for size in sizes.iter().cycle() {
                    let part = &bytes[offset..bytes.len().min(offset + size)];
                    if part.is_empty() {
                        break;
                    }
                    offset += part.len();
                    if index >= 6 && lost.next().is_some_and(|lost| *lost < 40) {
                        player.lose(direction, part);
                        continue;
                    }
                    player.time += MILLISECOND;
                    let start = player.offsets[direction as usize];
                    let segment = Segment { sent_here, ..Segment::whole(start, part, player.time) };
                    player.connection.segment(direction, segment, &mut player.collected);
                    player.lose(direction, part);
                }
            }
        }
        player.end();
        check(&player, &talk)?;
    }

    /// Of a client that was seen to wait for all answers before it asks again, whatever was lost: behind the next burst all is
    /// told again as if nothing had been lost.
    #[test]
    fn a_client_that_waits_is_described_again(
        talk in proptest::collection::vec(said(false), 60),
        depth in 1..6_usize,
        lost in proptest::collection::vec((any::<bool>(), 0..6_usize), 1..6),
    ) {
        let talk = numbered(talk);
        let mut player = Player::new(Connection::from_start());
        let mut begins = player.time;
        for (index, burst) in talk.chunks_exact(depth).enumerate() {
            let (asked, answered) = (burst.iter().map(Said::request), burst.iter().map(Said::answer));
            for (direction, parts) in [(Direction::Request, asked.collect::<Vec<_>>()), (Direction::Response, answered.collect())] {
                for (number, part) in parts.iter().enumerate() {
                    if index == LOSSY_BURST && lost.contains(&(direction == Direction::Request, number)) {
                        player.lose(direction, part);
                    } else {
                        player.say(direction, part, WHOLE, &[]);
                    }
                }
            }
            if index == LOSSY_BURST + 1 {
                // What is missing at the end is noticed now, and given up.
                player.time += 4_000 * MILLISECOND;
                player.connection.expire(player.time, &mut player.collected);
            }
            if index == LOSSY_BURST + 2 {
                begins = player.time;
            }
        }
        player.end();
        let told = player.collected.exchanges.iter().filter(|exchange| exchange.request_start > Some(begins));
        let told: Vec<_> = told.map(|exchange| detail(&exchange.detail)).collect();
        let said = &talk[(LOSSY_BURST + 3) * depth..talk.len() / depth * depth];
        let expected: Vec<_> = said.iter().map(|said| {
            let code = said.code().map_or(String::new(), |code| format!(" -> {code}"));
            format!("SET {}{code}", letters(said.number))
        }).collect();
        prop_assert_eq!(told, expected, "{}", player.lines().join("\n"));
    }

    /// Each command that is seen of a connection that is joined anywhere is an exchange or lost, and what is paired is right:
    /// of clients that wait for all answers, and of those that always have some commands under way, with pauses between.
    #[test]
    fn joined_anywhere_all_is_told(
        talk in proptest::collection::vec(said(true), 1..60),
        bursts in proptest::collection::vec((1..20_usize, 1..4_usize, any::<bool>(), 0..4_usize), 1..6),
        joined in 0..100_usize,
        ends_in_silence: bool,
    ) {
        let talk = numbered(talk);
        let mut messages = Vec::new();
        let (mut rest, mut bursts) = (talk.as_slice(), bursts.iter().cycle());
        while let Some((length, depth, is_sliding, pause)) = bursts.next().filter(|_| !rest.is_empty()) {
            let (burst, behind) = rest.split_at(rest.len().min(*length));
            rest = behind;
            messages.extend(burst_of(burst, *depth, *is_sliding));
            let pause = [1, 20, 100, 4_000][*pause] * MILLISECOND;
            messages.last_mut().expect("a burst is never empty").pause = pause;
        }
        let mut player = Player::new(Connection::adopted());
        let mut asked = 0;
        for Message { direction, bytes, pause } in &messages[joined % messages.len()..] {
            player.say(*direction, bytes, WHOLE, &[]);
            asked += u64::from(*direction == Direction::Request);
            player.time += pause;
            player.connection.expire(player.time, &mut player.collected);
        }
        if ends_in_silence {
            player.time += 4_000 * MILLISECOND;
            player.connection.expire(player.time, &mut player.collected);
        }
        let time = player.time;
        player.connection.close(time, Closing::CLEAN, &mut player.collected);
        check(&player, &talk)?;
        let (told, lost) = (player.collected.exchanges.len() as u64, player.collected.lost);
        prop_assert_eq!(told + lost, asked, "{}", player.lines().join("\n"));
        prop_assert!(!ends_in_silence || joined % messages.len() > 0 || lost == 0, "{} lost of a whole one", lost);
    }
}

/// Behind as many as it takes to know the client's way.
const LOSSY_BURST: usize = 6;

/// One message in one segment, and how long nothing passes behind it.
struct Message {
    direction: Direction,
    bytes: Vec<u8>,
    pause: u64,
}

/// Some commands with their answers: so many at a time, or so many always under way until the last.
fn burst_of(burst: &[Said], depth: usize, is_sliding: bool) -> Vec<Message> {
    let message = |direction, bytes| Message { direction, bytes, pause: 0 };
    let mut messages = Vec::new();
    let mut answered = 0;
    for (index, said) in burst.iter().enumerate() {
        messages.push(message(Direction::Request, said.request()));
        let asked = index + 1;
        let is_last = asked == burst.len();
        let ready = if is_sliding { asked.saturating_sub(depth - 1) } else { asked / depth * depth };
        while answered < if is_last { asked } else { ready } {
            messages.push(message(Direction::Response, burst[answered].answer()));
            answered += 1;
        }
    }
    messages
}
