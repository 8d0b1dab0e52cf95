//! The ear and mouth of an FXS line: tones towards the telephone, keys from it. It allocates nothing per block and
//! knows no state of the line.

use crate::Block;
use crate::plan::{ToneKind, TonePlan};
use crate::play::TonePlayer;
use media::Digit;
use media::dtmf::inband::InBandDetector;

/// What the ear and mouth of an FXS line do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxsAudioOrder {
    /// The telephone is on-hook: nothing.
    Off,
    /// Silence towards it; its keys are told.
    Silence,
    /// A tone towards it; its keys are told.
    Tone(ToneKind),
    /// The call goes to it; its keys are told.
    Through,
}

/// Ear and mouth of one FXS line.
#[derive(Debug)]
pub struct FxsAudio {
    /// Made once, by kind; a kind the plan lacks is silence.
    players: [Option<TonePlayer>; ToneKind::ALL.len()],
    playing: Option<TonePlayer>,
    order: FxsAudioOrder,
    keys: InBandDetector,
}

impl FxsAudio {
    /// For a telephone that hears the tones of this plan.
    #[must_use]
    pub fn new(plan: &TonePlan) -> Self {
        let player = |kind: ToneKind| {
            let player = TonePlayer::new(plan.tone(kind)?, plan.level_dbm0());
            Some(if kind == ToneKind::Howler { player.rising(HOWLER_RISE_DB, HOWLER_RISE_S) } else { player })
        };
        let mut players = ToneKind::ALL.map(player);
        let busy = player(ToneKind::Busy);
        for (kind, player) in ToneKind::ALL.into_iter().zip(&mut players) {
            // A plan without a howler still must not leave a forgotten handset in silence.
            if kind == ToneKind::Howler && player.is_none() {
                *player = busy;
            }
        }
        Self { players, playing: None, order: FxsAudioOrder::Off, keys: InBandDetector::new() }
    }

    /// Does this from the next block on.
    pub fn order(&mut self, order: FxsAudioOrder) {
        self.playing = match order {
            FxsAudioOrder::Tone(kind) => ToneKind::ALL
                .into_iter()
                .zip(self.players)
                .find(|(known, _)| *known == kind)
                .and_then(|(_, it)| it),
            FxsAudioOrder::Off | FxsAudioOrder::Silence | FxsAudioOrder::Through => None,
        };
        if self.order == FxsAudioOrder::Off {
            self.keys = InBandDetector::new();
        }
        self.order = order;
    }

    /// One turn: `heard` came from the telephone; `said` is what the call says and becomes what goes to it.
    pub fn block(&mut self, heard: &Block, said: &mut Block) -> Option<Digit> {
        match self.order {
            FxsAudioOrder::Off => {
                said.fill(0);
                return None;
            }
            FxsAudioOrder::Through => {}
            FxsAudioOrder::Silence | FxsAudioOrder::Tone(_) => {
                said.fill(0);
                if let Some(player) = &mut self.playing {
                    player.add(said);
                }
            }
        }
        self.keys.process(heard)
    }
}

/// How far below its level the howler begins, and how long it takes to reach it.
const HOWLER_RISE_DB: f64 = 20.0;
const HOWLER_RISE_S: f64 = 10.0;
