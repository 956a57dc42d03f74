//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The checkout's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// Cargo's folder for what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The name of the plugin, which is that of its folder.
pub(crate) const PLUGIN: &str = "goldwire-goldwire-datasource";

/// The plugin as demo and tests load it.
pub(crate) fn development_plugin() -> PathBuf {
    target().join("plugin").join(PLUGIN)
}

/// The npm project of the plugin's frontend.
pub(crate) fn frontend() -> PathBuf {
    root().join("frontend")
}

/// The npm project of the workbench's page.
pub(crate) fn workbench_page() -> PathBuf {
    root().join("workbench/page")
}

/// The npm project of the browser tests.
pub(crate) fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}
