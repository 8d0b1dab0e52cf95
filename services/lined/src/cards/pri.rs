//! A primary rate access: the data link and call control of one D channel, joined, and the calls on it in
//! signalling's names. It touches no card: frames and messages go through [`PriOutput`].

use super::{CardCall, CardEnd, CardEndedBy, Now};
use crate::call::Failure;
use idl::spans::{LinkState, PriConfig, PriSide, SlotState};
use lapd::{MdlError, Side};
use q931::control::{self, Command, EndedBy, Event, Setup};
use q931::{CauseValue, DChannel, DOutput};
use sip_ua::CallHandle;
use std::collections::{HashMap, VecDeque};
use vocab::{Millis, Pii, Timeslot};

/// What the access wants done, and what it tells.
#[derive(Debug)]
pub(super) enum PriOutput {
    /// A frame for the D channel.
    Frame(Vec<u8>),
    /// The data link changed.
    Link(LinkState),
    /// It rings.
    Ringing(CallHandle),
    /// It is answered.
    Answered(CallHandle, Timeslot),
    /// It is over.
    Ended(CallHandle, CardEnd),
    /// A timeslot changed.
    Slot(Timeslot, SlotState),
}

/// One call.
#[derive(Debug, Clone, Copy, Default)]
struct Call {
    rang: bool,
    /// Messages of the exchange may be missing: it may ring without our knowing.
    doubtful: bool,
    answered: bool,
}

/// The access.
#[derive(Debug)]
pub(super) struct Pri {
    channel: DChannel,
    calls: HashMap<u64, Call>,
}

impl Pri {
    /// An access whose line is down and which wants its data link.
    pub fn new(now: Now, config: &PriConfig, out: &mut Vec<PriOutput>) -> Self {
        let side = match config.side {
            PriSide::User => Side::User,
            PriSide::Network => Side::Network,
        };
        let mut said = Vec::new();
        let link = lapd::Config { t203_ms: T203_MS, ..lapd::Config::new(side) };
        let channel = DChannel::new(now.at, link, control::Config::of(config), &mut said);
        let mut pri = Self { channel, calls: HashMap::new() };
        pri.carry(now, said, out);
        pri
    }

    /// The line carries frames, or does not.
    pub fn line(&mut self, now: Now, up: bool, out: &mut Vec<PriOutput>) {
        self.with(now, out, |channel, said| channel.line(now.at, up, said));
    }

    /// A frame of the D channel.
    pub fn frame(&mut self, now: Now, frame: &[u8], out: &mut Vec<PriOutput>) {
        self.with(now, out, |channel, said| channel.frame(now.at, frame, said));
    }

    /// Places a call; its end follows in any case.
    pub fn call(&mut self, now: Now, call: &CardCall, out: &mut Vec<PriOutput>) {
        let handle = control::CallHandle(call.handle.0);
        let called = Pii::new(call.number.reveal().dial_string());
        let calling = Pii::new(call.caller.reveal().dial_string());
        self.calls.insert(call.handle.0, Call::default());
        self.command(now, Command::Setup(Box::new(Setup::new(handle, called, Some(calling)))), out);
    }

    /// Ends a call; `false` if it is none of this access.
    pub fn hang_up(&mut self, now: Now, handle: CallHandle, out: &mut Vec<PriOutput>) -> bool {
        let known = self.calls.contains_key(&handle.0);
        if known {
            let call = control::CallHandle(handle.0);
            let cause = CauseValue::NormalClearing;
            self.command(now, Command::Disconnect { call, cause, in_band: false }, out);
        }
        known
    }

    /// Blocks, unblocks or restarts.
    pub fn command(&mut self, now: Now, command: Command, out: &mut Vec<PriOutput>) {
        self.with(now, out, |channel, said| channel.command(now.at, command, said));
    }

