//! Fields that several elements share: coding standard, location, numbering.
//!
//! It reads no element.

/// Whose coding follows (bits 7 and 6 of the first octet of many elements).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Coding {
    /// ITU-T.
    #[default]
    Itu,
    /// Another international standard (ISO/IEC).
    Iso,
    /// National.
    National,
    /// Of the network on either side of the interface.
    Network,
}

impl Coding {
    /// From bits 7 and 6 of an octet.
    pub(crate) const fn of(octet: u8) -> Self {
        match octet >> 5 & 3 {
            0 => Self::Itu,
            1 => Self::Iso,
            2 => Self::National,
            _ => Self::Network,
        }
    }

    /// Bits 7 and 6.
    pub(crate) const fn bits(self) -> u8 {
        match self {
            Self::Itu => 0,
            Self::Iso => 1 << 5,
            Self::National => 2 << 5,
            Self::Network => 3 << 5,
        }
    }
}

codes! {
    /// Where a cause or a progress indication was made (Q.850 2.2.3).
    Location {
        /// The user.
        User = 0,
        /// The private network serving the local user.
        PrivateNearLocal = 1,
        /// The public network serving the local user.
        PublicNearLocal = 2,
        /// A transit network.
        Transit = 3,
        /// The public network serving the remote user.
        PublicNearRemote = 4,
        /// The private network serving the remote user.
        PrivateNearRemote = 5,
        /// An international network.
        International = 7,
        /// A network beyond an interworking point.
        BeyondInterworking = 10,
    }
}

codes! {
    /// Type of number (octet 3, bits 7 to 5).
    NumberType {
        /// Unknown: the network finds out from the digits.
        Unknown = 0,
        /// International number: no prefix.
        International = 1,
        /// National number: no prefix.
        National = 2,
        /// Network specific number.
        NetworkSpecific = 3,
        /// Subscriber number.
        Subscriber = 4,
        /// Abbreviated number.
        Abbreviated = 6,
        /// Reserved for extension.
        Reserved = 7,
    }
}

codes! {
    /// Numbering plan identification (octet 3, bits 4 to 1).
    NumberPlan {
        /// Unknown.
        Unknown = 0,
        /// The telephone numbering plan E.164.
        Isdn = 1,
        /// The data numbering plan X.121.
        Data = 3,
        /// The telex numbering plan F.69.
        Telex = 4,
        /// National standard.
        National = 8,
        /// Private.
        Private = 9,
        /// Reserved for extension.
        Reserved = 15,
    }
}
