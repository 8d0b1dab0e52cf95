//! RTP of all calls on one thread: every 5 ms a quarter of the sessions sends its packet of 20 ms
//! and reads what came in.
//!
//! No jitter buffer and no RTCP: a test peer listens for tones and counts.

mod ports;
mod session;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::behaviour::{Press, Sound};
use crate::journal::Journal;
use crate::sdp::{Audio, Local};

pub(crate) use ports::{Ports, RtpSocket};
use session::Session;

/// Everything a session needs to begin.
pub(crate) struct Begin {
    /// Which call.
    pub(crate) call: u64,
    /// The dialled number, or the agent's user name.
    pub(crate) number: String,
    /// Our socket.
    pub(crate) socket: RtpSocket,
    /// What we said.
    pub(crate) local: Local,
    /// What they said.
    pub(crate) remote: Audio,
    /// What is heard first.
    pub(crate) sound: Sound,
}

/// What the signalling thread asks for.
pub(crate) enum Command {
    /// A session begins.
    Begin(Box<Begin>),
    /// The call was answered: this sound from its beginning, this key press, this bleed.
    Talk { call: u64, sound: Sound, press: Option<Press>, bleed: bool },
    /// The session sends, or not.
    Sending { call: u64, on: bool },
    /// The peer moved its address.
    Retarget { call: u64, remote: SocketAddr },
    /// The session is over.
    End { call: u64 },
}

/// The handle of the media thread.
pub(crate) struct Media {
    commands: Sender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Media {
    /// Starts the thread.
    pub(crate) fn start(
        journal: Journal,
        ports: Ports,
        ip: IpAddr,
        loopback_only: bool,
    ) -> std::io::Result<Self> {
        let (commands, inbox) = channel();
        let foreign = ports::foreign_socket(ip)?;
        let mut pacer = Pacer { inbox, sessions: HashMap::new(), journal, ports, foreign, loopback_only };
        let thread = std::thread::Builder::new().name("rtp".to_owned()).spawn(move || pacer.run())?;
        Ok(Self { commands, thread: Some(thread) })
    }

    /// Asks for something.
    pub(crate) fn send(&self, command: Command) {
        // The thread ends only after this handle is gone, or with the whole process.
        let _ = self.commands.send(command);
    }

    /// Ends all sessions and the thread.
    pub(crate) fn stop(mut self) {
        let thread = self.thread.take();
        drop(self);
        if let Some(thread) = thread {
            // A panic there has printed itself; the counters say what was lost.
            let _ = thread.join();
        }
    }
}

struct Pacer {
    inbox: Receiver<Command>,
    sessions: HashMap<u64, Session>,
    journal: Journal,
    ports: Ports,
    foreign: std::net::UdpSocket,
    loopback_only: bool,
}

impl Pacer {
    fn run(&mut self) {
        let mut next = Instant::now();
        let mut phase = 0u64;
        let mut buffer = [0u8; PACKET_LIMIT];
        while self.obey() {
            for session in self.sessions.values_mut().filter(|s| s.call() % PHASES == phase) {
                session.receive(&mut buffer, &self.journal);
                session.transmit(&self.foreign, &self.journal);
            }
            phase = (phase + 1) % PHASES;
            next += PACE;
            let now = Instant::now();
            match next.checked_duration_since(now) {
                Some(wait) => std::thread::sleep(wait),
                // Behind: keep the packet count true as long as it is a short stall.
                None if now - next > STALL_LIMIT => next = now,
                None => {}
            }
        }
        for (_, session) in std::mem::take(&mut self.sessions) {
            self.ports.give_back(session.finish(&self.journal));
        }
    }

    /// Takes all commands; false once the handle is gone.
    fn obey(&mut self) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(command) => self.command(command),
                Err(std::sync::mpsc::TryRecvError::Empty) => return true,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Begin(begin) => {
                let session = Session::new(*begin, self.loopback_only);
                self.sessions.insert(session.call(), session);
            }
            Command::Talk { call, sound, press, bleed } => {
                if let Some(session) = self.sessions.get_mut(&call) {
                    session.talk(sound, press, bleed);
                }
            }
            Command::Sending { call, on } => {
                if let Some(session) = self.sessions.get_mut(&call) {
                    session.set_sending(on);
                }
            }
            Command::Retarget { call, remote } => {
                if let Some(session) = self.sessions.get_mut(&call) {
                    session.retarget(remote);
                }
            }
            Command::End { call } => {
                if let Some(session) = self.sessions.remove(&call) {
                    self.ports.give_back(session.finish(&self.journal));
                }
            }
        }
    }
}

const PHASES: u64 = 4;
const PACE: Duration = Duration::from_millis(5);
const STALL_LIMIT: Duration = Duration::from_millis(500);
const PACKET_LIMIT: usize = 2_048;
