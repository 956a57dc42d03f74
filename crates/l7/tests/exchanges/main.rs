//! Bytes in, exchanges out: golden records and properties.

mod dns;
mod http1_properties;
mod http1_traps;
mod mysql;
mod postgresql;
mod sql_properties;
mod support;
