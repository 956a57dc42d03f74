//! The built plugin, driven as Grafana drives it, against nodes in this process: real ones with a history, and ones that
//! refuse, hang and talk nonsense.

mod doors;
mod frames;
mod host;
mod links;
mod live;
mod node;
mod partial;
mod process;
mod records;
mod resources;
