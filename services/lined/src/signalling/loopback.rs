//! Carries out the loop-back call: sockets, both legs, the recording. What follows from what [`Machine`] decides.

use super::Signalling;
use super::leg::LegSdp;
use crate::clock;
use crate::loopback::far::{Far, News, wanted};
use crate::loopback::{Action, FAR, Machine, NEAR, Side, far_list, near_list, read_back, throw_away};
use crate::random;
use crate::recorder::RecorderEvent;
use crate::voice::{LegSockets, Place, PlaceId, VoiceError};
use idl::trial::{CALL_SUCCEEDED, CallFault};
use media::prompt::Playlist;
use media::watchdog::WatchLimits;
use media::{CallMedia, Command, Event};
use sip::{NameAddr, Uri};
use sip_ua::{CallHandle, CallSpec, EndCause, Flow, Millis, Sdp};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use vocab::{CallId, ObjectHash, Secret};

pub(super) use crate::loopback::Input;

/// The loop-back call as signalling holds it.
#[derive(Debug, Default)]
pub(super) struct LoopBack {
    machine: Option<Machine>,
    until: Millis,
    call: Option<Call>,
    /// Media that has not come back yet: until then there is no other call.
    places: Vec<(CallId, PlaceId)>,
    /// What is played; kept until the media threads have let go of it.
    audio: Vec<Arc<[u8]>>,
    last: Option<Result<(), CallFault>>,
    news: Option<mpsc::Sender<News>>,
}

/// What a call is made of.
#[derive(Debug)]
struct Call {
    handle: CallHandle,
    flow: Flow,
    token: String,
    sdp: LegSdp,
    near: Option<LegSockets>,
    near_session: Option<Box<media::Session>>,
    far: Option<LegSockets>,
    far_session: Option<Box<media::Session>>,
    answering: AbortHandle,
    key: Secret<[u8; 32]>,
}

impl LoopBack {
    /// Where its news come out; taken once.
    pub(super) fn listen(&mut self) -> mpsc::Receiver<News> {
        let (news, receiver) = mpsc::channel(MAX_NEWS);
        self.news = Some(news);
        receiver
    }

    /// Whether a call of the endpoint is this one.
    pub(super) fn is(&self, handle: CallHandle) -> bool {
        self.call.as_ref().is_some_and(|call| call.handle == handle)
    }

    /// How the last one ended, as the gauge says it.
    pub(super) fn code(&self) -> usize {
        let code = match self.last {
            None => 0,
            Some(Ok(())) => CALL_SUCCEEDED,
            Some(Err(fault)) => fault.code(),
        };
        usize::try_from(code).unwrap_or(usize::MAX)
    }

    /// At what the last one failed.
    pub(super) fn fault(&self) -> Option<CallFault> {
        self.last.and_then(Result::err)
    }
}

impl Signalling {
    /// Begins the call, unless one is under way.
    pub(super) fn begin_loopback(&mut self) {
        if self.draining || self.loopback.machine.is_some() || !self.loopback.places.is_empty() {
            return;
        }
        self.loopback.last = None;
        self.loopback.machine = Some(Machine::new());
        self.loopback.until = clock::now() + Machine::new().limit_ms();
        log::info!(target: "loopback", "the loop-back call begins");
        if let Err(fault) = self.prepare_loopback() {
            self.loopback_step(Input::Failed(fault));
        }
    }

    /// Everything but the INVITE: ports, sockets, the leg that answers, the recording's file.
    fn prepare_loopback(&mut self) -> Result<(), CallFault> {
        let near = self.parts.ports.bind_loopback().map_err(|_| CallFault::Ports)?;
        let far = self.parts.ports.bind_loopback().map_err(|_| CallFault::Ports)?;
        let token: String = random::bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
        let news = self.loopback.news.clone().ok_or(CallFault::Signalling)?;
        let answerer = Far::new(token.clone(), far.pair.rtp()).map_err(|_| CallFault::Signalling)?;
        let flow = self.parts.transports.open_loopback(answerer.address());
        let flow = flow.map_err(|_| CallFault::Signalling)?;
        self.next_handle += 1;
        let key = Secret::new(random::bytes());
        self.loopback.call = Some(Call {
            handle: CallHandle(self.next_handle),
            flow,
            token,
            sdp: LegSdp::new(&wanted(near.pair.rtp())),
            near: Some(near),
            near_session: None,
            far: Some(far),
            far_session: None,
            answering: tokio::spawn(answerer.run(news)).abort_handle(),
            key: key.clone(),
        });
        self.parts.recorder.open(NEAR, key, ObjectHash([0; 32])).map_err(|_| CallFault::NotRecorded)
    }

