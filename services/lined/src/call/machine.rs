//! The machine behind the table in [`super`]: one `match (state, input)`, helpers below it.
//!
//! It holds no deadline and no id: the driver arms timers and knows which call it drives.

use super::{Action, Failure, Input, Note, Plan, Playing, State, Timer};
use idl::lines::{LiveState, OptOutBy, PromptRole};
use vocab::{CampaignMode, EndedBy, FailCause, Outcome};

/// One call.
#[derive(Debug)]
pub struct CallMachine {
    state: State,
    plan: Plan,
    agent: AgentLeg,
    outcome: Option<Ending>,
    started: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AgentLeg {
    None,
    Calling,
    Up,
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ending {
    outcome: Outcome,
    sip_status: u16,
    q850: u8,
}

impl CallMachine {
    /// A call that has not begun.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let state = match plan.mode {
            CampaignMode::Preview if plan.has_agent => State::AgentFirst,
            CampaignMode::Preview | CampaignMode::Progressive | CampaignMode::Announcement => State::Dialling,
        };
        Self { state, plan, agent: AgentLeg::None, outcome: None, started: false }
    }

    /// Where the call stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// What the ticket holds.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether nothing is left to be done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// The state as `calld` sees it.
    #[must_use]
    pub fn live(&self) -> LiveState {
        match self.state {
            State::AgentFirst | State::Waiting | State::Apologising => LiveState::WaitingForAgent,
            State::Dialling | State::Cancelling => LiveState::Dialling,
            State::Ringing => LiveState::Ringing,
            State::Announcing | State::Delivering => LiveState::Announcing,
            State::Talking => LiveState::Talking,
            State::OptingOut | State::Confirming => LiveState::OptedOut,
            State::Closing | State::Over => LiveState::Ended(self.ending().outcome),
        }
    }

