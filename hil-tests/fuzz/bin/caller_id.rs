//! Callers' numbers under libFuzzer; what must hold of them stands in `analog::fuzz_caller_id`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| analog::fuzz_caller_id(data));
