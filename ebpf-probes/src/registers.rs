//! Registers of a program in user space, at the places where `struct pt_regs` of this architecture has them.

use core::ffi::c_void;

const X86_64: bool = is("x86_64");

const _: () = assert!(X86_64 || is("aarch64"), "the places of the registers of this architecture");

const fn is(architecture: &str) -> bool {
    let (ours, wanted) = (env!("AYA_BPF_TARGET_ARCH").as_bytes(), architecture.as_bytes());
    let mut same = ours.len() == wanted.len();
    let mut index = 0;
    while same && index < ours.len() {
        same = ours[index] == wanted[index];
        index += 1;
    }
    same
}

/// `rsp` or `sp`
const STACK: usize = if X86_64 { 152 } else { 248 };
/// `rip` or `pc`
const INSTRUCTION: usize = if X86_64 { 128 } else { 256 };
/// Go's first integers of arguments and results: `rax`, `rbx` and `rcx`, or `x0` to `x2` (Go's `abi-internal.md`).
const GO_WORDS: [usize; 3] = if X86_64 { [80, 40, 88] } else { [0, 8, 16] };
/// Where Go has the goroutine that runs: `r14` or `x28`.
const GOROUTINE: usize = if X86_64 { 8 } else { 224 };

/// The stack pointer.
#[inline(always)]
pub fn stack_end(registers: *const c_void) -> u64 {
    load::<STACK>(registers)
}

/// Where the instruction is that the program is about to run.
#[inline(always)]
pub fn instruction(registers: *const c_void) -> u64 {
    load::<INSTRUCTION>(registers)
}

/// At the beginning of a function of Go's its first argument, at its end its first result.
#[inline(always)]
pub fn go_first(registers: *const c_void) -> u64 {
    load::<{ GO_WORDS[0] }>(registers)
}

/// The second one: where a slice begins that is the first argument of a method.
#[inline(always)]
pub fn go_second(registers: *const c_void) -> u64 {
    load::<{ GO_WORDS[1] }>(registers)
}

/// The address of the runtime's struct for the goroutine that runs.
#[inline(always)]
pub fn goroutine(registers: *const c_void) -> u64 {
    load::<GOROUTINE>(registers)
}

#[inline(always)]
fn load<const OFFSET: usize>(registers: *const c_void) -> u64 {
    // SAFETY: the context of a program at a function of user space, which is `struct pt_regs`; volatile, so that it is one load
    // at that offset.
    unsafe { registers.cast::<u8>().add(OFFSET).cast::<u64>().read_volatile() }
}
