//! Wrappers for what must not be seen: personal data and keys. They can be used, never printed.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroize;

/// Personal data (a number, a name). Reading it is a visible act: [`Pii::reveal`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Wraps a value at the edge where it enters.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pii(…)")
    }
}

/// A key or a password. It leaves memory when dropped and has no way to be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself, for the one call that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Pii, Secret};

    #[test]
    fn dat_04_debug_output_of_private_values_shows_nothing() {
        let shown = format!("{:?} {:?}", Pii::new("13812345678"), Secret::new(vec![7_u8; 4]));
        assert_eq!(shown, "Pii(…) Secret(…)");
    }
}
