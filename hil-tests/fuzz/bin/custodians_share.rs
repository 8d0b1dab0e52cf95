//! What a custodian types under libFuzzer; what must hold of it stands in `custodians::fuzz_share`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| custodians::fuzz_share(data));
