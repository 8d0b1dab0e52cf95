//! Carries out what the call machine wants: SIP requests, media orders, facts, timers.

use super::live::{Leg, Live, PROMPT_GUARD_MS, RecordingStand, Wire};
use super::{Party, Signalling};
use crate::call::{Action, Input, Note, Playing, Timer};
use crate::clock;
use crate::voice::Port;
use idl::lines::{
    CallEnd, CallFact, LinedToCalld, MediaSummary, NoRecording, OptOutBy, PromptRole, RecordingClosed,
};
use media::{Command, Law, TdmLeg, stats::CallStats};
use sip_ua::EndCause;
use std::sync::Arc;
use vocab::{FailCause, Outcome};

/// Q.850 cause of a usual end.
const NORMAL_CLEARING: u8 = 16;

impl Signalling {
    /// Feeds everything that waits to its call and carries out what follows.
    pub(super) fn drive(&mut self) {
        while let Some((call, input)) = self.pending.pop_front() {
            let Some(mut live) = self.calls.remove(&call) else { continue };
            let mut actions = Vec::new();
            live.machine.step(input, &mut actions);
            for action in actions {
                self.act(&mut live, action);
            }
            let over = live.machine.is_over();
            if over {
                self.bury(live);
            } else {
                self.calls.insert(call, live);
            }
        }
    }

    /// A call that is over leaves nothing behind but its facts.
    fn bury(&mut self, live: Live) {
        for timer in Timer::ALL {
            self.timers.clear((live.call, timer));
        }
        if let Some(place) = live.place {
            log::error!(target: "calls", call:% = live.call ; "media did not close in time");
            let _ = self.parts.voice.close(place);
        }
        log::info!(target: "calls", call:% = live.call ; "over");
    }

    fn act(&mut self, live: &mut Live, action: Action) {
        match action {
            Action::Dial => self.dial(live, None),
            Action::CancelCustomer | Action::ByeCustomer => self.end_customer(live, action),
            Action::CallAgent => self.call_agent(live),
            Action::EndAgent => self.end_agent(live),
            Action::Play(what) => self.play(live, what),
            Action::StopPlaying => self.order(live, Command::Stop),
            Action::Bridge => self.bridge(live),
            Action::Unbridge => self.order(live, Command::DisconnectAgent),
            Action::CloseMedia => self.close_media(live),
            Action::Note(note) => self.note(live, note),
            Action::Live(state) => {
                self.tell_desks(&Arc::new(LinedToCalld::Call { call: live.call, state }));
            }
            Action::Arm(timer) => {
                // The guard of prompts is set with the list it guards.
                if timer != Timer::PromptGuard {
                    self.timers.set((live.call, timer), clock::now() + live.timer_ms(timer));
                }
            }
            Action::Disarm(timer) => self.timers.clear((live.call, timer)),
        }
    }

    fn end_customer(&mut self, live: &mut Live, action: Action) {
        let hung_up = live.customer.as_ref().is_some_and(|leg| match &leg.wire {
            Wire::Sip(_) => {
                let cause = EndCause::local(Some(NORMAL_CLEARING), "the box ended the call");
                self.parts.endpoint.hangup(clock::now(), leg.handle, cause, &mut self.out)
            }
            Wire::Card { .. } => self.hang_up_card(leg.handle),
        });
        if !hung_up && action == Action::CancelCustomer {
            self.pending.push_back((live.call, Input::CustomerLost));
        }
    }

    fn end_agent(&mut self, live: &mut Live) {
        match &live.agent {
            Some(Leg { handle, wire: Wire::Sip(_), .. }) => {
                let cause = EndCause::local(Some(NORMAL_CLEARING), "the call is over");
                self.parts.endpoint.hangup(clock::now(), *handle, cause, &mut self.out);
            }
            Some(Leg { handle, wire: Wire::Card { .. }, .. }) => {
                self.hang_up_card(*handle);
            }
            None => {}
        }
    }

    fn play(&mut self, live: &mut Live, what: Playing) {
        let (roles, looped): (&[PromptRole], bool) = match what {
            Playing::Mandatory => (&MANDATORY, false),
            Playing::Body => (&[PromptRole::Body], false),
            Playing::Hold => (&[PromptRole::Hold], true),
            Playing::NoAgent => (&[PromptRole::NoAgent], false),
            Playing::Confirmation => (&[PromptRole::OptOutConfirmation], false),
        };
        let (list, ms) = live.playlist(roles, looped);
        if !looped {
            self.timers.set((live.call, Timer::PromptGuard), clock::now() + ms + PROMPT_GUARD_MS);
        }
        self.order(live, Command::Play(list));
    }

    /// Lets customer and agent hear each other.
    fn bridge(&mut self, live: &mut Live) {
        self.attach_agent(live);
        let line = match live.agent.as_mut().map(|leg| &mut leg.wire) {
            Some(Wire::Sip(sip)) => sip.session.take().map(media::Line::from),
            Some(Wire::Card { .. }) => Some(Box::new(TdmLeg::new(Law::A)).into()),
            None => None,
        };
        let Some(line) = line else { return };
        live.times.awaiting_agent = true;
        self.order(live, Command::ConnectAgent(line));
    }

