//! Writing an information element: its identifier and its contents.
//!
//! Shifts between codesets and the order of elements are the message's.

use super::{Ie, IeId};

impl Ie {
    /// The identifier; of elements of one octet, without their value.
    #[must_use]
    pub const fn id(&self) -> IeId {
        match self {
            Self::MoreData => IeId::MORE_DATA,
            Self::SendingComplete => IeId::SENDING_COMPLETE,
            Self::CongestionLevel(_) => IeId::CONGESTION_LEVEL,
            Self::RepeatIndicator(_) => IeId::REPEAT_INDICATOR,
            Self::SegmentedMessage(_) => IeId::SEGMENTED_MESSAGE,
            Self::ChangeStatus(_) => IeId::CHANGE_STATUS,
            Self::BearerCapability(_) => IeId::BEARER_CAPABILITY,
            Self::Cause(_) => IeId::CAUSE,
            Self::CallIdentity(_) => IeId::CALL_IDENTITY,
            Self::CallState(_) => IeId::CALL_STATE,
            Self::ChannelIdentification(_) => IeId::CHANNEL_IDENTIFICATION,
            Self::Facility(_) => IeId::FACILITY,
            Self::ProgressIndicator(_) => IeId::PROGRESS_INDICATOR,
            Self::NetworkSpecificFacilities(_) => IeId::NETWORK_SPECIFIC_FACILITIES,
            Self::NotificationIndicator(_) => IeId::NOTIFICATION_INDICATOR,
            Self::Display(_) => IeId::DISPLAY,
            Self::DateTime(_) => IeId::DATE_TIME,
            Self::KeypadFacility(_) => IeId::KEYPAD_FACILITY,
            Self::Signal(_) => IeId::SIGNAL,
            Self::ConnectedNumber(_) => IeId::CONNECTED_NUMBER,
            Self::ConnectedSubaddress(_) => IeId::CONNECTED_SUBADDRESS,
            Self::CallingNumber(_) => IeId::CALLING_NUMBER,
            Self::CallingSubaddress(_) => IeId::CALLING_SUBADDRESS,
            Self::CalledNumber(_) => IeId::CALLED_NUMBER,
            Self::CalledSubaddress(_) => IeId::CALLED_SUBADDRESS,
            Self::RedirectingNumber(_) => IeId::REDIRECTING_NUMBER,
            Self::TransitNetworkSelection(_) => IeId::TRANSIT_NETWORK_SELECTION,
            Self::RestartIndicator(_) => IeId::RESTART_INDICATOR,
            Self::LowLayerCompatibility(_) => IeId::LOW_LAYER_COMPATIBILITY,
            Self::HighLayerCompatibility(_) => IeId::HIGH_LAYER_COMPATIBILITY,
            Self::UserUser(_) => IeId::USER_USER,
            Self::Unknown(unknown) => IeId(unknown.id),
            Self::Invalid(invalid) => invalid.id,
        }
    }

    /// The codeset: 0 of all that this crate reads.
    #[must_use]
    pub const fn codeset(&self) -> u8 {
        match self {
            Self::Unknown(unknown) => unknown.codeset & 7,
            _ => 0,
        }
    }

    /// The whole element where it is one octet.
    pub(crate) const fn single_octet(&self) -> Option<u8> {
        match self {
            Self::MoreData => Some(IeId::MORE_DATA.0),
            Self::SendingComplete => Some(IeId::SENDING_COMPLETE.0),
            Self::CongestionLevel(level) => Some(IeId::CONGESTION_LEVEL.0 | level.code() & 0x0f),
            Self::RepeatIndicator(indicator) => Some(IeId::REPEAT_INDICATOR.0 | indicator.code() & 0x0f),
            Self::Unknown(unknown) if unknown.id & 0x80 != 0 => Some(unknown.id),
            _ => None,
        }
    }

    /// Writes what follows the length.
    pub(crate) fn write_contents(&self, out: &mut Vec<u8>) {
        match self {
            Self::MoreData | Self::SendingComplete | Self::CongestionLevel(_) | Self::RepeatIndicator(_) => {}
            Self::SegmentedMessage(ie) => ie.write(out),
            Self::ChangeStatus(ie) => ie.write(out),
            Self::BearerCapability(ie) => ie.write(out),
            Self::Cause(ie) => ie.write(out),
            Self::CallIdentity(octets) => out.extend_from_slice(octets),
            Self::CallState(ie) => ie.write(out),
            Self::ChannelIdentification(ie) => ie.write(out),
            Self::Facility(octets) | Self::Display(octets) => out.extend_from_slice(octets.reveal()),
            Self::ProgressIndicator(ie) => ie.write(out),
            Self::NetworkSpecificFacilities(ie) => ie.write(out),
            Self::NotificationIndicator(ie) => ie.write(out),
            Self::DateTime(ie) => ie.write(out),
            Self::KeypadFacility(digits) => out.extend_from_slice(digits.reveal().as_bytes()),
            Self::Signal(ie) => ie.write(out),
            Self::ConnectedNumber(ie) | Self::CallingNumber(ie) => ie.write(out),
            Self::ConnectedSubaddress(ie) | Self::CallingSubaddress(ie) | Self::CalledSubaddress(ie) => {
                ie.write(out);
            }
            Self::CalledNumber(ie) => ie.write(out),
            Self::RedirectingNumber(ie) => ie.write(out),
            Self::TransitNetworkSelection(ie) => ie.write(out),
            Self::RestartIndicator(ie) => ie.write(out),
            Self::LowLayerCompatibility(ie) => ie.write(out),
            Self::HighLayerCompatibility(ie) => ie.write(out),
            Self::UserUser(ie) => ie.write(out),
            Self::Unknown(unknown) => out.extend_from_slice(unknown.contents.reveal()),
            Self::Invalid(invalid) => out.extend_from_slice(invalid.octets.reveal()),
        }
    }
}
