//! Board files under libFuzzer; what must hold of them stands in `board::fuzz_board`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| board::fuzz_board(data));