    /// Takes one input and appends what is to be done.
    pub fn step(&mut self, input: Input, out: &mut Vec<Action>) {
        use {Input as I, State as S};
        if input == I::Start && std::mem::replace(&mut self.started, true) {
            return;
        }
        match (self.state, input) {
            (S::AgentFirst, I::Start) => {
                self.call_agent(out);
                out.extend([Action::Live(LiveState::WaitingForAgent), Action::Arm(Timer::AgentRing)]);
            }
            (S::Dialling, I::Start) => out.extend([Action::Dial, Action::Arm(Timer::Ring)]),
            (S::AgentFirst, I::AgentAnswered) => self.dial_for_waiting_agent(out),
            (S::AgentFirst, I::AgentGone | I::TimerFired(Timer::AgentRing)) => {
                self.finish(failed(FailCause::Stopped), out);
            }
            (S::AgentFirst, I::HangUp(_)) => self.finish(failed(FailCause::Stopped), out),
            (S::AgentFirst | S::Dialling | S::Ringing, I::RecorderFailed) => {
                self.give_up(FailCause::NoRecording, out);
            }
            (S::AgentFirst | S::Dialling | S::Ringing, I::CustomerFailed(failure)) => {
                self.finish(from_failure(failure), out);
            }
            (S::Dialling, I::CustomerRings) => {
                self.state = S::Ringing;
                out.extend([Action::Note(Note::Ringing), Action::Live(LiveState::Ringing)]);
            }
            (S::Dialling | S::Ringing, I::CustomerAnswered) => self.answered(out),
            (S::Ringing, I::TimerFired(Timer::Ring)) => self.give_up(FailCause::NoAnswer, out),
            // Nothing rang: the carrier's fault, not the callee's absence.
            (S::Dialling, I::TimerFired(Timer::Ring)) => self.give_up(FailCause::Carrier, out),
            (S::Dialling | S::Ringing, I::HangUp(_)) => self.give_up(FailCause::Stopped, out),
            (S::Dialling | S::Ringing, I::AgentAnswered) => self.agent = AgentLeg::Up,
            (S::Dialling | S::Ringing, I::AgentGone) => {
                self.agent = AgentLeg::Gone;
                self.give_up(FailCause::Stopped, out);
            }
            (S::Dialling | S::Ringing, I::CustomerHungUp | I::CustomerLost) => {
                self.finish(failed(FailCause::Carrier), out);
            }
            (S::Cancelling, I::CustomerFailed(failure)) => self.cancelled(failure, out),
            (S::Cancelling, I::CustomerAnswered) => {
                out.push(Action::ByeCustomer);
                self.close(out);
            }
            (S::Cancelling, I::CustomerHungUp | I::CustomerLost | I::TimerFired(Timer::CancelGuard)) => {
                self.close(out);
            }
            (S::Announcing, I::PromptOver(role)) => self.heard(role, out),
            (S::Delivering, I::PromptOver(PromptRole::Body)) => self.hang_up(EndedBy::Box, out),
            (S::Apologising, I::PromptOver(PromptRole::NoAgent)) => self.hang_up(EndedBy::Box, out),
            (S::Confirming, I::PromptOver(PromptRole::OptOutConfirmation)) => self.hang_up(EndedBy::Box, out),
            (S::Announcing, I::AgentAnswered) => self.agent = AgentLeg::Up,
            (S::Announcing | S::Delivering, I::AgentGone) => self.agent = AgentLeg::Gone,
            (S::Waiting, I::AgentAnswered) => {
                self.agent = AgentLeg::Up;
                out.push(Action::Disarm(Timer::AgentWait));
                self.talk(out);
            }
            (S::Waiting, I::AgentGone) => {
                self.agent = AgentLeg::Gone;
                self.apologise(out);
            }
            (S::Waiting, I::TimerFired(Timer::AgentWait)) => self.apologise(out),
            (S::Talking, I::AgentGone) => {
                self.agent = AgentLeg::Gone;
                self.hang_up(EndedBy::Agent, out);
            }
            (S::Announcing | S::Delivering | S::Waiting | S::Apologising | S::Talking, I::OptOut(by)) => {
                self.opt_out(by, out)
            }
            (S::OptingOut, I::OptOutStored) => {
                self.state = S::Confirming;
                out.push(Action::Disarm(Timer::OptOutStore));
                self.play(Playing::Confirmation, PromptRole::OptOutConfirmation, out);
            }
            (S::OptingOut, I::TimerFired(Timer::OptOutStore)) => self.hang_up(EndedBy::Box, out),
            (
                S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming,
                I::CustomerHungUp,
            ) => self.finish(answered(EndedBy::Callee), out),
            (
                S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming,
                I::CustomerLost | I::RecorderFailed | I::TimerFired(Timer::PromptGuard),
            ) => self.hang_up(EndedBy::Line, out),
            (
                S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming,
                I::TimerFired(Timer::Limit),
            ) => self.hang_up(EndedBy::Box, out),
            (S::Announcing | S::Delivering | S::Waiting | S::Apologising | S::Talking, I::HangUp(by)) => {
                self.hang_up(by, out)
            }
            // The opt-out is confirmed before anything else may end the call; its timers bound that.
            (S::OptingOut | S::Confirming, I::HangUp(_)) => {}
            (S::Closing, I::CustomerAnswered) => out.push(Action::ByeCustomer),
            (S::Closing, I::AgentAnswered) => out.push(Action::EndAgent),
            (S::Closing, I::Closed | I::TimerFired(Timer::CloseGuard)) => self.over(out),
            (S::OptingOut | S::Confirming | S::Apologising | S::Cancelling, I::AgentAnswered) => {
                out.push(Action::EndAgent)
            }
            // What cannot matter where it arrives.
            (
                S::OptingOut | S::Confirming | S::Apologising | S::Cancelling | S::Closing | S::Over,
                I::AgentGone,
            )
            | (S::Talking | S::Delivering | S::Over, I::AgentAnswered)
            | (S::Closing | S::Over, I::CustomerFailed(_) | I::CustomerHungUp | I::CustomerLost)
            | (
                S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming,
                I::CustomerFailed(_) | I::CustomerAnswered,
            )
            | (S::AgentFirst, I::CustomerRings | I::CustomerAnswered | I::CustomerHungUp | I::CustomerLost)
            | (
                S::Ringing
                | S::Cancelling
                | S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming
                | S::Closing
                | S::Over,
                I::CustomerRings | I::Start,
            )
            | (
                S::AgentFirst
                | S::Dialling
                | S::Ringing
                | S::Cancelling
                | S::Waiting
                | S::Talking
                | S::OptingOut
                | S::Closing
                | S::Over,
                I::PromptOver(_),
            )
            | (S::Delivering | S::Apologising | S::Confirming, I::PromptOver(_))
            | (
                S::AgentFirst
                | S::Dialling
                | S::Ringing
                | S::Cancelling
                | S::OptingOut
                | S::Confirming
                | S::Closing
                | S::Over,
                I::OptOut(_),
            )
            | (
                S::AgentFirst
                | S::Dialling
                | S::Ringing
                | S::Cancelling
                | S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::Confirming
                | S::Closing
                | S::Over,
                I::OptOutStored,
            )
            | (S::Cancelling | S::Closing | S::Over, I::HangUp(_) | I::RecorderFailed)
            | (S::Over, I::CustomerAnswered)
            | (
                S::AgentFirst
                | S::Dialling
                | S::Ringing
                | S::Cancelling
                | S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming
                | S::Over,
                I::Closed,
            )
            | (
                S::AgentFirst
                | S::Dialling
                | S::Ringing
                | S::Cancelling
                | S::Announcing
                | S::Delivering
                | S::Waiting
                | S::Apologising
                | S::Talking
                | S::OptingOut
                | S::Confirming
                | S::Closing
                | S::Over,
                I::TimerFired(
                    Timer::AgentRing
                    | Timer::Ring
                    | Timer::CancelGuard
                    | Timer::Limit
                    | Timer::AgentWait
                    | Timer::PromptGuard
                    | Timer::OptOutStore
                    | Timer::CloseGuard,
                ),
            ) => {}
        }
    }

