//! Identifiers of information elements (Q.931 table 4-3, with those of Q.932, Q.951 and Q.952 that carriers send).
//!
//! It says what an identifier is called, not what its element holds.

use std::fmt;

macro_rules! ids {
    ($($(#[$about:meta])* $constant:ident = $code:literal $name:literal,)+) => {
        impl IeId {
            $($(#[$about])* pub const $constant: Self = Self($code);)+

            /// Its name as Q.931 writes it; of those no table has, "unknown element".
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($code => $name,)+
                    _ => "unknown element",
                }
            }
        }
    };
}

/// The identifier of an element in codeset 0. Those of one octet stand without their value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IeId(pub u8);

ids! {
    /// Segmented message.
    SEGMENTED_MESSAGE = 0x00 "segmented message",
    /// Change status (maintenance messages).
    CHANGE_STATUS = 0x01 "change status",
    /// Bearer capability.
    BEARER_CAPABILITY = 0x04 "bearer capability",
    /// Cause.
    CAUSE = 0x08 "cause",
    /// Call identity.
    CALL_IDENTITY = 0x10 "call identity",
    /// Call state.
    CALL_STATE = 0x14 "call state",
    /// Channel identification.
    CHANNEL_IDENTIFICATION = 0x18 "channel identification",
    /// Facility.
    FACILITY = 0x1c "facility",
    /// Progress indicator.
    PROGRESS_INDICATOR = 0x1e "progress indicator",
    /// Network-specific facilities.
    NETWORK_SPECIFIC_FACILITIES = 0x20 "network-specific facilities",
    /// Notification indicator.
    NOTIFICATION_INDICATOR = 0x27 "notification indicator",
    /// Display.
    DISPLAY = 0x28 "display",
    /// Date/time.
    DATE_TIME = 0x29 "date/time",
    /// Keypad facility.
    KEYPAD_FACILITY = 0x2c "keypad facility",
    /// Signal.
    SIGNAL = 0x34 "signal",
    /// Connected number.
    CONNECTED_NUMBER = 0x4c "connected number",
    /// Connected subaddress.
    CONNECTED_SUBADDRESS = 0x4d "connected subaddress",
    /// Calling party number.
    CALLING_NUMBER = 0x6c "calling party number",
    /// Calling party subaddress.
    CALLING_SUBADDRESS = 0x6d "calling party subaddress",
    /// Called party number.
    CALLED_NUMBER = 0x70 "called party number",
    /// Called party subaddress.
    CALLED_SUBADDRESS = 0x71 "called party subaddress",
    /// Redirecting number.
    REDIRECTING_NUMBER = 0x74 "redirecting number",
    /// Transit network selection.
    TRANSIT_NETWORK_SELECTION = 0x78 "transit network selection",
    /// Restart indicator.
    RESTART_INDICATOR = 0x79 "restart indicator",
    /// Low layer compatibility.
    LOW_LAYER_COMPATIBILITY = 0x7c "low layer compatibility",
    /// High layer compatibility.
    HIGH_LAYER_COMPATIBILITY = 0x7d "high layer compatibility",
    /// User-user.
    USER_USER = 0x7e "user-user",
    /// More data.
    MORE_DATA = 0xa0 "more data",
    /// Sending complete.
    SENDING_COMPLETE = 0xa1 "sending complete",
    /// Congestion level.
    CONGESTION_LEVEL = 0xb0 "congestion level",
    /// Repeat indicator.
    REPEAT_INDICATOR = 0xd0 "repeat indicator",
}

impl fmt::Debug for IeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x} {}", self.0, self.name())
    }
}

impl fmt::Display for IeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "unknown element" => write!(f, "element {:#04x}", self.0),
            name => f.write_str(name),
        }
    }
}

impl IeId {
    /// How often the element may stand in a message; more are ignored (5.8.5.2). Generous where networks differ:
    /// two calling numbers are a service of European networks, two redirecting numbers one of Q.952. Channels may be
    /// listed for negotiation (4.5.13).
    pub(crate) const fn repetitions(self) -> usize {
        match self {
            Self::BEARER_CAPABILITY
            | Self::CAUSE
            | Self::LOW_LAYER_COMPATIBILITY
            | Self::HIGH_LAYER_COMPATIBILITY
            | Self::CALLING_NUMBER
            | Self::REDIRECTING_NUMBER => 2,
            Self::PROGRESS_INDICATOR | Self::NOTIFICATION_INDICATOR => 3,
            Self::CHANNEL_IDENTIFICATION
            | Self::NETWORK_SPECIFIC_FACILITIES
            | Self::TRANSIT_NETWORK_SELECTION => 4,
            Self::FACILITY => usize::MAX,
            _ => 1,
        }
    }
}
