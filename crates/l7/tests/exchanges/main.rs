//! Bytes in, exchanges out: golden records and properties.

mod captures;
mod dns;
mod endings;
mod foreign;
mod http1_properties;
mod http1_shapes;
mod http1_traps;
mod http2_captures;
mod http2_frames;
mod http2_grpc;
mod http2_losses;
mod http2_properties;
mod http2_streams;
mod kafka;
mod kafka_properties;
mod mysql;
mod postgresql;
mod preambles;
mod quic;
mod redis;
mod redis_properties;
mod sql_properties;
mod support;
mod tls;
