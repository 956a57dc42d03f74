//! Order in a byte stream that was seen in pieces.

mod reassembler;
mod rhythm;

pub use reassembler::{MISSING, Place, Reader, Reassembler, Run};
pub(crate) use rhythm::Rhythm;
