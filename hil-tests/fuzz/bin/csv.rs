//! Contact lists under libFuzzer; what must hold of it stands in `contacts::fuzz_csv`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| contacts::fuzz_csv(data));
