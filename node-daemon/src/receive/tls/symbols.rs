//! Where functions are in an ELF file.

use std::{fs::File, io, ops::Range};

use object::{
    Endianness, ReadCache, ReadRef, SectionIndex,
    elf::{FileHeader64, PT_LOAD, SHT_DYNSYM, SHT_SYMTAB, STT_FUNC},
    read::elf::{FileHeader, ProgramHeader, SectionHeader, SectionTable, Sym},
};

use super::functions::{Function, LIBRARIES};

type Header = FileHeader64<Endianness>;

/// Tables of symbols that are longer are not looked at.
const LONGEST_TABLE: u64 = 128 << 20;

/// A function in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) function: &'static Function,
    /// Where its first instruction is in the file.
    pub(super) offset: u64,
}

/// The functions of TLS libraries that a file defines: of each library all that are needed, or none.
pub(super) fn functions(elf: &Elf<'_>) -> object::Result<Vec<Found>> {
    let found = elf.functions(SHT_DYNSYM)?;
    if found.is_empty() { elf.functions(SHT_SYMTAB) } else { Ok(found) }
}

/// Where a program's first instruction is in its file.
pub(super) fn entry(file: &File) -> io::Result<u64> {
    let cache = ReadCache::new(file);
    let elf = Elf::parse(&cache).map_err(io::Error::other)?;
    elf.offset_of(elf.entry()).ok_or_else(|| io::Error::other("a program without instructions"))
}

/// A file that is a program or a library.
pub(super) struct Elf<'a> {
    data: &'a ReadCache<&'a File>,
    header: &'a Header,
    endian: Endianness,
    sections: SectionTable<'a, Header, &'a ReadCache<&'a File>>,
}

impl<'a> Elf<'a> {
    pub(super) fn parse(data: &'a ReadCache<&'a File>) -> object::Result<Self> {
        let header = Header::parse(data)?;
        let endian = header.endian()?;
        Ok(Self { data, header, endian, sections: header.sections(endian, data)? })
    }

    /// Of the instructions: `EM_X86_64` and its like.
    pub(super) fn machine(&self) -> u16 {
        self.header.e_machine(self.endian)
    }

    /// Address of a program's first instruction.
    pub(super) fn entry(&self) -> u64 {
        self.header.e_entry(self.endian)
    }

    /// Address and bytes of a section, if it has that name and is not too long.
    pub(super) fn section(&self, name: &str) -> Option<(u64, &'a [u8])> {
        let (_, section) = self.sections.section_by_name(self.endian, name.as_bytes())?;
        if section.sh_size(self.endian) > LONGEST_TABLE {
            return None;
        }
        Some((section.sh_addr(self.endian), section.data(self.endian, self.data).ok()?))
    }

    /// The bytes at these addresses, all in one segment, and where they are in the file.
    pub(super) fn code(&self, addresses: &Range<u64>) -> Option<(u64, &'a [u8])> {
        let offset = self.offset_of(addresses.start)?;
        let length = addresses.end.checked_sub(addresses.start)?;
        Some((offset, self.data.read_bytes_at(offset, length).ok()?))
    }

    /// Looks through one kind of table. The names are compared where they lie: asking for each by itself would be a read each.
    fn functions(&self, kind: u32) -> object::Result<Vec<Found>> {
        let mut found: Vec<Found> = Vec::new();
        for section in self.sections.iter().filter(|section| section.sh_type(self.endian) == kind) {
            let names = self.sections.section(SectionIndex(section.sh_link(self.endian) as usize))?;
            if section.sh_size(self.endian).max(names.sh_size(self.endian)) > LONGEST_TABLE {
                continue;
            }
            let names = names.data(self.endian, self.data)?;
            let symbols = section.data_as_array::<object::elf::Sym64<Endianness>, _>(self.endian, self.data)?;
            for symbol in symbols.iter().filter(|symbol| self.is_defined_function(symbol)) {
                let Some(function) = function_named(names, symbol.st_name(self.endian)) else { continue };
                let Some(offset) = self.offset_of(symbol.st_value(self.endian)) else { continue };
                if found.iter().all(|other| other.offset != offset) {
                    found.push(Found { function, offset });
                }
            }
        }
        Ok(complete(found))
    }

    fn is_defined_function(&self, symbol: &object::elf::Sym64<Endianness>) -> bool {
        symbol.st_type() == STT_FUNC && !symbol.is_undefined(self.endian) && symbol.st_value(self.endian) != 0
    }

    fn offset_of(&self, address: u64) -> Option<u64> {
        let segments = self.header.program_headers(self.endian, self.data).ok()?;
        let loaded = segments.iter().filter(|segment| segment.p_type(self.endian) == PT_LOAD);
        loaded
            .filter_map(|segment| {
                let inside = address.checked_sub(segment.p_vaddr(self.endian))?;
                (inside < segment.p_filesz(self.endian)).then(|| segment.p_offset(self.endian).checked_add(inside))?
            })
            .next()
    }
}

/// The function that is meant by the name at this place.
fn function_named(names: &[u8], place: u32) -> Option<&'static Function> {
    let name = names.get(place as usize..)?;
    // All begin like this, and few others do.
    if !name.starts_with(b"SSL_") && !name.starts_with(b"gnutls_") {
        return None;
    }
    let name = &name[..name.iter().position(|byte| *byte == 0)?];
    LIBRARIES.iter().copied().flatten().find(|function| function.symbol.as_bytes() == name)
}

/// Without the functions of libraries that lack one that is needed.
fn complete(found: Vec<Found>) -> Vec<Found> {
    let is_there = |function: &Function| found.iter().any(|found| found.function == function);
    let whole: Vec<_> = LIBRARIES
        .iter()
        .filter(|library| library.iter().all(|function| !function.is_needed || is_there(function)))
        .collect();
    found.into_iter().filter(|found| whole.iter().any(|library| library.contains(found.function))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_program_begins_somewhere_and_has_no_such_functions() {
        let own = File::open("/proc/self/exe").unwrap();
        assert!(entry(&own).unwrap() > 0);
        let cache = ReadCache::new(&own);
        assert_eq!(functions(&Elf::parse(&cache).unwrap()).unwrap(), []);
    }

    #[test]
    fn what_is_no_program_has_none() {
        let cache = File::open("/etc/passwd").unwrap();
        assert!(Elf::parse(&ReadCache::new(&cache)).is_err());
    }

    #[test]
    fn names_are_compared_whole() {
        let names = b"\0SSL_write\0SSL_write_early_data\0gnutls_record_recv\0SSL_wri";
        assert_eq!(function_named(names, 1).map(|function| function.symbol), Some("SSL_write"));
        assert_eq!(function_named(names, 11), None);
        assert_eq!(function_named(names, 32).map(|function| function.symbol), Some("gnutls_record_recv"));
        assert_eq!(function_named(names, 51), None);
        assert_eq!(function_named(names, 500), None);
    }
}
