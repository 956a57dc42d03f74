//! The demo's folder: keys, configurations and logs, gone when the demo is.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Only root can write in `/run`, so nobody else can have put something there under this name.
const FOLDER: &str = "/run/goldwire-demo";
const LOCK: &str = "/run/goldwire-demo.lock";

/// Holds the one demo that a machine can have; the kernel lets go of it however the holder ends.
#[derive(Debug)]
pub(super) struct Turn {
    _lock: File,
}

impl Turn {
    /// Fails where another demo runs.
    pub(super) fn take() -> anyhow::Result<Self> {
        let lock = File::create(LOCK).with_context(|| format!("cannot write {LOCK}: the demo needs root"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!("another demo is running on this machine: stop it first"),
            Err(TryLockError::Error(error)) => Err(error).context("cannot take the demo's lock"),
        }
    }
}

/// The folder; dropping it removes it.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
}

impl Place {
    /// Makes the folder anew.
    pub(super) fn create() -> anyhow::Result<Self> {
        let folder = PathBuf::from(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder).with_context(|| format!("cannot make {FOLDER}"))?;
        // nginx and the DNS server run as nobody and must reach what is theirs; secrets are closed one by one.
        fs::set_permissions(&folder, Permissions::from_mode(0o711))?;
        Ok(Self { folder })
    }

    /// A path in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where a program's output goes.
    pub(super) fn log(&self, program: &str) -> PathBuf {
        self.path(&format!("{program}.log"))
    }

    /// Writes a file that anyone may read.
    pub(super) fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        self.write_as(name, text, 0o644)
    }

    /// Writes a file that only root can read.
    pub(super) fn write_secret(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        self.write_as(name, text, 0o600)
    }

    fn write_as(&self, name: &str, text: &str, mode: u32) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("goldwire-demo: left behind: {}: {error}", self.folder.display());
        }
    }
}

/// The last lines of a log, for a message about the program that wrote it.
pub(super) fn last_lines(log: &Path, lines: usize) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_what_matters() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "one\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(file.path(), 2), "two\nthree");
        assert_eq!(last_lines(file.path(), 9), "one\ntwo\nthree");
        assert_eq!(last_lines(Path::new("/no/such/log"), 2), "");
    }
}
