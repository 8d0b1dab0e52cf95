//! The loop-back call as a pure machine: what came, what follows, how long each state may last.

use super::keys::{FAR_KEYS, NEAR_KEYS};
use idl::trial::CallFault;
use media::Digit;

/// A leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The endpoint's.
    Near,
    /// The one that is answered here.
    Far,
}

/// What comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The recorder's file is there.
    Opened,
    /// The recorder cannot write.
    RecorderFailed,
    /// The far leg answered.
    Answered,
    /// The call is over for SIP.
    Over,
    /// A leg heard a key.
    Heard(Side, Digit),
    /// A leg's media is closed.
    Closed(Side),
    /// The recording is closed.
    Recorded,
    /// The recording was read back: whether it holds what was heard.
    Checked(bool),
    /// Something was not to be had.
    Failed(CallFault),
    /// The state's time is up.
    Late,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send the INVITE.
    Dial,
    /// Give both legs to the media threads and let them play.
    Connect,
    /// Send the BYE and close both legs.
    HangUp,
    /// Read the recording back.
    Check,
    /// It is over; whatever is left goes.
    Finish(Result<(), CallFault>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Calling,
    Listening { near: usize, far: usize },
    Settling,
    Ending { fault: Option<CallFault>, left: Left },
    Checking,
    Over,
}

/// What an ending call still waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    call: bool,
    near: bool,
    far: bool,
    recording: bool,
}

impl Left {
    const ALL: Self = Self { call: true, near: true, far: true, recording: true };

    const fn nothing(self) -> bool {
        !(self.call || self.near || self.far || self.recording)
    }
}

/// The machine.
#[derive(Debug)]
pub struct Machine(State);

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// A call whose recording is being opened.
    #[must_use]
    pub const fn new() -> Self {
        Self(State::Opening)
    }

    /// How long the state may last, in milliseconds.
    #[must_use]
    pub const fn limit_ms(&self) -> u64 {
        match self.0 {
            State::Settling => SETTLE_MS,
            State::Listening { .. } => LISTEN_MS,
            State::Opening | State::Calling | State::Ending { .. } | State::Checking | State::Over => STEP_MS,
        }
    }

    /// Takes what came. Nothing follows where it does not matter any more.
    pub fn step(&mut self, input: Input) -> Option<Action> {
        match (self.0, input) {
            (State::Over, _) => None,
            (_, Input::Failed(fault)) => self.finish(Err(fault)),
            (State::Opening, Input::Opened) => self.go(State::Calling, Action::Dial),
            (State::Opening, Input::RecorderFailed | Input::Late) => self.finish(Err(CallFault::NotRecorded)),
            (State::Calling, Input::Answered) => {
                self.go(State::Listening { near: 0, far: 0 }, Action::Connect)
            }
            (State::Calling, Input::Over | Input::Late) => self.finish(Err(CallFault::NotAnswered)),
            (State::Listening { near, far }, Input::Heard(side, digit)) => self.heard(near, far, side, digit),
            (State::Listening { far, .. }, Input::Late | Input::Over) => {
                let deaf =
                    if far < NEAR_KEYS.len() { CallFault::NotHeardFar } else { CallFault::NotHeardNear };
                self.end(Some(deaf), input == Input::Over)
            }
            (State::Settling, Input::Late) => self.end(None, false),
            (State::Settling, Input::Over) => self.end(Some(CallFault::NotEnded), true),
            (State::Listening { .. } | State::Settling, Input::RecorderFailed) => {
                self.end(Some(CallFault::NotRecorded), false)
            }
            (State::Ending { fault, left }, _) => self.ending(fault, left, input),
            (State::Checking, Input::Checked(true)) => self.finish(Ok(())),
            (State::Checking, Input::Checked(false) | Input::Late) => {
                self.finish(Err(CallFault::NotRecorded))
            }
            (
                State::Opening | State::Calling | State::Listening { .. } | State::Settling | State::Checking,
                _,
            ) => None,
        }
    }

    fn go(&mut self, state: State, action: Action) -> Option<Action> {
        self.0 = state;
        Some(action)
    }

    fn finish(&mut self, result: Result<(), CallFault>) -> Option<Action> {
        self.go(State::Over, Action::Finish(result))
    }

    /// A key counts only in its turn: a wrong one is nobody's voice of this call.
    fn heard(&mut self, near: usize, far: usize, side: Side, digit: Digit) -> Option<Action> {
        let (near, far) = match side {
            Side::Near => (near + usize::from(FAR_KEYS.get(near) == Some(&digit.as_char())), far),
            Side::Far => (near, far + usize::from(NEAR_KEYS.get(far) == Some(&digit.as_char()))),
        };
        let all = near == FAR_KEYS.len() && far == NEAR_KEYS.len();
        self.0 = if all { State::Settling } else { State::Listening { near, far } };
        None
    }

    fn end(&mut self, fault: Option<CallFault>, over: bool) -> Option<Action> {
        let left = Left { call: !over, ..Left::ALL };
        self.go(State::Ending { fault, left }, Action::HangUp)
    }

    fn ending(&mut self, fault: Option<CallFault>, mut left: Left, input: Input) -> Option<Action> {
        let mut fault = fault;
        match input {
            Input::Over => left.call = false,
            Input::Closed(Side::Near) => left.near = false,
            Input::Closed(Side::Far) => left.far = false,
            Input::Recorded => left.recording = false,
            Input::RecorderFailed => {
                left.recording = false;
                fault = fault.or(Some(CallFault::NotRecorded));
            }
            Input::Late => {
                let late = if left.call { CallFault::NotEnded } else { CallFault::TooLong };
                return self.finish(Err(fault.unwrap_or(late)));
            }
            Input::Opened | Input::Answered | Input::Heard(..) | Input::Checked(_) | Input::Failed(_) => {}
        }
        self.0 = State::Ending { fault, left };
        match fault {
            _ if !left.nothing() => None,
            Some(fault) => self.finish(Err(fault)),
            None => self.go(State::Checking, Action::Check),
        }
    }
}

