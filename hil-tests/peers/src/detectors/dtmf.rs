//! DTMF: what ITU-T Q.24 says must be heard, and what must not.

use super::{Errors, Measured};
use crate::signals::{Random, add_noise, keys, silence, through_a_law, voice};
use crate::spandsp::Spandsp;
use media::Digit;
use media::dtmf::generate::ToneShape;
use media::dtmf::inband::InBandDetector;

/// A condition that keys are sent under.
struct Condition {
    name: &'static str,
    /// Signal to noise ratio of the weaker tone in dB; none is a quiet line.
    noise_db: Option<f64>,
    shape: fn(&mut Random) -> ToneShape,
    on_ms: (f64, f64),
    off_ms: (f64, f64),
    /// Whether the keys must be heard, or must not be.
    heard: bool,
}

const NOMINAL: fn(&mut Random) -> ToneShape = |_| ToneShape::default();

/// Both tones at one level with so much twist (high over low).
fn shape(level: f64, twist: f64) -> ToneShape {
    ToneShape { row_dbm0: level, column_dbm0: level + twist, ..ToneShape::default() }
}

fn conditions() -> Vec<Condition> {
    let must = |name, shape| Condition {
        name,
        noise_db: None,
        shape,
        on_ms: (45.0, 60.0),
        off_ms: (45.0, 60.0),
        heard: true,
    };
    vec![
        must("dtmf: nominal", NOMINAL),
        Condition { on_ms: (40.0, 40.0), off_ms: (40.0, 40.0), ..must("dtmf: 40 ms on and off", NOMINAL) },
        must("dtmf: both frequencies off by up to 1.5 %", |random| ToneShape {
            row_offset: random.between(-0.015, 0.015),
            column_offset: random.between(-0.015, 0.015),
            ..ToneShape::default()
        }),
        must("dtmf: twist from -8 to +4 dB", |random| shape(-12.0, random.between(-8.0, 4.0))),
        must("dtmf: tones from -29 to -3 dBm0", |random| shape(random.between(-29.0, -3.0), 0.0)),
        Condition { noise_db: Some(15.0), ..must("dtmf: 15 dB above noise", NOMINAL) },
        Condition {
            noise_db: Some(20.0),
            ..must("dtmf: offsets, twist, levels and 20 dB above noise together", |random| {
                let twist = random.between(-6.0, 4.0);
                ToneShape {
                    row_offset: random.between(-0.013, 0.013),
                    column_offset: random.between(-0.013, 0.013),
                    ..shape(random.between(-22.0, -8.0), twist)
                }
            })
        },
        Condition { on_ms: (5.0, 20.0), heard: false, ..must("dtmf, not to be heard: up to 20 ms", NOMINAL) },
        Condition {
            heard: false,
            ..must("dtmf, not to be heard: a frequency off by 3.5 % and more", |random| {
                let off = random.between(0.035, 0.05) * random.either(-1.0, 1.0);
                let row = random.below(2) == 0;
                ToneShape {
                    row_offset: if row { off } else { 0.0 },
                    column_offset: if row { 0.0 } else { off },
                    ..ToneShape::default()
                }
            })
        },
        Condition {
            heard: false,
            ..must("dtmf, not to be heard: below -45 dBm0", |random| shape(random.between(-60.0, -46.0), 0.0))
        },
    ]
}

/// Keys in each signal.
const KEYS: usize = 50;

