//! What is typed at the console of a recovery under libFuzzer; what must hold of it stands in `recover::fuzz_typed`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recover::fuzz_typed(data));
