//! One side of a handshake: cuts what it sends into records, and keeps what the handshake is judged by.

use crate::{
    Direction, Nanos,
    stream::{Place, Reader, Run},
};

use super::{
    HELLO_MAX,
    records::{HEADER, Header, Kind, hello_of},
};

/// Records of a handshake: certificates come in many where records are kept small.
const RECORDS_MAX: u16 = 512;
/// Sealed records that are looked at in search of the client's Finished.
const SEALED_MAX: usize = 3;
/// Type and length of a handshake message.
const MESSAGE_HEADER: usize = 4;
const FATAL: u8 = 2;
const CLOSE_NOTIFY: u8 = 0;

/// A side's hello, without its type and length.
#[derive(Debug)]
pub(super) enum Hello {
    /// Not whole yet: what is there, with type and length.
    Coming(Vec<u8>),
    Whole(Vec<u8>),
    /// The rest was not captured, or is too long.
    Cut(Vec<u8>),
    /// It was read, or will never be.
    Taken,
}

/// A record of application data in a handshake, whatever it really is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) length: u16,
    /// When its last byte was seen.
    pub(super) time: Nanos,
}

#[derive(Debug)]
struct Record {
    header: Header,
    left: u16,
}

/// What was seen of a side.
#[derive(Debug)]
pub(super) struct Side {
    direction: Direction,
    /// The first bytes of a record's header, where it came in pieces.
    begun: ([u8; HEADER], usize),
    record: Option<Record>,
    records: u16,
    alert: [u8; 2],
    /// When its first byte was seen.
    pub(super) started: Option<Nanos>,
    pub(super) hello: Hello,
    changed_cipher: bool,
    /// Up to TLS 1.2: when its Finished was seen, the first handshake message behind the change of cipher.
    pub(super) finished: Option<Nanos>,
    sealed: [Sealed; SEALED_MAX],
    sealed_count: usize,
    /// Nothing more is read: it broke off, is no TLS, or was lost track of.
    pub(super) is_over: bool,
}

impl Side {
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            direction,
            begun: ([0; HEADER], 0),
            record: None,
            records: 0,
            alert: [0; 2],
            started: None,
            hello: Hello::Coming(Vec::new()),
            changed_cipher: false,
            finished: None,
            sealed: [Sealed::default(); SEALED_MAX],
            sealed_count: 0,
            is_over: false,
        }
    }

    /// The first records of application data.
    pub(super) fn sealed(&self) -> &[Sealed] {
        &self.sealed[..self.sealed_count]
    }

    /// Reads up to the end of a header or of a record. Says how many bytes.
    fn step(&mut self, bytes: &[u8], time: Nanos) -> usize {
        let Some(record) = &mut self.record else { return self.begin(bytes, time) };
        let used = usize::from(record.left).min(bytes.len());
        let at = usize::from(record.header.length - record.left);
        record.left -= used as u16;
        match record.header.kind {
            Kind::Handshake => self.gather(&bytes[..used]),
            Kind::Alert => {
                for (place, byte) in self.alert.iter_mut().skip(at).zip(&bytes[..used]) {
                    *place = *byte;
                }
            }
            Kind::ChangeCipherSpec | Kind::ApplicationData => {}
        }
        self.end_record(time);
        used
    }

    fn begin(&mut self, bytes: &[u8], time: Nanos) -> usize {
        self.started.get_or_insert(time);
        let (header, have) = &mut self.begun;
        let used = (HEADER - *have).min(bytes.len());
        header[*have..*have + used].copy_from_slice(&bytes[..used]);
        *have += used;
        if *have == HEADER {
            *have = 0;
            let header = Header::read(*header);
            self.records += 1;
            self.is_over |= self.records > RECORDS_MAX || header.is_none_or(|header| !self.may_come(header.kind));
            self.record = header.map(|header| Record { header, left: header.length });
            self.end_record(time);
        }
        used
    }

    /// A hello comes first, or a refusal.
    const fn may_come(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Handshake | Kind::Alert) || !matches!(self.hello, Hello::Coming(_))
    }

    /// Takes in a record all of which has passed.
    fn end_record(&mut self, time: Nanos) {
        let Some(Record { header: Header { kind, length }, left: 0 }) = self.record else { return };
        self.record = None;
        match kind {
            Kind::ChangeCipherSpec => self.changed_cipher = true,
            Kind::Handshake if self.changed_cipher => self.finished = self.finished.or(Some(time)),
            Kind::Handshake => {}
            Kind::ApplicationData => {
                if let Some(free) = self.sealed.get_mut(self.sealed_count) {
                    *free = Sealed { length, time };
                    self.sealed_count += 1;
                }
            }
            // One that is sealed cannot be told from a fatal one.
            Kind::Alert => self.is_over |= length != 2 || self.alert[0] == FATAL || self.alert[1] == CLOSE_NOTIFY,
        }
    }

    /// Bytes of handshake messages: the first is the hello.
    fn gather(&mut self, bytes: &[u8]) {
        let Hello::Coming(message) = &mut self.hello else { return };
        let room = (MESSAGE_HEADER + HELLO_MAX).saturating_sub(message.len());
        message.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if message.first().is_some_and(|kind| *kind != hello_of(self.direction)) {
            self.is_over = true;
            return;
        }
        let Some([_, length @ ..]) = message.first_chunk::<MESSAGE_HEADER>() else { return };
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        if message.len() >= MESSAGE_HEADER + length {
            self.hello = Hello::Whole(message[MESSAGE_HEADER..MESSAGE_HEADER + length].to_vec());
        } else if message.len() >= MESSAGE_HEADER + HELLO_MAX {
            self.cut_hello();
        }
    }

    /// The rest of the hello will not come.
    fn cut_hello(&mut self) {
        if let Hello::Coming(message) = &mut self.hello {
            self.hello = match message.get(MESSAGE_HEADER..) {
                Some(body) if !body.is_empty() => Hello::Cut(body.to_vec()),
                _ => Hello::Taken,
            };
        }
    }

    /// Nothing more of it can be followed.
    pub(super) fn stop(&mut self) {
        self.cut_hello();
        self.is_over = true;
    }
}

impl Reader for Side {
    fn bytes(&mut self, run: Run<'_>) {
        let mut rest = run.bytes;
        while !rest.is_empty() && !self.is_over {
            let used = self.step(rest, run.at.time);
            rest = &rest[used..];
        }
    }

    fn unseen(&mut self, length: u64, at: Place) {
        let Some(record) = &mut self.record else { return self.stop() };
        if length > u64::from(record.left) || record.header.kind == Kind::Alert {
            return self.stop();
        }
        record.left -= length as u16;
        if record.header.kind == Kind::Handshake {
            self.cut_hello();
        }
        self.end_record(at.time);
    }

    /// What was in between can only be guessed.
    fn lost(&mut self, _: u64, _: Place) {
        self.stop();
    }

    fn needless_until(&self) -> u64 {
        0
    }
}
