//! Audio without hardware: ALSA's own `file` and `null` plugins stand for the card. Control elements need a card, and are
//! tried in the guest with the loopback card.

use crate::pcm::converted;
use crate::{AlsaAudio, Handset, LineConfig, shared::Shared};
use card::{AudioReady, CardError, SLOT_BLOCK, SpanAudio};
use media::g711::Law;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use vocab::Timeslot;

/// Where the inner tests find their files.
const FOLDER: &str = "RINGFENCE_ALSA_TEST";
const TURN: Duration = Duration::from_millis(100);
const NAMES: [&str; 3] = ["first", "second", "handset"];

/// What is heard on a PCM: samples that A-law keeps as they are, others for each.
fn sound(name: &str) -> Vec<i16> {
    let seed = name.len() as u8;
    (0..16_000_u32).map(|at| Law::A.decode((at % 251) as u8 ^ seed)).collect()
}

fn octets(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect()
}

/// ALSA reads its settings once in a process: the inner tests run in one of their own.
#[test]
fn lines_and_the_handset_work_without_a_card_below() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = String::new();
    for name in NAMES {
        let path = |end: &str| folder.path().join(format!("{name}.{end}"));
        std::fs::write(path("in"), octets(&sound(name))).expect("written");
        let (heard, said) = (path("in"), path("out"));
        let (heard, said) = (heard.display(), said.display());
        writeln!(
            settings,
            "pcm.{name}-in {{ type file slave.pcm {{ type null }} file /dev/null infile \"{heard}\" format raw }}
             pcm.{name}-out {{ type file slave.pcm {{ type null }} file \"{said}\" format raw }}"
        )
        .expect("text");
    }
    let file = folder.path().join("asound.conf");
    std::fs::write(&file, settings).expect("written");
    let ran = Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--test-threads=1", "tests::inner"])
        .env("ALSA_CONFIG_PATH", &file)
        .env(FOLDER, folder.path())
        .output()
        .expect("a process");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.contains("3 passed"), "{told}");
}

#[test]
fn a_card_s_pcm_goes_through_alsa_s_converter() {
    assert_eq!(converted("hw:0,6"), "plughw:0,6");
    assert_eq!(converted("first"), "first");
}

mod inner {
    use super::*;

    fn folder() -> PathBuf {
        PathBuf::from(std::env::var_os(FOLDER).expect("the outer test"))
    }

    fn line(port: u8, name: &str) -> LineConfig {
        LineConfig {
            port: Timeslot(port),
            card: "hw:0".to_owned(),
            capture: format!("{name}-in"),
            playback: format!("{name}-out"),
            hook: "Off-hook Switch".to_owned(),
            ring: None,
            loop_current: None,
            polarity: None,
            caller_id: None,
        }
    }

    fn written(folder: &Path, name: &str) -> Vec<u8> {
        std::fs::read(folder.join(format!("{name}.out"))).expect("written")
    }

    #[test]
    #[ignore = "run by the outer test, with its settings of ALSA"]
    fn blocks_of_each_line_come_and_go() {
        let lines = [line(1, "first"), line(2, "second")];
        let mut audio = AlsaAudio::new(&lines, Arc::new(Shared::default())).expect("open");
        audio.set_open(Timeslot(2), true).expect("a line");
        assert!(matches!(audio.set_open(Timeslot(3), true), Err(CardError::NoSuchSlot(_))));
        let said: [u8; SLOT_BLOCK] = std::array::from_fn(|at| (at as u8) | 1);
        let mut heard = Vec::new();
        for _ in 0..20 {
            assert_eq!(audio.wait(TURN), AudioReady::Block);
            let mut block = [0; SLOT_BLOCK];
            assert!(!audio.read(Timeslot(1), &mut block), "a line that is not open is silent");
            assert_eq!(block, [Law::A.silence(); SLOT_BLOCK]);
            assert!(audio.read(Timeslot(2), &mut block));
            heard.extend_from_slice(&block);
            audio.write(Timeslot(1), &said);
            audio.write(Timeslot(2), &said);
            audio.flush();
        }
        let expected: Vec<u8> = sound("second").iter().map(|sample| Law::A.encode(*sample)).collect();
        assert!(expected.windows(heard.len()).any(|window| window == heard), "sample by sample");
        drop(audio);
        let mut samples = [0; SLOT_BLOCK];
        Law::A.decode_into(&said, &mut samples);
        let wanted = octets(&samples);
        let sent = |name: &str| written(&folder(), name).windows(wanted.len()).any(|window| window == wanted);
        assert!(sent("second"), "what was written to an open line goes out");
        assert!(!sent("first"), "nothing goes out on a line that is not open");
    }

    #[test]
    #[ignore = "run by the outer test, with its settings of ALSA"]
    fn what_the_handset_hears_and_says_passes_block_by_block() {
        let mut handset = Handset::open("handset-in", "handset-out").expect("open");
        let (mut spoken, mut played) = (Vec::new(), Vec::new());
        for turn in 0..20_i16 {
            let line: [i16; SLOT_BLOCK] = std::array::from_fn(|at| turn * 1_000 + at as i16 + 1);
            let mut said = [0; SLOT_BLOCK];
            assert!(handset.turn(&line, &mut said, TURN).expect("the device is there"));
            spoken.extend_from_slice(&said);
            played.extend_from_slice(&line);
        }
        assert!(sound("handset").windows(spoken.len()).any(|window| window == spoken), "sample by sample");
        drop(handset);
        // The last blocks are still in the device's buffer when it is closed.
        let wanted = octets(&played[..10 * SLOT_BLOCK]);
        assert!(written(&folder(), "handset").windows(wanted.len()).any(|window| window == wanted));
    }

    #[test]
    #[ignore = "run by the outer test, with its settings of ALSA"]
    fn a_pcm_that_is_not_there_is_told_with_the_step() {
        let refused = AlsaAudio::new(&[line(1, "nothing")], Arc::new(Shared::default()));
        assert!(matches!(refused, Err(CardError::System { step: "open the PCM", .. })));
    }
}
