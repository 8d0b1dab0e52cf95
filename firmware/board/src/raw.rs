//! The keys of a board file as they are written, each with its place. Nothing is checked here but names and kinds.

use crate::error::{BoardError, Reason};
use crate::model::{Network, Port, Tpm};
use serde::Deserialize;
use toml::Spanned;

/// One file of a board.
pub struct Layer {
    pub file: String,
    pub text: String,
    pub raw: RawBoard,
}

impl Layer {
    /// The line of a place in the file.
    pub fn line(&self, at: usize) -> usize {
        line(&self.text, at)
    }

    pub fn fault(&self, at: usize, reason: Reason) -> BoardError {
        BoardError { file: self.file.clone(), line: self.line(at), reason }
    }
}

/// The line, from 1, of a place in a text.
pub fn line(text: &str, at: usize) -> usize {
    // A place behind the last line's end belongs to the last line.
    let newlines = text.bytes().take(at).filter(|&byte| byte == b'\n').count();
    (newlines + 1).min(text.lines().count().max(1))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBoard {
    pub inherits: Option<Spanned<String>>,
    pub model: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub tpm: Option<Spanned<Tpm>>,
    pub serial_port: Option<Spanned<String>>,
    pub watchdog: Option<Spanned<String>>,
    pub leds: Option<Spanned<Vec<Spanned<RawLed>>>>,
    pub nics: Option<Spanned<Vec<Spanned<RawNic>>>>,
    pub slots: Option<Spanned<Vec<Spanned<RawSlot>>>>,
    pub spans: Option<Spanned<Vec<Spanned<RawSpan>>>>,
    pub handset: Option<Spanned<RawHandset>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLed {
    pub name: Spanned<String>,
    pub path: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawNic {
    pub name: Spanned<String>,
    pub network: Network,
    pub place: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSlot {
    pub id: Spanned<i64>,
    pub place: Spanned<String>,
    pub card: Option<Spanned<String>>,
    pub module: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSpan {
    pub id: Spanned<i64>,
    pub place: Spanned<String>,
    pub slot: Option<Spanned<i64>>,
    pub kind: RawKind,
    pub ports: Option<Spanned<Vec<Port>>>,
    pub driver: Spanned<RawDriver>,
    pub dahdi: Option<Spanned<RawDahdi>>,
    pub lines: Option<Spanned<Vec<Spanned<RawLine>>>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RawKind {
    E1,
    Analogue,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RawDriver {
    Dahdi,
    Alsa,
    Virtual,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDahdi {
    pub number: Option<Spanned<i64>>,
    pub device: Option<Spanned<String>>,
    pub local: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLine {
    pub port: Spanned<i64>,
    pub card: Spanned<String>,
    pub capture: Spanned<String>,
    pub playback: Spanned<String>,
    pub hook: Spanned<String>,
    pub ring: Option<Spanned<String>>,
    pub loop_current: Option<Spanned<String>>,
    pub polarity: Option<Spanned<String>>,
    pub caller_id: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHandset {
    pub capture: Spanned<String>,
    pub playback: Spanned<String>,
    pub place: Spanned<String>,
}
