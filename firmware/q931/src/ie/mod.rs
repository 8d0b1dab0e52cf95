//! Information elements (Q.931 4.5), one file per family, and the enum of all of them.
//!
//! An element is read without regard to its message: what a message must hold is call control's to check. Where
//! contents break the coding rules the element becomes [`Ie::Invalid`], never a panic and never a guess.

mod bearer;
mod cause;
mod channel;
mod coding;
mod compatibility;
mod id;
mod network;
mod news;
mod number;
pub(crate) mod octets;
mod single;
mod state;
mod subaddress;
mod text;
mod time;
mod write;

pub use bearer::{BearerCapability, Capability, Layer, Layer1Protocol, Mode, Rate};
pub use cause::Cause;
pub use channel::{ChannelIdentification, ChannelType, Channels, Indicated, Selection};
pub use coding::{Coding, Location, NumberPlan, NumberType};
pub use compatibility::{HighLayer, HighLayerCompatibility, LowLayerCompatibility};
pub use id::IeId;
pub use network::{Network, NetworkPlan, NetworkSpecificFacilities, NetworkType};
pub use news::{Notification, Progress, ProgressIndicator, Signal};
pub use number::{
    CalledNumber, Indicators, PartyNumber, Presentation, RedirectReason, RedirectingNumber, Screening,
};
pub use octets::{Ia5, Ia5Error, IeError, IeFault, MAX_DIGITS};
pub use single::{CongestionLevel, RepeatIndicator, SegmentedMessage};
pub use state::{CallState, CallStateValue, ChangeStatus, RestartClass, ServiceStatus};
pub use subaddress::{Subaddress, SubaddressType};
pub use text::{UserProtocol, UserUser};
pub use time::DateTime;

use octets::Reader;
use std::fmt;
use vocab::Pii;

/// An information element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ie {
    /// More data follow in another USER INFORMATION.
    MoreData,
    /// The called number is complete.
    SendingComplete,
    /// Congestion level.
    CongestionLevel(CongestionLevel),
    /// The next element of the list is given several times.
    RepeatIndicator(RepeatIndicator),
    /// A segment; nothing else stands in its message.
    SegmentedMessage(SegmentedMessage),
    /// Change status.
    ChangeStatus(ChangeStatus),
    /// Bearer capability.
    BearerCapability(BearerCapability),
    /// Cause.
    Cause(Cause),
    /// Call identity.
    CallIdentity(Vec<u8>),
    /// Call state.
    CallState(CallState),
    /// Channel identification.
    ChannelIdentification(ChannelIdentification),
    /// Facility (Q.932), opaque.
    Facility(Pii<Vec<u8>>),
    /// Progress indicator.
    ProgressIndicator(ProgressIndicator),
    /// Network-specific facilities.
    NetworkSpecificFacilities(NetworkSpecificFacilities),
    /// Notification indicator.
    NotificationIndicator(Notification),
    /// Display, as octets.
    Display(Pii<Vec<u8>>),
    /// Date/time.
    DateTime(DateTime),
    /// Keypad facility.
    KeypadFacility(Pii<Ia5>),
    /// Signal.
    Signal(Signal),
    /// Connected number.
    ConnectedNumber(PartyNumber),
    /// Connected subaddress.
    ConnectedSubaddress(Subaddress),
    /// Calling party number.
    CallingNumber(PartyNumber),
    /// Calling party subaddress.
    CallingSubaddress(Subaddress),
    /// Called party number.
    CalledNumber(CalledNumber),
    /// Called party subaddress.
    CalledSubaddress(Subaddress),
    /// Redirecting number.
    RedirectingNumber(RedirectingNumber),
    /// Transit network selection.
    TransitNetworkSelection(Network),
    /// Restart indicator.
    RestartIndicator(RestartClass),
    /// Low layer compatibility.
    LowLayerCompatibility(LowLayerCompatibility),
    /// High layer compatibility.
    HighLayerCompatibility(HighLayerCompatibility),
    /// User-user.
    UserUser(UserUser),
    /// An element that this end does not know, or of another codeset (5.8.7.1).
    Unknown(UnknownIe),
    /// A known element whose contents are invalid (5.8.6.2, 5.8.7.2).
    Invalid(InvalidIe),
}

/// An element kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnknownIe {
    /// Its codeset: 0 ITU-T, 4 ISO/IEC, 5 national, 6 of the local network, 7 of the user.
    pub codeset: u8,
    /// Its identifier; from 0x80 on it is the whole element.
    pub id: u8,
    /// Its contents.
    pub contents: Pii<Vec<u8>>,
}

impl UnknownIe {
    /// Whether a receiver that does not know it must not act on the message (table 4-3: bits 8 to 5 are 0).
    #[must_use]
    pub const fn comprehension_required(&self) -> bool {
        self.codeset == 0 && self.id & 0xf0 == 0
    }
}

