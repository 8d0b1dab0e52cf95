//! What a network tells beside the call: progress (Q.931 4.5.23), notification (4.5.22), signal (4.5.28).
//!
//! It opens no voice path; call control reads it.

use super::coding::{Coding, Location};
use super::octets::{IeError, Reader, put_group};

codes! {
    /// Progress description.
    Progress {
        /// The call is not end-to-end ISDN; more may be known in-band.
        NotEndToEndIsdn = 1,
        /// The destination address is not ISDN.
        DestinationNotIsdn = 2,
        /// The origination address is not ISDN.
        OriginationNotIsdn = 3,
        /// The call has come back to the ISDN.
        BackInIsdn = 4,
        /// Interworking has changed the telecommunication service.
        ServiceChanged = 5,
        /// In-band information or an appropriate pattern is available.
        InBand = 8,
    }
}

/// Progress indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgressIndicator {
    /// Coding standard.
    pub coding: Coding,
    /// Where it was made.
    pub location: Location,
    /// Progress description.
    pub description: Progress,
}

impl ProgressIndicator {
    /// An indication in ITU's coding.
    #[must_use]
    pub const fn new(location: Location, description: Progress) -> Self {
        Self { coding: Coding::Itu, location, description }
    }

    /// Whether the channel carries something to listen to (descriptions 1 and 8).
    #[must_use]
    pub fn is_in_band(&self) -> bool {
        matches!(self.description, Progress::NotEndToEndIsdn | Progress::InBand)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet3 = reader.group()?.first();
        let description = Progress::from_code(reader.octet()? & 0x7f);
        Ok(Self { coding: Coding::of(octet3), location: Location::from_code(octet3 & 0x0f), description })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        put_group(out, &[self.coding.bits() | self.location.code() & 0x0f]);
        put_group(out, &[self.description.code()]);
    }
}

codes! {
    /// Notification description.
    Notification {
        /// User suspended.
        UserSuspended = 0x00,
        /// User resumed.
        UserResumed = 0x01,
        /// Bearer service change.
        BearerServiceChange = 0x02,
        /// Remote hold (Q.953).
        RemoteHold = 0x79,
        /// Remote retrieval (Q.953).
        RemoteRetrieval = 0x7a,
        /// The call is diverting (Q.952).
        CallDiverting = 0x7b,
    }
}

impl Notification {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        Ok(Self::from_code(reader.group()?.first()))
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        put_group(out, &[self.code()]);
    }
}

codes! {
    /// Signal value.
    Signal {
        /// Dial tone on.
        DialTone = 0x00,
        /// Ring back tone on.
        RingBack = 0x01,
        /// Intercept tone on.
        Intercept = 0x02,
        /// Network congestion tone on.
        Congestion = 0x03,
        /// Busy tone on.
        Busy = 0x04,
        /// Confirm tone on.
        Confirm = 0x05,
        /// Answer tone on.
        Answer = 0x06,
        /// Call waiting tone.
        CallWaiting = 0x07,
        /// Off-hook warning tone.
        OffHookWarning = 0x08,
        /// Pre-emption tone on.
        PreEmption = 0x09,
        /// Tones off.
        TonesOff = 0x3f,
        /// Alerting on, pattern 0.
        Alerting0 = 0x40,
        /// Alerting on, pattern 1.
        Alerting1 = 0x41,
        /// Alerting on, pattern 2.
        Alerting2 = 0x42,
        /// Alerting on, pattern 3.
        Alerting3 = 0x43,
        /// Alerting on, pattern 4.
        Alerting4 = 0x44,
        /// Alerting on, pattern 5.
        Alerting5 = 0x45,
        /// Alerting on, pattern 6.
        Alerting6 = 0x46,
        /// Alerting on, pattern 7.
        Alerting7 = 0x47,
        /// Alerting off.
        AlertingOff = 0x4f,
    }
}

impl Signal {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        Ok(Self::from_code(reader.octet()?))
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.push(self.code());
    }
}
