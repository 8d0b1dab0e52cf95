//! The names of the gate's rules. What a rule decides stands in the `gate` crate.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal),+ $(,)?) => {
        /// A rule of the gate, named by the requirement it enforces.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RuleId { $($(#[$doc])* $name),+ }

        impl RuleId {
            /// Every rule, in the order in which a verdict lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The id shown to people and stored with the call.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id),+ }
            }
        }
    };
}

rules! {
    /// Trusted time: synchronised and not rolled back (the clock half of CAM-01).
    Clock = "CAM-01-CLOCK",
    /// Calling hours.
    CallingHours = "CAM-01",
    /// No marketing on statutory holidays.
    Holiday = "CAM-02",
    /// Attempts per day and per seven days.
    Frequency = "CAM-03",
    /// One retry budget per person over all causes, campaigns and restarts.
    RetryBudget = "CAM-03-BUDGET",
    /// A callee who declined is not called again.
    Declined = "CAM-04-DECLINED",
    /// The internal blacklist.
    Blacklist = "CAM-04",
    /// The official do-not-call list: fresh, and without this number.
    DoNotCall = "CAM-07",
    /// Consent for this purpose.
    Consent = "CAM-08",
    /// Minors and other forbidden groups.
    ForbiddenGroup = "CAM-09",
    /// The script is approved, unchanged and not expired, and says what it must (CAM-05, CAM-11, REC-01).
    Script = "CAM-12",
    /// The contact was imported for this purpose.
    Purpose = "CAM-16",
    /// The caller number is registered for the line group.
    CallerNumber = "LIN-01",
    /// There is room and health to record the call.
    Recording = "REC-02",
    /// The campaign runs and the contact is still to be called, and nobody is calling this person now.
    Dialable = "DIALABLE",
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
