//! Real programs' bytes, recorded by `tests/captures/record.py`, as conversations.

use std::{fs, path::PathBuf};

use goldwire_l7::{Closing, Connection, Direction, Nanos, Segment};

use crate::support::Collected;

/// One recorded segment.
pub(crate) struct Recorded {
    pub(crate) direction: Direction,
    pub(crate) time: Nanos,
    pub(crate) bytes: Vec<u8>,
}

/// A recording, named as its file below `tests/captures`.
pub(crate) fn recorded(name: &str) -> Vec<Recorded> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/captures", &format!("{name}.txt")].iter().collect();
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("{name} has a strange line: {line}"))).collect()
}

fn parse(line: &str) -> Option<Recorded> {
    let mut parts = line.splitn(3, ' ');
    let direction = match parts.next()? {
        ">" => Direction::Request,
        "<" => Direction::Response,
        _ => return None,
    };
    let time = parts.next()?.parse::<u64>().ok()? * 1_000;
    Some(Recorded { direction, time, bytes: unescaped(parts.next()?)? })
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == b'\\') {
            (_, false) => byte,
            _ => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
            },
        });
    }
    Some(bytes)
}

/// What is made of a recording, captured as it was: one line an exchange.
pub(crate) fn played(name: &str) -> String {
    let (mut connection, mut collected) = (Connection::from_start(), Collected::default());
    let (mut offsets, mut last) = ([0; 2], 0);
    for Recorded { direction, time, bytes } in recorded(name) {
        let offset = &mut offsets[direction as usize];
        connection.segment(direction, Segment::whole(*offset, &bytes, time), &mut collected);
        *offset += bytes.len() as u64;
        last = time;
    }
    connection.close(last, Closing::Clean, &mut collected);
    collected.lines()
}

/// The same, however it is cut: byte by byte, all at the time of the segment they were in.
pub(crate) fn played_in_bytes(name: &str) -> String {
    let (mut connection, mut collected) = (Connection::from_start(), Collected::default());
    let (mut offsets, mut last) = ([0; 2], 0);
    for Recorded { direction, time, bytes } in recorded(name) {
        for byte in bytes {
            let offset = &mut offsets[direction as usize];
            connection.segment(direction, Segment::whole(*offset, &[byte], time), &mut collected);
            *offset += 1;
        }
        last = time;
    }
    connection.close(last, Closing::Clean, &mut collected);
    collected.lines()
}
