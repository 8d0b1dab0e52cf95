//! Between the octets of messages and what call control says and hears. Which message is due is not decided here.

use super::api::{Bearer, Fault, Presentation, Setup};
use super::config::Config;
use crate::ie::{
    self, BearerCapability, CallStateValue, CalledNumber, Cause, ChangeStatus, ChannelIdentification, Ia5,
    Indicators, Location, NumberPlan, PartyNumber, Progress, ProgressIndicator, RestartClass, Screening,
    Selection, ServiceStatus,
};
use crate::{CallRef, CauseValue, Flag, Ie, IeId, Message, MessageError, MessageType};
use idl::spans::{NumberType, PriSide};
use vocab::{Pii, Timeslot};

/// A message of the peer, as far as call control hears it.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) reference: CallRef,
    pub(super) kind: MessageType,
    pub(super) cause: Option<GivenCause>,
    /// Call state, as a number.
    pub(super) state: Option<u8>,
    /// Channel identification, as far as it is of one call.
    pub(super) channel: Option<Indicated>,
    /// All channels that channel identification names.
    pub(super) channels: Vec<Timeslot>,
    /// Progress indicator 1 or 8: there may be something to hear.
    pub(super) in_band: bool,
    /// Progress indicator 8: there is something to hear.
    pub(super) tones: bool,
    pub(super) called: Option<Pii<String>>,
    pub(super) calling: Option<Pii<String>>,
    pub(super) presentation: Presentation,
    /// Sending complete.
    pub(super) complete: bool,
    pub(super) restart: Option<RestartClass>,
    pub(super) change: Option<ChangeStatus>,
    /// The cause our answer to a clearing message must carry, where that was faulty (5.8.6, 5.8.7).
    pub(super) answer: Option<CauseValue>,
    /// The message itself.
    pub(super) message: Message,
}

/// A cause element.
#[derive(Debug, Clone, Copy)]
pub(super) struct GivenCause {
    pub(super) value: CauseValue,
    pub(super) location: Location,
}

/// What channel identification says for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indicated {
    One {
        slot: Timeslot,
        exclusive: bool,
    },
    Any,
    No,
    /// Several channels, H channels, or the D channel.
    Unusable,
}

impl Received {
    /// The cause with its place, or another cause where none came.
    pub(super) fn cause_or(&self, other: CauseValue) -> (CauseValue, Option<Location>) {
        self.cause.map_or((other, None), |cause| (cause.value, Some(cause.location)))
    }
}

/// Reads a message.
///
/// # Errors
/// The fault for which 5.8.1 to 5.8.3.1 have it ignored.
pub(super) fn read(octets: &[u8]) -> Result<Received, Fault> {
    let message = Message::parse(octets).map_err(|error| match error {
        MessageError::Discriminator(_) => Fault::Discriminator,
        MessageError::Short(_) | MessageError::Long(_) => Fault::TooShort,
        MessageError::CallRef(_) => Fault::ReferenceFormat,
    })?;
    let ies = &message.ies;
    let channels = ies.channel_identification().map(ChannelIdentification::timeslots).unwrap_or_default();
    let described =
        |wanted: &[Progress]| ies.progress_indicators().any(|told| wanted.contains(&told.description));
    Ok(Received {
        reference: message.call_ref,
        kind: message.kind,
        cause: ies.cause().map(|cause| GivenCause { value: cause.value, location: cause.location }),
        state: ies.call_state().map(|state| state.value.code()),
        channel: ies.channel_identification().map(indicated),
        channels: channels.into_iter().map(Timeslot).collect(),
        in_band: described(&[Progress::NotEndToEndIsdn, Progress::InBand]),
        tones: described(&[Progress::InBand]),
        called: ies.called_number().map(|number| text(&number.digits)),
        calling: ies.calling_number().map(|number| text(&number.digits)),
        presentation: ies.calling_number().map_or(Presentation::Allowed, presentation),
        complete: ies.sending_complete(),
        restart: ies.restart_indicator().copied(),
        change: ies.change_status().copied(),
        answer: None,
        message,
    })
}

