//! A whole user agent under libFuzzer; what must hold of it stands in `sip_ua::fuzz::endpoint`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sip_ua::fuzz::endpoint(data);
});
