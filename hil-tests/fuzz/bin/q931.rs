//! Q.931 messages under libFuzzer; what must hold of them stands in `q931::fuzz_q931`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| q931::fuzz_q931(data));
