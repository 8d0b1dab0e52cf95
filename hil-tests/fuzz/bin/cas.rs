//! CAS bits under libFuzzer; what must hold of them stands in `analog::fuzz_cas`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| analog::fuzz_cas(data));
