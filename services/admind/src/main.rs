//! The process `admind`.

fn main() {}
