//! The directory against an API server that speaks the protocol of lists and watches, with all that can go wrong in it.

mod allocated;
mod disturbances;
mod fake;
mod manifest;
mod objects;
mod rights;
mod scale;
mod speed;
mod times;
mod truth;
