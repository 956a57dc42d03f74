//! The programs that run in the kernel: one file a subject.
//!
//! Above each program stand its hook, what it needs and the oldest kernel that has it:
//! `hook:` where it is attached, `needs:` helpers and features beyond plain loads, `since:` the kernel version.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod asked;
mod atomic;
mod beginning;
mod bounds;
mod clock;
mod conversation;
mod descriptor;
mod frames;
mod go_call;
mod kernel;
mod lane;
mod loss;
mod maps;
mod messages;
mod owner;
mod packet;
mod packet_drop;
mod plaintext;
mod process;
mod registers;
mod reset;
mod ring;
mod scope;
mod segment;
mod socket_buffer;
mod socket_file;
mod socket_operations;
mod steering;
mod tcp_counters;
mod tcp_state;
mod tls_call;
mod unknown_socket;

/// The kernel lends GPL-only helpers to programs that declare a compatible licence.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: the verifier refuses programs that can come here, so no code does.
    unsafe { core::hint::unreachable_unchecked() }
}
