//! States of calls, channels and interfaces: call state (Q.931 4.5.7), restart indicator (4.5.25), change status,
//! and the identity of a suspended call (4.5.6).
//!
//! It knows the names of states, not how they follow one another.

use super::coding::Coding;
use super::octets::{IeError, IeFault, Reader, put_group};

/// Most octets of a call identity.
const MAX_IDENTITY: usize = 8;

codes! {
    /// Call state value (table 4-8): U*n* for a user, N*n* for a network, REST*n* for an interface.
    CallStateValue {
        /// U0, N0, REST0: null.
        Null = 0,
        /// U1, N1: call initiated.
        CallInitiated = 1,
        /// U2, N2: overlap sending.
        OverlapSending = 2,
        /// U3, N3: outgoing call proceeding.
        OutgoingCallProceeding = 3,
        /// U4, N4: call delivered.
        CallDelivered = 4,
        /// U6, N6: call present.
        CallPresent = 6,
        /// U7, N7: call received.
        CallReceived = 7,
        /// U8, N8: connect request.
        ConnectRequest = 8,
        /// U9, N9: incoming call proceeding.
        IncomingCallProceeding = 9,
        /// U10, N10: active.
        Active = 10,
        /// U11, N11: disconnect request.
        DisconnectRequest = 11,
        /// U12, N12: disconnect indication.
        DisconnectIndication = 12,
        /// U15, N15: suspend request.
        SuspendRequest = 15,
        /// U17, N17: resume request.
        ResumeRequest = 17,
        /// U19, N19: release request.
        ReleaseRequest = 19,
        /// N22: call abort.
        CallAbort = 22,
        /// U25, N25: overlap receiving.
        OverlapReceiving = 25,
        /// REST1: restart request.
        RestartRequest = 61,
        /// REST2: restart.
        Restart = 62,
    }
}

/// Call state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallState {
    /// Coding standard.
    pub coding: Coding,
    /// Call state value.
    pub value: CallStateValue,
}

impl CallState {
    /// A state in ITU's coding.
    #[must_use]
    pub const fn new(value: CallStateValue) -> Self {
        Self { coding: Coding::Itu, value }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.octet()?;
        // Bits 8 and 7 here; there is no extension bit.
        Ok(Self { coding: Coding::of(octet >> 1), value: CallStateValue::from_code(octet & 0x3f) })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.push(self.coding.bits() << 1 | self.value.code() & 0x3f);
    }
}

codes! {
    /// Restart indicator: what is to be restarted.
    RestartClass {
        /// The channels that the channel identification indicates.
        Channels = 0,
        /// A single interface.
        Interface = 6,
        /// All interfaces.
        AllInterfaces = 7,
    }
}

impl RestartClass {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.group()?.first();
        match Self::from_code(octet & 7) {
            Self::Other(_) => Err(reader.error_before(IeFault::Reserved(octet))),
            class => Ok(class),
        }
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        put_group(out, &[self.code() & 7]);
    }
}

codes! {
    /// New status of a channel in SERVICE.
    ServiceStatus {
        /// In service.
        InService = 0,
        /// Maintenance.
        Maintenance = 1,
        /// Out of service.
        OutOfService = 2,
    }
}

/// Change status (maintenance messages alone; AT&T TR 41459, ANSI T1.607).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeStatus {
    /// It is about the channel that the channel identification indicates; otherwise about the D channel.
    pub channel: bool,
    /// New status.
    pub status: ServiceStatus,
}

/// Octet 3 of change status: preference is channel.
const CHANNEL: u8 = 0x40;

impl ChangeStatus {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.group()?.first();
        Ok(Self { channel: octet & CHANNEL != 0, status: ServiceStatus::from_code(octet & 7) })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        put_group(out, &[if self.channel { CHANNEL } else { 0 } | self.status.code() & 7]);
    }
}

/// Reads a call identity.
pub(crate) fn read_identity(reader: &mut Reader<'_>) -> Result<Vec<u8>, IeError> {
    Ok(reader.rest(MAX_IDENTITY)?.to_vec())
}
