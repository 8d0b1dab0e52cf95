//! The cards' place in signalling: calls set up on a span, what happens to them, the cards' history and states.

use super::events::LegEnd;
use super::live::{Leg, Live, Permit, Wire};
use super::{Party, Signalling};
use crate::call::Input;
use crate::cards::{CardCall, CardEnd, CardEndedBy, DeckOutput, Now};
use crate::clock;
use crate::voice::{FrameRings, Place, Port};
use idl::lines::{LinedToCalld, LinedToVault};
use media::watchdog::WatchLimits;
use media::{CallMedia, Law, TdmLeg};
use sip_ua::{CallHandle, EndedBy};
use std::sync::Arc;
use vocab::{FailCause, Pii, Secret, SpanId, Timeslot, TrunkId};

/// Now, by both clocks.
pub(super) fn now() -> Now {
    Now { at: clock::now(), wall: clock::wall() }
}

impl Signalling {
    /// The cards have something to tell.
    pub(super) fn on_cards(&mut self) {
        self.parts.deck.on_ready(now(), &mut self.card_out);
    }

    /// Sets the customer's call up on a span; uses the permit up.
    pub(super) fn set_up(
        &mut self,
        live: &Live,
        trunk: TrunkId,
        span: SpanId,
        permit: &Permit,
    ) -> Result<Leg, FailCause> {
        let handle = self.handle(live.call, Party::Customer);
        self.note_dialling(live.call, trunk);
        let call = CardCall {
            handle,
            number: Pii::new(*permit.number.reveal()),
            caller: Pii::new(*live.caller.reveal()),
        };
        if !self.parts.deck.call(now(), span, call, &mut self.card_out) {
            self.legs.remove(&handle);
            return Err(FailCause::NoLine);
        }
        Ok(Leg::card(handle, span))
    }

    /// Rings the agent's plain telephone, if the agent has one that is connected.
    pub(super) fn ring_plain_telephone(&mut self, live: &mut Live) -> bool {
        let Some(agent) = live.agent_id else { return false };
        let handle = self.handle(live.call, Party::Agent);
        let Some(span) = self.parts.deck.ring(now(), agent, handle, &mut self.card_out) else {
            self.legs.remove(&handle);
            return false;
        };
        live.agent = Some(Leg::card(handle, span));
        true
    }

    /// Ends a leg on a card; `false` if there is none.
    pub(super) fn hang_up_card(&mut self, handle: CallHandle) -> bool {
        self.parts.deck.hang_up(now(), handle, &mut self.card_out)
    }

    /// What the agent's telephone on a slot is plugged into at the call's thread; the other end is bridged at the
    /// telephone's card.
    pub(super) fn deck_port(&mut self, span: SpanId, slot: Option<Timeslot>) -> Option<Port> {
        let slot = slot?;
        let (ours, theirs) = FrameRings::pair();
        let processor = self.parts.deck.bridge(span, slot, theirs)?;
        let bridged = self.parts.voice.process(span, slot, Some(processor));
        bridged.is_ok().then_some(Port::Rings(ours))
    }

    pub(super) fn on_card_output(&mut self, output: DeckOutput) {
        match output {
            DeckOutput::Ringing(handle) => self.card_rings(handle),
            DeckOutput::Answered(handle, span, slot) => self.card_answered(handle, span, slot),
            DeckOutput::Ended(handle, end) => self.leg_ended(handle, leg_end(end)),
            DeckOutput::Trunk { trunk, state, reason, idle } => {
                if let Some(status) = self.lines.span_stands(trunk, state, reason, idle, clock::wall()) {
                    log::info!(target: "lines", trunk:%, state:? ; "trunk changed");
                    self.tell_vault(LinedToVault::Trunk(status));
                    self.tell_desks(&Arc::new(LinedToCalld::Trunks(self.lines.statuses())));
                    self.next_round = clock::now();
                }
            }
            DeckOutput::Status(status) => self.tell_vault(LinedToVault::Span(status)),
            DeckOutput::Fact(fact) => self.history.push(clock::wall(), fact),
            DeckOutput::Done(id, result) => self.tell_vault(LinedToVault::SpanOrderDone { id, result }),
            DeckOutput::Process(span, slot, processor) => {
                if let Err(error) = self.parts.voice.process(span, slot, processor) {
                    log::error!(target: "cards", span:%, slot:%, error:% ; "the card's thread takes no order");
                }
            }
            DeckOutput::Handset(rings) => {
                if let Some(handset) = &self.parts.handset {
                    handset.connect(rings);
                }
            }
            DeckOutput::Phone(agent, registered) => {
                let registered = registered || self.phones.is_registered(agent);
                self.tell_desks(&Arc::new(LinedToCalld::Phone { agent, registered }));
            }
        }
    }

    fn card_rings(&mut self, handle: CallHandle) {
        let Some(&(call, Party::Customer)) = self.legs.get(&handle) else { return };
        if let Some(leg) = self.calls.get_mut(&call).and_then(|live| live.customer.as_mut()) {
            leg.rang = true;
            self.pending.push_back((call, Input::CustomerRings));
        }
    }

    fn card_answered(&mut self, handle: CallHandle, span: SpanId, slot: Timeslot) {
        let Some(&(call, party)) = self.legs.get(&handle) else { return };
        let Some(mut live) = self.calls.remove(&call) else { return };
        if let Some(leg) = Self::leg_mut(&mut live, party) {
            leg.answered = true;
            leg.wire = Wire::Card { span, slot: Some(slot) };
        }
        match party {
            Party::Customer => {
                // The exchange clears a call whose D channel is gone: there is no dialog to release later.
                let wanted = self.note_answered(&mut live, Secret::new(Vec::new()));
                if wanted {
                    let media = CallMedia::new(Box::new(TdmLeg::new(Law::A)), WatchLimits::default());
                    let place = Box::new(Place::new(call, media, Port::Slot(slot)));
                    let added = self.parts.voice.add_on_span(span, place);
                    self.media_begins(&mut live, added);
                }
                self.tell_answered(&live, wanted);
            }
            Party::Agent => {
                self.attach_agent(&mut live);
                self.pending.push_back((call, Input::AgentAnswered));
            }
        }
        self.calls.insert(call, live);
    }

    /// Hands facts of the cards' history to the connection in order, as many as it takes.
    pub(super) fn send_history(&mut self) {
        let Some(vault) = &self.vault else { return };
        while let Some(fact) = self.history.unsent() {
            if vault.try_send(fact).is_err() {
                return;
            }
            self.history.handed_over();
        }
    }
}

fn leg_end(end: CardEnd) -> LegEnd {
    let by = match end.by {
        CardEndedBy::Remote => EndedBy::Remote,
        CardEndedBy::Local => EndedBy::Local,
        CardEndedBy::Lost => EndedBy::Transport,
    };
    LegEnd { by, failure: end.failure, next_line: end.next_line }
}
