//! What crosses the border between the kernel's probes and the daemon: the events of the two rings, the values of the
//! shared maps, and the constants that the daemon sets before it loads the probes.
//!
//! Every struct is `repr(C)`, has no padding and a size that is asserted, so that bytes can be checked and read in place.
//! Times are nanoseconds of `CLOCK_MONOTONIC`. Addresses are 16 bytes, IPv4 as IPv4-mapped IPv6; ports are in host order.
//! A cookie is `SO_COOKIE`, which names a socket for as long as the kernel runs, in every network namespace.

#![no_std]

/// Declares a struct of the border: its layout, its size, and its checked conversion from bytes in user space.
macro_rules! wire {
    ($(#[$meta:meta])* pub struct $name:ident: $size:literal { $($body:tt)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        #[cfg_attr(
            feature = "user",
            derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
        )]
        pub struct $name { $($body)* }
        const _: () = assert!(core::mem::size_of::<$name>() == $size);
    };
}

mod conversation;
mod datagram;
mod doorbell;
mod header;
mod kernel_struct;
mod lane;
mod loss;
mod packet_drop;
mod plaintext;
mod process;
mod settings;
mod socket;
mod steering;
mod tcp_adopted;
mod tcp_beginning;
mod tcp_closed;
mod tcp_connecting;
mod tcp_counters;
mod tcp_established;
mod tcp_listening;
mod tcp_segment;
mod tcp_translated;

pub use conversation::*;
pub use datagram::*;
pub use doorbell::*;
pub use header::*;
pub use kernel_struct::*;
pub use lane::*;
pub use loss::*;
pub use packet_drop::*;
pub use plaintext::*;
pub use process::*;
pub use settings::*;
pub use socket::*;
pub use steering::*;
pub use tcp_adopted::*;
pub use tcp_beginning::*;
pub use tcp_closed::*;
pub use tcp_connecting::*;
pub use tcp_counters::*;
pub use tcp_established::*;
pub use tcp_listening::*;
pub use tcp_segment::*;
pub use tcp_translated::*;