/// An element with invalid contents.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InvalidIe {
    /// Which.
    pub id: IeId,
    /// Its contents as they came.
    pub octets: Pii<Vec<u8>>,
    /// What is wrong, and where.
    pub error: IeError,
}

impl fmt::Display for InvalidIe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.id, self.error)
    }
}

impl std::error::Error for InvalidIe {}

impl Ie {
    /// Reads the contents of an element of codeset 0 with a length. Its message's discriminator decides what
    /// identifier 1 means.
    pub(crate) fn read(id: u8, contents: &[u8], maintenance: bool) -> Self {
        let mut reader = Reader::new(contents);
        match Self::read_known(IeId(id), &mut reader, maintenance) {
            Ok(Some(ie)) => ie,
            Ok(None) => Self::Unknown(UnknownIe { codeset: 0, id, contents: Pii::new(contents.to_vec()) }),
            Err(error) => Self::invalid(id, contents, error),
        }
    }

    pub(crate) fn invalid(id: u8, contents: &[u8], error: IeError) -> Self {
        Self::Invalid(InvalidIe { id: IeId(id), octets: Pii::new(contents.to_vec()), error })
    }

    fn read_known(id: IeId, r: &mut Reader<'_>, maintenance: bool) -> Result<Option<Self>, IeError> {
        Ok(Some(match id {
            IeId::SEGMENTED_MESSAGE => Self::SegmentedMessage(SegmentedMessage::read(r)?),
            IeId::CHANGE_STATUS if maintenance => Self::ChangeStatus(ChangeStatus::read(r)?),
            IeId::BEARER_CAPABILITY => Self::BearerCapability(BearerCapability::read(r)?),
            IeId::CAUSE => Self::Cause(Cause::read(r)?),
            IeId::CALL_IDENTITY => Self::CallIdentity(state::read_identity(r)?),
            IeId::CALL_STATE => Self::CallState(CallState::read(r)?),
            IeId::CHANNEL_IDENTIFICATION => Self::ChannelIdentification(ChannelIdentification::read(r)?),
            IeId::FACILITY => Self::Facility(Pii::new(r.rest(MAX_CONTENTS)?.to_vec())),
            IeId::PROGRESS_INDICATOR => Self::ProgressIndicator(ProgressIndicator::read(r)?),
            IeId::NETWORK_SPECIFIC_FACILITIES => {
                Self::NetworkSpecificFacilities(NetworkSpecificFacilities::read(r)?)
            }
            IeId::NOTIFICATION_INDICATOR => Self::NotificationIndicator(Notification::read(r)?),
            IeId::DISPLAY => Self::Display(text::read_display(r)?),
            IeId::DATE_TIME => Self::DateTime(DateTime::read(r)?),
            IeId::KEYPAD_FACILITY => Self::KeypadFacility(Pii::new(r.ia5(MAX_DIGITS)?)),
            IeId::SIGNAL => Self::Signal(Signal::read(r)?),
            IeId::CONNECTED_NUMBER => Self::ConnectedNumber(PartyNumber::read(r)?),
            IeId::CONNECTED_SUBADDRESS => Self::ConnectedSubaddress(Subaddress::read(r)?),
            IeId::CALLING_NUMBER => Self::CallingNumber(PartyNumber::read(r)?),
            IeId::CALLING_SUBADDRESS => Self::CallingSubaddress(Subaddress::read(r)?),
            IeId::CALLED_NUMBER => Self::CalledNumber(CalledNumber::read(r)?),
            IeId::CALLED_SUBADDRESS => Self::CalledSubaddress(Subaddress::read(r)?),
            IeId::REDIRECTING_NUMBER => Self::RedirectingNumber(RedirectingNumber::read(r)?),
            IeId::TRANSIT_NETWORK_SELECTION => Self::TransitNetworkSelection(Network::read(r)?),
            IeId::RESTART_INDICATOR => Self::RestartIndicator(RestartClass::read(r)?),
            IeId::LOW_LAYER_COMPATIBILITY => Self::LowLayerCompatibility(LowLayerCompatibility::read(r)?),
            IeId::HIGH_LAYER_COMPATIBILITY => Self::HighLayerCompatibility(HighLayerCompatibility::read(r)?),
            IeId::USER_USER => Self::UserUser(UserUser::read(r)?),
            _ => return Ok(None),
        }))
    }

    /// The element of one octet in codeset 0.
    pub(crate) fn of_single_octet(octet: u8) -> Self {
        match (octet, octet & 0xf0) {
            (0xa0, _) => Self::MoreData,
            (0xa1, _) => Self::SendingComplete,
            (_, 0xb0) => Self::CongestionLevel(CongestionLevel::from_code(octet & 0x0f)),
            (_, 0xd0) => Self::RepeatIndicator(RepeatIndicator::from_code(octet & 0x0f)),
            _ => Self::Unknown(UnknownIe { codeset: 0, id: octet, contents: Pii::new(Vec::new()) }),
        }
    }
}

/// Most octets the contents of an element can have.
pub(crate) const MAX_CONTENTS: usize = 255;
