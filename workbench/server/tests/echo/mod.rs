//! Where Cargo put the example plugin.

use std::{env, path::PathBuf};

/// Cargo builds examples before it runs tests, in a folder beside the tests' own.
pub(crate) fn plugin() -> PathBuf {
    let test = env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().join("examples/echo_plugin")
}
