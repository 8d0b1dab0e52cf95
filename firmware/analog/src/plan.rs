//! Tone plans: the tones of an exchange, by frequency and cadence, with their tolerances.
//!
//! Three are built in (`cn`, `us`, `eu`: their texts with the sources stand in `plans/`), others come from texts of the
//! same form. Only the caller reads files; names are given so that an error can say where it is.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::{PlanError, Reason};

/// Most frequencies that sound at once.
pub const MAX_HZ_OF_STEP: usize = 2;
/// Most steps of a tone.
pub const MAX_STEPS: usize = 16;
/// Most tones of a plan.
pub const MAX_TONES: usize = 24;
/// Longest text of a plan.
pub const MAX_PLAN_BYTES: usize = 64 * 1024;

/// What a tone tells (names of E.180 and E.182).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToneKind {
    /// Dial tone 拨号音.
    Dial,
    /// Special dial tone 特种拨号音: dialling works, a service is on.
    SpecialDial,
    /// Ringing tone 回铃音.
    Ringback,
    /// Busy tone 忙音.
    Busy,
    /// Congestion tone 拥塞音.
    Congestion,
    /// Number unobtainable 空号音.
    Unobtainable,
    /// Special information tone: an announcement follows.
    Sit,
    /// Howler 催挂音.
    Howler,
    /// Call waiting 呼叫等待音.
    CallWaiting,
    /// Confirmation 证实音.
    Confirmation,
    /// Intrusion, as the trunk operator's 长途通知音.
    Intrusion,
}

impl ToneKind {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Dial,
        Self::SpecialDial,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::Unobtainable,
        Self::Sit,
        Self::Howler,
        Self::CallWaiting,
        Self::Confirmation,
        Self::Intrusion,
    ];

    /// Its name in plans and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::SpecialDial => "special_dial",
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::Unobtainable => "unobtainable",
            Self::Sit => "sit",
            Self::Howler => "howler",
            Self::CallWaiting => "call_waiting",
            Self::Confirmation => "confirmation",
            Self::Intrusion => "intrusion",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One step of a tone: frequencies that sound together, or silence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToneStep {
    hz: [f64; MAX_HZ_OF_STEP],
    count: usize,
    /// How long; `None` is for ever.
    pub ms: Option<u32>,
}

impl ToneStep {
    /// The frequencies; none is silence.
    #[must_use]
    pub fn hz(&self) -> &[f64] {
        &self.hz[..self.count]
    }
}

/// One tone of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct ToneSpec {
    /// What it tells.
    pub kind: ToneKind,
    /// How far its frequencies may be off.
    pub tolerance_hz: f64,
    /// How far its times may be off, in percent.
    pub tolerance_percent: f64,
    steps: Vec<ToneStep>,
    repeats: bool,
}

impl ToneSpec {
    /// What sounds, in its order.
    #[must_use]
    pub fn steps(&self) -> &[ToneStep] {
        &self.steps
    }

    /// Whether it begins anew after its last step.
    #[must_use]
    pub const fn repeats(&self) -> bool {
        self.repeats
    }

    /// Whether it has no cadence.
    #[must_use]
    pub fn is_continuous(&self) -> bool {
        self.steps.iter().any(|step| step.ms.is_none())
    }
}

/// The tones of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct TonePlan {
    name: String,
    level_dbm0: f64,
    tones: Vec<ToneSpec>,
}

impl TonePlan {
    /// The names of the plans that are built in.
    pub const BUILT_IN: [&'static str; 3] = ["cn", "us", "eu"];

    /// The Chinese plan (GB/T 3380-1982).
    #[must_use]
    pub fn cn() -> Self {
        Self::parse("cn.toml", CN).unwrap_or_else(|error| panic!("a built-in plan is wrong: {error}"))
    }

    /// A built-in plan.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let (file, text) = match name {
            "cn" => return Some(Self::cn()),
            "us" => ("us.toml", US),
            "eu" => ("eu.toml", EU),
            _ => return None,
        };
        Some(Self::parse(file, text).unwrap_or_else(|error| panic!("a built-in plan is wrong: {error}")))
    }

    /// Reads a plan; `file` only names it in errors.
    ///
    /// # Errors
    /// [`PlanError`] with file, line and field.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlanError> {
        parse::plan(file, text)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The level at which its tones are sent.
    #[must_use]
    pub const fn level_dbm0(&self) -> f64 {
        self.level_dbm0
    }

    /// Every tone; one kind may have several forms.
    #[must_use]
    pub fn tones(&self) -> &[ToneSpec] {
        &self.tones
    }

    /// The first form of a kind.
    #[must_use]
    pub fn tone(&self, kind: ToneKind) -> Option<&ToneSpec> {
        self.tones.iter().find(|tone| tone.kind == kind)
    }
}

const CN: &str = include_str!("plans/cn.toml");
const US: &str = include_str!("plans/us.toml");
const EU: &str = include_str!("plans/eu.toml");
