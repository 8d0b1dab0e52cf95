//! Cards: what a span is set to, how it stands, what is ordered of it, and what its history is made of.
//!
//! Words are DAHDI's and the ITU's (G.703, G.704, G.706, G.732, G.826). A span is an E1 interface or the ports of an
//! analogue card; to line groups it is a trunk like any other.

use crate::handset::{HandsetTest, HandsetUse};
use serde::{Deserialize, Serialize};
use vocab::{AgentId, SpanId, Timeslot, TrunkId, UnixMs};

/// Timeslots of an E1, without timeslot 0.
pub const E1_TIMESLOTS: u8 = 31;
/// The timeslot of the D channel.
pub const D_CHANNEL: Timeslot = Timeslot(16);
/// Most spans of a box.
pub const MAX_SPANS: usize = 32;

/// What the site sets a span to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanConfig {
    /// The span, as the board file numbers it.
    pub span: SpanId,
    /// The trunk it is for line groups, caller numbers and statistics.
    pub trunk: TrunkId,
    /// Its name, for people.
    pub name: String,
    /// The electrical and frame layer; ignored for analogue cards.
    pub e1: E1Config,
    /// What it is used for.
    pub purpose: SpanPurpose,
}

/// The electrical and frame layer of an E1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct E1Config {
    /// Line code (G.703).
    pub coding: LineCoding,
    /// Use of timeslot 16 (G.704).
    pub framing: Framing,
    /// CRC-4 multiframe (G.704, G.706).
    pub crc4: bool,
    /// Order as a source of the clock: 1 is taken first; 0 never takes the peer's clock.
    pub timing: u8,
    /// Echo canceller on its B channels.
    pub echo_canceller: bool,
}

impl Default for E1Config {
    fn default() -> Self {
        Self { coding: LineCoding::Hdb3, framing: Framing::Ccs, crc4: true, timing: 1, echo_canceller: true }
    }
}

/// Line code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LineCoding {
    /// HDB3.
    Hdb3,
    /// AMI.
    Ami,
}

/// Use of timeslot 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Framing {
    /// Common channel signalling.
    Ccs,
    /// Channel associated signalling.
    Cas,
}

/// What a span is used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanPurpose {
    /// Configured and watched, not used for calls.
    Off,
    /// ISDN primary rate access.
    Pri(PriConfig),
    /// Analogue ports, or analogue signalling on the timeslots of an E1 (CAS).
    Ports(Vec<PortConfig>),
}

impl SpanPurpose {
    /// Whether timeslot 16 is a D channel.
    #[must_use]
    pub const fn has_d_channel(&self) -> bool {
        matches!(self, Self::Pri(_))
    }

    /// Its analogue ports.
    #[must_use]
    pub fn ports(&self) -> &[PortConfig] {
        match self {
            Self::Ports(ports) => ports,
            Self::Off | Self::Pri(_) => &[],
        }
    }
}

/// A primary rate access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriConfig {
    /// Which side we are; a carrier is the network.
    pub side: PriSide,
    /// How a B channel is chosen.
    pub selection: ChannelSelection,
    /// Whether our SETUP names its channel as exclusive.
    pub exclusive: bool,
    /// Send the number digit by digit after SETUP (overlap sending) instead of at once.
    pub overlap: bool,
    /// Type of the called number.
    pub called_type: NumberType,
    /// Type of the calling number.
    pub calling_type: NumberType,
    /// Keep calls for T309 while the data link is gone (Q.931 5.8.9).
    pub t309: bool,
    /// Restart every B channel when the data link comes up (Q.931 5.5).
    pub restart_on_start: bool,
    /// Timeslots that are not rented, out of 1 to 15 and 17 to 31.
    pub unused: Vec<Timeslot>,
}

impl Default for PriConfig {
    fn default() -> Self {
        Self {
            side: PriSide::User,
            selection: ChannelSelection::Ascending,
            exclusive: true,
            overlap: false,
            called_type: NumberType::Unknown,
            calling_type: NumberType::Unknown,
            t309: true,
            restart_on_start: true,
            unused: Vec::new(),
        }
    }
}

/// A side of the access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PriSide {
    /// User (TE).
    User,
    /// Network (NT).
    Network,
}

