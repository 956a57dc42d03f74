//! What programs write to and read from TLS, in the clear: sessions of TLS libraries, and what passes them.
//!
//! A session is an object of a library, such as `SSL *`. It has a number, which never comes again. A [`Plaintext`] is
//! followed by `captured` bytes, and, where `tail_length` is not 0, by the last [`TAIL_LENGTH`](crate::TAIL_LENGTH) bytes at
//! the end of the record.
use crate::Header;

wire! {
    /// Key of the map of sessions.
    #[derive(PartialEq, Eq, Hash)]
    pub struct TlsSessionKey: 16 {
        /// Address of the library's object in its process.
        pub object: u64,
        /// Thread group id.
        pub pid: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}

wire! {
    /// Value of the map of sessions.
    pub struct TlsSession: 88 {
        /// Of this session.
        pub number: u64,
        /// The TCP socket that was used in a call on this session; 0 where none was.
        pub cookie: u64,
        /// How many bytes passed, by direction.
        pub passed: [u64; 2],
        /// When the last call of Go's began, by direction; 0 where none has.
        pub began: [u64; 2],
        /// The same of the last call that has not ended; 0 where there is none.
        pub under_way: [u64; 2],
        /// Not 0 once Go has closed it. It is over when no call is under way.
        pub closed: u64,
        /// When the probes of its library were complete.
        pub attached: u64,
        /// 1 once [`PlaintextSession`] was told.
        pub is_told: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}

/// Bytes of a library's object that are told: what the hello of its handshake had as random is among them.
pub const OBJECT_COPY: usize = 1024;
/// Where OpenSSL 1.1 has the address of the part with the random.
pub const OBJECT_PART: usize = 168;
/// Bytes of that part that are told.
pub const PART_COPY: usize = 256;

wire! {
    /// Something passed a session for the first time. Comes before its [`Plaintext`].
    pub struct PlaintextSession: 1328 {
        /// Of [`kind::PLAINTEXT_SESSION`](crate::kind::PLAINTEXT_SESSION).
        pub header: Header,
        /// Of the session.
        pub number: u64,
        /// When the probes of its library were complete: a session whose handshake began later is seen from its first byte.
        pub attached: u64,
        /// Address of the library's object in its process.
        pub object: u64,
        /// Thread group id.
        pub pid: u32,
        /// 1 where each call says which socket is the session's, for sure. Then nothing is copied.
        pub names_socket: u32,
        /// The beginning of the library's object; zeros from the first byte on that could not be read.
        pub copy: [u8; OBJECT_COPY],
        /// Of what the address at [`OBJECT_PART`] leads to; zeros where it leads nowhere.
        pub part: [u8; PART_COPY],
    }
}

wire! {
    /// A call of a TLS library wrote or read so much.
    pub struct Plaintext: 80 {
        /// Of [`kind::PLAINTEXT`](crate::kind::PLAINTEXT). The time is that of the call's end.
        pub header: Header,
        /// Of the session.
        pub number: u64,
        /// The TCP socket that was used in this call or in an earlier one on this session; 0 where none was.
        pub cookie: u64,
        /// The TCP socket from which this thread received last, in whatever call; 0 where none is known.
        pub received_from: u64,
        /// When the call began.
        pub began: u64,
        /// Place of the first byte in what passed the session in this direction.
        pub offset: u64,
        /// When a call began that writes to this session and is told later, though what it wrote may have been answered here;
        /// 0 where there is none.
        pub awaits: u64,
        /// Thread group id.
        pub pid: u32,
        /// Bytes that passed; 0 where a call that writes, and that may be awaited, is over and no more is wanted of it.
        pub length: u32,
        /// Bytes that follow.
        pub captured: u32,
        /// One of [`direction`](crate::direction).
        pub direction: u8,
        /// 0 or [`TAIL_LENGTH`](crate::TAIL_LENGTH).
        pub tail_length: u8,
        /// Always 0; where padding would be.
        pub unused: [u8; 2],
    }
}

wire! {
    /// A library's object is given back.
    pub struct PlaintextEnded: 40 {
        /// Of [`kind::PLAINTEXT_ENDED`](crate::kind::PLAINTEXT_ENDED).
        pub header: Header,
        /// Of the session.
        pub number: u64,
        /// How many bytes passed, by direction.
        pub passed: [u64; 2],
    }
}

/// Most bytes of one call that are captured.
pub const PLAINTEXT_CAPTURE: usize = 16_384;

/// Files whose functions are watched at a time; a power of two, no more than fit 16 bits.
pub const TLS_FILES: u32 = 4096;

/// What a probe is told when it is attached: `distance << 24 | file << 8 | function`. A file is a place in the map of files,
/// which has when all of the file's probes were attached, or 0: until then none of them tells anything. The distance is 0 but
/// for functions of Go.
pub mod tls_function {
    /// `int SSL_write(ssl, buffer, length)`
    pub const WRITE: u8 = 0;
    /// `int SSL_read(ssl, buffer, length)`
    pub const READ: u8 = 1;
    /// `int SSL_write_ex(ssl, buffer, length, &written)`
    pub const WRITE_EX: u8 = 2;
    /// `int SSL_read_ex(ssl, buffer, length, &read)`
    pub const READ_EX: u8 = 3;
    /// `ssize_t SSL_sendfile(ssl, file, offset, length, flags)`
    pub const SEND_FILE: u8 = 4;
    /// `ssize_t gnutls_record_send(session, buffer, length)`
    pub const SEND: u8 = 5;
    /// `ssize_t gnutls_record_recv(session, buffer, length)`
    pub const RECEIVE: u8 = 6;
    /// `void SSL_free(ssl)` and others after which the object is another session.
    pub const FREE: u8 = 7;
    /// `crypto/tls.(*Conn).Write`, with the distance from `net.(*TCPConn).Close` to it.
    pub const GO_WRITE: u8 = 8;
    /// `crypto/tls.(*Conn).Read`, likewise.
    pub const GO_READ: u8 = 9;
    /// `crypto/tls.(*Conn).Close`
    pub const GO_CLOSE: u8 = 10;
}

/// The place of a file, of what a probe is told.
#[must_use]
pub const fn tls_file(attachment: u64) -> u32 {
    (attachment >> 8) as u32 & (TLS_FILES - 1)
}

/// The place of a session in the steering of sessions.
#[must_use]
pub const fn session_slot(number: u64) -> u32 {
    (number >> 32) as u32 & (SESSION_SLOTS - 1)
}

/// Slots of the steering of sessions; a power of two.
pub const SESSION_SLOTS: u32 = 16_384;