fn indicated(element: &ChannelIdentification) -> Indicated {
    match element.selection {
        _ if element.d_channel => Indicated::Unusable,
        Selection::Interface => Indicated::Unusable,
        Selection::None => Indicated::No,
        Selection::Any => Indicated::Any,
        Selection::Indicated(_) => element.single_b_channel().map_or(Indicated::Unusable, |slot| {
            Indicated::One { slot: Timeslot(slot), exclusive: element.exclusive }
        }),
    }
}

fn text(digits: &Pii<Ia5>) -> Pii<String> {
    Pii::new(digits.reveal().as_str().to_owned())
}

fn presentation(number: &PartyNumber) -> Presentation {
    match number.indicators().presentation {
        ie::Presentation::Allowed | ie::Presentation::NotAvailable | ie::Presentation::Reserved => {
            Presentation::Allowed
        }
        ie::Presentation::Restricted => Presentation::Restricted,
    }
}

/// The digits of a number that did not come.
pub(super) const fn no_digits() -> Pii<String> {
    Pii::new(String::new())
}

/// Whether a SETUP of ours names its channel as the only one.
pub(super) fn is_exclusive(config: &Config, setup: Option<&Setup>) -> bool {
    setup.and_then(|setup| setup.exclusive).unwrap_or(config.exclusive)
}

/// Whether a call of ours sends its number in overlap.
pub(super) fn is_overlap(config: &Config, setup: &Setup) -> bool {
    setup.overlap.unwrap_or(config.overlap) || !setup.complete
}

/// SETUP. In overlap a number that is complete goes digit by digit afterwards; the beginning of one goes at once.
pub(super) fn setup(
    config: &Config,
    reference: CallRef,
    setup: &Setup,
    channel: Option<Timeslot>,
) -> Vec<u8> {
    let overlap = is_overlap(config, setup);
    let exclusive = is_exclusive(config, Some(setup));
    let bearer = match setup.bearer {
        Bearer::Audio => BearerCapability::audio_a_law(),
        Bearer::Speech => BearerCapability::speech_a_law(),
    };
    let channel = channel
        .map_or_else(ChannelIdentification::any, |slot| ChannelIdentification::b_channel(slot.0, exclusive));
    let mut message = Message::new(reference, MessageType::Setup)
        .with(Ie::BearerCapability(bearer))
        .with(Ie::ChannelIdentification(channel));
    if !overlap {
        message = message.with(Ie::SendingComplete);
    }
    if let Some(number) = &setup.calling {
        let kind = number_type(setup.calling_type.unwrap_or(config.calling_type));
        let plan = NumberPlan::Isdn;
        let indicators = Some(indicators(config.side, setup.presentation));
        message = message.with(Ie::CallingNumber(PartyNumber {
            kind,
            plan,
            indicators,
            digits: ia5(number.reveal()),
        }));
    }
    let at_once = !(overlap && setup.complete);
    if at_once && !setup.called.reveal().is_empty() {
        message = message.with(called(config, setup.called_type, setup.called.reveal()));
    }
    encode(&message)
}

fn indicators(side: PriSide, presentation: Presentation) -> Indicators {
    let presentation = match presentation {
        Presentation::Allowed => ie::Presentation::Allowed,
        Presentation::Restricted => ie::Presentation::Restricted,
    };
    let screening = match side {
        PriSide::User => Screening::UserNotScreened,
        PriSide::Network => Screening::Network,
    };
    Indicators { presentation, screening }
}

fn called(config: &Config, kind: Option<NumberType>, digits: &str) -> Ie {
    let kind = number_type(kind.unwrap_or(config.called_type));
    Ie::CalledNumber(CalledNumber { kind, plan: NumberPlan::Isdn, digits: ia5(digits) })
}

const fn number_type(kind: NumberType) -> ie::NumberType {
    match kind {
        NumberType::Unknown => ie::NumberType::Unknown,
        NumberType::International => ie::NumberType::International,
        NumberType::National => ie::NumberType::National,
        NumberType::Subscriber => ie::NumberType::Subscriber,
    }
}