    fn call_agent(&mut self, out: &mut Vec<Action>) {
        self.agent = AgentLeg::Calling;
        out.push(Action::CallAgent);
    }

    fn dial_for_waiting_agent(&mut self, out: &mut Vec<Action>) {
        self.agent = AgentLeg::Up;
        self.state = State::Dialling;
        out.extend([
            Action::Disarm(Timer::AgentRing),
            Action::Live(LiveState::Dialling),
            Action::Dial,
            Action::Arm(Timer::Ring),
        ]);
    }

    fn answered(&mut self, out: &mut Vec<Action>) {
        self.state = State::Announcing;
        out.extend([
            Action::Disarm(Timer::Ring),
            Action::Arm(Timer::Limit),
            Action::Note(Note::Answered),
            Action::Live(LiveState::Announcing),
            Action::Play(Playing::Mandatory),
            Action::Arm(Timer::PromptGuard),
        ]);
        if self.plan.mode == CampaignMode::Progressive && self.plan.has_agent {
            self.call_agent(out);
        }
    }

    fn heard(&mut self, role: PromptRole, out: &mut Vec<Action>) {
        if role == PromptRole::RecordingNotice {
            out.push(Action::Note(Note::NoticeHeard));
        }
        if role != self.plan.last_mandatory() {
            return;
        }
        out.push(Action::Disarm(Timer::PromptGuard));
        match (self.plan.mode, self.agent) {
            (CampaignMode::Announcement, _) if self.plan.has(PromptRole::Body) => {
                self.state = State::Delivering;
                self.play(Playing::Body, PromptRole::Body, out);
            }
            (CampaignMode::Announcement, _) => self.hang_up(EndedBy::Box, out),
            (CampaignMode::Progressive | CampaignMode::Preview, AgentLeg::Up) => self.talk(out),
            (CampaignMode::Progressive | CampaignMode::Preview, AgentLeg::Calling) => self.wait(out),
            (CampaignMode::Progressive | CampaignMode::Preview, AgentLeg::None | AgentLeg::Gone) => {
                self.apologise(out);
            }
        }
    }

    fn talk(&mut self, out: &mut Vec<Action>) {
        self.state = State::Talking;
        out.extend([
            Action::StopPlaying,
            Action::Bridge,
            Action::Note(Note::AgentConnected),
            Action::Live(LiveState::Talking),
        ]);
    }

    fn wait(&mut self, out: &mut Vec<Action>) {
        self.state = State::Waiting;
        out.extend([Action::Live(LiveState::WaitingForAgent), Action::Arm(Timer::AgentWait)]);
        if self.plan.has(PromptRole::Hold) {
            out.push(Action::Play(Playing::Hold));
        }
    }

