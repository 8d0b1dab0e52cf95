//! Reads the recording of the loop-back call back: whether both sides can be heard in it. It waits for the disk, so it
//! runs where nobody else waits with it.

use super::keys::{FAR_KEYS, NEAR_KEYS, holds};
use media::Law;
use media::dtmf::inband::InBandDetector;
use media::units::{FRAME_SAMPLES, PcmFrame};
use recording::{Chunk, Decoder};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use vocab::Secret;

/// Listens to octets for keys.
#[derive(Debug)]
pub(super) struct Ear {
    detector: InBandDetector,
    frame: PcmFrame,
    filled: usize,
    keys: Vec<char>,
}

impl Default for Ear {
    fn default() -> Self {
        Self { detector: InBandDetector::new(), frame: [0; FRAME_SAMPLES], filled: 0, keys: Vec::new() }
    }
}

impl Ear {
    /// Takes the next octet.
    pub(super) fn hear(&mut self, octet: u8) {
        self.frame[self.filled] = Law::A.decode(octet);
        self.filled += 1;
        if self.filled == FRAME_SAMPLES {
            self.filled = 0;
            // What is played lasts some seconds: no more keys than these can be in it.
            if let Some(key) = self.detector.process(&self.frame).filter(|_| self.keys.len() < MAX_KEYS) {
                self.keys.push(key.as_char());
            }
        }
    }

    /// The keys heard.
    pub(super) fn keys(self) -> Vec<char> {
        self.keys
    }
}

/// Whether the recording is whole, and holds the far leg's keys on its left and the near one's on its right.
#[must_use]
pub fn read_back(path: &Path, key: &Secret<[u8; 32]>) -> bool {
    match heard(path, key) {
        Some((left, right)) => holds(&left, &FAR_KEYS) && holds(&right, &NEAR_KEYS),
        None => false,
    }
}

fn heard(path: &Path, key: &Secret<[u8; 32]>) -> Option<(Vec<char>, Vec<char>)> {
    let mut decoder = Decoder::new(BufReader::new(File::open(path).ok()?), key).ok()?;
    let (mut left, mut right) = (Ear::default(), Ear::default());
    loop {
        match decoder.next_chunk().ok()? {
            Chunk::Audio { samples, .. } => {
                for pair in samples.as_chunks::<2>().0 {
                    left.hear(pair[0]);
                    right.hear(pair[1]);
                }
            }
            Chunk::Closed(_) => return Some((left.keys(), right.keys())),
            Chunk::Cut(_) => return None,
        }
    }
}

/// Removes the recording; it is nobody's.
pub fn throw_away(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            log::warn!(target: "loopback", error:% ; "the loop-back call's recording stays");
        }
        Ok(()) | Err(_) => {}
    }
}

const MAX_KEYS: usize = 64;
