//! An HTTP/1.1 server whose answer is chosen by the path.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::socket::{setsockopt, sockopt::Linger};

/// Serves until it is killed.
pub(crate) fn run(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        // What a client does wrong on purpose ends its own connection.
        thread::spawn(move || serve(&stream));
    }
    Ok(())
}

struct Request {
    method: String,
    path: String,
    expects_continue: bool,
    length: usize,
    is_chunked: bool,
}

fn serve(stream: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_head(&mut reader)? {
        if request.expects_continue {
            write(stream, "HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        read_body(&mut reader, &request)?;
        if !answer(stream, &mut reader, &request)? {
            break;
        }
    }
    Ok(())
}

fn read_head(reader: &mut BufReader<&TcpStream>) -> Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { bail!("no request line: {line:?}") };
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        expects_continue: false,
        length: 0,
        is_chunked: false,
    };
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { return Ok(Some(request)) };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => request.length = value.parse()?,
            "transfer-encoding" => request.is_chunked = value == "chunked",
            "expect" => request.expects_continue = true,
            _ => {}
        }
    }
}

fn read_body(reader: &mut BufReader<&TcpStream>, request: &Request) -> Result<()> {
    if !request.is_chunked {
        let read = std::io::copy(&mut reader.take(request.length as u64), &mut std::io::sink())?;
        ensure!(read == request.length as u64, "the client went away in the middle of its request");
        return Ok(());
    }
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16)?;
        std::io::copy(&mut reader.take(size), &mut std::io::sink())?;
        if size == 0 {
            break;
        }
        line.clear();
        reader.read_line(&mut line)?;
    }
    // Trailers, up to the empty line.
    while line.trim_end() != "" || line == "0\r\n" {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Whether the connection goes on.
fn answer(stream: &TcpStream, reader: &mut BufReader<&TcpStream>, request: &Request) -> Result<bool> {
    let mut parts = request.path.trim_start_matches('/').split('/');
    let (kind, number) = (parts.next().unwrap_or_default(), parts.next().and_then(|part| part.parse::<usize>().ok()));
    match (kind, number) {
        ("slow", Some(milliseconds)) => {
            thread::sleep(Duration::from_millis(milliseconds as u64));
            whole(stream, request, 200, "ok\n")?;
        }
        ("status", Some(status)) => whole(stream, request, status, "said\n")?,
        ("hints", _) => {
            write(stream, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")?;
            whole(stream, request, 200, "ok\n")?;
        }
        ("chunked", _) => {
            write(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n5\r\nhel")?;
            write(stream, "lo\r\n3;name=value\r\nabc\r\n")?;
            write(stream, "0\r\nSum: 8\r\n\r\n")?;
        }
        ("until-close", _) => {
            write(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            write(stream, "whatever comes until the end\n")?;
            return Ok(false);
        }
        ("upgrade", _) => {
            write(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")?;
            let mut frame = [0; 64];
            // Frames go back as they came.
            while let Ok(length @ 1..) = reader.read(&mut frame) {
                (&*stream).write_all(&frame[..length])?;
            }
            return Ok(false);
        }
        ("abort", Some(bytes)) => {
            write(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 2 * bytes, "x".repeat(bytes)))?;
            // The client must have read it, or the reset would take it along.
            thread::sleep(Duration::from_millis(50));
            setsockopt(stream, Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 })?;
            return Ok(false);
        }
        ("bytes", Some(bytes)) => whole(stream, request, 200, &"y".repeat(bytes))?,
        _ => whole(stream, request, 200, "ok\n")?,
    }
    Ok(true)
}

fn whole(stream: &TcpStream, request: &Request, status: usize, body: &str) -> Result<()> {
    let head = match status {
        204 => format!("HTTP/1.1 {status} Said\r\n\r\n"),
        _ => format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n", body.len()),
    };
    let has_body = request.method != "HEAD" && status != 204 && status != 304;
    write(stream, &if has_body { head + body } else { head })
}

fn write(mut stream: &TcpStream, text: &str) -> Result<()> {
    Ok(stream.write_all(text.as_bytes())?)
}
