//! calld
fn main() {}
