//! Header blocks to what they say, RFC 7541 sections 3 and 6.

use crate::{
    Sink,
    http::UserAgents,
    http2::fields::{Fields, Meaning, Name},
};

use super::{
    fixed::FIXED,
    input::{Input, Unreadable},
    table::{Named, Table},
};

/// Bytes of a name that are looked at: longer ones mean nothing here.
const NAME_MAX: usize = 32;
/// Bytes of a value that are looked at: a path is cut earlier.
const VALUE_MAX: usize = 4096;

/// Reads one direction's blocks, in their order.
#[derive(Debug, Default)]
pub(in crate::http2) struct Decoder {
    table: Table,
    agents: UserAgents,
    scratch: Vec<u8>,
}

impl Decoder {
    /// Reads a block. False where it could not be read to its end: what it says from there on is not known, and nothing
    /// that was said before can be referred to any more.
    pub(in crate::http2) fn decode(&mut self, block: &[u8], fields: &mut Fields, sink: &mut dyn Sink) -> bool {
        let mut input = Input(block);
        while let Some(first) = input.first() {
            if self.representation(first, &mut input, fields, sink).is_err() {
                self.forget();
                return false;
            }
        }
        true
    }

    /// Blocks were missed, or a part of one.
    pub(in crate::http2) fn forget(&mut self) {
        self.table.forget();
    }

    fn representation(
        &mut self,
        first: u8,
        input: &mut Input<'_>,
        fields: &mut Fields,
        sink: &mut dyn Sink,
    ) -> Result<(), Unreadable> {
        match first {
            0x80.. => {
                let index = input.integer(7)?;
                let (name, meaning) = self.table.field(index, &mut self.agents, sink).ok_or(Unreadable)?;
                fields.take(name, meaning);
            }
            0x40.. => {
                let named = self.name(6, input)?;
                let (meaning, length) = self.value(named.name, input, sink)?;
                self.table.insert(named, length, meaning.clone());
                fields.take(named.name, meaning);
            }
            0x20.. => self.table.resize(input.integer(5)?),
            _ => {
                let named = self.name(4, input)?;
                if named.name.has_use() {
                    let (meaning, _) = self.value(named.name, input, sink)?;
                    fields.take(named.name, meaning);
                } else {
                    input.string()?;
                    fields.take(named.name, Meaning::Nothing);
                }
            }
        }
        Ok(())
    }

    fn name(&mut self, prefix: u32, input: &mut Input<'_>) -> Result<Named, Unreadable> {
        let index = input.integer(prefix)?;
        if index > 0 {
            return self.table.name(index).ok_or(Unreadable);
        }
        let (text, length) = input.string()?.read(&mut self.scratch, NAME_MAX)?;
        let name = if length == text.len() { Name::of(text) } else { Name::Hidden };
        Ok(Named { name, length })
    }

