//! Q.931 call control, two sides on a bad link, under libFuzzer; what must hold of it stands in `q931::fuzz_control`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| q931::fuzz_control(data));
