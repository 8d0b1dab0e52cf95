//! A bounded list that lives in place. It never allocates and never grows.

/// Up to `N` values in order; what does not fit is refused.
#[derive(Debug)]
pub struct Bounded<T, const N: usize> {
    items: [Option<T>; N],
    len: usize,
}

impl<T, const N: usize> Default for Bounded<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Bounded<T, N> {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { items: [const { None }; N], len: 0 }
    }

    /// Appends a value, or gives it back when the list is full.
    ///
    /// # Errors
    /// The value itself, when `N` values are already held.
    pub fn push(&mut self, value: T) -> Result<(), T> {
        match self.items.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(value);
                self.len += 1;
                Ok(())
            }
            None => Err(value),
        }
    }

    /// How many values are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at a place.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&T> {
        self.items.get(index).and_then(Option::as_ref)
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().take(self.len).filter_map(Option::as_ref)
    }

    /// Takes the values out in order and leaves the list empty.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        let len = std::mem::take(&mut self.len);
        self.items.iter_mut().take(len).filter_map(Option::take)
    }

    /// Drops every value.
    pub fn clear(&mut self) {
        for slot in &mut self.items[..self.len] {
            *slot = None;
        }
        self.len = 0;
    }
}