/// Measures every condition, and voice and noise.
///
/// # Errors
/// When spandsp's program fails.
pub fn dtmf(spandsp: &Spandsp, scale: usize) -> anyhow::Result<Vec<Measured>> {
    let mut measured = Vec::new();
    for (n, condition) in conditions().iter().enumerate() {
        let mut random = Random::new(1_000 + n as u64);
        let sent: Vec<(String, Vec<i16>)> = (0..8 * scale).map(|_| signal(condition, &mut random)).collect();
        let signals: Vec<Vec<i16>> = sent.iter().map(|(_, samples)| samples.clone()).collect();
        let (mut ours, mut theirs) = (Errors::default(), Errors::default());
        for ((keys, samples), heard) in sent.iter().zip(spandsp.dtmf(&signals)?) {
            let expected = if condition.heard { keys.as_str() } else { "" };
            count(expected, &listen(samples), &mut ours);
            count(expected, &heard, &mut theirs);
        }
        let sent = KEYS * sent.len();
        measured.push(Measured { case: condition.name.to_owned(), sent, ours, spandsp: theirs });
    }
    measured.extend(nothing(spandsp, scale)?);
    Ok(measured)
}

fn signal(condition: &Condition, random: &mut Random) -> (String, Vec<i16>) {
    let mut text = String::new();
    let mut list = Vec::new();
    let mut weakest = 0.0_f64;
    for _ in 0..KEYS {
        let Some(digit) = Digit::from_event(random.below(16) as u8) else { continue };
        let shape = (condition.shape)(random);
        weakest = weakest.min(shape.row_dbm0).min(shape.column_dbm0);
        let samples =
            |(least, most): (f64, f64), random: &mut Random| (random.between(least, most) * 8.0) as usize;
        let (on, off) = (samples(condition.on_ms, random), samples(condition.off_ms, random));
        text.push(digit.as_char());
        list.push((digit, shape, on, off));
    }
    let mut samples = keys(&list);
    samples.extend(silence(100));
    if let Some(noise_db) = condition.noise_db {
        add_noise(&mut samples, weakest - noise_db, random);
    }
    through_a_law(&mut samples);
    (text, samples)
}

fn listen(samples: &[i16]) -> String {
    let mut detector = InBandDetector::new();
    let blocks = samples.as_chunks::<160>().0.iter();
    blocks.filter_map(|block| detector.process(block)).map(Digit::as_char).collect()
}

/// Aligns what was heard with what was sent: what of each has no partner.
fn count(sent: &str, heard: &str, errors: &mut Errors) {
    let (sent, heard): (Vec<char>, Vec<char>) = (sent.chars().collect(), heard.chars().collect());
    let mut common = vec![vec![0_usize; heard.len() + 1]; sent.len() + 1];
    for (i, key) in sent.iter().enumerate() {
        for (j, other) in heard.iter().enumerate() {
            common[i + 1][j + 1] =
                if key == other { common[i][j] + 1 } else { common[i][j + 1].max(common[i + 1][j]) };
        }
    }
    let matched = common[sent.len()][heard.len()];
    errors.add(sent.len() - matched, heard.len() - matched);
}

/// Talk-off, and noise.
fn nothing(spandsp: &Spandsp, scale: usize) -> anyhow::Result<Vec<Measured>> {
    let seconds = 60;
    let mut random = Random::new(77);
    let voices: Vec<Vec<i16>> = (0..5 * scale)
        .map(|_| {
            let mut samples = voice(seconds, random.between(-24.0, -12.0), &mut random);
            through_a_law(&mut samples);
            samples
        })
        .collect();
    let noises: Vec<Vec<i16>> = (0..2 * scale)
        .map(|_| {
            let mut samples = silence(seconds * 1_000);
            add_noise(&mut samples, random.between(-40.0, -10.0), &mut random);
            samples
        })
        .collect();
    let mut measured = Vec::new();
    for (case, signals) in [("dtmf, nothing sent: voice", voices), ("dtmf, nothing sent: noise", noises)] {
        let (mut ours, mut theirs) = (Errors::default(), Errors::default());
        for (samples, heard) in signals.iter().zip(spandsp.dtmf(&signals)?) {
            ours.add(0, listen(samples).len());
            theirs.add(0, heard.len());
        }
        let sent = seconds * signals.len();
        measured.push(Measured { case: case.to_owned(), sent, ours, spandsp: theirs });
    }
    Ok(measured)
}