/// How a B channel is chosen for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChannelSelection {
    /// The lowest idle one.
    Ascending,
    /// The highest idle one.
    Descending,
    /// The next one after the last taken, upwards.
    RoundRobinUp,
    /// The next one after the last taken, downwards.
    RoundRobinDown,
    /// The one idle for longest.
    LeastRecentlyUsed,
}

/// Type of number (Q.931 table 4-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NumberType {
    /// 000.
    Unknown,
    /// 001.
    International,
    /// 010.
    National,
    /// 100.
    Subscriber,
}

/// One analogue port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortConfig {
    /// The port, or the timeslot under CAS.
    pub port: Timeslot,
    /// What is connected.
    pub kind: PortKind,
}

/// What an analogue port is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PortKind {
    /// A line to the exchange.
    Fxo {
        /// How its answer is known.
        answer: AnswerDetection,
        /// Name of the tone plan; `cn` is built in.
        tones: String,
    },
    /// An agent's plain telephone.
    Fxs {
        /// The agent.
        agent: AgentId,
    },
}

/// How an FXO line knows that the called party answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AnswerDetection {
    /// The exchange reverses the polarity: sure and at once.
    PolarityReversal,
    /// Ringback stops and a voice is heard.
    Voice,
}

/// What is wrong on a span now; nothing set is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Alarms {
    /// Loss of signal.
    pub los: bool,
    /// Loss of frame, or of the frame's multiframe: RED.
    pub red: bool,
    /// The far side does not receive us (remote alarm indication): YELLOW.
    pub yellow: bool,
    /// Alarm indication signal, all ones: BLUE.
    pub blue: bool,
    /// The signal is back and is watched before it is believed.
    pub recovering: bool,
    /// The span is looped.
    pub loopback: bool,
    /// The span is not configured, or its driver is not there.
    pub not_open: bool,
}

impl Alarms {
    /// Whether calls can be carried: nothing is set, or only the loop of a test.
    #[must_use]
    pub const fn is_clear(self) -> bool {
        !(self.los || self.red || self.yellow || self.blue || self.recovering || self.not_open)
    }
}

/// Error counters of a span since its driver started; they only grow (and start anew with the driver).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct SpanCounters {
    /// Bipolar (line code) violations.
    pub bipolar: u32,
    /// CRC-4 errors.
    pub crc4: u32,
    /// E bits: CRC-4 errors the far side tells of.
    pub e_bit: u32,
    /// Errored frame alignment signals.
    pub frame: u32,
    /// Slips, and blocks that the driver lost.
    pub slips: u32,
    /// HDLC frames of the D channel with a wrong checksum, aborts, overruns.
    pub hdlc: u32,
}

/// One timeslot, or port, as the page's grid shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SlotState {
    /// Not used.
    Unused,
    /// The D channel.
    Signalling,
    /// Free.
    Idle,
    /// A call is being set up on it.
    Dialling,
    /// A call rings on it.
    Ringing,
    /// A call is answered on it.
    Connected,
    /// A call on it is being cleared.
    Clearing,
    /// Blocked by us.
    Blocked,
    /// Blocked by the far side (SERVICE, or RESTART that was not acknowledged).
    BlockedByPeer,
    /// Being restarted.
    Restarting,
    /// A line test runs on it.
    Testing,
    /// An FXO line or FXS telephone that is not connected.
    Disconnected,
}

/// State of the D channel's data link (Q.921).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinkState {
    /// The span has none.
    None,
    /// TEI assigned, not established.
    Down,
    /// SABME is out.
    Establishing,
    /// Multiple frames established.
    Up,
}

/// How a span stands now; told when it changes, at most twice a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanStatus {
    /// The span.
    pub span: SpanId,
    /// Its trunk, if the site uses it.
    pub trunk: Option<TrunkId>,
    /// The board's words for it: card and port.
    pub place: String,
    /// Whether it is an E1 (or else analogue ports).
    pub is_e1: bool,
    /// When this was seen.
    pub at: UnixMs,
    /// Since when the alarms stand as they do.
    pub since: UnixMs,
    /// What is wrong.
    pub alarms: Alarms,
    /// The D channel.
    pub link: LinkState,
    /// Errors so far.
    pub counters: SpanCounters,
    /// Each timeslot or port from 1 on.
    pub slots: Vec<SlotState>,
    /// The test that runs.
    pub test: Option<TestStatus>,
    /// The trace that runs: frames written so far.
    pub trace_frames: Option<u64>,
}

