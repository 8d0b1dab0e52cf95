//! Four eyes (ACC-06): a change that one person proposes and another agrees to within a day. What the change is, and
//! which roles propose and agree, is not decided here.

use crate::admin::Refusal;
use serde::{Deserialize, Serialize};
use vocab::{PersonId, UnixMs};

/// Something proposed, with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending<T> {
    /// The entry that proposed it.
    pub seq: u64,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: UnixMs,
    /// What.
    pub what: T,
}

impl<T> Pending<T> {
    /// Void from then on.
    #[must_use]
    pub const fn until(&self) -> UnixMs {
        self.at.plus(AGREE_WITHIN_MS)
    }

    /// Whether nobody agreed in time.
    #[must_use]
    pub const fn is_void(&self, now: UnixMs) -> bool {
        now.since(self.at) >= AGREE_WITHIN_MS
    }

    /// Whether this person may agree to it now.
    pub(crate) fn agree(&self, seq: u64, by: PersonId, now: UnixMs) -> Result<(), Refusal> {
        if self.seq != seq || self.is_void(now) {
            return Err(Refusal::unknown("proposal"));
        }
        if self.by == by {
            return Err(Refusal::same_person());
        }
        Ok(())
    }
}

/// The second person agrees within this time.
const AGREE_WITHIN_MS: i64 = vocab::DAY_MS;

#[cfg(test)]
mod tests {
    use super::{AGREE_WITHIN_MS, Pending};
    use vocab::{PersonId, UnixMs};

    #[test]
    fn acc_06_another_person_agrees_within_a_day_and_to_this_very_proposal() {
        let pending = Pending { seq: 7, by: PersonId(1), at: UnixMs(1_000), what: () };
        let (soon, late) = (UnixMs(2_000), UnixMs(1_000 + AGREE_WITHIN_MS));
        assert_eq!(pending.agree(7, PersonId(2), soon), Ok(()));
        assert_eq!(pending.agree(7, PersonId(1), soon).map_err(|refusal| refusal.code), Err("same-person"));
        assert_eq!(pending.agree(8, PersonId(2), soon).map_err(|refusal| refusal.code), Err("unknown"));
        assert_eq!(pending.agree(7, PersonId(2), late).map_err(|refusal| refusal.code), Err("unknown"));
    }
}
