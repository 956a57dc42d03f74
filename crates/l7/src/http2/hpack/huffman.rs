//! The Huffman code of header strings, RFC 7541 section 5.2 and appendix B.
//!
//! The code is canonical: how long each symbol's code is says all, so that is all that stands here. Why it is our own is
//! told in `docs/decisions/hpack.md`.

/// Bits of each symbol's code, in the order of appendix B: the 256 bytes, then EOS.
#[rustfmt::skip]
const BITS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6,
    6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6,
    6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22,
    20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23,
    22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22,
    23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22,
    25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const EOS: u16 = 256;
const LONGEST: usize = 30;
/// Codes up to so many bits are looked up at once: nearly all of usual text.
const QUICK: u32 = 8;

/// The code, turned into what a decoder asks for. Codes are read as if they stood at the upper end of 32 bits.
struct Code {
    /// Symbols in the order of their codes.
    symbols: [u16; 257],
    /// By length: the first code that is longer.
    limits: [u64; LONGEST + 1],
    /// By length: the first code of that length, and where its symbol stands.
    firsts: [(u64, usize); LONGEST + 1],
    /// By the next [`QUICK`] bits: symbol and length, where the code is no longer than that; else a length of 0.
    quick: [(u8, u8); 1 << QUICK],
}

static CODE: Code = code();

const fn code() -> Code {
    let mut code = Code {
        symbols: [0; 257],
        limits: [0; LONGEST + 1],
        firsts: [(0, 0); LONGEST + 1],
        quick: [(0, 0); 1 << QUICK],
    };
    let (mut length, mut next, mut placed) = (1, 0_u64, 0);
    while length <= LONGEST {
        let step = 1_u64 << (32 - length);
        code.firsts[length] = (next, placed);
        let mut symbol = 0;
        while symbol < BITS.len() {
            if BITS[symbol] as usize == length {
                code.symbols[placed] = symbol as u16;
                fill_quick(&mut code.quick, symbol, length, next);
                (placed, next) = (placed + 1, next + step);
            }
            symbol += 1;
        }
        code.limits[length] = next;
        length += 1;
    }
    code
}

const fn fill_quick(quick: &mut [(u8, u8); 1 << QUICK], symbol: usize, length: usize, at: u64) {
    if length > QUICK as usize {
        return;
    }
    let first = (at >> (32 - QUICK)) as usize;
    let mut index = first;
    while index < first + (1 << (QUICK as usize - length)) {
        quick[index] = (symbol as u8, length as u8);
        index += 1;
    }
}

impl Code {
    /// The symbol whose code these bits begin with, and the code's length.
    fn symbol(&self, window: u32) -> (u16, u32) {
        let (symbol, length) = self.quick[(window >> (32 - QUICK)) as usize];
        if length > 0 {
            return (u16::from(symbol), u32::from(length));
        }
        let window = u64::from(window);
        let longer = QUICK as usize + 1..LONGEST;
        let length = longer.into_iter().find(|length| window < self.limits[*length]).unwrap_or(LONGEST);
        let (first, index) = self.firsts[length];
        let offset = (window.saturating_sub(first) >> (32 - length)) as usize;
        (self.symbols.get(index + offset).copied().unwrap_or(EOS), length as u32)
    }
}

/// Gives every byte that is encoded here, and says how many there were. Absent where it is not this code.
pub(super) fn decode(encoded: &[u8], mut each: impl FnMut(u8)) -> Option<usize> {
    let (mut input, mut bits, mut available, mut count) = (encoded.iter(), 0_u64, 0_u32, 0);
    loop {
        while available <= 56
            && let Some(byte) = input.next()
        {
            bits |= u64::from(*byte) << (56 - available);
            available += 8;
        }
        // What is left of the last byte is the beginning of EOS, all ones.
        if available < 8 && bits.leading_ones() >= available {
            return Some(count);
        }
        let padded = bits | u64::MAX.checked_shr(available).unwrap_or(0);
        let (symbol, length) = CODE.symbol((padded >> 32) as u32);
        let byte = u8::try_from(symbol).ok().filter(|_| length <= available)?;
        (bits, available, count) = (bits << length, available - length, count + 1);
        each(byte);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(encoded: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let count = decode(encoded, |byte| bytes.push(byte))?;
        assert_eq!(count, bytes.len());
        Some(bytes)
    }

    /// Codes counted up by length, as appendix B says they are.
    pub(in super::super) fn encode(text: &[u8]) -> Vec<u8> {
        let code_of = |symbol: usize| {
            let place = CODE.symbols.iter().position(|other| usize::from(*other) == symbol).expect("every byte");
            let length = usize::from(BITS[symbol]);
            let (first, index) = CODE.firsts[length];
            ((first >> (32 - length)) + (place - index) as u64, length)
        };
        let mut bits: Vec<bool> = Vec::new();
        for byte in text {
            let (code, length) = code_of(usize::from(*byte));
            bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
        }
        bits.resize(bits.len().next_multiple_of(8), true);
        bits.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    /// Appendices C.4 and C.6.
    #[test]
    fn examples_of_the_rfc() {
        for (encoded, text) in [
            ("f1e3 c2e5 f23a 6ba0 ab90 f4ff", "www.example.com"),
            ("a8eb 1064 9cbf", "no-cache"),
            ("25a8 49e9 5ba9 7d7f", "custom-key"),
            ("25a8 49e9 5bb8 e8b4 bf", "custom-value"),
            ("6402", "302"),
            ("640e ff", "307"),
            ("d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
            ("9bd9 ab", "gzip"),
            ("", ""),
        ] {
            assert_eq!(decoded(&hex(encoded)).as_deref(), Some(text.as_bytes()), "{text}");
            assert_eq!(encode(text.as_bytes()), hex(encoded), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused() {
        // Padding that is not all ones, padding of a whole byte, EOS itself, a code that is cut.
        for wrong in ["1e", "1fff", "ffff ffff", "ffff fffc", "ff"] {
            assert_eq!(decoded(&hex(wrong)), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decoded(&encode(&text)), Some(text));
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decoded(&bytes);
        }
    }
}
