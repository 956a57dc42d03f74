//! Live scenarios: kernel, fan-out, plugin host, browser. This library is what they share: real programs, and a daemon
//! and plugin that watch them.

pub mod programs;
pub mod watch;
