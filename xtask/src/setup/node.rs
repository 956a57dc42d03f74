//! Node.js and the modules of the two npm projects.

use std::{fs, path::Path};

use anyhow::{Context, bail, ensure};

use crate::{
    places,
    shell::{Line, say},
};

const OLDEST_NODE: u32 = 20;
/// A copy of the lock file that the modules were installed from.
const INSTALLED_FROM: &str = "node_modules/.installed-from-lock.json";

/// Installs the modules of projects whose lock file is not the one they were installed from; true where there were any.
pub(super) fn run() -> anyhow::Result<bool> {
    let projects = [places::frontend(), places::workbench_page(), places::browser_tests()];
    let stale: Vec<_> = projects.iter().filter(|project| !is_current(project)).collect();
    if stale.is_empty() {
        return Ok(false);
    }
    check_node()?;
    for project in &stale {
        install(project)?;
    }
    Ok(true)
}

fn is_current(project: &Path) -> bool {
    let wanted = fs::read(project.join("package-lock.json")).ok();
    wanted.is_some() && wanted == fs::read(project.join(INSTALLED_FROM)).ok()
}

fn check_node() -> anyhow::Result<()> {
    let version = Line::new("node").args(["--version"]).output();
    let version = version.with_context(|| format!("install Node.js {OLDEST_NODE} or newer, with npm"))?;
    let Some(major) = major(&version) else { bail!("`node --version` says {version:?}") };
    ensure!(major >= OLDEST_NODE, "Node.js is {}: version {OLDEST_NODE} or newer is needed", version.trim());
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn install(project: &Path) -> anyhow::Result<()> {
    let shown = project.strip_prefix(places::root()).unwrap_or(project).display();
    say(&format!("setup: npm modules of {shown} (some minutes)"));
    Line::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).directory(project).run()?;
    fs::copy(project.join("package-lock.json"), project.join(INSTALLED_FROM))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20"), None);
        assert_eq!(major(""), None);
    }
}
