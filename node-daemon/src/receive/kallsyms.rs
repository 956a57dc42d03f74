//! Names of the kernel's functions by address.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
};

/// Names that were asked for. The table of the kernel has some 200,000 lines, so it is read once for all addresses that are
/// new, and only the answers are kept.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    found: HashMap<u64, String>,
}

impl Symbols {
    /// Looks up those of these addresses that are new. Takes some ten milliseconds where any is.
    pub(super) fn learn(&mut self, addresses: impl Iterator<Item = u64>) {
        let mut new: Vec<u64> = addresses.filter(|address| !self.found.contains_key(address)).collect();
        new.sort_unstable();
        new.dedup();
        if !new.is_empty() {
            let names = File::open("/proc/kallsyms").map(|table| search(BufReader::new(table), &new));
            self.found.extend(new.iter().copied().zip(names.unwrap_or_else(|_| vec![String::new(); new.len()])));
        }
    }

    /// The function that an address lies in; empty where it cannot be told.
    pub(super) fn name(&self, address: u64) -> &str {
        self.found.get(&address).map_or("", String::as_str)
    }
}

/// Of each address the symbol with the highest address that is not above it. All addresses are 0 for those who may not know.
fn search(mut table: impl BufRead, addresses: &[u64]) -> Vec<String> {
    let mut best = vec![(0, String::new()); addresses.len()];
    let mut line = String::new();
    while matches!({ line.clear(); table.read_line(&mut line) }, Ok(length) if length > 0) {
        let mut words = line.split_ascii_whitespace();
        let (Some(start), Some("t" | "T" | "w" | "W"), Some(name)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let Ok(start) = u64::from_str_radix(start, 16) else { continue };
        for (address, (found, of)) in addresses.iter().zip(&mut best) {
            if start != 0 && start <= *address && *found <= start {
                *found = start;
                name.clone_into(of);
            }
        }
    }
    best.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "ffff0010 T first\nffff0100 t second\nffff0180 d no_code\nffff0200 T third [module]\n";

    #[test]
    fn an_address_belongs_to_the_function_before_it() {
        let addresses = [0xffff_0000, 0xffff_01ff, 0xffff_0200];
        assert_eq!(search(TABLE.as_bytes(), &addresses), ["", "second", "third"]);
    }

    #[test]
    fn hidden_addresses_tell_nothing() {
        assert_eq!(search("0000000000000000 T first\n".as_bytes(), &[0xffff_0000]), [""]);
    }

    #[test]
    fn functions_of_the_running_kernel_are_named() {
        let mut symbols = Symbols::default();
        symbols.learn([u64::MAX, 1].into_iter());
        assert_eq!(symbols.name(1), "");
        assert_ne!(symbols.name(u64::MAX), "");
    }
}
