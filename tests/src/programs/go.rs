//! The project's own program in Go: its source is in `tests/go-peer`.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

/// Builds it with more arguments for `go build`, such as `-ldflags=-s -w`, and gives its place: `name` in the folder of what is
/// built. A build that changes nothing takes a moment.
pub fn go_peer(name: &str, arguments: &[&str]) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test.ancestors().nth(3).context("the test runs from a target folder")?;
    let built = target.join("go").join(name);
    let output = Command::new(go()?)
        .args(["build", "-trimpath", "-o"])
        .arg(&built)
        .args(arguments)
        .arg(".")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/go-peer"))
        .env("GOCACHE", target.join("go/cache"))
        .envs([("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=mod"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")])
        .output()
        .context("go")?;
    ensure!(output.status.success(), "go build: {}", String::from_utf8_lossy(&output.stderr));
    Ok(built)
}

/// Debian has each version in a folder of its own.
fn go() -> Result<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<_> = std::env::split_paths(&on_path).map(|folder| folder.join("go")).collect();
    let of_versions = fs::read_dir("/usr/lib")?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_go = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("go-1."));
    found.extend(of_versions.filter(is_go).map(|folder| folder.join("bin/go")));
    found.into_iter().find(|path| path.is_file()).context("Go is not installed; `cargo xtask setup` installs it")
}
