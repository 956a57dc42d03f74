//! Hosts the plugin as Grafana does, in a browser, where no Grafana is.
//!
//! [`plugin_host`] runs a backend plugin's process over Grafana's plugin protocol, [`frame`] reads and judges what it
//! answers, and [`grafana`] is the part of Grafana's HTTP side that a data source uses, for the page in
//! `workbench/page`. It is a test bench and a preview: it adds nothing that Grafana would not show.

pub mod frame;
pub mod grafana;
pub mod plugin_host;
