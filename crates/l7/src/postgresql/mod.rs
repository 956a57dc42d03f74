//! PostgreSQL's frontend/backend protocol 3 (chapter "Frontend/Backend Protocol" of its manual): simple and extended queries,
//! pipelines, COPY.
//!
//! See `docs/protocols/postgresql.md` for what is seen and what is not.

mod answering;
mod asking;
mod certain;
mod detect;
mod messages;
mod names;
mod steps;
mod wire;

pub(crate) use detect::KNOWN;
