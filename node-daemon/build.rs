//! Builds the kernel programs of `ebpf-probes` and leaves the object where `receive::object` embeds it.
//!
//! They are for another target, which has no precompiled `core`, so they need a toolchain with the sources of the standard
//! library: rustup's nightly with `rust-src`, else Debian's `rustc-web`, `cargo-web` and `rust-web-src`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const TARGET: &str = "bpfel-unknown-none";
const OBJECT: &str = "goldwire-probes";
/// Variables by which the outer cargo would steer the inner one.
const OUTER: &[&str] = &[
    "CARGO",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MAKEFLAGS",
    "CARGO_TARGET_DIR",
    "CLIPPY_ARGS",
    "MAKEFLAGS",
    "RUSTC",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

fn main() {
    if let Err(problem) = build() {
        eprintln!("error: the kernel programs cannot be built: {problem}");
        eprintln!("help: `cargo xtask setup` installs what is missing");
        std::process::exit(1);
    }
}

fn build() -> Result<(), String> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = root.parent().ok_or("this package has no parent folder")?;
    for input in ["ebpf-probes/src", "ebpf-probes/Cargo.toml", "ebpf-probes/Cargo.lock", "crates/probe-events"] {
        println!("cargo::rerun-if-changed={}", workspace.join(input).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target = out.join("ebpf-probes");
    let path = path_with_linker()?;

    let mut cargo = toolchain()?;
    cargo
        .env("PATH", path)
        // For the register names of the machine that the programs will run on.
        .env("AYA_BPF_TARGET_ARCH", variable("CARGO_CFG_TARGET_ARCH")?)
        .args(["build", "--release", "--locked", "-Z", "build-std=core", "--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(workspace.join("ebpf-probes"));
    let status = cargo.status().map_err(|error| format!("{cargo:?} did not start: {error}"))?;
    if !status.success() {
        return Err(format!("{cargo:?} ended with {status}"));
    }
    let object = target.join(TARGET).join("release").join(OBJECT);
    fs::copy(&object, out.join(OBJECT)).map_err(|error| format!("{} is not there: {error}", object.display()))?;
    Ok(())
}

/// A cargo that can build `core`.
fn toolchain() -> Result<Command, String> {
    if has_sources(scrubbed("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"])) {
        let mut cargo = scrubbed("rustup");
        cargo.args(["run", "nightly", "cargo"]);
        return Ok(cargo);
    }
    if has_sources(scrubbed("/usr/bin/rustc").args(["--print", "sysroot"])) {
        let mut cargo = scrubbed("/usr/bin/cargo");
        cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
        return Ok(cargo);
    }
    Err("neither rustup's nightly with rust-src nor Debian's rustc-web with rust-web-src is installed".into())
}

/// Whether the compiler that answers with its folder has the sources of the standard library.
fn has_sources(compiler: &mut Command) -> bool {
    let Ok(output) = compiler.stderr(Stdio::null()).output() else { return false };
    let sysroot = String::from_utf8_lossy(&output.stdout);
    output.status.success() && Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core").exists()
}

/// The search path, with the folder where `cargo install` puts `bpf-linker`.
fn path_with_linker() -> Result<std::ffi::OsString, String> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let mut folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(home.map(|home| home.join("bin")));
    if !folders.iter().any(|folder| folder.join("bpf-linker").is_file()) {
        return Err("bpf-linker is not installed".into());
    }
    env::join_paths(folders).map_err(|error| error.to_string())
}

/// A command that does not inherit the outer cargo's wishes.
fn scrubbed(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in OUTER {
        command.env_remove(name);
    }
    command
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("cargo did not set {name}"))
}
