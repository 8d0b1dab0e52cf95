//! The elements of a message, in order, with a question for each kind.
//!
//! It does not know which elements a message must hold; call control asks and answers.

use crate::ie::{
    BearerCapability, CallState, CalledNumber, Cause, ChangeStatus, ChannelIdentification, DateTime,
    HighLayerCompatibility, Ia5, Ie, IeId, InvalidIe, LowLayerCompatibility, Network,
    NetworkSpecificFacilities, Notification, PartyNumber, ProgressIndicator, RedirectingNumber, RestartClass,
    SegmentedMessage, Signal, Subaddress, UnknownIe, UserUser,
};
use vocab::Pii;

/// Elements of a message. Those of a parsed message stand in the order of 4.5.1, repetitions past what is permitted
/// left out (5.8.5.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Ies(Vec<Ie>);

macro_rules! questions {
    ($($(#[$about:meta])* $question:ident $all:ident $variant:ident -> $type:ty,)+) => {
        impl Ies {
            $(
                $(#[$about])*
                #[must_use]
                pub fn $question(&self) -> Option<&$type> {
                    self.$all().next()
                }

                /// All of them, in order.
                pub fn $all(&self) -> impl Iterator<Item = &$type> {
                    self.0.iter().filter_map(|ie| match ie {
                        Ie::$variant(found) => Some(found),
                        _ => None,
                    })
                }
            )+
        }
    };
}

questions! {
    /// The first segmented message element.
    segmented_message segmented_messages SegmentedMessage -> SegmentedMessage,
    /// The first change status.
    change_status change_statuses ChangeStatus -> ChangeStatus,
    /// The first bearer capability: with a repeat indicator the one preferred most.
    bearer_capability bearer_capabilities BearerCapability -> BearerCapability,
    /// The first cause.
    cause causes Cause -> Cause,
    /// The first call identity.
    call_identity call_identities CallIdentity -> Vec<u8>,
    /// The first call state.
    call_state call_states CallState -> CallState,
    /// The first channel identification.
    channel_identification channel_identifications ChannelIdentification -> ChannelIdentification,
    /// The first facility.
    facility facilities Facility -> Pii<Vec<u8>>,
    /// The first progress indicator.
    progress_indicator progress_indicators ProgressIndicator -> ProgressIndicator,
    /// The first network-specific facilities.
    network_specific_facility network_specific_facilities NetworkSpecificFacilities -> NetworkSpecificFacilities,
    /// The first notification indicator.
    notification notifications NotificationIndicator -> Notification,
    /// The first display.
    display displays Display -> Pii<Vec<u8>>,
    /// The first date/time.
    date_time date_times DateTime -> DateTime,
    /// The first keypad facility.
    keypad_facility keypad_facilities KeypadFacility -> Pii<Ia5>,
    /// The first signal.
    signal signals Signal -> Signal,
    /// The first connected number.
    connected_number connected_numbers ConnectedNumber -> PartyNumber,
    /// The first connected subaddress.
    connected_subaddress connected_subaddresses ConnectedSubaddress -> Subaddress,
    /// The first calling party number.
    calling_number calling_numbers CallingNumber -> PartyNumber,
    /// The first calling party subaddress.
    calling_subaddress calling_subaddresses CallingSubaddress -> Subaddress,
    /// The first called party number.
    called_number called_numbers CalledNumber -> CalledNumber,
    /// The first called party subaddress.
    called_subaddress called_subaddresses CalledSubaddress -> Subaddress,
    /// The first redirecting number.
    redirecting_number redirecting_numbers RedirectingNumber -> RedirectingNumber,
    /// The first transit network selection.
    transit_network transit_networks TransitNetworkSelection -> Network,
    /// The first restart indicator.
    restart_indicator restart_indicators RestartIndicator -> RestartClass,
    /// The first low layer compatibility.
    low_layer_compatibility low_layer_compatibilities LowLayerCompatibility -> LowLayerCompatibility,
    /// The first high layer compatibility.
    high_layer_compatibility high_layer_compatibilities HighLayerCompatibility -> HighLayerCompatibility,
    /// The first user-user.
    user_user user_users UserUser -> UserUser,
    /// The first element of an unknown kind.
    first_unknown unknown Unknown -> UnknownIe,
    /// The first element with invalid contents.
    first_invalid invalid Invalid -> InvalidIe,
}

impl Ies {
    /// No elements.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one at the end; encoding finds its place.
    pub fn push(&mut self, ie: Ie) {
        self.0.push(ie);
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Ie> {
        self.0.iter()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the called number is complete.
    #[must_use]
    pub fn sending_complete(&self) -> bool {
        self.0.contains(&Ie::SendingComplete)
    }

    /// Whether a valid element of codeset 0 with this identifier is there.
    #[must_use]
    pub fn has(&self, id: IeId) -> bool {
        self.0.iter().any(|ie| ie.id() == id && ie.codeset() == 0 && !matches!(ie, Ie::Invalid(_)))
    }

    /// The element with this identifier, where its contents are invalid and it was the first of its kind.
    #[must_use]
    pub fn invalid_of(&self, id: IeId) -> Option<&InvalidIe> {
        self.0.iter().find(|ie| ie.id() == id && ie.codeset() == 0).and_then(|ie| match ie {
            Ie::Invalid(invalid) => Some(invalid),
            _ => None,
        })
    }

    /// Unknown elements that forbid acting on the message (5.8.7.1, "comprehension required").
    pub fn comprehension_required(&self) -> impl Iterator<Item = &UnknownIe> {
        self.unknown().filter(|unknown| unknown.comprehension_required())
    }

    /// In the order of 4.5.1: single octets, then identifiers ascending, a repeat indicator right before what it
    /// repeats, then higher codesets as they came. `segment` is whether the message is a SEGMENT, whose part ends it.
    pub(crate) fn in_order(self, segment: bool) -> Self {
        let places = places(&self.0, segment);
        let mut placed: Vec<_> = places.into_iter().zip(self.0).collect();
        placed.sort_by_key(|(place, _)| *place);
        Self(placed.into_iter().map(|(_, ie)| ie).collect())
    }
}

impl FromIterator<Ie> for Ies {
    fn from_iter<T: IntoIterator<Item = Ie>>(ies: T) -> Self {
        Self(ies.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Ies {
    type Item = &'a Ie;
    type IntoIter = std::slice::Iter<'a, Ie>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Where each element belongs: its codeset, then its rank there.
fn places(ies: &[Ie], segment: bool) -> Vec<(u8, u16)> {
    let mut repeated = LAST;
    let mut places: Vec<_> = ies
        .iter()
        .rev()
        .map(|ie| match ie {
            Ie::RepeatIndicator(_) => (0, repeated),
            Ie::SegmentedMessage(_) if segment => (u8::MAX, 0),
            _ if ie.codeset() != 0 => (ie.codeset(), 0),
            _ => match ie.single_octet() {
                Some(octet) => (0, u16::from(octet)),
                None => {
                    repeated = FIRST_WITH_LENGTH + 2 * u16::from(ie.id().0);
                    (0, repeated + 1)
                }
            },
        })
        .collect();
    places.reverse();
    places
}

/// Elements with a length come after those of one octet.
const FIRST_WITH_LENGTH: u16 = 0x100;
/// A repeat indicator that nothing follows.
const LAST: u16 = u16::MAX;
