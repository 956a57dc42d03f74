//! Bytes in, exchanges out: golden records and properties.

mod captures;
mod dns;
mod http1_properties;
mod http1_shapes;
mod http1_traps;
mod kafka;
mod kafka_properties;
mod mysql;
mod postgresql;
mod quic;
mod recordings;
mod redis;
mod redis_properties;
mod sql_properties;
mod support;
mod tls;