    /// Everything that is due.
    pub fn expire(&mut self, now: Now, out: &mut Vec<PriOutput>) {
        self.with(now, out, |channel, said| channel.expire(now.at, said));
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Millis> {
        self.channel.deadline()
    }

    /// The data link.
    pub fn link(&self) -> LinkState {
        link_state(self.channel.link().state())
    }

    /// Channels that can take a call.
    pub fn idle(&self) -> u32 {
        u32::try_from(self.channel.interface().idle_channels()).unwrap_or(0)
    }

    /// All calls in any state.
    pub fn handles(&self) -> Vec<CallHandle> {
        self.calls.keys().map(|handle| CallHandle(*handle)).collect()
    }

    fn with(
        &mut self,
        now: Now,
        out: &mut Vec<PriOutput>,
        act: impl FnOnce(&mut DChannel, &mut Vec<DOutput>),
    ) {
        let mut said = Vec::new();
        act(&mut self.channel, &mut said);
        self.carry(now, said, out);
    }

    /// Passes on what the D channel says, and orders what follows from it.
    fn carry(&mut self, now: Now, said: Vec<DOutput>, out: &mut Vec<PriOutput>) {
        let mut said = VecDeque::from(said);
        while let Some(output) = said.pop_front() {
            match output {
                DOutput::Frame(frame) => out.push(PriOutput::Frame(frame)),
                DOutput::Link(state) => {
                    let state = link_state(state);
                    if state != LinkState::Up {
                        self.doubt();
                    }
                    out.push(PriOutput::Link(state));
                }
                DOutput::Trouble(error) => {
                    log::debug!(target: "cards", error:? ; "data link");
                    if error == MdlError::F {
                        self.doubt();
                    }
                }
                DOutput::Unsent(cause) => {
                    log::warn!(target: "cards", cause:? ; "a message of layer 3 was not sent");
                }
                DOutput::Event(event) => {
                    if let Some(command) = self.event(event, out) {
                        let mut more = Vec::new();
                        self.channel.command(now.at, command, &mut more);
                        said.extend(more);
                    }
                }
            }
        }
    }

    /// The data link is set up anew, by either side: what the exchange had still to say is lost.
    fn doubt(&mut self) {
        self.calls.values_mut().for_each(|call| call.doubtful = true);
    }

    /// Tells what happened; gives what is to be ordered because of it.
    fn event(&mut self, event: Event, out: &mut Vec<PriOutput>) -> Option<Command> {
        match event {
            Event::Alerting { call, .. } => self.rings(call, out),
            // Something to hear: the exchange tells the caller what happens, and a phone may ring.
            Event::Progress { call, in_band: true, .. } => self.rings(call, out),
            Event::Connected { call, channel } => {
                if let Some(known) = self.calls.get_mut(&call.0) {
                    known.answered = true;
                    out.push(PriOutput::Answered(CallHandle(call.0), channel));
                }
            }
            Event::Released { call, end } => {
                if let Some(known) = self.calls.remove(&call.0) {
                    out.push(PriOutput::Ended(CallHandle(call.0), ended(end, known)));
                }
            }
            Event::Channel { channel, state } => out.push(PriOutput::Slot(channel, state)),
            Event::IncomingRefused { cause, .. } => {
                log::warn!(target: "cards", cause:? ; "a call from outside was refused");
            }
            Event::Faulty(fault) => {
                log::info!(target: "cards", fault:? ; "a message of the exchange was not usable")
            }
            Event::RestartFailed { channels } => {
                log::warn!(target: "cards", channels:? ; "the exchange did not acknowledge a restart: blocked");
            }
            Event::RestartedByPeer { channels } => {
                log::info!(target: "cards", channels:? ; "restarted by the exchange")
            }
            Event::Refused(refusal) => {
                log::error!(target: "cards", refusal:? ; "call control refused an order")
            }
            Event::ServiceUnanswered { channel } => {
                log::warn!(target: "cards", channel:% ; "the exchange did not acknowledge SERVICE");
            }
            // A user side offers no call and asks for no digit; the rest tells nothing that is used.
            Event::Incoming(_)
            | Event::SetupAck { .. }
            | Event::Digits { .. }
            | Event::Proceeding { .. }
            | Event::Progress { in_band: false, .. }
            | Event::Disconnected { in_band: false, .. }
            | Event::Status { .. }
            | Event::RestartDone { .. } => {}
            // Nobody listens to the exchange's announcement: the channel is wanted back.
            Event::Disconnected { call, cause, in_band: true } => {
                return Some(Command::Disconnect { call, cause, in_band: false });
            }
        }
        None
    }

    fn rings(&mut self, call: control::CallHandle, out: &mut Vec<PriOutput>) {
        if let Some(known) = self.calls.get_mut(&call.0)
            && !std::mem::replace(&mut known.rang, true)
        {
            out.push(PriOutput::Ringing(CallHandle(call.0)));
        }
    }
}

const fn link_state(state: lapd::State) -> LinkState {
    match state {
        lapd::State::TeiAssigned | lapd::State::AwaitingRelease => LinkState::Down,
        lapd::State::AwaitingEstablishment => LinkState::Establishing,
        lapd::State::MultipleFrameEstablished | lapd::State::TimerRecovery => LinkState::Up,
    }
}

/// Half of Q.921's T203: a far side that falls silent without an alarm is found within ten seconds (LIN-06).
const T203_MS: u64 = 5_000;

/// Whether a refusal of the exchange says that this line, and not the number, is the trouble (Q.850).
fn may_try_another(cause: CauseValue) -> bool {
    matches!(cause.code(), 6 | 34 | 38 | 41 | 42 | 44 | 47 | 58)
}

/// How a call's end reads in the product's words. The next trunk gets it only if nothing was sent, or if the exchange's
/// own refusal blames the line and nothing can have rung: a data link delivers in order, so that an ALERTING before the
/// refusal would be known, unless the link was reset between. Silence and every loss keep the call: a phone may ring.
fn ended(end: control::CallEnd, call: Call) -> CardEnd {
    let q850 = end.cause.code();
    let by = match end.by {
        EndedBy::Caller => CardEndedBy::Local,
        EndedBy::Peer => CardEndedBy::Remote,
        EndedBy::Timer(_) | EndedBy::Link | EndedBy::Restart | EndedBy::Protocol | EndedBy::NoChannel => {
            CardEndedBy::Lost
        }
    };
    let unsent = matches!(end.by, EndedBy::NoChannel);
    let refused = matches!(end.by, EndedBy::Peer) && may_try_another(end.cause);
    let cause = if unsent { vocab::FailCause::NoLine } else { end.cause.fail_cause(call.rang) };
    CardEnd {
        by,
        failure: Failure { cause, sip_status: 0, q850 },
        next_line: unsent || refused && !call.rang && !call.doubtful && !call.answered,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pri, PriOutput};
    use crate::cards::{CardCall, CardEndedBy, Now};
    use idl::spans::{LinkState, PriConfig, PriSide};
    use q931::control::{Command, Event};
    use q931::{CauseValue, DChannel, DOutput};
    use sip_ua::CallHandle;
    use vocab::{FailCause, Millis, PhoneNumber, Pii, UnixMs};

    /// Our access and an exchange, joined by a line that loses nothing.
    struct Line {
        now: Now,
        ours: Pri,
        exchange: DChannel,
        told: Vec<PriOutput>,
        events: Vec<Event>,
        cut: bool,
    }

    impl Line {
        fn up() -> Self {
            let now = Now { at: Millis(0), wall: UnixMs(0) };
            let (mut ours_out, mut theirs) = (Vec::new(), Vec::new());
            let network =
                PriConfig { side: PriSide::Network, restart_on_start: false, ..PriConfig::default() };
            let link = lapd::Config::new(lapd::Side::Network);
            let control = q931::control::Config::of(&network);
            let mut exchange = DChannel::new(now.at, link, control, &mut theirs);
            let mut ours = Pri::new(now, &PriConfig::default(), &mut ours_out);
            exchange.line(now.at, true, &mut theirs);
            ours.line(now, true, &mut ours_out);
            let mut line = Self { now, ours, exchange, told: Vec::new(), events: Vec::new(), cut: false };
            line.carry(ours_out, theirs);
            line.expire();
            assert_eq!((line.ours.link(), line.ours.idle()), (LinkState::Up, 30));
            line
        }

        fn carry(&mut self, mut ours: Vec<PriOutput>, mut theirs: Vec<DOutput>) {
            while !ours.is_empty() || !theirs.is_empty() {
                for output in std::mem::take(&mut ours) {
                    match output {
                        PriOutput::Frame(frame) if !self.cut => {
                            self.exchange.frame(self.now.at, &frame, &mut theirs);
                        }
                        PriOutput::Frame(_) => {}
                        other => self.told.push(other),
                    }
                }
                for output in std::mem::take(&mut theirs) {
                    match output {
                        DOutput::Frame(frame) if !self.cut => self.ours.frame(self.now, &frame, &mut ours),
                        DOutput::Event(event) => self.events.push(event),
                        _ => {}
                    }
                }
            }
        }

        /// Lets time pass up to our next deadline.
        fn step(&mut self) {
            let due = self.ours.deadline().expect("a link is watched");
            self.now.at = due.max(self.now.at);
            self.expire();
        }

        fn expire(&mut self) {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            self.ours.expire(self.now, &mut ours);
            self.exchange.expire(self.now.at, &mut theirs);
            self.carry(ours, theirs);
        }

        fn call(&mut self) -> q931::control::CallHandle {
            let number = |text| Pii::new(PhoneNumber::parse(text).expect("a number"));
            let call = CardCall {
                handle: CallHandle(7),
                number: number("13812345678"),
                caller: number("01088886666"),
            };
            let mut ours = Vec::new();
            self.ours.call(self.now, &call, &mut ours);
            self.carry(ours, Vec::new());
            let incoming = self.events.iter().find_map(|event| match event {
                Event::Incoming(incoming) => Some(incoming.call),
                _ => None,
            });
            incoming.expect("the exchange hears of the call")
        }

        fn exchange_says(&mut self, command: Command) {
            let mut theirs = Vec::new();
            self.exchange.command(self.now.at, command, &mut theirs);
            self.carry(Vec::new(), theirs);
        }

        fn end(&self) -> Option<crate::cards::CardEnd> {
            self.told.iter().find_map(|output| match output {
                PriOutput::Ended(_, end) => Some(*end),
                _ => None,
            })
        }
    }

    #[test]
    fn lin_06_a_far_side_that_falls_silent_is_seen_within_ten_seconds() {
        let mut line = Line::up();
        line.cut = true;
        while line.ours.link() == LinkState::Up {
            line.step();
            assert!(line.now.at <= Millis(10_000), "still believed at {:?}", line.now.at);
        }
    }

    #[test]
    fn lin_06_only_a_refusal_that_blames_the_line_gives_the_call_to_the_next_trunk() {
        for (cause, next) in [
            (CauseValue::NoChannelAvailable, true),
            (CauseValue::TemporaryFailure, true),
            (CauseValue::UserBusy, false),
            (CauseValue::UnallocatedNumber, false),
            (CauseValue::CallRejected, false),
        ] {
            let mut line = Line::up();
            let call = line.call();
            line.exchange_says(Command::Reject { call, cause });
            let end = line.end().expect("the call ends");
            assert_eq!((end.by, end.next_line), (CardEndedBy::Remote, next), "{cause:?}");
        }
    }

    #[test]
    fn lin_06_a_call_that_rang_is_never_given_to_another_trunk() {
        let mut line = Line::up();
        let call = line.call();
        line.exchange_says(Command::Alert { call, in_band: false });
        let cause = CauseValue::TemporaryFailure;
        line.exchange_says(Command::Disconnect { call, cause, in_band: false });
        assert!(!line.end().expect("the call ends").next_line);
    }

    #[test]
    fn lin_06_something_to_hear_on_the_channel_may_be_ringing_and_keeps_the_call() {
        let mut line = Line::up();
        let call = line.call();
        line.exchange_says(Command::Proceed { call });
        line.exchange_says(Command::Progress { call, in_band: true });
        let cause = CauseValue::NoChannelAvailable;
        line.exchange_says(Command::Disconnect { call, cause, in_band: false });
        assert!(!line.end().expect("the call ends").next_line);
    }

    #[test]
    fn lin_06_a_setup_without_any_answer_keeps_the_call_since_a_phone_may_ring() {
        let mut line = Line::up();
        line.call();
        while line.end().is_none() {
            line.step();
        }
        let end = line.end().expect("the call ends");
        assert_eq!((end.by, end.next_line), (CardEndedBy::Lost, false));
    }

    #[test]
    fn lin_06_a_data_link_that_is_lost_after_the_setup_keeps_the_call() {
        let mut line = Line::up();
        line.call();
        let mut ours = Vec::new();
        line.ours.line(line.now, false, &mut ours);
        line.carry(ours, Vec::new());
        while line.end().is_none() {
            line.step();
        }
        let end = line.end().expect("the call ends");
        assert_eq!((end.by, end.next_line), (CardEndedBy::Lost, false));
    }

    #[test]
    fn lin_06_a_refusal_after_a_reset_of_the_data_link_keeps_the_call_since_its_ringing_may_be_lost() {
        let mut line = Line::up();
        let call = line.call();
        line.exchange_says(Command::Proceed { call });
        // SABME of either side (Q.921 5.7): what was under way is lost with it.
        line.ours.frame(line.now, &[0x02, 0x01, 0x7f], &mut Vec::new());
        line.exchange.frame(line.now.at, &[0x00, 0x01, 0x7f], &mut Vec::new());
        line.exchange_says(Command::Disconnect { call, cause: CauseValue::TemporaryFailure, in_band: false });
        let end = line.end().expect("the call ends");
        assert_eq!((end.by, end.next_line), (CardEndedBy::Remote, false));
    }

    #[test]
    fn a_call_without_a_data_link_was_never_sent_and_may_go_elsewhere() {
        let mut line = Line::up();
        let mut ours = Vec::new();
        line.ours.line(line.now, false, &mut ours);
        line.carry(ours, Vec::new());
        let number = |text| Pii::new(PhoneNumber::parse(text).expect("a number"));
        let call =
            CardCall { handle: CallHandle(7), number: number("13812345678"), caller: number("01088886666") };
        let mut ours = Vec::new();
        line.ours.call(line.now, &call, &mut ours);
        line.carry(ours, Vec::new());
        let end = line.end().expect("the call ends");
        assert_eq!((end.failure.cause, end.next_line), (FailCause::NoLine, true));
    }

    #[test]
    fn l_23_a_call_that_comes_in_over_a_span_is_refused_and_nothing_is_told() {
        let mut line = Line::up();
        let setup = q931::control::Setup::new(
            q931::control::CallHandle(1),
            Pii::new("01088886666".to_owned()),
            Some(Pii::new("13812345678".to_owned())),
        );
        line.exchange_says(Command::Setup(Box::new(setup)));
        let refused = line.events.iter().any(
            |event| matches!(event, Event::Released { end, .. } if end.cause == CauseValue::CallRejected),
        );
        assert!(refused, "cause 21");
        let calls = line.told.iter().any(|output| {
            matches!(output, PriOutput::Ringing(_) | PriOutput::Answered(..) | PriOutput::Ended(..))
        });
        assert!(!calls, "no leg of any kind begins");
        assert_eq!(line.ours.idle(), 30);
    }
}
