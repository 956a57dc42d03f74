//! Where fields are in this kernel's structs: a reader of the kernel's own BTF, as far as that question goes.
//!
//! rustc emits no relocations that a loader could adjust, so the offsets are found here and handed to the probes as constants.

use std::{fs, io, path::Path};

use thiserror::Error;

use goldwire_probe_events::Offsets;

const MAGIC: u16 = 0xeb9f;
const KIND_ARRAY: u32 = 3;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_ENUM: u32 = 6;
const KIND_TYPEDEF: u32 = 8;
const KIND_VOLATILE: u32 = 9;
const KIND_CONST: u32 = 10;
const KIND_RESTRICT: u32 = 11;
const KIND_TYPE_TAG: u32 = 18;
/// Typedefs and qualifiers in a row, and anonymous structs in each other, before the BTF counts as broken.
const DEEPEST: u32 = 32;

/// Why the kernel's types cannot be used.
#[derive(Debug, Error)]
pub enum BtfError {
    #[error("the kernel gives no types of its own (/sys/kernel/btf/vmlinux): {0}")]
    Missing(#[source] io::Error),
    #[error("the kernel's types are malformed")]
    Malformed,
}

/// The kernel's types.
pub(super) struct KernelTypes {
    bytes: Vec<u8>,
    strings: usize,
    /// Where each type begins; the first is void.
    types: Vec<u32>,
}

/// A field: where it is, in bits, and of what type.
#[derive(Clone, Copy)]
struct Field {
    bits: u32,
    of: u32,
}

impl KernelTypes {
    /// Reads the running kernel's.
    pub(super) fn of_running_kernel() -> Result<Self, BtfError> {
        let bytes = fs::read(Path::new("/sys/kernel/btf/vmlinux")).map_err(BtfError::Missing)?;
        Self::parse(bytes).ok_or(BtfError::Malformed)
    }

    /// Offsets of all fields that the probes use.
    pub(super) fn offsets(&self) -> Offsets {
        use zerocopy::FromBytes;
        let mut words = [0_u32; size_of::<Offsets>() / 4];
        for (word, (_, structure, path, _)) in words.iter_mut().zip(Offsets::FIELDS) {
            *word = self.offset(structure, path).unwrap_or(goldwire_probe_events::ABSENT);
        }
        Offsets::read_from_bytes(zerocopy::IntoBytes::as_bytes(&words)).unwrap_or(Offsets::UNKNOWN)
    }

    /// Offset in bytes of a field such as `__sk_common.skc_family`; array elements are named by an enumerator, as in
    /// `subsys[pids_cgrp_id]`.
    pub(super) fn offset(&self, structure: &str, path: &str) -> Option<u32> {
        let mut at = Field { bits: 0, of: self.named(KIND_STRUCT, structure)? };
        for part in path.split('.') {
            let (name, index) =
                part.split_once('[').map_or((part, None), |(name, rest)| (name, rest.strip_suffix(']')));
            let field = self.field(at.of, name, 0)?;
            at = Field { bits: at.bits + field.bits, of: field.of };
            if let Some(enumerator) = index {
                at.bits += 64 * self.enumerator(enumerator)?;
            }
        }
        at.bits.is_multiple_of(8).then_some(at.bits / 8)
    }

    /// Names and values of an enum.
    pub(super) fn enumerators(&self, name: &str) -> Vec<(String, u32)> {
        let Some(at) = self.named(KIND_ENUM, name).and_then(|index| self.start(index)) else { return Vec::new() };
        self.enumerators_at(at).collect()
    }

    /// The first type of a kind with a name.
    fn named(&self, kind: u32, name: &str) -> Option<u32> {
        let is_it =
            |at: usize| self.kind(at) == Some(kind) && self.word(at).and_then(|offset| self.text(offset)) == Some(name);
        let index = self.types.iter().skip(1).position(|at| is_it(*at as usize))? + 1;
        u32::try_from(index).ok()
    }

    /// Where a type begins.
    fn start(&self, index: u32) -> Option<usize> {
        self.types.get(index as usize).map(|at| *at as usize)
    }

    fn enumerators_at(&self, at: usize) -> impl Iterator<Item = (String, u32)> + '_ {
        let count = self.count(at).unwrap_or(0) as usize;
        (0..count).filter_map(move |member| {
            let member = at + 12 + member * 8;
            Some((self.text(self.word(member)?)?.to_owned(), self.word(member + 4)?))
        })
    }

