//! The node daemon and its command line.
//!
//! The way of a record: [`receive`] loads the probes and reads their rings, [`decode`] makes events of bytes, [`track`]
//! makes records of events with the names that [`identity`] knows, `goldwire-history` keeps them, and `service` answers
//! from there. [`capture`] takes the tracker's wishes back to the probes. `daemon` wires these; [`command_line`] is the rest of the program.

pub mod capture;
pub mod command_line;
mod daemon;
pub mod decode;
pub mod identity;
mod privileges;
pub mod receive;
mod secret_file;
mod service;
pub mod track;