    /// Plugs the agent's leg into the media thread as soon as both are there, so that what the phone sends before
    /// the bridge is not heard late.
    pub(super) fn attach_agent(&mut self, live: &mut Live) {
        let (Some(place), Some(leg)) = (live.place, live.agent.as_mut()) else { return };
        if !leg.answered {
            return;
        }
        let port = match &mut leg.wire {
            Wire::Sip(sip) => sip.sockets.take().map(Port::from),
            Wire::Card { span, slot } => self.deck_port(*span, *slot),
        };
        if let Some(port) = port {
            let given = self.parts.voice.agent_port(place, Box::new(port));
            self.check_voice(live, given);
        }
    }

    pub(super) fn order(&mut self, live: &Live, command: Command) {
        if let Some(place) = live.place {
            let given = self.parts.voice.command(place, command);
            self.check_voice(live, given);
        }
    }

    /// A media thread that does not read its orders cannot carry the call.
    fn check_voice(&mut self, live: &Live, given: Result<(), crate::voice::VoiceError>) {
        if let Err(error) = given {
            log::error!(target: "calls", call:% = live.call, error:% ; "media lost");
            self.pending.push_back((live.call, Input::CustomerLost));
        }
    }

    fn close_media(&mut self, live: &mut Live) {
        if std::mem::replace(&mut live.closing, true) {
            return;
        }
        live.times.ended_at.get_or_insert_with(clock::wall);
        match live.place {
            Some(place) => {
                let _ = self.parts.voice.close(place);
            }
            None => {
                if live.holds_recorder() {
                    let _ = self.parts.recorder.discard(live.call);
                }
            }
        }
        self.closed_if_done(live);
    }

    /// Tells the machine once media and recorder have closed.
    pub(super) fn closed_if_done(&mut self, live: &Live) {
        if live.is_closed() {
            self.pending.push_back((live.call, Input::Closed));
        }
    }

    fn note(&mut self, live: &mut Live, note: Note) {
        let fact = match note {
            Note::Ringing => CallFact::Ringing,
            // Noted with its dialog when the answer came.
            Note::Answered => return,
            Note::NoticeHeard => {
                let after = |at: Option<u64>| millis_between(live.times.answered_us, at);
                CallFact::NoticeHeard {
                    began_after_ms: after(live.times.identify_us),
                    ended_after_ms: after(live.times.notice_us),
                }
            }
            // Noted when the agent's first packet is heard.
            Note::AgentConnected => return,
            Note::OptOut(by) => CallFact::OptOut { by },
            Note::Ended { outcome, sip_status, q850 } => {
                CallFact::Ended(Box::new(ended(live, outcome, sip_status, q850)))
            }
        };
        let opt_out = matches!(
            note,
            Note::OptOut(OptOutBy::Rfc4733 | OptOutBy::Info | OptOutBy::InBand | OptOutBy::Agent)
        );
        let seq = self.facts.push(live.call, clock::wall(), fact);
        if opt_out {
            log::info!(target: "calls", call:% = live.call ; "opted out");
            live.opt_out_seq = Some(seq);
        }
    }

    /// The leg of a call in which a party takes part.
    pub(super) fn leg_mut(live: &mut Live, party: Party) -> Option<&mut super::live::Leg> {
        match party {
            Party::Customer => live.customer.as_mut(),
            Party::Agent => live.agent.as_mut(),
        }
    }
}

const MANDATORY: [PromptRole; 3] =
    [PromptRole::Identify, PromptRole::RecordingNotice, PromptRole::OptOutHint];

/// Whole milliseconds between two times that happened; 0 where one did not.
pub(super) fn millis_between(from_us: Option<u64>, to_us: Option<u64>) -> u32 {
    let us = from_us.zip(to_us).map_or(0, |(from, to)| to.saturating_sub(from));
    u32::try_from(us / 1_000).unwrap_or(u32::MAX)
}

fn ended(live: &Live, outcome: Outcome, sip_status: u16, q850: u8) -> CallEnd {
    let on_card = matches!(&live.customer, Some(Leg { wire: Wire::Card { .. }, .. }));
    CallEnd {
        outcome,
        sip_status: if on_card { 0 } else { sip_status },
        q850,
        answered_at: live.times.answered_at,
        ended_at: live.times.ended_at.unwrap_or_else(clock::wall),
        recording: recording_of(live, outcome),
        media: live.stats.as_ref().map_or_else(MediaSummary::default, |stats| summary(stats, live.encrypted)),
    }
}

fn recording_of(live: &Live, outcome: Outcome) -> Result<RecordingClosed, NoRecording> {
    match (&live.recording, outcome) {
        (RecordingStand::Closed(Some(closed)), _) => Ok(closed.clone()),
        (_, Outcome::Failed(FailCause::NoRecording)) => Err(NoRecording::Storage),
        (_, Outcome::Failed(_)) => Err(NoRecording::NotAnswered),
        (
            RecordingStand::Failed | RecordingStand::Opening | RecordingStand::Open,
            Outcome::Answered { .. },
        ) => Err(NoRecording::Storage),
        (RecordingStand::Closed(None), Outcome::Answered { .. }) => Err(NoRecording::EndedBeforeNotice),
    }
}

fn summary(stats: &CallStats, encrypted: bool) -> MediaSummary {
    let leg = &stats.customer;
    MediaSummary {
        received: leg.accepted,
        lost: leg.lost,
        late: leg.jitter_buffer.late,
        refused: leg.wrong_source + leg.srtp_failures + leg.srtp_replays + leg.malformed,
        jitter_us: leg.jitter_ticks.saturating_mul(US_PER_TICK),
        encrypted,
    }
}

const US_PER_TICK: u32 = 125;
