//! Networks and certificates as a person types them, under libFuzzer; what must hold of it stands in
//! `netconf::fuzz_typed`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netconf::fuzz_typed(data));
