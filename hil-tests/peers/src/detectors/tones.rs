//! Call progress: the tones of the Chinese plan within its tolerances, and what is none of them.
//!
//! spandsp is given the same frequencies, and the same limits for each sound and pause as our detector takes from the
//! plan.

use super::{Errors, Measured};
use crate::signals::{Random, add_noise, silence, through_a_law, voice};
use crate::spandsp::Spandsp;
use analog::plan::ToneSpec;
use analog::{Heard, ProgressDetector, ToneKind, TonePlan, TonePlayer};

/// What is looked for: what the line's machine acts on.
const KINDS: [ToneKind; 6] = [
    ToneKind::Dial,
    ToneKind::Ringback,
    ToneKind::Busy,
    ToneKind::Congestion,
    ToneKind::Unobtainable,
    ToneKind::Sit,
];

/// spandsp's form of a tone: (first and second frequency, least and most milliseconds) of each element.
type Elements = Vec<(i32, i32, u32, u32)>;

fn elements(spec: &ToneSpec) -> Elements {
    if spec.is_continuous() {
        return vec![(spec.steps()[0].hz()[0] as i32, 0, 1_200, 0)];
    }
    let range = |ms: u32| {
        let slack = (f64::from(ms) * spec.tolerance_percent / 100.0 + 45.0) as u32;
        (ms.saturating_sub(slack), ms + slack)
    };
    let sounding = |(_, step): &(usize, &analog::plan::ToneStep)| spec.repeats() || !step.hz().is_empty();
    let element = |(_, step): (usize, &analog::plan::ToneStep)| {
        let (least, most) = range(step.ms.unwrap_or(0));
        let hz = |n: usize| step.hz().get(n).map_or(0, |hz| *hz as i32);
        (hz(0), hz(1), least, most)
    };
    let once: Elements = spec.steps().iter().enumerate().filter(sounding).map(element).collect();
    // A quick cadence is believed after sound, pause, sound; so is spandsp's.
    let period: u32 = spec.steps().iter().filter_map(|step| step.ms).sum();
    match once[..] {
        [sound, pause] if period < 3_000 => vec![sound, pause, sound],
        [sound, (f1, f2, _, most)] => vec![sound, (f1, f2, 200, most)],
        _ => once,
    }
}

/// How tones are sent.
struct Condition {
    name: &'static str,
    dbm0: (f64, f64),
    /// Signal to noise ratio in dB.
    noise_db: (f64, f64),
    /// In parts of the tolerance.
    offset: f64,
    percent: f64,
}

const CONDITIONS: [Condition; 5] = [
    Condition { name: "nominal", dbm0: (-10.0, -10.0), noise_db: (50.0, 50.0), offset: 0.0, percent: 0.0 },
    Condition {
        name: "from -40 to 0 dBm0",
        dbm0: (-40.0, 0.0),
        noise_db: (40.0, 40.0),
        offset: 0.0,
        percent: 0.0,
    },
    Condition {
        name: "frequencies and times off by up to their tolerance",
        dbm0: (-20.0, -10.0),
        noise_db: (40.0, 40.0),
        offset: 1.0,
        percent: 10.0,
    },
    Condition {
        name: "10 to 20 dB above noise",
        dbm0: (-25.0, -8.0),
        noise_db: (10.0, 20.0),
        offset: 0.0,
        percent: 0.0,
    },
    Condition {
        name: "levels, offsets and 15 dB above noise together",
        dbm0: (-35.0, -5.0),
        noise_db: (15.0, 25.0),
        offset: 0.8,
        percent: 8.0,
    },
];

/// Measures every kind under every condition, and what is no tone.
///
/// # Errors
/// When spandsp's program fails.
pub fn tones(spandsp: &Spandsp, scale: usize) -> anyhow::Result<Vec<Measured>> {
    let plan = TonePlan::cn();
    let specs: Vec<&ToneSpec> = KINDS.iter().filter_map(|kind| plan.tone(*kind)).collect();
    let theirs: Vec<Elements> = specs.iter().map(|spec| elements(spec)).collect();
    let mut measured = Vec::new();
    for (n, condition) in CONDITIONS.iter().enumerate() {
        let mut random = Random::new(2_000 + n as u64);
        for (at, spec) in specs.iter().enumerate() {
            let signals: Vec<Vec<i16>> =
                (0..10 * scale).map(|_| signal(spec, condition, &mut random)).collect();
            let mut row = Measured {
                case: format!("tone {}: {}", spec.kind.name(), condition.name),
                sent: signals.len(),
                ours: Errors::default(),
                spandsp: Errors::default(),
            };
            for (samples, told) in signals.iter().zip(spandsp.tones(&theirs, &signals)?) {
                judge(at, &listen(&plan, samples), &mut row.ours);
                judge(at, &told, &mut row.spandsp);
            }
            measured.push(row);
        }
    }
    measured.extend(nothing(spandsp, &plan, &theirs, scale)?);
    Ok(measured)
}

