//! Recordings under libFuzzer; what must hold of it stands in `recording::fuzz_recording`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recording::fuzz_recording(data));
