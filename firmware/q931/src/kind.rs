//! Message types (Q.931 table 4-2) and the two of maintenance that national networks and AT&T use.
//!
//! It says what a type is called and coded, not what may follow it.

use std::fmt;

/// The protocol discriminator of call control messages (Q.931 4.2).
pub const Q931: u8 = 0x08;
/// The protocol discriminator of maintenance messages (SERVICE; AT&T TR 41459, ANSI T1.607 and NI-2 networks).
pub const MAINTENANCE: u8 = 0x03;
/// Escape to a nationally specific message type: the type follows in the next octet.
pub(crate) const ESCAPE: u8 = 0x00;

macro_rules! types {
    ($($(#[$about:meta])* $variant:ident = $discriminator:ident $code:literal $name:literal,)+) => {
        /// The type of a message, its protocol discriminator included.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MessageType {
            $($(#[$about])* $variant,)+
            /// A type of a national network (after the escape, table 4-2).
            National(u8),
            /// A type of Q.931 that no table has: 5.8.4 answers it.
            Unknown(u8),
            /// A maintenance message that is neither SERVICE nor its acknowledgement.
            UnknownMaintenance(u8),
        }

        impl MessageType {
            /// Every type with a name.
            pub const NAMED: &'static [Self] = &[$(Self::$variant),+];

            pub(crate) const fn from_codes(discriminator: u8, code: u8) -> Self {
                match (discriminator, code) {
                    $(($discriminator, $code) => Self::$variant,)+
                    (MAINTENANCE, other) => Self::UnknownMaintenance(other),
                    (_, other) => Self::Unknown(other),
                }
            }

            /// The octet of the type; of a national one, the octet after the escape.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::National(code) | Self::Unknown(code) | Self::UnknownMaintenance(code) => code,
                }
            }

            /// The protocol discriminator it is sent under.
            #[must_use]
            pub const fn discriminator(self) -> u8 {
                match self {
                    $(Self::$variant => $discriminator,)+
                    Self::National(_) | Self::Unknown(_) => Q931,
                    Self::UnknownMaintenance(_) => MAINTENANCE,
                }
            }

            /// Its name as Q.931 writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::National(_) => "national message",
                    Self::Unknown(_) => "unknown message",
                    Self::UnknownMaintenance(_) => "unknown maintenance message",
                }
            }
        }
    };
}

types! {
    /// The called user is alerted.
    Alerting = Q931 0x01 "ALERTING",
    /// Call establishment has begun and takes no more digits.
    CallProceeding = Q931 0x02 "CALL PROCEEDING",
    /// What happens on the way, interworking or in-band information.
    Progress = Q931 0x03 "PROGRESS",
    /// Call establishment begins.
    Setup = Q931 0x05 "SETUP",
    /// The called user accepts.
    Connect = Q931 0x07 "CONNECT",
    /// Call establishment has begun and may need more digits.
    SetupAcknowledge = Q931 0x0d "SETUP ACKNOWLEDGE",
    /// The call is the called user's.
    ConnectAcknowledge = Q931 0x0f "CONNECT ACKNOWLEDGE",
    /// User-to-user information.
    UserInformation = Q931 0x20 "USER INFORMATION",
    /// A call cannot be suspended.
    SuspendReject = Q931 0x21 "SUSPEND REJECT",
    /// A suspended call cannot be resumed.
    ResumeReject = Q931 0x22 "RESUME REJECT",
    /// Asks for a call to be suspended.
    Suspend = Q931 0x25 "SUSPEND",
    /// Asks for a suspended call.
    Resume = Q931 0x26 "RESUME",
    /// The call is suspended.
    SuspendAcknowledge = Q931 0x2d "SUSPEND ACKNOWLEDGE",
    /// The call is resumed.
    ResumeAcknowledge = Q931 0x2e "RESUME ACKNOWLEDGE",
    /// Asks for the connection to be cleared.
    Disconnect = Q931 0x45 "DISCONNECT",
    /// Asks for channels or interfaces to be returned to idle.
    Restart = Q931 0x46 "RESTART",
    /// The channel is released and the reference will be.
    Release = Q931 0x4d "RELEASE",
    /// The restart is done.
    RestartAcknowledge = Q931 0x4e "RESTART ACKNOWLEDGE",
    /// Channel and reference are released.
    ReleaseComplete = Q931 0x5a "RELEASE COMPLETE",
    /// A part of a longer message.
    Segment = Q931 0x60 "SEGMENT",
    /// Asks for or invokes a supplementary service.
    Facility = Q931 0x62 "FACILITY",
    /// News of the call, such as user suspended.
    Notify = Q931 0x6e "NOTIFY",
    /// Asks for STATUS.
    StatusEnquiry = Q931 0x75 "STATUS ENQUIRY",
    /// Flow control of USER INFORMATION.
    CongestionControl = Q931 0x79 "CONGESTION CONTROL",
    /// More digits, or more of whatever else.
    Information = Q931 0x7b "INFORMATION",
    /// The call's state, or what was wrong with a message.
    Status = Q931 0x7d "STATUS",
    /// The new status of a channel is accepted (maintenance).
    ServiceAcknowledge = MAINTENANCE 0x07 "SERVICE ACKNOWLEDGE",
    /// Takes a channel out of service or back (maintenance).
    Service = MAINTENANCE 0x0f "SERVICE",
}

impl MessageType {
    /// Whether it speaks of channels, not of calls.
    #[must_use]
    pub const fn is_maintenance(self) -> bool {
        self.discriminator() == MAINTENANCE
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::National(code) | Self::Unknown(code) | Self::UnknownMaintenance(code) => {
                write!(f, "{} {code:#04x}", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MessageType;
    use std::collections::BTreeSet;

    #[test]
    fn every_type_has_its_own_code_and_is_found_by_it() {
        let mut codes = BTreeSet::new();
        for &kind in MessageType::NAMED {
            assert!(codes.insert((kind.discriminator(), kind.code())), "{kind}");
            assert_eq!(MessageType::from_codes(kind.discriminator(), kind.code()), kind);
        }
        assert_eq!(codes.len(), 28);
    }

    #[test]
    fn a_code_without_a_name_is_kept() {
        assert_eq!(MessageType::from_codes(8, 0x7f), MessageType::Unknown(0x7f));
        assert_eq!(MessageType::from_codes(3, 0x7f), MessageType::UnknownMaintenance(0x7f));
        assert_eq!(MessageType::Unknown(0x7f).to_string(), "unknown message 0x7f");
    }
}
