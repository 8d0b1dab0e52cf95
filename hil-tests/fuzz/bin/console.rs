//! What is typed at the serial console under libFuzzer; what must hold of it stands in `consoled::fuzz_console`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| consoled::fuzz_console(data));
