//! SIP datagrams under libFuzzer; what must hold of it stands in `sip::fuzz_datagram`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sip::fuzz_datagram(data));
