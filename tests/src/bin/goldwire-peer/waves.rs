//! A client that asks many things with one write and waits for all answers before it asks again.

use std::{io::Write, net::SocketAddr, thread};

use anyhow::{Context, Result};

use crate::{book::Book, client::Client};

/// One thing to ask, as the command line has it: `METHOD:PATH:BYTES OF THE BODY`.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    method: String,
    path: String,
    body: usize,
}

impl Question {
    /// Reads questions that are separated by commas.
    pub(crate) fn list(text: &str) -> Result<Vec<Self>> {
        text.split(',').map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let mut next = || parts.next().with_context(|| format!("{text} is no question"));
        Ok(Self { method: next()?.to_owned(), path: next()?.to_owned(), body: next()?.parse()? })
    }

    fn write(&self, to: &mut Vec<u8>) {
        let Self { method, path, body } = self;
        let length = if *body > 0 { format!("Content-Length: {body}\r\n") } else { String::new() };
        to.extend_from_slice(format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{length}\r\n").as_bytes());
        to.resize(to.len() + body, b'b');
    }
}

/// New connections one after the other, and on each of them waves of so many questions a write.
pub(crate) fn waves(address: SocketAddr, amounts: (usize, usize, usize), questions: &[Question]) -> Result<Book> {
    let (connections, depth, times) = amounts;
    let mut book = Book::default();
    for connection in 0..connections {
        let mut client = Client::connect(address)?;
        for time in 0..times {
            let wave = (0..depth).map(|place| &questions[(connection + time + place) % questions.len()]);
            client.wave(&wave.collect::<Vec<_>>())?;
        }
        book.add(client.book);
    }
    Ok(book)
}

impl Client {
    /// Answers are read while the wave is written, since neither side may have room for all of it.
    fn wave(&mut self, questions: &[&Question]) -> Result<()> {
        let mut bytes = Vec::new();
        questions.iter().for_each(|question| question.write(&mut bytes));
        self.book.bytes_sent += bytes.len() as u64;
        let mut stream = self.reader.get_ref().try_clone()?;
        thread::scope(|scope| {
            let writing = scope.spawn(move || stream.write_all(&bytes));
            for question in questions {
                let status = self.answer(&question.method)?;
                self.book.exchange(&question.method, &question.path, status);
            }
            Ok(writing.join().expect("the writer panicked")?)
        })
    }
}
