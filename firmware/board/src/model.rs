//! What a board is once its file was read and found good.

use card::SpanKind;
use vocab::{SpanId, Timeslot};

/// A hardware model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub model: String,
    /// What it is, for people.
    pub description: String,
    /// Where its keys are sealed.
    pub tpm: Tpm,
    /// The technician's serial port.
    pub serial_port: Option<String>,
    /// The hardware watchdog.
    pub watchdog: Option<String>,
    /// Lamps.
    pub leds: Vec<Led>,
    /// Network interfaces.
    pub nics: Vec<Nic>,
    /// Slots for cards.
    pub slots: Vec<Slot>,
    /// Spans of its cards.
    pub spans: Vec<Span>,
    /// The technician's handset, for line tests.
    pub handset: Option<Handset>,
}

impl Board {
    /// The span of this number.
    #[must_use]
    pub fn span(&self, id: SpanId) -> Option<&Span> {
        self.spans.iter().find(|span| span.id == id)
    }
}

/// Where keys are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tpm {
    /// A TPM 2.0 chip.
    Chip,
    /// A program in its place: for development, never for customers.
    Swtpm,
}

/// A lamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Led {
    /// What it shows, for people.
    pub name: String,
    /// Its folder in sysfs.
    pub path: String,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// The kernel's name of it.
    pub name: String,
    /// What it is for.
    pub network: Network,
    /// Where it is plugged, for people.
    pub place: String,
}

/// What a network interface is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The site: pages and agents' telephones.
    Site,
    /// The carrier's SIP trunks.
    Trunk,
    /// Both.
    Both,
}

/// A slot for a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its number.
    pub id: u8,
    /// What it takes, for people.
    pub place: String,
    /// The card in it; nothing for an empty slot.
    pub card: Option<String>,
    /// The kernel's module for the card.
    pub module: Option<String>,
}

/// A span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its number on this board.
    pub id: SpanId,
    /// Where it is plugged, for people.
    pub place: String,
    /// The slot of its card.
    pub slot: Option<u8>,
    /// What it is.
    pub ports: SpanPorts,
    /// What drives it.
    pub driver: Driver,
}

impl Span {
    /// What it is to the card's contract.
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        match &self.ports {
            SpanPorts::E1 => SpanKind::E1,
            // Checked to be at most 31.
            SpanPorts::Analogue(ports) => {
                SpanKind::Analogue { ports: u8::try_from(ports.len()).unwrap_or(u8::MAX) }
            }
        }
    }
}

/// What a span is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanPorts {
    /// An E1 interface.
    E1,
    /// Analogue ports from 1 on.
    Analogue(Vec<Port>),
}

/// What an analogue port is wired for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Port {
    /// A line to the exchange.
    Fxo,
    /// A telephone.
    Fxs,
}

/// What drives a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver {
    /// The kernel's DAHDI.
    Dahdi(DahdiSpan),
    /// ALSA: PCM devices and control elements, one line for each port.
    Alsa(Vec<AlsaLine>),
    /// The virtual card: two local sockets.
    Virtual,
}

/// Which of DAHDI's spans.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DahdiSpan {
    /// By DAHDI's number of it.
    Number(u16),
    /// By the card's name in sysfs (`pci:0000:02:00.0`) and the span's number on the card, from 1: it stays the same
    /// when cards come and go.
    Device {
        /// The card.
        device: String,
        /// The span on it.
        local: u8,
    },
}

/// A line behind an ALSA card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsaLine {
    /// The port of the span.
    pub port: Timeslot,
    /// The card whose controls these are, e. g. `hw:0`.
    pub card: String,
    /// The PCM to hear the line from, e. g. `hw:0,6`.
    pub capture: String,
    /// The PCM to speak to it.
    pub playback: String,
    /// The control element that closes the loop.
    pub hook: String,
    /// The one that tells of ringing.
    pub ring: Option<String>,
    /// The one that tells of loop current.
    pub loop_current: Option<String>,
    /// The one that tells of the loop's polarity.
    pub polarity: Option<String>,
    /// The one that lets the caller's number through while the loop is open.
    pub caller_id: Option<String>,
}

/// The technician's handset on an audio jack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handset {
    /// The PCM of its microphone.
    pub capture: String,
    /// The PCM of its loudspeaker.
    pub playback: String,
    /// Where it is plugged, for people.
    pub place: String,
}
