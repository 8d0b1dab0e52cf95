//! The PCR signatures of an image under libFuzzer; what must hold of them stands in `tpm::fuzz_pcr_signatures`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tpm::fuzz_pcr_signatures(data));
