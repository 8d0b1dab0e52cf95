//! The operating system's randomness, in one place.

/// Random bytes. The kernel's generator is ready before any process of the box starts.
///
/// # Panics
/// If the kernel has no randomness: nothing secret may be made then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).expect("the kernel gives randomness");
    bytes
}
