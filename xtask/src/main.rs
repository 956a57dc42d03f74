//! The project's own commands: setup, demo, test, bench, dist.

fn main() {}
