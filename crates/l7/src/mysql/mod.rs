//! The client/server protocol of MySQL and MariaDB (MySQL's internals manual and MariaDB's documentation, "Client/Server
//! Protocol"): text and binary results, prepared statements, more results than one, LOAD DATA LOCAL.
//!
//! See `docs/protocols/mysql.md` for what is seen and what is not.

mod answering;
mod asking;
mod belief;
mod commands;
mod detect;
mod handshake;
mod packets;
mod wire;

pub(crate) use detect::{KNOWN, inside_tls};
