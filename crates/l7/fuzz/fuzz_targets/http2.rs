//! Run with `cargo +nightly fuzz run http2`. The body is a plain function that tests of the stable toolchain run too.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| goldwire_l7::fuzz::http2(input));
