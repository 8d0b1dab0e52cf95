//! vaultd
fn main() {}
