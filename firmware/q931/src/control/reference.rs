//! Call references of two octets (Q.931 4.3): which are in use, which is next. It knows no call.

use crate::{CallRef, Flag};

/// A call reference with the side that chose it: the key of a call on an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// Whether this side chose it.
    pub(super) ours: bool,
    pub(super) value: u16,
    /// Octets of the value, as the side that chose it writes it.
    pub(super) octets: u8,
}

impl Key {
    /// The key of a reference as the peer sent it.
    pub(super) fn received(reference: CallRef) -> Self {
        let ours = reference.flag() == Flag::ToOriginator;
        Self { ours, value: reference.value(), octets: reference.length() }
    }

    /// The reference as this side sends it.
    pub(super) fn to_send(self) -> CallRef {
        let flag = if self.ours { Flag::FromOriginator } else { Flag::ToOriginator };
        let reference =
            if self.octets == 1 { CallRef::short(self.value, flag) } else { CallRef::long(self.value, flag) };
        reference.unwrap_or(CallRef::DUMMY)
    }
}

/// The references this side hands out, one after the other, so that one that was given back rests for long.
#[derive(Debug, Clone, Default)]
pub(super) struct References {
    last: u16,
}

impl References {
    /// The next one that is not in use.
    pub(super) fn next(&mut self, in_use: impl Fn(Key) -> bool) -> Option<Key> {
        for _ in 0..=super::MAX_CALLS {
            self.last = if self.last >= MAX_VALUE { 1 } else { self.last + 1 };
            let key = Key { ours: true, value: self.last, octets: 2 };
            if !in_use(key) {
                return Some(key);
            }
        }
        None
    }
}

/// The largest value of two octets less the flag; 0 is the global call reference.
const MAX_VALUE: u16 = 0x7fff;