fn signal(spec: &ToneSpec, condition: &Condition, random: &mut Random) -> Vec<i16> {
    let dbm0 = random.between(condition.dbm0.0, condition.dbm0.1);
    let hz = condition.offset * spec.tolerance_hz * random.between(-1.0, 1.0);
    let percent = condition.percent * random.between(-1.0, 1.0);
    let mut player = TonePlayer::new(spec, dbm0).off_by(hz, percent);
    // Where in a block it begins is chance.
    let mut samples = vec![0; 2_400 + random.below(160)];
    let from = samples.len();
    let period: u32 = spec.steps().iter().filter_map(|step| step.ms).sum();
    samples.resize(from + 8 * (2 * period as usize + 2_000), 0);
    for block in samples[from..].as_chunks_mut::<160>().0 {
        if !player.add(block) {
            break;
        }
    }
    let noise = dbm0 - random.between(condition.noise_db.0, condition.noise_db.1);
    add_noise(&mut samples, noise.max(-65.0), random);
    through_a_law(&mut samples);
    samples
}

/// Which of the kinds are told, by their place.
fn listen(plan: &TonePlan, samples: &[i16]) -> Vec<usize> {
    let mut detector = ProgressDetector::new(plan);
    let place = |heard| match heard {
        Heard::Tone(kind) => KINDS.iter().position(|known| *known == kind),
        Heard::Voice | Heard::Silence => None,
    };
    samples
        .as_chunks::<160>()
        .0
        .iter()
        .filter_map(|block| detector.process(block))
        .filter_map(place)
        .collect()
}

/// Heard at least once, and nothing else.
fn judge(at: usize, told: &[usize], errors: &mut Errors) {
    errors.add(usize::from(!told.contains(&at)), told.iter().filter(|other| **other != at).count());
}

/// Voice, noise, and tones beside the plan.
fn nothing(
    spandsp: &Spandsp,
    plan: &TonePlan,
    theirs: &[Elements],
    scale: usize,
) -> anyhow::Result<Vec<Measured>> {
    let mut random = Random::new(88);
    let voices =
        (0..5 * scale).map(|_| voice(60, random.between(-24.0, -10.0), &mut random)).collect::<Vec<_>>();
    let noise = |random: &mut Random| {
        let mut samples = silence(60_000);
        let dbm0 = random.between(-45.0, -10.0);
        add_noise(&mut samples, dbm0, random);
        samples
    };
    let noises = (0..2 * scale).map(|_| noise(&mut random)).collect::<Vec<_>>();
    let other = TonePlan::parse("other.toml", OTHER)?;
    let others = other
        .tones()
        .iter()
        .map(|spec| {
            let mut player = TonePlayer::new(spec, -12.0);
            let mut samples = silence(20_000);
            for block in samples[2_400..].as_chunks_mut::<160>().0 {
                player.add(block);
            }
            samples
        })
        .collect::<Vec<_>>();
    let mut measured = Vec::new();
    let cases = [
        ("tones, nothing sent: voice", voices),
        ("tones, nothing sent: noise", noises),
        ("tones, nothing sent: frequencies and cadences beside the plan", others),
    ];
    for (case, mut signals) in cases {
        signals.iter_mut().for_each(|samples| through_a_law(samples));
        let (mut ours, mut errors) = (Errors::default(), Errors::default());
        for (samples, told) in signals.iter().zip(spandsp.tones(theirs, &signals)?) {
            ours.add(0, listen(plan, samples).len());
            errors.add(0, told.len());
        }
        let sent = signals.iter().map(Vec::len).sum::<usize>() / 8_000;
        measured.push(Measured { case: case.to_owned(), sent, ours, spandsp: errors });
    }
    Ok(measured)
}

/// Tones that are none of the Chinese plan's: other frequencies with its cadences, its frequency with others.
const OTHER: &str = r#"
name = "other"
tolerance_hz = 1
tolerance_percent = 1
tone = [
    { kind = "dial", hz = [350] },
    { kind = "dial", hz = [550] },
    { kind = "dial", hz = [1000] },
    { kind = "dial", hz = [350, 440] },
    { kind = "busy", hz = [560], cadence_ms = [350, 350] },
    { kind = "busy", hz = [340], cadence_ms = [350, 350] },
    { kind = "busy", hz = [480, 620], cadence_ms = [500, 500] },
    { kind = "busy", hz = [450], cadence_ms = [500, 500] },
    { kind = "busy", hz = [450], cadence_ms = [250, 250] },
    { kind = "busy", hz = [450], cadence_ms = [350, 1200] },
    { kind = "busy", hz = [450], cadence_ms = [1000, 1000] },
    { kind = "ringback", hz = [440, 480], cadence_ms = [2000, 4000] },
]
"#;
