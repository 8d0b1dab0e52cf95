//! Callers' numbers by FSK within the rates of the norms, over noise.

use super::{Errors, Measured};
use crate::signals::{Random, add_noise, silence, through_a_law, voice};
use crate::spandsp::Spandsp;
use analog::CallerIdReceiver;
use analog::caller_id::send::{Fsk, fsk, multiple, single};

struct Condition {
    name: &'static str,
    v23: bool,
    noise_db: (f64, f64),
    dbm0: (f64, f64),
    /// Of frequencies and rate, in percent.
    off: f64,
}

const CONDITIONS: [Condition; 5] = [
    Condition {
        name: "Bell 202, nominal",
        v23: false,
        noise_db: (45.0, 45.0),
        dbm0: (-13.5, -13.5),
        off: 0.0,
    },
    Condition { name: "V.23, nominal", v23: true, noise_db: (45.0, 45.0), dbm0: (-13.5, -13.5), off: 0.0 },
    Condition {
        name: "Bell 202, from -36 to -5 dBm0, off by up to 1 %, 25 dB above noise",
        v23: false,
        noise_db: (25.0, 25.0),
        dbm0: (-36.0, -5.0),
        off: 1.0,
    },
    Condition {
        name: "V.23, from -36 to -5 dBm0, off by up to 1 %, 25 dB above noise",
        v23: true,
        noise_db: (25.0, 25.0),
        dbm0: (-36.0, -5.0),
        off: 1.0,
    },
    Condition {
        name: "Bell 202, 12 to 20 dB above noise",
        v23: false,
        noise_db: (12.0, 20.0),
        dbm0: (-20.0, -10.0),
        off: 0.5,
    },
];

/// Measures every condition, and voice.
///
/// # Errors
/// When spandsp's program fails.
pub fn caller_ids(spandsp: &Spandsp, scale: usize) -> anyhow::Result<Vec<Measured>> {
    let mut measured = Vec::new();
    for (n, condition) in CONDITIONS.iter().enumerate() {
        let mut random = Random::new(3_000 + n as u64);
        let sent: Vec<(Vec<u8>, Vec<i16>)> =
            (0..50 * scale).map(|_| signal(condition, &mut random)).collect();
        let signals: Vec<Vec<i16>> = sent.iter().map(|(_, samples)| samples.clone()).collect();
        let (mut ours, mut theirs) = (Errors::default(), Errors::default());
        for ((octets, samples), told) in sent.iter().zip(spandsp.caller_id(condition.v23, &signals)?) {
            // spandsp hands over a message without its checksum.
            let with = hexadecimal(octets);
            judge(&with, &listen(samples), &mut ours);
            let told: Vec<String> = told
                .iter()
                .map(|hex| if with.starts_with(hex.as_str()) { with.clone() } else { hex.clone() })
                .collect();
            judge(&with, &told, &mut theirs);
        }
        let case = format!("caller id: {}", condition.name);
        measured.push(Measured { case, sent: sent.len(), ours, spandsp: theirs });
    }
    let mut random = Random::new(99);
    let voices: Vec<Vec<i16>> = (0..3 * scale).map(|_| voice(60, -15.0, &mut random)).collect();
    let (mut ours, mut theirs) = (Errors::default(), Errors::default());
    for (samples, told) in voices.iter().zip(spandsp.caller_id(false, &voices)?) {
        ours.add(0, listen(samples).len());
        theirs.add(0, told.len());
    }
    let case = "caller id, nothing sent: voice".to_owned();
    measured.push(Measured { case, sent: 60 * voices.len(), ours, spandsp: theirs });
    Ok(measured)
}

fn signal(condition: &Condition, random: &mut Random) -> (Vec<u8>, Vec<i16>) {
    let digits: String =
        (0..6 + random.below(9)).map(|_| char::from(b'0' + random.below(10) as u8)).collect();
    let octets = if random.below(2) == 0 && !condition.v23 {
        single("03171656", &digits)
    } else {
        multiple(Some("12312359"), Ok(&digits), None)
    };
    let base = if condition.v23 { Fsk::V23 } else { Fsk::BELL_202 };
    let off = |random: &mut Random| 1.0 + condition.off / 100.0 * random.between(-1.0, 1.0);
    let form = Fsk {
        mark_hz: base.mark_hz * off(random),
        space_hz: base.space_hz * off(random),
        baud: base.baud * off(random),
        dbm0: random.between(condition.dbm0.0, condition.dbm0.1),
        ..base
    };
    let mut samples = vec![0; 1_600 + random.below(160)];
    samples.extend(fsk(&octets, &form));
    samples.extend(silence(300));
    let noise = form.dbm0 - random.between(condition.noise_db.0, condition.noise_db.1);
    add_noise(&mut samples, noise, random);
    through_a_law(&mut samples);
    (octets, samples)
}

fn listen(samples: &[i16]) -> Vec<String> {
    let mut receiver = CallerIdReceiver::new();
    let blocks = samples.as_chunks::<160>().0.iter();
    blocks.filter_map(|block| receiver.process(block)).map(|raw| hexadecimal(raw.octets())).collect()
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn judge(sent: &str, told: &[String], errors: &mut Errors) {
    let right = told.iter().filter(|told| *told == sent).count();
    errors.add(usize::from(right == 0), told.len() - right.min(1));
}
