//! calld
