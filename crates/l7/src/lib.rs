//! Application protocols: bytes in, exchanges out.
