//! Goldwire's backend data source for Grafana.

fn main() {}
