//! Requests to the page under libFuzzer; what must hold of them stands in `admind::fuzz_request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| admind::fuzz_request(data));
