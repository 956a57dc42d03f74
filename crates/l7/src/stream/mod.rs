//! Order in a byte stream that was seen in pieces.

mod reassembler;

pub use reassembler::{MISSING, Place, Reader, Reassembler, Run};
