//! The table of functions that every program of Go carries for its stack traces, stripped or not: `.gopclntab`, in the form
//! that it has had since Go 1.18 (`debug/gosym` in Go's library).

use std::ops::Range;

/// Of Go 1.18 and 1.19, and since 1.20. Programs with others are older, and hand their arguments over on the stack.
const MAGICS: [u32; 2] = [0xffff_fff0, 0xffff_fff1];

/// The functions of a program.
#[derive(Debug)]
pub(super) struct GoTable<'a> {
    /// An entry a function, ordered by address: its offset from the beginning of the code, and the place of its description.
    /// One more offset says where the last one ends.
    entries: &'a [u8],
    /// Descriptions: an offset again, and the place of the name.
    descriptions: &'a [u8],
    names: &'a [u8],
    /// Where the code begins; 0 where the table does not say so, as since Go 1.26.
    pub(super) code: u64,
}

impl<'a> GoTable<'a> {
    /// Of a program with words of 64 bits, lower byte first; `None` for all else.
    pub(super) fn parse(table: &'a [u8]) -> Option<Self> {
        let magic = word(table, 0)?;
        if !MAGICS.contains(&magic) || table.get(4..6)? != [0, 0] || table[7..8] != [8] {
            return None;
        }
        let part = |place: usize| table.get(usize::try_from(long(table, place)?).ok()?..);
        let descriptions = part(64)?;
        let length = usize::try_from(long(table, 8)?).ok()?.checked_mul(8)?.checked_add(4)?;
        let (entries, code) = (descriptions.get(..length)?, long(table, 24)?);
        Some(Self { entries, descriptions, names: part(32)?, code })
    }

    /// Where functions are, counted from the beginning of the code.
    pub(super) fn find<const COUNT: usize>(&self, wanted: [&str; COUNT]) -> [Option<Range<u64>>; COUNT] {
        let mut found = [const { None }; COUNT];
        for index in 0..self.entries.len() / 8 {
            let Some((name, addresses)) = self.function(index) else { continue };
            let is_it =
                |wanted: &&str| name.strip_prefix(wanted.as_bytes()).is_some_and(|rest| rest.first() == Some(&0));
            if let Some(place) = wanted.iter().position(is_it) {
                found[place] = Some(addresses);
            }
        }
        found
    }

    /// The names of one function and of those after it, and where it is.
    fn function(&self, index: usize) -> Option<(&'a [u8], Range<u64>)> {
        let [start, description, end] = [0, 4, 8].map(|place| word(self.entries, 8 * index + place));
        let name = word(self.descriptions, (description? as usize).checked_add(4)?)?;
        Some((self.names.get(name as usize..)?, start?.into()..end?.into()))
    }
}

fn word(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}

fn long(bytes: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A table of these functions, each 16 bytes long.
    pub(crate) fn table_of(names: &[&str], code: u64) -> Vec<u8> {
        let text = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect::<Vec<_>>();
        let entries = names.len() * 8 + 4;
        let mut table = MAGICS[1].to_le_bytes().to_vec();
        table.extend([0, 0, 1, 8]);
        let longs = [names.len() as u64, 0, code, 72, 0, 0, 0, 72 + text.len() as u64];
        table.extend(longs.iter().flat_map(|long| long.to_le_bytes()));
        table.extend(&text);
        for index in 0..names.len() {
            table.extend([16 * index as u32, (entries + 8 * index) as u32].iter().flat_map(|word| word.to_le_bytes()));
        }
        table.extend((16 * names.len() as u32).to_le_bytes());
        let mut place = 0;
        for (index, name) in names.iter().enumerate() {
            table.extend([16 * index as u32, place].iter().flat_map(|word| word.to_le_bytes()));
            place += name.len() as u32 + 1;
        }
        table
    }

    #[test]
    fn functions_are_found_by_their_whole_names() {
        let table = table_of(&["runtime.main", "crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).ReadFrom"], 0x40_1000);
        let table = GoTable::parse(&table).unwrap();
        assert_eq!(table.code, 0x40_1000);
        assert_eq!(table.find(["crypto/tls.(*Conn).Read", "main.main"]), [Some(16..32), None]);
    }

    #[test]
    fn older_tables_and_others_are_refused() {
        let mut table = table_of(&["runtime.main"], 0);
        // Of Go 1.16 and 1.17.
        table[..4].copy_from_slice(&0xffff_fffa_u32.to_le_bytes());
        assert!(GoTable::parse(&table).is_none());
        assert!(GoTable::parse(&table[..6]).is_none());
        assert!(GoTable::parse(&[]).is_none());
    }

    proptest! {
        #[test]
        fn whatever_a_file_says_is_looked_up_without_harm(
            longs in prop::collection::vec(prop_oneof![0..200_u64, any::<u64>()], 8),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut table = [&MAGICS[0].to_le_bytes()[..], &[0, 0, 1, 8]].concat();
            table.extend(longs.iter().flat_map(|long| long.to_le_bytes()));
            table.extend(rest);
            if let Some(table) = GoTable::parse(&table) {
                let _ = table.find(["", "a"]);
            }
        }
    }
}