    /// Values that are not shown are not even decoded, only counted.
    fn value(
        &mut self,
        name: Name,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(Meaning, usize), Unreadable> {
        let value = input.string()?;
        if !name.has_use() {
            return Ok((Meaning::Nothing, value.length()?));
        }
        let (text, length) = value.read(&mut self.scratch, VALUE_MAX)?;
        let meaning = Meaning::of(name, text, &mut self.agents, sink);
        // A query string may have been in it.
        self.scratch.fill(0);
        Ok((meaning, length))
    }
}

/// Whether these bytes are the block of a message's head, judged by its form: it begins with a pseudo-header field of the
/// fixed table, as all heads do, and can be read to its end.
pub(in crate::http2) fn is_head(block: &[u8]) -> bool {
    let mut input = Input(block);
    let first = input.first().and_then(|first| shape(first, &mut input).ok());
    first.is_some_and(is_pseudo) && is_block(input.0)
}

/// Whether these bytes can be read as a block, whatever it refers to.
pub(in crate::http2) fn is_block(block: &[u8]) -> bool {
    let mut input = Input(block);
    std::iter::from_fn(|| Some(shape(input.first()?, &mut input))).all(|shape| shape.is_ok())
}

fn is_pseudo(index: u32) -> bool {
    let entry = (index as usize).checked_sub(1).and_then(|index| FIXED.get(index));
    entry.is_some_and(|(name, _)| name.starts_with(':'))
}

/// Passes over a representation, and says which index it has.
fn shape(first: u8, input: &mut Input<'_>) -> Result<u32, Unreadable> {
    let (prefix, has_value) = match first {
        0x80.. => (7, false),
        0x40.. => (6, true),
        0x20.. => (5, false),
        _ => (4, true),
    };
    let index = input.integer(prefix)?;
    if first == 0x80 {
        return Err(Unreadable);
    }
    if has_value && index == 0 {
        input.string()?.length()?;
    }
    if has_value {
        input.string()?.length()?;
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Texts;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn read(decoder: &mut Decoder, block: &str) -> Fields {
        let mut fields = Fields::default();
        assert!(decoder.decode(&hex(block), &mut fields, &mut Texts), "{block}");
        fields
    }

    const FIRST: &str = "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff";
    const SECOND: &str = "8286 84be 5886 a8eb 1064 9cbf";
    const THIRD: &str = "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf";

    /// Appendix C.4: three requests on one connection.
    #[test]
    fn requests_of_the_rfc() {
        let mut decoder = Decoder::default();
        for (block, path) in [(FIRST, "/"), (SECOND, "/"), (THIRD, "/index.html")] {
            let mut fields = read(&mut decoder, block);
            assert_eq!((fields.method.as_deref(), fields.path.as_deref()), (Some("GET"), Some(path)));
            assert_eq!(fields.host().as_deref(), Some("www.example.com"));
            assert!(fields.is_head && !fields.has_unknown);
        }
    }

    /// Appendix C.6: three answers, with a table of 256 bytes that evicts.
    #[test]
    fn answers_of_the_rfc() {
        let mut decoder = Decoder::default();
        decoder.table.resize(256);
        for (block, status) in [
            (
                "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 \
                 63c7 8f0b 97c8 e9ae 82ae 43d3",
                302,
            ),
            ("4883 640e ffc1 c0bf", 307),
            (
                "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 \
                 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
                200,
            ),
        ] {
            assert_eq!(read(&mut decoder, block).status, Some(status));
        }
    }

    /// Joined between the first and the second request: the host is not known, all else is; the third refers to nothing old.
    #[test]
    fn what_was_said_before_is_unknown() {
        let mut decoder = Decoder::default();
        let mut second = read(&mut decoder, SECOND);
        assert_eq!((second.host(), second.path.as_deref(), second.has_unknown), (None, Some("/"), true));
        assert!(read(&mut decoder, THIRD).has_unknown);
        let mut named_again = read(&mut decoder, FIRST);
        assert_eq!(named_again.host().as_deref(), Some("www.example.com"));
        let mut newest = read(&mut decoder, "8286 84be");
        assert_eq!(newest.host().as_deref(), Some("www.example.com"));
        assert!(!newest.has_unknown);
    }

    #[test]
    fn an_unreadable_block_leaves_nothing_to_refer_to() {
        let mut decoder = Decoder::default();
        read(&mut decoder, FIRST);
        let mut fields = Fields::default();
        assert!(!decoder.decode(&hex("8286 80"), &mut fields, &mut Texts));
        assert_eq!(fields.method.as_deref(), Some("GET"));
        assert!(read(&mut decoder, SECOND).has_unknown);
    }

    #[test]
    fn a_table_of_no_size_keeps_nothing() {
        let mut decoder = Decoder::default();
        read(&mut decoder, &format!("20 {FIRST}"));
        assert!(read(&mut decoder, "8286 84be").has_unknown);
    }

    #[test]
    fn secrets_and_queries_are_not_kept() {
        let mut decoder = Decoder::default();
        // authorization: secret, indexed; :path /a?key=1, indexed.
        read(&mut decoder, "57 06 736563726574 44 08 2f613f6b65793d31");
        let held = format!("{decoder:?}");
        assert!(!held.contains("secret") && !held.contains("key=1") && held.contains("/a"), "{held}");
    }

    #[test]
    fn heads_are_known_by_their_form() {
        for (block, is) in [(FIRST, true), ("88", true), ("4882 6402", true), ("40 01 61 01 62", false), ("be", false)]
        {
            assert_eq!(is_head(&hex(block)), is, "{block}");
        }
        assert!(!is_head(&[]) && !is_head(&hex("88 ff")));
    }
}
