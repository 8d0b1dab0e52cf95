//! carrier
fn main() {}
