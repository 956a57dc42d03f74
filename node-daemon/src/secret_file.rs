//! Files with secrets, which nobody else may read.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use thiserror::Error;

/// Rights of others that give a secret away, or let them put another in its place.
const OF_OTHERS: u32 = 0o006;

/// Why a secret is not taken from a file.
#[derive(Debug, Error)]
pub(crate) enum SecretError {
    #[error("failed to read it: {0}")]
    Unreadable(#[from] io::Error),
    #[error(
        "others can read or write it (its mode is {mode:o}), so that it is no secret: take that right away with chmod 600"
    )]
    Open { mode: u32 },
}

/// Which content a file has: another one, another stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file as it is now; `None` where there is none.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The file's text, where only its owner and group can read it.
pub(crate) fn read(path: &Path) -> Result<String, SecretError> {
    let mut file = File::open(path)?;
    // Of the open file, which nobody can replace in between.
    let mode = file.metadata()?.mode() & 0o7777;
    if mode & OF_OTHERS != 0 {
        return Err(SecretError::Open { mode });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
