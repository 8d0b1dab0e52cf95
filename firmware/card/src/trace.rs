//! Bit error tests.
