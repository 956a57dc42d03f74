//! A DNS server that answers as the first word of a name says, with nothing behind the question.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, UdpSocket},
    thread,
};

use anyhow::{Context, Result};

const HEADER: usize = 12;
const IS_ANSWER: u8 = 0x80;
const IS_CUT: u8 = 0x02;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// Serves until it is killed. Names that begin with `fail` fail, those with `gone` do not exist, and those with `big` are
/// too long for UDP.
pub(crate) fn run(address: SocketAddr) -> Result<()> {
    let datagrams = UdpSocket::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    let streams = TcpListener::bind(address)?;
    thread::spawn(move || -> Result<()> {
        for stream in streams.incoming() {
            let mut stream = stream?;
            let mut length = [0; 2];
            while stream.read_exact(&mut length).is_ok() {
                let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut message)?;
                let Some(answer) = answer(&message, true) else { break };
                stream.write_all(&[&length_of(&answer)[..], &answer].concat())?;
            }
        }
        Ok(())
    });
    let mut buffer = [0; 4_096];
    loop {
        let (length, from) = datagrams.recv_from(&mut buffer)?;
        if let Some(answer) = answer(&buffer[..length], false) {
            datagrams.send_to(&answer, from)?;
        }
    }
}

fn length_of(message: &[u8]) -> [u8; 2] {
    u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes()
}

fn name_begins(message: &[u8], word: &[u8]) -> bool {
    message.get(HEADER + 1..).is_some_and(|name| name.starts_with(word))
}

/// The question, as an answer.
fn answer(message: &[u8], is_stream: bool) -> Option<Vec<u8>> {
    let end_of_name = message.get(HEADER..)?.iter().position(|byte| *byte == 0)?;
    let mut answer = message.get(..HEADER + end_of_name + 5)?.to_vec();
    answer[2] |= IS_ANSWER;
    // No additional records.
    answer[11] = 0;
    if name_begins(message, b"fail") {
        answer[3] |= SERVER_FAILURE;
    } else if name_begins(message, b"gone") {
        answer[3] |= NO_SUCH_NAME;
    } else if name_begins(message, b"big") && !is_stream {
        answer[2] |= IS_CUT;
    }
    Some(answer)
}
