//! Writes HTTP/2: frames, and header blocks with a table as real programs keep it.

pub(crate) const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
pub(crate) const PRIORITY: u8 = 0x20;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(crate) fn settings() -> Vec<u8> {
    frame(4, 0, 0, &[0, 3, 0, 0, 0, 100])
}

pub(crate) fn acknowledged() -> Vec<u8> {
    frame(4, 1, 0, &[])
}

pub(crate) fn ping() -> Vec<u8> {
    frame(6, 0, 0, b"abcdefgh")
}

pub(crate) fn window(stream: u32) -> Vec<u8> {
    frame(8, 0, stream, &[0, 0, 1, 0])
}

pub(crate) fn data(stream: u32, content: &[u8]) -> Vec<u8> {
    frame(DATA, 0, stream, content)
}

pub(crate) fn last_data(stream: u32, content: &[u8]) -> Vec<u8> {
    frame(DATA, END_STREAM, stream, content)
}

pub(crate) fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(3, 0, stream, &code.to_be_bytes())
}

pub(crate) fn go_away(last: u32) -> Vec<u8> {
    frame(7, 0, 0, &[last.to_be_bytes(), [0; 4]].concat())
}

/// A message as gRPC frames it.
pub(crate) fn message(content: &[u8]) -> Vec<u8> {
    [&[0], &(content.len() as u32).to_be_bytes()[..], content].concat()
}

/// One side's header blocks. Fields that were said before are referred to.
#[derive(Default)]
pub(crate) struct Says {
    table: Vec<(String, String)>,
}

impl Says {
    pub(crate) fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        fields.iter().flat_map(|(name, value)| self.field(name, value)).collect()
    }

    fn field(&mut self, name: &str, value: &str) -> Vec<u8> {
        let fixed = match (name, value) {
            (":method", "GET") => 2,
            (":method", "POST") => 3,
            (":path", "/") => 4,
            (":scheme", "http") => 6,
            (":status", "200") => 8,
            (":status", "404") => 13,
            (":status", "500") => 14,
            _ => 0,
        };
        if fixed > 0 {
            return vec![0x80 | fixed];
        }
        let said = self.table.iter().rev().position(|entry| entry.0 == name && entry.1 == value);
        if let Some(index) = said.filter(|index| *index < 60) {
            return vec![0x80 | (62 + index as u8)];
        }
        self.table.push((name.to_owned(), value.to_owned()));
        [vec![0x40], text(name), text(value)].concat()
    }

    pub(crate) fn head(&mut self, stream: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
        frame(HEADERS, END_HEADERS | flags, stream, &self.block(fields))
    }

    pub(crate) fn get(&mut self, stream: u32, path: &str) -> Vec<u8> {
        self.head(stream, END_STREAM, &request("GET", path))
    }

    pub(crate) fn post(&mut self, stream: u32, path: &str) -> Vec<u8> {
        self.head(stream, 0, &request("POST", path))
    }

    pub(crate) fn call(&mut self, stream: u32, path: &str) -> Vec<u8> {
        let grpc = [("content-type", "application/grpc"), ("te", "trailers")];
        self.head(stream, 0, &[&request("POST", path)[..], &grpc].concat())
    }

    pub(crate) fn status(&mut self, stream: u32, status: &str) -> Vec<u8> {
        self.head(stream, 0, &[(":status", status), ("server", "x")])
    }

    pub(crate) fn only_status(&mut self, stream: u32, status: &str) -> Vec<u8> {
        self.head(stream, END_STREAM, &[(":status", status), ("server", "x")])
    }

    pub(crate) fn grpc(&mut self, stream: u32) -> Vec<u8> {
        self.head(stream, 0, &[(":status", "200"), ("content-type", "application/grpc")])
    }

    pub(crate) fn grpc_end(&mut self, stream: u32, status: &str) -> Vec<u8> {
        self.head(stream, END_STREAM, &[("grpc-status", status), ("grpc-message", "")])
    }
}

fn request<'a>(method: &'a str, path: &'a str) -> [(&'a str, &'a str); 4] {
    [(":method", method), (":scheme", "http"), (":authority", "shop"), (":path", path)]
}

/// A literal string. Shorter than 127 bytes, so its length takes one.
fn text(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}
