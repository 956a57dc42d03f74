//! Bytes in, exchanges out: golden records and properties.

mod captures;
mod dns;
mod http1_properties;
mod http1_traps;
mod kafka;
mod kafka_properties;
mod redis;
mod redis_properties;
mod support;