/// A line test as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TestStatus {
    /// A loop is closed.
    Loop(LoopKind),
    /// A bit error test runs.
    Bert {
        /// The timeslot.
        slot: Timeslot,
        /// The pattern.
        pattern: BertPattern,
        /// Whether the receiver has found the pattern.
        synced: bool,
        /// Seconds with the pattern found.
        seconds: u32,
        /// Bits compared.
        bits: u64,
        /// Bits wrong.
        errors: u64,
    },
    /// The technician's handset is on a line.
    Handset(HandsetTest),
}

/// Loops for tests (DAHDI's maintenance modes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LoopKind {
    /// What we send comes back to us inside the card.
    Local,
    /// What the far side sends goes back to it at the line.
    Network,
    /// What the far side sends goes back to it after the framer.
    Payload,
}

/// Pseudo-random patterns of bit error tests (O.150).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BertPattern {
    /// 2^11 - 1, for 64 kbit/s (O.152).
    Prbs11,
    /// 2^15 - 1 (O.151).
    Prbs15,
}

/// What a person orders of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SpanOrder {
    /// Take no more calls on this slot; a call on it goes on.
    Block(Timeslot),
    /// Take calls on it again.
    Unblock(Timeslot),
    /// RESTART of one B channel; a call on it ends.
    RestartChannel(Timeslot),
    /// RESTART of the whole interface; its calls end.
    RestartSpan,
    /// Write the D channel's frames, subscribers' digits masked, into a file.
    StartTrace,
    /// Stop it.
    StopTrace,
    /// Close a loop: only while the span has no call.
    Loop(LoopKind),
    /// Bit error test on one idle slot.
    StartBert {
        /// The slot.
        slot: Timeslot,
        /// The pattern.
        pattern: BertPattern,
    },
    /// Put one wrong bit into the running test: proves that it sees errors.
    InsertBitError,
    /// Open the loop, end the test.
    StopTest,
    /// Put the technician's handset onto one idle line.
    Handset(HandsetTest),
}

/// Why an order was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SpanRefusal {
    /// No such span, or no driver for it.
    NoSuchSpan,
    /// No such slot, or not one of this kind.
    NoSuchSlot,
    /// Calls are on it: end them or wait.
    InUse,
    /// Another test or trace runs: stop it first.
    Running,
    /// Nothing runs that could be stopped.
    NothingRuns,
    /// The card cannot do it.
    NotSupported,
    /// The link is down.
    LinkDown,
    /// The card or the file refused.
    Failed,
    /// `lined` is not there, or did not answer in time.
    NoAnswer,
    /// The box has no handset.
    NoHandset,
}

/// What belongs into the history of the lines: durable in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanFact {
    /// Alarms changed.
    Alarms {
        /// The span.
        span: SpanId,
        /// What was wrong before.
        before: Alarms,
        /// What is wrong now.
        now: Alarms,
    },
    /// The data link changed.
    Link {
        /// The span.
        span: SpanId,
        /// The state now.
        state: LinkState,
    },
    /// A quarter of an hour is over.
    Quality(QualityBin),
    /// A bit error test is over.
    Bert {
        /// The span.
        span: SpanId,
        /// Its last status.
        result: TestStatus,
    },
    /// A trace is over; its file lies in the folder of traces.
    Trace {
        /// The span.
        span: SpanId,
        /// The file's name.
        file: String,
        /// Frames in it.
        frames: u64,
    },
    /// A line test by ear is over.
    Handset(HandsetUse),
}

/// Performance of a span in a quarter of an hour (after G.826, with counts of G.821 style seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityBin {
    /// The span.
    pub span: SpanId,
    /// When it began, on a quarter of an hour of UTC.
    pub began: UnixMs,
    /// Seconds observed, at most 900.
    pub seconds: u16,
    /// Errored seconds.
    pub es: u16,
    /// Severely errored seconds.
    pub ses: u16,
    /// Unavailable seconds.
    pub uas: u16,
    /// Bipolar violations.
    pub bipolar: u32,
    /// CRC-4 errors.
    pub crc4: u32,
    /// E bits.
    pub e_bit: u32,
    /// Frame errors.
    pub frame: u32,
    /// Slips.
    pub slips: u32,
}

/// Most facts of spans that wait for the vault; beyond that the oldest quarter is given up, and counted.
pub const MAX_WAITING_FACTS: usize = 4_096;
