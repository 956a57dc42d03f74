//! Probes at functions of TLS libraries: which files have such functions, and who runs them.
//!
//! Files come and go with processes, so a thread of its own looks for them, and attaches probes to each file once.

mod attached;
mod functions;
mod go;
mod go_table;
mod places;
mod points;
mod search;
mod symbols;
mod watch;

pub(super) use attached::try_own_program;
pub use watch::TlsFinder;
pub(super) use watch::TlsProbes;