/// How long one step may take.
const STEP_MS: u64 = 5_000;
/// How long the keys may take: they last about two seconds, and are played until they are heard.
const LISTEN_MS: u64 = 15_000;
/// How long what was heard takes to be recorded.
const SETTLE_MS: u64 = 600;

#[cfg(test)]
mod tests {
    use super::{Action, Input, Machine, Side};
    use crate::loopback::{FAR_KEYS, NEAR_KEYS};
    use idl::trial::CallFault;
    use media::Digit;

    fn hears(machine: &mut Machine, side: Side, keys: &[char]) {
        for key in keys {
            assert_eq!(machine.step(Input::Heard(side, Digit::from_char(*key).unwrap())), None);
        }
    }

    fn listening() -> Machine {
        let mut machine = Machine::new();
        assert_eq!(machine.step(Input::Opened), Some(Action::Dial));
        assert_eq!(machine.step(Input::Answered), Some(Action::Connect));
        machine
    }

    fn ending() -> Machine {
        let mut machine = listening();
        hears(&mut machine, Side::Far, &NEAR_KEYS);
        hears(&mut machine, Side::Near, &FAR_KEYS);
        assert_eq!(machine.step(Input::Late), Some(Action::HangUp), "what was heard is recorded first");
        machine
    }

    fn fails(mut machine: Machine, input: Input) -> CallFault {
        match machine.step(input) {
            Some(Action::Finish(Err(fault))) => fault,
            other => panic!("{other:?}"),
        }
    }

    /// All that an ending call waits for, in an order of its own.
    const REST: [Input; 4] =
        [Input::Closed(Side::Far), Input::Over, Input::Recorded, Input::Closed(Side::Near)];

    #[test]
    fn a_call_that_is_answered_heard_both_ways_ended_and_recorded_is_good() {
        let mut machine = ending();
        let followed: Vec<_> = REST.into_iter().filter_map(|input| machine.step(input)).collect();
        assert_eq!(followed, [Action::Check]);
        assert_eq!(machine.step(Input::Checked(true)), Some(Action::Finish(Ok(()))));
        assert_eq!(machine.step(Input::Late), None, "it is over once");
    }

    #[test]
    fn a_muted_or_garbled_leg_is_named() {
        let heard_by = |near: &[char], far: &[char]| {
            let mut machine = listening();
            hears(&mut machine, Side::Near, near);
            hears(&mut machine, Side::Far, far);
            assert_eq!(machine.step(Input::Late), Some(Action::HangUp));
            REST.into_iter().filter_map(|input| machine.step(input)).collect::<Vec<_>>()
        };
        let finish = |fault| vec![Action::Finish(Err(fault))];
        assert_eq!(heard_by(&FAR_KEYS, &[]), finish(CallFault::NotHeardFar));
        assert_eq!(heard_by(&[], &NEAR_KEYS), finish(CallFault::NotHeardNear));
        // A leg that hears itself hears the wrong keys.
        assert_eq!(heard_by(&NEAR_KEYS, &NEAR_KEYS), finish(CallFault::NotHeardNear));
        assert_eq!(heard_by(&FAR_KEYS, &NEAR_KEYS[1..]), finish(CallFault::NotHeardFar));
    }

    #[test]
    fn each_step_that_does_not_come_has_its_fault() {
        assert_eq!(fails(Machine::new(), Input::RecorderFailed), CallFault::NotRecorded);
        assert_eq!(fails(Machine::new(), Input::Failed(CallFault::Ports)), CallFault::Ports);
        let mut calling = Machine::new();
        calling.step(Input::Opened);
        assert_eq!(fails(calling, Input::Late), CallFault::NotAnswered);
        let mut refused = Machine::new();
        refused.step(Input::Opened);
        assert_eq!(fails(refused, Input::Over), CallFault::NotAnswered);
        assert_eq!(fails(listening(), Input::Failed(CallFault::Threads)), CallFault::Threads);
        assert_eq!(fails(ending(), Input::Late), CallFault::NotEnded);
        let mut unclosed = ending();
        unclosed.step(Input::Over);
        assert_eq!(fails(unclosed, Input::Late), CallFault::TooLong);
        let mut unread = ending();
        for input in REST {
            unread.step(input);
        }
        assert_eq!(fails(unread, Input::Checked(false)), CallFault::NotRecorded);
    }
}
