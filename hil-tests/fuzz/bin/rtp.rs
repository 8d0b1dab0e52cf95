//! RTP, RTCP and digits under libFuzzer; what must hold of it stands in `media::fuzz_rtp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| media::fuzz_rtp(data));
