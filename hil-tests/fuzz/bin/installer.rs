//! A packed image and its manifest under libFuzzer; what must hold of them stands in `installer::fuzz_installer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| installer::fuzz_installer(data));
