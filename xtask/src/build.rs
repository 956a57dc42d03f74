//! Building what demo, tests and distribution are made of.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::SystemTime,
};

use anyhow::{Context, bail};

use crate::{
    places,
    shell::{Line, cargo, timed},
};

/// All programs, in the development profile: one build for demo and tests (the root Cargo.toml says why it is optimised).
pub(crate) fn programs() -> anyhow::Result<()> {
    timed("building the programs", || cargo().args(["build", "--workspace", "--bins"]).run())
}

/// The frontend's bundle in frontend/dist, unless the one there is newer than all it is made from.
pub(crate) fn frontend() -> anyhow::Result<()> {
    npm_build("frontend", &places::frontend(), "module.js", &["src", "scripts", ".config", "package-lock.json"])
}

/// The workbench's page, likewise.
pub(crate) fn workbench_page() -> anyhow::Result<()> {
    npm_build(
        "the workbench's page",
        &places::workbench_page(),
        "index.html",
        &["src", "build.mjs", "package-lock.json"],
    )
}

fn npm_build(name: &str, project: &Path, product: &str, sources: &[&str]) -> anyhow::Result<()> {
    let built = modified(&project.join("dist").join(product))?;
    let newest =
        sources.iter().map(|source| newest_below(&project.join(source))).collect::<anyhow::Result<Vec<_>>>()?;
    if built.is_some() && built >= newest.into_iter().flatten().max() {
        return Ok(());
    }
    timed(&format!("building {name}"), || npm(project, "build"))
}

/// Runs a script of an npm project.
pub(crate) fn npm(project: &Path, script: &str) -> anyhow::Result<()> {
    Line::new("npm").args(["run", "--silent", script]).directory(project).run()
}

fn newest_below(path: &Path) -> anyhow::Result<Option<SystemTime>> {
    let mut newest = modified(path)?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            newest = newest.max(newest_below(&entry?.path())?);
        }
    }
    Ok(newest)
}

fn modified(path: &Path) -> anyhow::Result<Option<SystemTime>> {
    Ok(if path.exists() { Some(fs::metadata(path)?.modified()?) } else { None })
}

/// Puts the plugin's folder together as Grafana loads it: the frontend's bundle, and the program beside it.
pub(crate) fn assemble_plugin(program: &Path, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    copy_folder(&places::frontend().join("dist"), folder)?;
    let placed = folder.join(format!("gpx_goldwire_linux_{}", grafanas_architecture()?));
    fs::copy(program, &placed).with_context(|| format!("cannot copy {}", program.display()))?;
    fs::set_permissions(&placed, Permissions::from_mode(0o755))?;
    Ok(())
}

/// The plugin for demo and tests.
pub(crate) fn development_plugin() -> anyhow::Result<()> {
    assemble_plugin(&places::target().join("debug/gpx_goldwire"), &places::development_plugin())
}

fn grafanas_architecture() -> anyhow::Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => bail!("Grafana starts plugins on x86_64 and aarch64; this machine is {other}"),
    }
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
