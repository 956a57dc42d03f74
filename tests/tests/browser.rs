//! A user at the workbench, over the whole demo: the tests in `tests/browser`, in a real browser.

use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{Cgroup, Launch};
use goldwire_tests::{
    programs::built_program,
    system::{System, addresses},
};
use tempfile::TempDir;

/// Where pictures go, from the checkout's root: `docs/images` renews those of the documentation. Without it they are
/// put beside what was built, for those who look into a failure.
const PICTURES: &str = "GOLDWIRE_SCREENSHOTS";

/// Traffic before pictures are taken for readers, and the range that it fills.
const POSE: Duration = Duration::from_secs(135);
const POSED_FROM: &str = "now-2m";

const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn a_user_finds_what_the_workbench_promises() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    ensure!(folder.join("node_modules").exists(), "the browser tests' packages are missing: run `cargo xtask setup`");
    let asked_for = env::var_os(PICTURES).map(PathBuf::from);
    let pictures = picture_folder(asked_for.as_deref())?;
    let system = System::start()?;
    if asked_for.is_some() {
        thread::sleep(POSE);
    }
    let log = built_program("goldwire")?.with_file_name("browser-tests.log");
    fs::write(&log, "")?;
    // These take the browser and its profile with them, however the tests end.
    let profiles = TempDir::new()?;
    let group = Cgroup::create("goldwire-test-browser")?;
    let mut tests = Launch::new("npm test", "npm")
        .args(["test"])
        .directory(&folder)
        .env("WORKBENCH_URL", system.demo.page())
        .env("WORKBENCH_NODES", addresses(&system.demo).join(","))
        .env("WORKBENCH_TOKEN_FILE", system.demo.token_file())
        .env("WORKBENCH_CA_FILE", system.demo.authority_file())
        .env("WORKBENCH_SCREENSHOTS", &pictures)
        .env("WORKBENCH_FROM", if asked_for.is_some() { POSED_FROM } else { "now-5m" })
        .env("TMPDIR", profiles.path())
        .cgroup(&group)?
        .log(&log)?
        .spawn()
        .context("starting npm")?;
    let ended = tests.wait(PATIENCE)?;
    let said = fs::read_to_string(&log)?;
    println!("{said}");
    let status = ended.with_context(|| format!("npm test did not end within {} s:\n{said}", PATIENCE.as_secs()))?;
    ensure!(status.success(), "npm test failed ({status}); pictures are in {}:\n{said}", pictures.display());
    Ok(())
}

fn picture_folder(asked_for: Option<&Path>) -> Result<PathBuf> {
    let folder = match asked_for {
        Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder),
        None => built_program("goldwire")?.with_file_name("browser-pictures"),
    };
    fs::create_dir_all(&folder)?;
    Ok(folder.canonicalize()?)
}
