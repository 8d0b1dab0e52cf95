//! A simulated exchange behind a virtual card: LAPD and Q.931 network side, subscribers whose number decides how they behave.
//!
//! It is no part of the product.