fn ia5(digits: &str) -> Pii<Ia5> {
    Pii::new(Ia5::new(digits).unwrap_or_default())
}

/// INFORMATION with digits, the end of the number, or both.
pub(super) fn information(
    config: &Config,
    reference: CallRef,
    kind: Option<NumberType>,
    digits: &str,
    complete: bool,
) -> Vec<u8> {
    let mut message = Message::new(reference, MessageType::Information);
    if !digits.is_empty() {
        message = message.with(called(config, kind, digits));
    }
    if complete {
        message = message.with(Ie::SendingComplete);
    }
    encode(&message)
}

/// SETUP ACKNOWLEDGE.
pub(super) fn setup_ack(reference: CallRef, channel: Option<Timeslot>) -> Vec<u8> {
    encode(&with_channel(Message::new(reference, MessageType::SetupAcknowledge), channel))
}

/// CALL PROCEEDING.
pub(super) fn call_proceeding(reference: CallRef, channel: Option<Timeslot>) -> Vec<u8> {
    encode(&with_channel(Message::new(reference, MessageType::CallProceeding), channel))
}

/// ALERTING.
pub(super) fn alerting(
    side: PriSide,
    reference: CallRef,
    channel: Option<Timeslot>,
    in_band: bool,
) -> Vec<u8> {
    let message = with_channel(Message::new(reference, MessageType::Alerting), channel);
    encode(&if in_band { message.with(progress_indicator(side, Progress::InBand)) } else { message })
}

/// CONNECT.
pub(super) fn connect(reference: CallRef, channel: Option<Timeslot>) -> Vec<u8> {
    encode(&with_channel(Message::new(reference, MessageType::Connect), channel))
}

/// CONNECT ACKNOWLEDGE.
pub(super) fn connect_ack(reference: CallRef) -> Vec<u8> {
    encode(&Message::new(reference, MessageType::ConnectAcknowledge))
}

fn with_channel(message: Message, channel: Option<Timeslot>) -> Message {
    match channel {
        Some(slot) => message.with(Ie::ChannelIdentification(ChannelIdentification::b_channel(slot.0, true))),
        None => message,
    }
}

/// PROGRESS.
pub(super) fn progress(side: PriSide, reference: CallRef, in_band: bool) -> Vec<u8> {
    let told = if in_band { Progress::InBand } else { Progress::NotEndToEndIsdn };
    encode(&Message::new(reference, MessageType::Progress).with(progress_indicator(side, told)))
}

fn progress_indicator(side: PriSide, told: Progress) -> Ie {
    Ie::ProgressIndicator(ProgressIndicator::new(location(side), told))
}

const fn location(side: PriSide) -> Location {
    match side {
        PriSide::User => Location::User,
        PriSide::Network => Location::PublicNearLocal,
    }
}

/// DISCONNECT.
pub(super) fn disconnect(side: PriSide, reference: CallRef, cause: CauseValue, tones: bool) -> Vec<u8> {
    let message = Message::new(reference, MessageType::Disconnect).with(cause_of(side, cause));
    encode(&if tones { message.with(progress_indicator(side, Progress::InBand)) } else { message })
}

/// RELEASE.
pub(super) fn release(side: PriSide, reference: CallRef, cause: Option<CauseValue>) -> Vec<u8> {
    encode(&with_cause(side, Message::new(reference, MessageType::Release), cause))
}

/// RELEASE COMPLETE.
pub(super) fn release_complete(side: PriSide, reference: CallRef, cause: Option<CauseValue>) -> Vec<u8> {
    encode(&with_cause(side, Message::new(reference, MessageType::ReleaseComplete), cause))
}

fn with_cause(side: PriSide, message: Message, cause: Option<CauseValue>) -> Message {
    match cause {
        Some(cause) => message.with(cause_of(side, cause)),
        None => message,
    }
}

