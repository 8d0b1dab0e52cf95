//! What a subscriber says and hears on a timeslot, counted in blocks of 20 ms.

use carrier::behaviour::{Press, Sound};
use carrier::journal::{EventKind, Journal};
use carrier::signal::{self, Law};

/// Samples of a block.
pub const BLOCK: usize = card::SLOT_BLOCK;
const BLOCK_MS: u64 = 20;
/// How long a key is heard, in blocks.
const KEY_BLOCKS: u64 = 6;

/// The audio of one call.
#[derive(Debug)]
pub struct Talk {
    seed: u32,
    sound: Option<Sound>,
    press: Option<u64>,
    block: u64,
    sent: u64,
    heard: Heard,
}

#[derive(Debug, Default)]
struct Heard {
    blocks: u64,
    audible: bool,
    tone: Option<u8>,
    agent: bool,
}

impl Talk {
    /// Silence until the subscriber speaks.
    pub fn new(number: &str) -> Self {
        Self {
            seed: signal::voice_seed(number),
            sound: None,
            press: None,
            block: 0,
            sent: 0,
            heard: Heard::default(),
        }
    }

    /// From now on this is to be heard, and a key at its time. A line has no telephone events: each key is tones.
    pub fn speak(&mut self, sound: Sound, press: Option<Press>) {
        self.sound = Some(sound);
        self.block = 0;
        self.press = press.map(|press| match press {
            Press::Event { at_ms, .. } | Press::InBand { at_ms } | Press::Info { at_ms } => at_ms / BLOCK_MS,
        });
    }

    /// The next block to send.
    pub fn next_block(&mut self, call: u64, number: &str, journal: &Journal) -> [u8; BLOCK] {
        let mut block = [Law::A.encode(0); BLOCK];
        let Some(sound) = self.sound else { return block };
        let at = self.block;
        self.block += 1;
        self.sent += 1;
        if self.press == Some(at) {
            journal.note_detail(EventKind::DtmfSent, call, number, "in-band");
        }
        let key = self.press.is_some_and(|press| (press..press + KEY_BLOCKS).contains(&at));
        let first = u32::try_from((at * BLOCK as u64) & u64::from(u32::MAX)).unwrap_or(0);
        for (n, octet) in (first..).zip(&mut block) {
            let sample = if key { signal::nine_sample(n) } else { self.sample(sound, at, n) };
            *octet = Law::A.encode(sample);
        }
        block
    }

    fn sample(&self, sound: Sound, at: u64, n: u32) -> i16 {
        match sound {
            Sound::Voice => signal::voice_sample(self.seed, n),
            Sound::VoiceThenGone(after_ms) if at * BLOCK_MS < after_ms => signal::voice_sample(self.seed, n),
            Sound::VoiceThenGone(_) | Sound::Nothing => 0,
            Sound::Ringback => signal::ringback_sample(n),
            Sound::Voicemail => signal::voicemail_sample(self.seed, n),
            Sound::AgentTone(index) => signal::agent_sample(index, n),
        }
    }

    /// Listens to a block of the box.
    pub fn listen(&mut self, block: &[u8; BLOCK], call: u64, number: &str, journal: &Journal) {
        self.heard.blocks += 1;
        if self.heard.blocks == 1 {
            journal.note(EventKind::RtpFirst, call, number);
        }
        if self.heard.audible && self.heard.agent {
            return;
        }
        let samples = block.map(|octet| Law::A.decode(octet));
        if !signal::is_audible(&samples) {
            self.heard.tone = None;
            return;
        }
        if !std::mem::replace(&mut self.heard.audible, true) {
            journal.note(EventKind::AudioFirst, call, number);
        }
        let tone = signal::agent_tone_in(&samples);
        if let Some(index) = tone
            && self.heard.tone == tone
            && !std::mem::replace(&mut self.heard.agent, true)
        {
            journal.note_detail(EventKind::AgentAudioFirst, call, number, &format!("agent tone {index}"));
        }
        self.heard.tone = tone;
    }

    /// The call is over: its counters.
    pub fn finish(&self, call: u64, number: &str, journal: &Journal) {
        let mut entry = journal.entry(EventKind::RtpSummary, call, number);
        entry.rtp_sent = Some(self.sent);
        entry.rtp_received = Some(self.heard.blocks);
        entry.rtp_rejected = Some(0);
        journal.write(entry);
    }
}
