//! What the probes could not tell, counted where it was lost: indexes of a per-CPU array.

/// Reserving room in the control ring failed.
pub const CONTROL_RING: u32 = 0;
/// Reserving room in the data ring failed: so many buffers or datagrams.
pub const DATA_RING: u32 = 1;
/// Payload bytes of the buffers counted by [`DATA_RING`].
pub const DATA_RING_BYTES: u32 = 2;
/// Bytes of a packet or of a kernel struct could not be read.
pub const READ_FAULT: u32 = 3;
/// A socket was not taken in: the map was full.
pub const SOCKETS_FULL: u32 = 4;
/// A datagram was not counted: the map of conversations was full.
pub const CONVERSATIONS_FULL: u32 = 5;
/// A dropped packet was not described: the map of drops was full.
pub const DROPS_FULL: u32 = 6;
/// Buffers of sockets about which the daemon did not decide in time.
pub const UNDECIDED: u32 = 7;
/// Payload bytes of the buffers counted by [`UNDECIDED`].
pub const UNDECIDED_LOST_BYTES: u32 = 8;
/// How many places there are.
pub const LOSS_PLACES: u32 = 9;
