//! Names of the kernel's functions by address.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
};

/// Names that were asked for. The table of the kernel has some 200,000 lines, so it is read at the first question about a new
/// address, and only the answer is kept.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    found: HashMap<u64, String>,
}

impl Symbols {
    /// The function that an address lies in; empty where it cannot be told.
    pub(super) fn name(&mut self, address: u64) -> &str {
        self.found.entry(address).or_insert_with(|| search(address).unwrap_or_default())
    }
}

fn search(address: u64) -> Option<String> {
    search_in(BufReader::new(File::open("/proc/kallsyms").ok()?), address)
}

/// The symbol with the highest address that is not above the one asked for. All addresses are 0 for those who may not know.
fn search_in(table: impl BufRead, address: u64) -> Option<String> {
    let mut best: Option<(u64, String)> = None;
    for line in table.lines().map_while(Result::ok) {
        let mut words = line.split_ascii_whitespace();
        let (Some(start), Some(kind), Some(name)) = (words.next(), words.next(), words.next()) else { continue };
        let Ok(start) = u64::from_str_radix(start, 16) else { continue };
        let is_code = matches!(kind, "t" | "T" | "w" | "W");
        if is_code && start != 0 && start <= address && best.as_ref().is_none_or(|(found, _)| *found <= start) {
            best = Some((start, name.to_owned()));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "ffff0010 T first\nffff0100 t second\nffff0180 d no_code\nffff0200 T third [module]\n";

    #[test]
    fn an_address_belongs_to_the_function_before_it() {
        assert_eq!(search_in(TABLE.as_bytes(), 0xffff_01ff).as_deref(), Some("second"));
        assert_eq!(search_in(TABLE.as_bytes(), 0xffff_0200).as_deref(), Some("third"));
        assert_eq!(search_in(TABLE.as_bytes(), 0xffff_0000), None);
    }

    #[test]
    fn hidden_addresses_tell_nothing() {
        assert_eq!(search_in("0000000000000000 T first\n".as_bytes(), 0xffff_0000), None);
    }
}
