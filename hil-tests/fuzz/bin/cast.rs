//! Recordings of console sessions under libFuzzer; what must hold of it stands in `cast::fuzz_cast`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cast::fuzz_cast(data));
