//! Session descriptions under libFuzzer; what must hold of it stands in `sip::fuzz_sdp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sip::fuzz_sdp(data));
