//! Dialog snapshots under libFuzzer; what must hold of it stands in `sip_ua::fuzz::snapshot`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sip_ua::fuzz::snapshot(data));
