//! Go's `crypto/tls` in a program: where its calls begin, and each instruction by which they end.

use std::ops::Range;

use goldwire_probe_events::tls_function::{GO_CLOSE, GO_READ, GO_WRITE};
use iced_x86::{Code, Decoder, DecoderOptions};
use object::elf::{EM_AARCH64, EM_X86_64};

use super::{go_table::GoTable, points::Point, symbols::Elf};

const WRITE: &str = "crypto/tls.(*Conn).Write";
const READ: &str = "crypto/tls.(*Conn).Read";
const CLOSE: &str = "crypto/tls.(*Conn).Close";
/// The first method of a `net.Conn`: by its address the probes know that a connection is over TCP itself.
const TCP_CLOSE: &str = "net.(*TCPConn).Close";

/// Where the table is; the second where the program is one that may lie anywhere in memory.
const SECTIONS: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];

/// Functions that are longer are not looked at.
const LONGEST: u64 = 1 << 16;

/// `ret`, which takes the same form wherever Go uses it.
const AARCH64_RETURN: [u8; 4] = 0xd65f_03c0_u32.to_le_bytes();

/// All points of a program's `crypto/tls`; none where it has none, or one that cannot be read for sure.
pub(super) fn points(elf: &Elf<'_>) -> Vec<Point> {
    find(elf).unwrap_or_default()
}

fn find(elf: &Elf<'_>) -> Option<Vec<Point>> {
    let (_, table) = SECTIONS.iter().find_map(|name| elf.section(name))?;
    let table = GoTable::parse(table)?;
    let [write, read, close, tcp_close] = table.find([WRITE, READ, CLOSE, TCP_CLOSE]);
    let code = beginning_of_code(elf, &table)?;
    let at = |range: Option<Range<u64>>| Some(range.as_ref()?.start.checked_add(code)?..range?.end.checked_add(code)?);
    let (write, read, close, tcp_close) = (at(write)?, at(read)?, at(close)?, at(tcp_close)?);
    let mut points = Vec::new();
    for (kind, function) in [(GO_WRITE, write), (GO_READ, read)] {
        let returned = |offset| Point { program: "go_returned", kind, distance: 0, offset };
        points.extend(returns(elf, &function)?.into_iter().map(returned));
        let (distance, offset) = (function.start.wrapping_sub(tcp_close.start).cast_signed(), elf.code(&function)?.0);
        points.push(Point { program: "go_called", kind, distance, offset });
    }
    points.push(Point { program: "go_closed", kind: GO_CLOSE, distance: 0, offset: elf.code(&close)?.0 });
    Some(points)
}

/// Where the table does not say it, the code is all of its section, if Go's own linker made the program: then the program begins
/// with a function of Go's.
fn beginning_of_code(elf: &Elf<'_>, table: &GoTable<'_>) -> Option<u64> {
    if table.code != 0 {
        return Some(table.code);
    }
    let [intel, arm] = table.find(["_rt0_amd64_linux", "_rt0_arm64_linux"]);
    let (code, _) = elf.section(".text")?;
    (code.checked_add(intel.or(arm)?.start)? == elf.entry()).then_some(code)
}

/// Where the return instructions of a function are in the file; `None` where not all of it is understood.
fn returns(elf: &Elf<'_>, function: &Range<u64>) -> Option<Vec<u64>> {
    if function.end.checked_sub(function.start)? > LONGEST {
        return None;
    }
    let (offset, code) = elf.code(function)?;
    let found = match elf.machine() {
        EM_X86_64 => x86_returns(code)?,
        EM_AARCH64 => aarch64_returns(code),
        _ => return None,
    };
    (!found.is_empty()).then(|| found.into_iter().map(|place| offset + place).collect())
}

fn x86_returns(code: &[u8]) -> Option<Vec<u64>> {
    let mut found = Vec::new();
    for instruction in Decoder::new(64, code, DecoderOptions::NONE).iter() {
        match instruction.code() {
            Code::INVALID => return None,
            Code::Retnq => found.push(instruction.ip()),
            // Of another kind, which Go does not use.
            Code::Retnw | Code::Retnq_imm16 | Code::Retnw_imm16 | Code::Retfw | Code::Retfd | Code::Retfq => {
                return None;
            }
            _ => {}
        }
    }
    Some(found)
}

fn aarch64_returns(code: &[u8]) -> Vec<u64> {
    let words = code.chunks_exact(4).zip((0..).step_by(4));
    words.filter(|(word, _)| **word == AARCH64_RETURN).map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_are_instructions_and_not_bytes_that_look_like_them() {
        // mov eax, 0xc3c3c3c3; ret; int3; add rsp, 0x58; ret
        let code = b"\xb8\xc3\xc3\xc3\xc3\xc3\xcc\x48\x83\xc4\x58\xc3";
        assert_eq!(x86_returns(code), Some(vec![5, 11]));
        // An instruction that is cut off.
        assert_eq!(x86_returns(b"\xc3\x48\x83"), None);
        // ret 8
        assert_eq!(x86_returns(b"\xc2\x08\x00"), None);
    }

    #[test]
    fn returns_of_the_other_architecture_are_whole_words() {
        let code = [[0, 0, 0, 0], AARCH64_RETURN, [0xc0, 0x03, 0, 0], AARCH64_RETURN].concat();
        assert_eq!(aarch64_returns(&code), [4, 12]);
    }
}
