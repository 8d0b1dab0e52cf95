//! Frames between processes under libFuzzer; what must hold of it stands in `ipc::fuzz_frame`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc::fuzz_frame(data));
