//! Where libraries may be: the folders that the dynamic linker knows, and what processes have mapped.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Names of TLS libraries begin like this: `libssl.so.3`, `libssl-41c5b1f2.so.1.1` of a Python package, `libgnutls.so.30`.
const NAMES: [&str; 2] = ["libssl", "libgnutls"];

/// The libraries that programs get which do not say where theirs are.
pub(super) fn system_libraries() -> BTreeSet<PathBuf> {
    let cache = fs::read("/etc/ld.so.cache").unwrap_or_default();
    let mut found = libraries_in(&cache);
    for folder in ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        found.extend(entries.filter(|path| is_library(path)));
    }
    found
}

/// The cache has its paths as text, ended by NUL.
fn libraries_in(cache: &[u8]) -> BTreeSet<PathBuf> {
    let texts = cache.split(|byte| *byte == 0).filter(|text| text.starts_with(b"/"));
    texts.map(|text| Path::new(OsStr::from_bytes(text))).filter(|path| is_library(path)).map(Path::to_owned).collect()
}

fn is_library(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return false };
    NAMES.iter().any(|start| name.starts_with(start)) && name.contains(".so")
}

/// A file of a process, as its map names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mapped {
    pub(super) inode: u64,
    pub(super) path: PathBuf,
}

/// The TLS libraries that a process has mapped.
pub(super) fn mapped_libraries(pid: u32) -> BTreeSet<Mapped> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.lines().filter_map(mapped).filter(|mapped| is_library(&mapped.path)).collect()
}

/// `7f0a…-7f0b… r-xp 00026000 08:01 1234      /usr/lib/libssl.so.3`
fn mapped(line: &str) -> Option<Mapped> {
    let (_, after) = line.split_once(' ')?;
    let (rights, after) = after.split_once(' ')?;
    let (_offset, after) = after.split_once(' ')?;
    let (_device, after) = after.split_once(' ')?;
    let (inode, path) = after.split_once(' ')?;
    let path = path.trim_start();
    (rights.contains('x') && path.starts_with('/'))
        .then(|| Some(Mapped { inode: inode.parse().ok()?, path: path.into() }))?
}

/// Every process of the node.
pub(super) fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_their_names() {
        let names = ["/usr/lib/libssl.so.3", "/x/libssl-41c5b1f2.so.1.1", "/x/libgnutls.so.30.34.3"];
        assert!(names.iter().all(|name| is_library(Path::new(name))));
        assert!(!is_library(Path::new("/usr/lib/libcrypto.so.3")));
        assert!(!is_library(Path::new("/usr/lib/libssl.a")));
    }

    #[test]
    fn the_linkers_cache_has_paths_as_text() {
        let cache = b"glibc-ld.so.cache1.1\x01\x02\0libssl.so.3\0/usr/lib/libssl.so.3\0/usr/lib/libz.so.1\0";
        assert_eq!(libraries_in(cache), BTreeSet::from([PathBuf::from("/usr/lib/libssl.so.3")]));
    }

    #[test]
    fn only_code_is_taken_from_maps() {
        let code = "7f0a00-7f0b00 r-xp 00026000 08:01 1234                       /a b/libssl.so.3";
        assert_eq!(mapped(code), Some(Mapped { inode: 1234, path: "/a b/libssl.so.3".into() }));
        assert_eq!(mapped("7f0a00-7f0b00 r--p 00026000 08:01 1234   /a/libssl.so.3"), None);
        assert_eq!(mapped("7f0a00-7f0b00 rw-p 00000000 00:00 0 "), None);
        assert_eq!(mapped("7f0a00-7f0b00 r-xp 00000000 00:00 0    [vdso]"), None);
    }
}
