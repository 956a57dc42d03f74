//! Nodes with real histories, asked in rounds: what is shown is what happened.

mod asking;
mod hidden;
mod limits;
mod live;
mod random;
mod world;
