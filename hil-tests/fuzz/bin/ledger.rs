//! Ledger segments under libFuzzer; what must hold of it stands in `ledger::fuzz_ledger`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ledger::fuzz_ledger(data));
