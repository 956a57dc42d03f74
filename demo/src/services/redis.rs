//! As much of the redis protocol as the demo speaks: commands with text arguments, answers of one value.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::Mutex,
};

use super::address::REDIS_PORT;

/// Where redis is, where it is not on the same node.
const ELSEWHERE: &str = "GOLDWIRE_DEMO_REDIS";

/// One connection that all requests share, opened when first needed and again after an error.
#[derive(Debug, Default)]
pub(super) struct Redis {
    connection: Mutex<Option<BufReader<TcpStream>>>,
}

impl Redis {
    /// Runs a command; `None` is redis's nil.
    pub(super) async fn run(&self, words: &[&str]) -> io::Result<Option<String>> {
        let mut connection = self.connection.lock().await;
        // Taken out, so that an error or a request given up half-way leaves no connection with an answer still due.
        let mut stream = match connection.take() {
            Some(open) => open,
            None => BufReader::new(connect().await?),
        };
        stream.write_all(encode(words).as_bytes()).await?;
        let answer = read_answer(&mut stream).await?;
        *connection = Some(stream);
        Ok(answer)
    }
}

async fn connect() -> io::Result<TcpStream> {
    match std::env::var(ELSEWHERE) {
        Ok(address) => TcpStream::connect(address).await,
        Err(_) => TcpStream::connect(("127.0.0.1", REDIS_PORT)).await,
    }
}

fn encode(words: &[&str]) -> String {
    let words = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), words.collect::<String>())
}

async fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let line = line.trim_end();
    match line.split_at_checked(1) {
        Some((":" | "+", value)) => Ok(Some(value.to_owned())),
        Some(("$", "-1")) => Ok(None),
        Some(("$", length)) => read_text(stream, length).await.map(Some),
        Some(("-", refusal)) => Err(io::Error::other(format!("redis: {refusal}"))),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("not an answer of redis: {line:?}"))),
    }
}

async fn read_text(stream: &mut BufReader<TcpStream>, length: &str) -> io::Result<String> {
    let length: usize = length.parse().map_err(io::Error::other)?;
    let mut text = vec![0; length + 2];
    stream.read_exact(&mut text).await?;
    text.truncate(length);
    String::from_utf8(text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_arrays_of_bulk_strings() {
        assert_eq!(encode(&["GET", "product:7"]), "*2\r\n$3\r\nGET\r\n$9\r\nproduct:7\r\n");
    }
}
