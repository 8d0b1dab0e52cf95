//! What the media threads and the recorder report, as inputs of the call machine.

use super::act::millis_between;
use super::live::{Live, RecordingStand, prompt_role};
use super::{MAX_REPORTS, Signalling};
use crate::call::Input;
use crate::clock;
use crate::loopback::is_loopback;
use crate::prompts::Loaded;
use crate::recorder::RecorderEvent;
use crate::voice::Report;
use idl::lines::{CallFact, OptOutBy, PromptRole};
use media::watchdog::MediaFault;
use media::{DigitSource, Event, Leg};
use vocab::CallId;

/// Media faults noted as facts in one call.
const MAX_FAULTS: u8 = 8;

impl Signalling {
    /// Takes what the media threads reported, a bounded number at a time.
    pub(super) fn on_reports(&mut self) {
        for _ in 0..MAX_REPORTS {
            let Some(report) = self.parts.voice.report() else { return };
            match report {
                Report::Event { call, event, .. } if is_loopback(call) => self.loopback_heard(call, event),
                Report::Closed { call, place, .. } if is_loopback(call) => {
                    drop(place);
                    self.loopback_closed(call);
                }
                Report::Event { call, at_us, event } => self.on_media(call, at_us, event),
                Report::RecorderBehind { call } => self.pending.push_back((call, Input::RecorderFailed)),
                Report::Closed { call, stats, place } => {
                    drop(place);
                    let Some(mut live) = self.calls.remove(&call) else { continue };
                    live.stats = Some(stats);
                    if let Some(at) = live.place.take() {
                        self.parts.voice.release(at);
                    }
                    self.closed_if_done(&live);
                    self.calls.insert(call, live);
                }
                Report::Port(port) => drop(port),
                Report::Processor(processor) => drop(processor),
                Report::Slot { span, slot, news } => {
                    self.parts.deck.news(super::cards::now(), span, slot, news, &mut self.card_out);
                }
                Report::Card { span, runs } => {
                    log::info!(target: "cards", span:%, runs ; "the card's audio runs or stands still");
                }
            }
        }
        // More waits: the descriptor is made readable again by the next tick at the latest.
    }