    /// Takes what came, and does what follows.
    pub(super) fn loopback_step(&mut self, input: Input) {
        let mut input = Some(input);
        while let Some(next) = input.take() {
            let Some(machine) = &mut self.loopback.machine else { return };
            let action = machine.step(next);
            self.loopback.until = clock::now() + machine.limit_ms();
            let done = match action {
                None => Ok(()),
                Some(Action::Dial) => self.loopback_dial(),
                Some(Action::Connect) => self.loopback_connect(),
                Some(Action::HangUp) => {
                    self.loopback_hang_up();
                    Ok(())
                }
                Some(Action::Check) => {
                    self.loopback_check();
                    Ok(())
                }
                Some(Action::Finish(result)) => {
                    self.loopback_finish(result);
                    Ok(())
                }
            };
            input = done.err().map(Input::Failed);
        }
    }

    /// A state's time is up.
    pub(super) fn loopback_late(&mut self) {
        if self.loopback.machine.is_some() && self.loopback.until <= clock::now() {
            self.loopback_step(Input::Late);
        }
    }

    fn loopback_dial(&mut self) -> Result<(), CallFault> {
        let Some(call) = &self.loopback.call else { return Err(CallFault::Signalling) };
        let remote = call.flow.remote;
        let target = Uri::sip(Some(&call.token), remote.ip().into(), Some(remote.port()));
        let from = NameAddr::new(Uri::sip(Some("loop-back"), call.flow.local.ip().into(), None));
        let spec = CallSpec {
            handle: call.handle,
            to: NameAddr::new(target.clone()),
            target,
            flow: call.flow,
            from,
            asserted_identity: None,
            contact_user: None,
            routes: Vec::new(),
            offer: call.sdp.offer_bytes(),
            login: None,
            ring_timeout_ms: RING_MS,
            session_expires_s: None,
            reliable_provisionals: false,
            trunk: None,
        };
        self.parts.endpoint.call(clock::now(), spec, &mut self.out).map_err(|_| CallFault::Signalling)
    }

    /// The far leg answered: the endpoint has the answer.
    pub(super) fn loopback_answered(&mut self, sdp: &Sdp) {
        let session = self.loopback.call.as_mut().map(|call| call.sdp.answered(&sdp.0));
        match session {
            Some(Ok(session)) => {
                if let Some(call) = &mut self.loopback.call {
                    call.near_session = Some(Box::new(session));
                }
                self.loopback_both_answered();
            }
            Some(Err(error)) => {
                log::error!(target: "loopback", error:% ; "no common media");
                self.loopback_step(Input::Failed(CallFault::NotAnswered));
            }
            None => {}
        }
    }

    /// What its own tasks tell.
    pub(super) fn on_loopback(&mut self, news: News) {
        match news {
            News::Answered(session) => {
                if let Some(call) = &mut self.loopback.call {
                    call.far_session = Some(session);
                }
                self.loopback_both_answered();
            }
            News::Checked(good) => self.loopback_step(Input::Checked(good)),
        }
    }

    fn loopback_both_answered(&mut self) {
        let both = |call: &Call| call.near_session.is_some() && call.far_session.is_some();
        if self.loopback.call.as_ref().is_some_and(both) {
            self.loopback_step(Input::Answered);
        }
    }

    fn loopback_connect(&mut self) -> Result<(), CallFault> {
        let Some(call) = &mut self.loopback.call else { return Err(CallFault::Signalling) };
        let near = call.near_session.take().zip(call.near.take());
        let far = call.far_session.take().zip(call.far.take());
        let (near, far) = near.zip(far).ok_or(CallFault::Signalling)?;
        let (near_list, near_audio) = near_list();
        let (far_list, far_audio) = far_list();
        self.loopback.audio = near_audio.into_iter().chain(far_audio).collect();
        let connected = self
            .loopback_leg(FAR, far, far_list, false)
            .and_then(|()| self.loopback_leg(NEAR, near, near_list, true));
        connected.map_err(|error| {
            log::error!(target: "loopback", error:% ; "no media for the loop-back call");
            CallFault::Threads
        })
    }

