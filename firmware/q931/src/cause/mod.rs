//! Every cause value of Q.850: its stable name, what it means in plain language, what it means for a campaign.
//!
//! The element that carries a value is [`crate::ie::Cause`]; this module sends nothing.

mod result;
mod text;
mod text_service;

pub use text::CauseText;

macro_rules! causes {
    ($($(#[$about:meta])* $variant:ident = $code:literal $name:literal,)+) => {
        codes! {
            /// Cause value (Q.850 table 1).
            CauseValue { $($(#[$about])* $variant = $code,)+ }
        }

        impl CauseValue {
            /// Its name in logs and JSON: never changed once released.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(_) => "other",
                }
            }
        }
    };
}

causes! {
    /// Unallocated (unassigned) number.
    UnallocatedNumber = 1 "unallocated_number",
    /// No route to specified transit network.
    NoRouteToTransitNetwork = 2 "no_route_to_transit_network",
    /// No route to destination.
    NoRouteToDestination = 3 "no_route_to_destination",
    /// Send special information tone.
    SendSpecialTone = 4 "send_special_tone",
    /// Misdialled trunk prefix.
    MisdialledTrunkPrefix = 5 "misdialled_trunk_prefix",
    /// Channel unacceptable.
    ChannelUnacceptable = 6 "channel_unacceptable",
    /// Call awarded and being delivered in an established channel.
    CallAwarded = 7 "call_awarded",
    /// Preemption.
    Preemption = 8 "preemption",
    /// Preemption, circuit reserved for reuse.
    PreemptionReserved = 9 "preemption_reserved",
    /// QoR: ported number.
    PortedNumber = 14 "ported_number",
    /// Normal call clearing.
    NormalClearing = 16 "normal_clearing",
    /// User busy.
    UserBusy = 17 "user_busy",
    /// No user responding.
    NoUserResponding = 18 "no_user_responding",
    /// No answer from user (user alerted).
    NoAnswer = 19 "no_answer",
    /// Subscriber absent.
    SubscriberAbsent = 20 "subscriber_absent",
    /// Call rejected.
    CallRejected = 21 "call_rejected",
    /// Number changed.
    NumberChanged = 22 "number_changed",
    /// Redirection to new destination.
    Redirection = 23 "redirection",
    /// Call rejected due to feature at the destination.
    RejectedByFeature = 24 "rejected_by_feature",
    /// Exchange routing error.
    ExchangeRoutingError = 25 "exchange_routing_error",
    /// Non-selected user clearing.
    NonSelectedUserClearing = 26 "non_selected_user_clearing",
    /// Destination out of order.
    DestinationOutOfOrder = 27 "destination_out_of_order",
    /// Invalid number format (address incomplete).
    InvalidNumberFormat = 28 "invalid_number_format",
    /// Facility rejected.
    FacilityRejected = 29 "facility_rejected",
    /// Response to STATUS ENQUIRY.
    ResponseToStatusEnquiry = 30 "response_to_status_enquiry",
    /// Normal, unspecified.
    NormalUnspecified = 31 "normal_unspecified",
    /// No circuit/channel available.
    NoChannelAvailable = 34 "no_channel_available",
    /// Network out of order.
    NetworkOutOfOrder = 38 "network_out_of_order",
    /// Permanent frame mode connection out of service.
    FrameModeOutOfService = 39 "frame_mode_out_of_service",
    /// Permanent frame mode connection operational.
    FrameModeOperational = 40 "frame_mode_operational",
    /// Temporary failure.
    TemporaryFailure = 41 "temporary_failure",
    /// Switching equipment congestion.
    SwitchCongestion = 42 "switch_congestion",
    /// Access information discarded.
    AccessInformationDiscarded = 43 "access_information_discarded",
    /// Requested circuit/channel not available.
    RequestedChannelNotAvailable = 44 "requested_channel_not_available",
    /// Precedence call blocked.
    PrecedenceCallBlocked = 46 "precedence_call_blocked",
    /// Resource unavailable, unspecified.
    ResourceUnavailable = 47 "resource_unavailable",
    /// Quality of service not available.
    QualityNotAvailable = 49 "quality_not_available",
    /// Requested facility not subscribed.
    FacilityNotSubscribed = 50 "facility_not_subscribed",
    /// Outgoing calls barred within the closed user group.
    OutgoingBarredInGroup = 53 "outgoing_barred_in_group",
    /// Incoming calls barred within the closed user group.
    IncomingBarredInGroup = 55 "incoming_barred_in_group",
    /// Bearer capability not authorized.
    BearerNotAuthorized = 57 "bearer_not_authorized",
    /// Bearer capability not presently available.
    BearerNotAvailable = 58 "bearer_not_available",
    /// Inconsistency in designated outgoing access information and subscriber class.
    InconsistentAccess = 62 "inconsistent_access",
    /// Service or option not available, unspecified.
    ServiceNotAvailable = 63 "service_not_available",
    /// Bearer capability not implemented.
    BearerNotImplemented = 65 "bearer_not_implemented",
    /// Channel type not implemented.
    ChannelTypeNotImplemented = 66 "channel_type_not_implemented",
    /// Requested facility not implemented.
    FacilityNotImplemented = 69 "facility_not_implemented",
    /// Only restricted digital information bearer capability is available.
    OnlyRestrictedDigital = 70 "only_restricted_digital",
    /// Service or option not implemented, unspecified.
    ServiceNotImplemented = 79 "service_not_implemented",
    /// Invalid call reference value.
    InvalidCallReference = 81 "invalid_call_reference",
    /// Identified channel does not exist.
    ChannelDoesNotExist = 82 "channel_does_not_exist",
    /// A suspended call exists, but this call identity does not.
    CallIdentityDoesNotExist = 83 "call_identity_does_not_exist",
    /// Call identity in use.
    CallIdentityInUse = 84 "call_identity_in_use",
    /// No call suspended.
    NoCallSuspended = 85 "no_call_suspended",
    /// Call having the requested call identity has been cleared.
    SuspendedCallCleared = 86 "suspended_call_cleared",
    /// User not member of the closed user group.
    NotMemberOfGroup = 87 "not_member_of_group",
    /// Incompatible destination.
    IncompatibleDestination = 88 "incompatible_destination",
    /// Non-existent closed user group.
    NonExistentGroup = 90 "non_existent_group",
    /// Invalid transit network selection.
    InvalidTransitNetwork = 91 "invalid_transit_network",
    /// Invalid message, unspecified.
    InvalidMessage = 95 "invalid_message",
    /// Mandatory information element is missing.
    MandatoryIeMissing = 96 "mandatory_ie_missing",
    /// Message type non-existent or not implemented.
    MessageTypeNotImplemented = 97 "message_type_not_implemented",
    /// Message not compatible with call state or message type non-existent or not implemented.
    MessageNotCompatibleOrNotImplemented = 98 "message_not_compatible_or_not_implemented",
    /// Information element or parameter non-existent or not implemented.
    IeNotImplemented = 99 "ie_not_implemented",
    /// Invalid information element contents.
    InvalidIeContents = 100 "invalid_ie_contents",
    /// Message not compatible with call state.
    MessageNotCompatible = 101 "message_not_compatible",
    /// Recovery on timer expiry.
    TimerExpiry = 102 "timer_expiry",
    /// Parameter non-existent or not implemented, passed on.
    ParameterPassedOn = 103 "parameter_passed_on",
    /// Message with unrecognized parameter, discarded.
    MessageDiscarded = 110 "message_discarded",
    /// Protocol error, unspecified.
    ProtocolError = 111 "protocol_error",
    /// Interworking, unspecified.
    Interworking = 127 "interworking",
}
