//! Names of the boot partition and reports of bundles under libFuzzer; what must hold of them stands in
//! `slots::fuzz_slots`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slots::fuzz_slots(data));