fn cause_of(side: PriSide, cause: CauseValue) -> Ie {
    Ie::Cause(Cause::new(location(side), cause))
}

/// STATUS; the state is a number of table 4-8.
pub(super) fn status(
    side: PriSide,
    reference: CallRef,
    cause: CauseValue,
    diagnostics: Vec<u8>,
    state: u8,
) -> Vec<u8> {
    let cause = Cause::with_diagnostics(location(side), cause, diagnostics);
    let state = ie::CallState::new(CallStateValue::from_code(state));
    encode(&Message::new(reference, MessageType::Status).with(Ie::Cause(cause)).with(Ie::CallState(state)))
}

/// STATUS ENQUIRY.
pub(super) fn status_enquiry(reference: CallRef) -> Vec<u8> {
    encode(&Message::new(reference, MessageType::StatusEnquiry))
}

/// SUSPEND REJECT.
pub(super) fn suspend_reject(reference: CallRef, cause: CauseValue) -> Vec<u8> {
    let message = Message::new(reference, MessageType::SuspendReject);
    encode(&message.with(cause_of(PriSide::Network, cause)))
}

/// RESUME REJECT.
pub(super) fn resume_reject(reference: CallRef, cause: CauseValue) -> Vec<u8> {
    let message = Message::new(reference, MessageType::ResumeReject);
    encode(&message.with(cause_of(PriSide::Network, cause)))
}

/// RESTART of one channel, or of the interface.
pub(super) fn restart(channel: Option<Timeslot>) -> Vec<u8> {
    let message = Message::new(CallRef::global(Flag::FromOriginator), MessageType::Restart);
    encode(&match channel {
        Some(slot) => message
            .with(Ie::ChannelIdentification(ChannelIdentification::b_channel(slot.0, true)))
            .with(Ie::RestartIndicator(RestartClass::Channels)),
        None => message.with(Ie::RestartIndicator(RestartClass::Interface)),
    })
}

/// RESTART ACKNOWLEDGE: as the RESTART came, where all its channels are ours; else those that are.
pub(super) fn restart_ack(asked: &Received, channels: &[Timeslot]) -> Vec<u8> {
    let class = asked.restart.unwrap_or(RestartClass::Channels);
    let mut message = Message::new(asked.reference.reversed(), MessageType::RestartAcknowledge)
        .with(Ie::RestartIndicator(class));
    if let Some(element) = asked.message.ies.channel_identification() {
        let all =
            class != RestartClass::Channels || asked.channels.iter().all(|slot| channels.contains(slot));
        let some = || ChannelIdentification::b_channels(channels.iter().map(|slot| slot.0).collect(), true);
        let element = if all { element.clone() } else { some() };
        message = message.with(Ie::ChannelIdentification(element));
    }
    encode(&message)
}

/// SERVICE for one channel.
pub(super) fn service(channel: Timeslot, status: ServiceStatus) -> Vec<u8> {
    let message = Message::new(CallRef::global(Flag::FromOriginator), MessageType::Service)
        .with(Ie::ChangeStatus(ChangeStatus { channel: true, status }))
        .with(Ie::ChannelIdentification(ChannelIdentification::b_channel(channel.0, true)));
    encode(&message)
}

/// SERVICE ACKNOWLEDGE: what SERVICE said.
pub(super) fn service_ack(asked: &Received) -> Vec<u8> {
    let mut message = Message::new(asked.reference.reversed(), MessageType::ServiceAcknowledge);
    for id in [IeId::CHANGE_STATUS, IeId::CHANNEL_IDENTIFICATION] {
        let element = asked.message.ies.iter().find(|element| element.id() == id);
        message = element.into_iter().fold(message, |message, element| message.with(element.clone()));
    }
    encode(&message)
}

/// What call control makes always fits a frame: numbers are bounded by `MAX_DIGITS`, all else is short.
fn encode(message: &Message) -> Vec<u8> {
    let encoded = message.encode();
    assert!(encoded.is_ok(), "a message of call control fits a frame");
    encoded.unwrap_or_default()
}