    fn apologise(&mut self, out: &mut Vec<Action>) {
        self.end_agent(out);
        out.extend([Action::Disarm(Timer::AgentWait), Action::StopPlaying]);
        self.state = State::Apologising;
        out.push(Action::Live(LiveState::WaitingForAgent));
        self.play(Playing::NoAgent, PromptRole::NoAgent, out);
    }

    fn opt_out(&mut self, by: OptOutBy, out: &mut Vec<Action>) {
        out.push(Action::Note(Note::OptOut(by)));
        if self.state == State::Talking {
            out.push(Action::Unbridge);
        }
        self.end_agent(out);
        self.state = State::OptingOut;
        out.extend([
            Action::StopPlaying,
            Action::Disarm(Timer::PromptGuard),
            Action::Disarm(Timer::AgentWait),
            Action::Live(LiveState::OptedOut),
            Action::Arm(Timer::OptOutStore),
        ]);
    }

    /// Plays a list and guards it; without the prompt the call goes on as if it had been heard.
    fn play(&mut self, what: Playing, role: PromptRole, out: &mut Vec<Action>) {
        if self.plan.has(role) {
            out.extend([Action::Play(what), Action::Arm(Timer::PromptGuard)]);
        } else {
            self.hang_up(EndedBy::Box, out);
        }
    }

    fn end_agent(&mut self, out: &mut Vec<Action>) {
        if matches!(self.agent, AgentLeg::Calling | AgentLeg::Up) {
            self.agent = AgentLeg::Gone;
            out.push(Action::EndAgent);
        }
    }

    fn give_up(&mut self, cause: FailCause, out: &mut Vec<Action>) {
        if self.state == State::AgentFirst {
            self.finish(failed(cause), out);
            return;
        }
        self.outcome = Some(failed(cause));
        self.state = State::Cancelling;
        self.end_agent(out);
        out.extend([Action::Disarm(Timer::Ring), Action::CancelCustomer, Action::Arm(Timer::CancelGuard)]);
    }

    /// The final answer of a cancelled INVITE. A refusal of the callee that crossed our CANCEL counts.
    fn cancelled(&mut self, failure: Failure, out: &mut Vec<Action>) {
        let by_callee = matches!(
            failure.cause,
            FailCause::Busy | FailCause::Declined | FailCause::InvalidNumber | FailCause::Media
        );
        if by_callee {
            self.outcome = Some(from_failure(failure));
        } else if let Some(ending) = &mut self.outcome {
            ending.sip_status = failure.sip_status;
            ending.q850 = failure.q850;
        }
        self.close(out);
    }

    fn hang_up(&mut self, by: EndedBy, out: &mut Vec<Action>) {
        out.push(Action::ByeCustomer);
        self.finish(answered(by), out);
    }

    fn finish(&mut self, ending: Ending, out: &mut Vec<Action>) {
        self.outcome = Some(ending);
        self.close(out);
    }

    fn close(&mut self, out: &mut Vec<Action>) {
        self.end_agent(out);
        self.state = State::Closing;
        out.extend([Action::CloseMedia, Action::Arm(Timer::CloseGuard)]);
    }

    fn over(&mut self, out: &mut Vec<Action>) {
        self.state = State::Over;
        let Ending { outcome, sip_status, q850 } = self.ending();
        out.extend([
            Action::Note(Note::Ended { outcome, sip_status, q850 }),
            Action::Live(LiveState::Ended(outcome)),
        ]);
    }

    fn ending(&self) -> Ending {
        self.outcome.unwrap_or(failed(FailCause::Lost))
    }
}

fn failed(cause: FailCause) -> Ending {
    Ending { outcome: Outcome::Failed(cause), sip_status: 0, q850: 0 }
}

fn from_failure(failure: Failure) -> Ending {
    Ending { outcome: Outcome::Failed(failure.cause), sip_status: failure.sip_status, q850: failure.q850 }
}

fn answered(by: EndedBy) -> Ending {
    Ending { outcome: Outcome::Answered { by }, sip_status: 200, q850: 16 }
}