    fn loopback_leg(
        &mut self,
        call: CallId,
        (session, sockets): (Box<media::Session>, LegSockets),
        list: Playlist,
        recorded: bool,
    ) -> Result<(), VoiceError> {
        let media = CallMedia::new(session, WatchLimits::default());
        let at = self.parts.voice.add(Box::new(Place::new(call, media, sockets)))?;
        self.loopback.places.push((call, at));
        self.parts.voice.command(at, Command::Answered)?;
        self.parts.voice.command(at, Command::SetRecording(recorded))?;
        self.parts.voice.command(at, Command::Play(list))
    }

    /// A leg heard something.
    pub(super) fn loopback_heard(&mut self, call: CallId, event: Event) {
        if let Event::Digit(digit, _) = event {
            let side = if call == FAR { Side::Far } else { Side::Near };
            self.loopback_step(Input::Heard(side, digit));
        }
    }

    /// A leg's media is closed and its place free.
    pub(super) fn loopback_closed(&mut self, call: CallId) {
        let closed: Vec<_> = self.loopback.places.extract_if(.., |(of, _)| *of == call).collect();
        for (_, at) in closed {
            self.parts.voice.release(at);
        }
        if self.loopback.places.is_empty() {
            self.loopback.audio.clear();
        }
        self.loopback_step(Input::Closed(if call == FAR { Side::Far } else { Side::Near }));
    }

    /// The recorder's word.
    pub(super) fn loopback_recorder(&mut self, event: &RecorderEvent) {
        match event {
            RecorderEvent::Opened { call: NEAR } => self.loopback_step(Input::Opened),
            RecorderEvent::Failed { call: NEAR } => self.loopback_step(Input::RecorderFailed),
            RecorderEvent::Closed { call: NEAR, .. } => self.loopback_step(Input::Recorded),
            // The far leg is not recorded.
            RecorderEvent::Opened { .. } | RecorderEvent::Failed { .. } | RecorderEvent::Closed { .. } => {}
        }
    }

    fn loopback_hang_up(&mut self) {
        if let Some(handle) = self.loopback.call.as_ref().map(|call| call.handle) {
            let cause = EndCause::local(None, "the loop-back call is over");
            self.parts.endpoint.hangup(clock::now(), handle, cause, &mut self.out);
        }
        for (_, at) in &self.loopback.places {
            let _ = self.parts.voice.close(*at);
        }
    }

    fn loopback_check(&mut self) {
        let (Some(call), Some(news)) = (&self.loopback.call, self.loopback.news.clone()) else { return };
        let (path, key) = (self.parts.recorder.path(NEAR), call.key.clone());
        // It ends by itself, and its answer finds this call or none.
        tokio::task::spawn_blocking(move || {
            let _ = news.blocking_send(News::Checked(read_back(&path, &key)));
        });
    }

    /// Nothing is left of it but what it said.
    fn loopback_finish(&mut self, result: Result<(), CallFault>) {
        self.loopback_hang_up();
        if self.loopback.places.is_empty() {
            let _ = self.parts.recorder.discard(NEAR);
        }
        if let Some(call) = self.loopback.call.take() {
            call.answering.abort();
        }
        self.parts.transports.close_loopback();
        let path = self.parts.recorder.path(NEAR);
        tokio::task::spawn_blocking(move || throw_away(&path));
        match result {
            Ok(()) => log::info!(target: "loopback", "the loop-back call was heard both ways and recorded"),
            Err(fault) => {
                log::error!(target: "loopback", "the loop-back call failed: {}", fault.words()[0]);
            }
        }
        self.loopback.last = Some(result);
        self.loopback.machine = None;
    }
}

/// The far leg answers at once; the machine gives up before this.
const RING_MS: u64 = 10_000;
/// News waiting: an answer and a finding.
const MAX_NEWS: usize = 4;
