//! The data link of the D channel under libFuzzer; what must hold of it stands in `lapd::fuzz_lapd`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lapd::fuzz_lapd(data));
