//! Packets of the virtual card under libFuzzer; what must hold of them stands in `virtual_card::fuzz_packet`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| virtual_card::fuzz_packet(data));
