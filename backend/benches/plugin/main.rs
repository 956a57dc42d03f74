//! The plugin beside its bars (design, section 11): a question to 1,000 nodes, and a large table as a frame.
//!
//! `cargo bench -p gpx_goldwire -- fan-out` measures only what has that in its name.

mod cluster;
mod fan_out;
mod figure;
mod host;
mod node;
#[path = "../../tests/plugin/process.rs"]
mod process;
mod table_frame;
mod world;

fn main() {
    table_frame::measure();
    fan_out::measure();
}