    fn on_media(&mut self, call: CallId, at_us: u64, event: Event) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        match event {
            Event::Digit(digit, source) => {
                if digit.as_char() == char::from(live.opt_out_key) {
                    self.pending.push_back((call, Input::OptOut(opted_out_by(source))));
                }
            }
            Event::PromptStarted { prompt, .. } => {
                if prompt_role(prompt) == Some(PromptRole::Identify) {
                    live.times.identify_us.get_or_insert(at_us);
                }
            }
            Event::PromptFinished { prompt, .. } => {
                let Some(role) = prompt_role(prompt) else { return };
                // Its last sample is still on its way for the length of the frame it is in.
                let heard_us = at_us + media::units::TICK_US;
                if role == PromptRole::RecordingNotice {
                    live.times.notice_us.get_or_insert(heard_us);
                }
                if role == live.machine.plan().last_mandatory() {
                    live.times.announced_us.get_or_insert(heard_us);
                }
                self.pending.push_back((call, Input::PromptOver(role)));
            }
            Event::FirstPacket(Leg::Agent) => self.agent_heard(call, at_us),
            Event::Fault(leg, fault) => self.media_fault(call, leg, fault),
            Event::Recording(_)
            | Event::FirstPacket(Leg::Customer)
            | Event::ListFinished(_)
            | Event::ListInterrupted { .. }
            | Event::Bye(_)
            | Event::Cleared(..) => {}
            // Dropped here, where freeing memory delays nobody.
            Event::Retired(retired) => drop(retired),
        }
    }

    /// The agent's first audio after the bridge.
    fn agent_heard(&mut self, call: CallId, at_us: u64) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let Some(agent) = live.agent_id.filter(|_| live.times.awaiting_agent) else { return };
        live.times.awaiting_agent = false;
        let after_announcement_ms = millis_between(live.times.announced_us, Some(at_us));
        let fact = CallFact::AgentConnected { agent, after_announcement_ms };
        self.facts.push(call, clock::wall(), fact);
    }

    fn media_fault(&mut self, call: CallId, leg: Leg, fault: MediaFault) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let code = fault_code(leg, fault);
        log::warn!(target: "calls", call:%, code ; "media fault");
        if live.faults < MAX_FAULTS {
            live.faults += 1;
            self.facts.push(call, clock::wall(), CallFact::MediaFault { code: code.to_owned() });
        }
    }

    /// The recorder's word.
    pub(super) fn on_recorder(&mut self, event: RecorderEvent) {
        if let RecorderEvent::Opened { call }
        | RecorderEvent::Failed { call }
        | RecorderEvent::Closed { call, .. } = event
            && is_loopback(call)
        {
            return self.loopback_recorder(&event);
        }
        match event {
            RecorderEvent::Opened { call } => self.recorder_opened(call),
            RecorderEvent::Failed { call } => self.recorder(call, RecordingStand::Failed),
            RecorderEvent::Closed { call, written } => self.recorder(call, RecordingStand::Closed(written)),
        }
    }

    fn recorder(&mut self, call: CallId, stand: RecordingStand) {
        let Some(mut live) = self.calls.remove(&call) else { return };
        if stand == RecordingStand::Failed {
            self.pending.push_back((call, Input::RecorderFailed));
        }
        if live.recording != RecordingStand::Failed {
            live.recording = stand;
        }
        self.closed_if_done(&live);
        self.calls.insert(call, live);
    }

    /// A prompt was read, or cannot be.
    pub(super) fn on_prompt(&mut self, loaded: &Loaded) {
        self.parts.prompts.take(loaded);
        let wants = |live: &Live| live.missing.iter().any(|prompt| prompt.object == loaded.object);
        let waiting: Vec<CallId> =
            self.calls.values().filter(|live| wants(live)).map(|live| live.call).collect();
        for call in waiting {
            match &loaded.audio {
                Ok(audio) => {
                    if let Some(live) = self.calls.get_mut(&call) {
                        live.take_audio(loaded.object, audio);
                    }
                    self.start_if_ready(call);
                }
                Err(error) => {
                    // Without its prompts a call may not be recorded, and what is not recorded is not placed.
                    log::error!(target: "calls", call:%, error:% ; "a prompt cannot be played");
                    self.pending.push_back((call, Input::RecorderFailed));
                }
            }
        }
    }
}

const fn opted_out_by(source: DigitSource) -> OptOutBy {
    match source {
        DigitSource::TelephoneEvent => OptOutBy::Rfc4733,
        DigitSource::InBand => OptOutBy::InBand,
        DigitSource::Info => OptOutBy::Info,
    }
}

const fn fault_code(leg: Leg, fault: MediaFault) -> &'static str {
    match (leg, fault) {
        (Leg::Customer, MediaFault::NoRtp) => "customer-no-rtp",
        (Leg::Customer, MediaFault::OneWay) => "customer-one-way",
        (Leg::Customer, MediaFault::WrongPayloadType) => "customer-wrong-codec",
        (Leg::Customer, MediaFault::SrtpAuthentication) => "customer-srtp",
        (Leg::Customer, MediaFault::WrongSource) => "customer-wrong-source",
        (Leg::Customer, MediaFault::ClockDrift) => "customer-clock-drift",
        (Leg::Customer, MediaFault::HeavyLoss) => "customer-heavy-loss",
        (Leg::Agent, MediaFault::NoRtp) => "agent-no-rtp",
        (Leg::Agent, MediaFault::OneWay) => "agent-one-way",
        (Leg::Agent, MediaFault::WrongPayloadType) => "agent-wrong-codec",
        (Leg::Agent, MediaFault::SrtpAuthentication) => "agent-srtp",
        (Leg::Agent, MediaFault::WrongSource) => "agent-wrong-source",
        (Leg::Agent, MediaFault::ClockDrift) => "agent-clock-drift",
        (Leg::Agent, MediaFault::HeavyLoss) => "agent-heavy-loss",
    }
}
