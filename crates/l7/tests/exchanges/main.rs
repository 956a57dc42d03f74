//! Bytes in, exchanges out: golden records and properties.

mod captures;
mod dns;
mod http1_properties;
mod http1_shapes;
mod http1_traps;
mod quic;
mod support;
mod tls;
