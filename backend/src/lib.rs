//! Goldwire's backend data source for Grafana.
//!
//! A query's way: [`plugin`] is Grafana's door; [`question`] reads what it sends; [`nodes`] knows whom to ask;
//! [`fan_out`] asks; `goldwire-merge` makes one answer of many; [`frames`] makes it fit for panels. Types of Grafana's
//! SDK stay within [`plugin`].

pub mod answer;
pub mod clock;
pub mod fan_out;
pub mod frames;
pub mod health;
pub mod live;
pub mod metrics;
mod names;
pub mod nodes;
pub mod plugin;
pub mod question;
pub mod resources;
pub mod settings;
