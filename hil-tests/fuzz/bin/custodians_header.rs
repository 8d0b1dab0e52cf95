//! The metadata of a disk's header under libFuzzer; what must hold of them stands in `custodians::fuzz_header`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| custodians::fuzz_header(data));
