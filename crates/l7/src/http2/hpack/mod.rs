//! Header compression, RFC 7541, read from the outside: of a field only what an exchange shows is kept, and what was
//! said before the observation began, or in bytes that were lost, is known to be unknown.

mod decoder;
mod fixed;
mod huffman;
mod input;
mod table;

pub(super) use decoder::{Decoder, is_block, is_head};
