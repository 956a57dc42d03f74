//! What is made of recorded conversations of real programs: `tests/captures`.

use std::{fmt::Write as _, fs, path::PathBuf};

use goldwire_l7::{Datagram, Datagrams, Direction, Nanos, Turn};
use insta::assert_snapshot;

use crate::support::{Collected, Talk};

/// What one side sent at once.
pub(crate) struct Sent {
    pub(crate) direction: Direction,
    pub(crate) time: Nanos,
    pub(crate) bytes: Vec<u8>,
}

fn folder(protocol: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "captures", protocol].iter().collect()
}

/// All conversations of a protocol, by name.
pub(crate) fn recorded(protocol: &str) -> Vec<(String, Vec<Sent>)> {
    let files = fs::read_dir(folder(protocol)).expect("captures").map(|file| file.expect("a file").path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "talk")).collect();
    paths.sort();
    let names = paths.iter().map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned());
    names.map(|name| (name.clone(), conversation(&format!("{protocol}/{name}")))).collect()
}

/// One conversation, named as its file below `tests/captures`.
pub(crate) fn conversation(name: &str) -> Vec<Sent> {
    let text = fs::read_to_string(folder(&format!("{name}.talk"))).expect("a capture");
    text.lines().filter_map(sent).collect()
}

/// What comes of one, in order: one line an exchange.
pub(crate) fn played(name: &str) -> String {
    Talk::new().replay(&conversation(name)).close()
}

/// The same, however it is cut: byte by byte, all at the time of what they were sent in.
pub(crate) fn played_in_bytes(name: &str) -> String {
    let bytes = conversation(name).into_iter().flat_map(|Sent { direction, time, bytes }| {
        bytes.into_iter().map(move |byte| Sent { direction, time, bytes: vec![byte] })
    });
    Talk::new().replay(&bytes.collect::<Vec<_>>()).close()
}

fn sent(line: &str) -> Option<Sent> {
    let [who, microseconds, bytes] = line.split(' ').collect::<Vec<_>>().try_into().expect("three fields");
    let direction = if who == "client" { Direction::Request } else { Direction::Response };
    let time = microseconds.parse::<Nanos>().expect("a number") * 1_000;
    let digit = |at: usize| u8::from_str_radix(&bytes[at..at + 2], 16).expect("hexadecimal");
    (bytes != "end").then(|| Sent { direction, time, bytes: (0..bytes.len()).step_by(2).map(digit).collect() })
}

/// What comes of a conversation, whole and in order.
fn told(conversation: &[Sent]) -> String {
    let talk = Talk::new().replay(conversation);
    let (ran, handshakes) = (talk.ran, talk.collected.handshakes());
    format!("{ran:?}\n{handshakes}{}", talk.close())
}

/// The same of datagrams.
fn told_of_datagrams(conversation: &[Sent]) -> String {
    let (mut datagrams, mut collected, mut turns) = (Datagrams::default(), Collected::default(), Vec::new());
    for Sent { direction, time, bytes } in conversation {
        let (direction, time, length) = (*direction, *time, bytes.len() as u32);
        let datagram = Datagram { direction, payload: bytes, length, time };
        turns.push(datagrams.datagram(datagram, 4_433, &mut collected));
    }
    turns.retain(|turn| *turn != Turn::None);
    datagrams.close(0, &mut collected);
    format!("{turns:?}\n{}{}", collected.handshakes(), collected.lines())
}

fn all_told(protocol: &str, told: fn(&[Sent]) -> String) -> String {
    let mut text = String::new();
    for (name, conversation) in recorded(protocol) {
        writeln!(text, "# {name}: {}", told(&conversation)).expect("writing to a string");
    }
    text
}

#[test]
fn http1() {
    assert_snapshot!(all_told("http1", told));
}

#[test]
fn tls() {
    assert_snapshot!(all_told("tls", told));
}

#[test]
fn quic() {
    assert_snapshot!(all_told("quic", told_of_datagrams));
}

#[test]
fn dns() {
    let told_of_either = |conversation: &[Sent]| {
        // Over TCP two bytes of length come first.
        let first = conversation.first().expect("a query").bytes.as_slice();
        let is_tcp =
            first.first_chunk().is_some_and(|length| usize::from(u16::from_be_bytes(*length)) + 2 == first.len());
        if is_tcp { told(conversation) } else { told_of_datagrams(conversation) }
    };
    assert_snapshot!(all_told("dns", told_of_either));
}
