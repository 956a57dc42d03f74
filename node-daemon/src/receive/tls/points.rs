//! Where in a file which program is attached.

use std::{fs::File, io};

use goldwire_probe_events::tls_function;
use object::ReadCache;

use super::{
    go,
    symbols::{self, Elf, Found},
};

/// A place in a file, and the program for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) program: &'static str,
    /// One of [`tls_function`].
    pub(super) kind: u8,
    /// What functions of Go are told beside it; else 0.
    pub(super) distance: i64,
    /// Where the instruction is in the file.
    pub(super) offset: u64,
}

impl Point {
    /// What the program is told; `place` is the file's.
    pub(super) fn attachment(&self, place: u32) -> u64 {
        (self.distance << 24).cast_unsigned() | u64::from(place) << 8 | u64::from(self.kind)
    }
}

/// The points of a file; none where it has no TLS that can be read. The ends of calls come first: a call whose beginning was
/// seen is never without its end.
pub(super) fn of_file(file: &File) -> io::Result<Vec<Point>> {
    let cache = ReadCache::new(file);
    let elf = Elf::parse(&cache).map_err(io::Error::other)?;
    let found = symbols::functions(&elf).map_err(io::Error::other)?;
    Ok(found.iter().flat_map(of_function).chain(go::points(&elf)).collect())
}

fn of_function(found: &Found) -> impl Iterator<Item = Point> {
    let kind = found.function.kind;
    let programs: &[_] = if kind == tls_function::FREE { &["tls_freed"] } else { &["tls_returned", "tls_called"] };
    let offset = found.offset;
    programs.iter().map(move |program| Point { program, kind, distance: 0, offset })
}

#[cfg(test)]
mod tests {
    use goldwire_probe_events::tls_file;

    use super::*;

    #[test]
    fn what_a_program_is_told_can_be_taken_apart() {
        let point = Point { program: "go_called", kind: tls_function::GO_READ, distance: -0x12_3456, offset: 0 };
        let told = point.attachment(4095);
        assert_eq!((told as u8, tls_file(told)), (tls_function::GO_READ, 4095));
        assert_eq!(told.cast_signed() >> 24, -0x12_3456);
    }
}
