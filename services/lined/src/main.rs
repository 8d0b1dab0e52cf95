//! lined
fn main() {}
