//! Live scenarios: kernel, fan-out, plugin host, browser. This library is what they share: real programs, a daemon
//! and plugin that watch them, and the whole demo.

pub mod programs;
pub mod sheet;
pub mod system;
pub mod watch;