    /// The value of an enumerator of any enum.
    fn enumerator(&self, name: &str) -> Option<u32> {
        let starts = self.types.iter().skip(1).map(|at| *at as usize);
        starts
            .filter(|at| self.kind(*at) == Some(KIND_ENUM))
            .flat_map(|at| self.enumerators_at(at))
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let magic = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
        let mut this = Self { bytes, strings: 0, types: vec![0] };
        if magic != MAGIC {
            return None;
        }
        let header = this.word(4)? as usize;
        let (types, length, strings) = (this.word(8)? as usize, this.word(12)? as usize, this.word(16)? as usize);
        this.strings = header + strings;
        let end = header + types + length;
        let mut at = header + types;
        while at < end {
            this.types.push(u32::try_from(at).ok()?);
            at += this.length_of_type(at)?;
        }
        Some(this)
    }

    /// Finds a member by name, also in anonymous structs and unions inside.
    fn field(&self, of: u32, name: &str, depth: u32) -> Option<Field> {
        let at = self.start(self.bare(of)?)?;
        if depth > DEEPEST || !matches!(self.kind(at)?, KIND_STRUCT | KIND_UNION) {
            return None;
        }
        let has_bitfields = self.word(at + 4)? >> 31 != 0;
        for member in 0..self.count(at)? as usize {
            let member = at + 12 + member * 12;
            let (text, of, offset) = (self.text(self.word(member)?)?, self.word(member + 4)?, self.word(member + 8)?);
            let bits = if has_bitfields { offset & 0x00ff_ffff } else { offset };
            if text == name {
                return Some(Field { bits, of });
            }
            if text.is_empty()
                && let Some(inner) = self.field(of, name, depth + 1)
            {
                return Some(Field { bits: bits + inner.bits, of: inner.of });
            }
        }
        None
    }

    /// The type without typedefs and qualifiers; an array's is that of its elements.
    fn bare(&self, mut index: u32) -> Option<u32> {
        for _ in 0..DEEPEST {
            let at = self.start(index)?;
            match self.kind(at)? {
                KIND_TYPEDEF | KIND_VOLATILE | KIND_CONST | KIND_RESTRICT | KIND_TYPE_TAG => {
                    index = self.word(at + 8)?;
                }
                KIND_ARRAY => index = self.word(at + 12)?,
                _ => return Some(index),
            }
        }
        None
    }

    fn kind(&self, at: usize) -> Option<u32> {
        Some(self.word(at + 4)? >> 24 & 0x1f)
    }

    fn count(&self, at: usize) -> Option<u32> {
        Some(self.word(at + 4)? & 0xffff)
    }

    /// Bytes that a type takes in the table.
    fn length_of_type(&self, at: usize) -> Option<usize> {
        let count = self.count(at)? as usize;
        let rest = match self.kind(at)? {
            KIND_ARRAY => 12,
            KIND_STRUCT | KIND_UNION => count * 12,
            KIND_ENUM => count * 8,
            // Integer, variable, declaration tag.
            1 | 14 | 17 => 4,
            // Function prototype.
            13 => count * 8,
            // Section, 64-bit enum.
            15 | 19 => count * 12,
            0 | 20.. => return None,
            _ => 0,
        };
        Some(12 + rest)
    }

    fn word(&self, at: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
    }

    fn text(&self, offset: u32) -> Option<&str> {
        let rest = self.bytes.get(self.strings + offset as usize..)?;
        std::str::from_utf8(&rest[..rest.iter().position(|byte| *byte == 0)?]).ok()
    }
}

#[cfg(test)]
mod tests {
    use goldwire_probe_events::Need;

    use super::*;

    #[test]
    fn finds_every_required_field_of_this_kernel() {
        let types = KernelTypes::of_running_kernel().unwrap();
        for (field, structure, path, need) in Offsets::FIELDS {
            let offset = types.offset(structure, path);
            assert!(offset.is_some() || *need == Need::Optional, "{field}: {structure} has no {path}");
        }
    }

    #[test]
    fn knows_what_the_headers_of_the_kernel_say() {
        let types = KernelTypes::of_running_kernel().unwrap();
        // The first fields of `struct sock_common`, the same since 3.13.
        assert_eq!(types.offset("sock", "__sk_common.skc_daddr"), Some(0));
        assert_eq!(types.offset("sock", "__sk_common.skc_rcv_saddr"), Some(4));
        assert_eq!(types.offset("sock", "__sk_common.skc_dport"), Some(12));
        assert_eq!(types.offset("sock", "__sk_common.skc_family"), Some(16));
        assert_eq!(types.offset("sock", "no_such_field"), None);
        assert_eq!(types.offset("no_such_struct", "field"), None);
    }

    #[test]
    fn reads_the_reasons_of_drops() {
        let types = KernelTypes::of_running_kernel().unwrap();
        let reasons = types.enumerators("skb_drop_reason");
        assert!(reasons.iter().any(|(name, _)| name == "SKB_DROP_REASON_NETFILTER_DROP"));
    }

    #[test]
    fn refuses_what_is_no_btf() {
        assert!(KernelTypes::parse(b"\x9f\xeb\x01".to_vec()).is_none());
        assert!(KernelTypes::parse(vec![0; 64]).is_none());
    }
}
