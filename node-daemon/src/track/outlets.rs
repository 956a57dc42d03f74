//! Where the tracker's findings go: records to history, wishes to the kernel.

use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_l7::Wanted;
use goldwire_model::{record::Record, time::Timestamp};

use crate::decode::{Cookie, Direction, SequenceNumber, SessionNumber};

/// Takes records and losses.
pub trait RecordSink {
    /// One more record; in the order in which they were found, which is nearly the order of time.
    fn record(&mut self, record: Record);

    /// So many events could not be followed.
    fn loss(&mut self, stage: LossStage, time: Timestamp, events: u64);

    /// So many bytes of payload could not be followed, in which any number of messages may have begun.
    fn missed(&mut self, time: Timestamp, bytes: u64);

    /// There is traffic that is not read.
    fn unread(&mut self, kind: UnreadKind, time: Timestamp, count: u64);
}

/// Tells the kernel what is wanted of a socket's payload. Calls are rare: on a decision, and once a long body.
pub trait CaptureControl {
    /// Every buffer is wanted, and of long ones so much.
    fn follow(&mut self, cookie: Cookie, ingress: Wanted, egress: Wanted);

    /// Nothing more is wanted.
    fn ignore(&mut self, cookie: Cookie);

    /// Payload before this sequence number is not wanted; what lies behind it is.
    fn skip_until(&mut self, cookie: Cookie, direction: Direction, until: SequenceNumber);

    /// Nothing more is wanted of a session of a TLS library.
    fn ignore_session(&mut self, session: SessionNumber);

    /// What passes a session before this offset is not wanted; what lies behind it is.
    fn skip_session_until(&mut self, session: SessionNumber, direction: Direction, until: u64);

    /// A process speaks TLS: the plaintext is wanted, by whatever library it uses.
    fn speaks_tls(&mut self, pid: u32);
}

/// Both, as the tracker's methods take them.
pub struct Outlets<'a> {
    /// Takes records and losses.
    pub records: &'a mut dyn RecordSink,
    /// Takes wishes about payload.
    pub capture: &'a mut dyn CaptureControl,
}
