//! What builds the kernel's half: a compiler that has the sources of `core`, and bpf-linker.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::packages::{Package, Sign, needs};
use crate::shell::{Line, say};

const LINKER_VERSION: &str = "0.13.0";
/// bpf-linker reads what rustc's LLVM writes, so its own must not be older.
const LLVM: &str = "/usr/lib/llvm-22";

const FOR_LINKER: &[Package] = &[
    needs("llvm-22-dev", "bpf-linker is LLVM's linker for BPF", Sign::File("/usr/lib/llvm-22/bin/llvm-config")),
    needs("libpolly-22-dev", "LLVM links it", Sign::File("/usr/lib/llvm-22/lib/libPolly.a")),
    needs("libzstd-dev", "LLVM links it", Sign::File("/usr/include/zstd.h")),
    needs("zlib1g-dev", "LLVM links it", Sign::File("/usr/include/zlib.h")),
    needs("libxml2-dev", "LLVM links it", Sign::File("/usr/include/libxml2")),
];

const DEBIANS_COMPILER: &[Package] = &[
    needs("rustc-web", "compiles the probes", Sign::File("/usr/share/doc/rustc-web")),
    needs("cargo-web", "builds the probes", Sign::File("/usr/share/doc/cargo-web")),
    needs(
        "rust-web-src",
        "the sources of `core`, compiled for BPF",
        Sign::File("/usr/lib/rustlib/src/rust/library/core"),
    ),
];

/// The packages that the choice of tools on this machine needs.
pub(super) fn packages() -> impl Iterator<Item = &'static Package> {
    let linker = if linker_is_there() { &[][..] } else { FOR_LINKER };
    let compiler = if nightly_has_sources() { &[][..] } else { DEBIANS_COMPILER };
    linker.iter().chain(compiler)
}

/// Builds bpf-linker where it is missing; true where it was.
pub(super) fn run() -> anyhow::Result<bool> {
    if linker_is_there() {
        return Ok(false);
    }
    say(&format!("setup: building bpf-linker {LINKER_VERSION}, which links the probes (some minutes)"));
    Line::new("cargo")
        .args(["install", "bpf-linker", "--version", LINKER_VERSION, "--locked", "--force"])
        .args(["--no-default-features", "--features", "llvm-22"])
        .env("LLVM_PREFIX", LLVM)
        .run()
        .context("bpf-linker could not be built")?;
    Ok(true)
}

/// It says its version only if the LLVM library it was linked with is there too.
fn linker_is_there() -> bool {
    let installed = cargo_home().map(|home| home.join("bin/bpf-linker"));
    let candidates = installed.into_iter().filter(|file| file.exists()).chain([PathBuf::from("bpf-linker")]);
    let mut versions = candidates.filter_map(|program| Line::new(program).args(["--version"]).output().ok());
    versions.any(|version| version.trim() == format!("bpf-linker {LINKER_VERSION}"))
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".cargo")))
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from)
}

/// Whether rustup's nightly has the sources of `core`; `node-daemon/build.rs` then takes it.
fn nightly_has_sources() -> bool {
    let rustup = env::var_os("RUSTUP_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".rustup")));
    let name = format!("toolchains/nightly-{}-unknown-linux-gnu", env::consts::ARCH);
    rustup.is_some_and(|rustup| has_sources(&rustup.join(name)))
}

fn has_sources(toolchain: &Path) -> bool {
    toolchain.join("lib/rustlib/src/rust/library/core/src/lib.rs").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_without_sources_is_not_taken() {
        assert!(!has_sources(Path::new("/no/such/toolchain")));
    }
}
