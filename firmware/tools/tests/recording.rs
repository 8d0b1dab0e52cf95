//! `ringfence-recording` as an auditor uses it.

use recording::{Codec, Encoder, FRAME_SAMPLES, Gaps, Header};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use vocab::{CallId, ObjectHash, Secret, UnixMs};

const KEY: [u8; 32] = [6; 32];

fn tool(arguments: &[&str], key: &[u8]) -> (i32, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let key_file = dir.path().join("key");
    fs::write(&key_file, key).expect("writable");
    let done = Command::new(env!("CARGO_BIN_EXE_ringfence-recording"))
        .args(arguments)
        .stdin(Stdio::from(fs::File::open(&key_file).expect("readable")))
        .output()
        .expect("it runs");
    let said = [done.stdout, done.stderr].concat();
    (done.status.code().expect("an exit code"), String::from_utf8(said).expect("text"))
}

fn recorded(path: &Path) -> Vec<u8> {
    let header = Header {
        call: CallId(42),
        codec: Codec::ALaw,
        started: UnixMs(1_800_000_000_000),
        notice_prompt: ObjectHash([3; 32]),
    };
    let mut encoder = Encoder::new(&Secret::new(KEY), &header);
    let mut bytes = encoder.header_bytes().to_vec();
    for at in 0..75_u8 {
        let gaps = Gaps { left: at == 4, right: false };
        if let Some(chunk) = encoder.push(&[at; FRAME_SAMPLES], &[0xd5; FRAME_SAMPLES], gaps).expect("room") {
            bytes.extend_from_slice(chunk);
        }
    }
    bytes.extend_from_slice(encoder.finish(UnixMs(1_800_000_001_500)));
    fs::write(path, &bytes).expect("writable");
    bytes
}

#[test]
fn rec_03_a_closed_recording_is_told_from_a_cut_one_without_a_key() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("recording");
    let bytes = recorded(&path);
    let text = path.to_str().expect("text");
    let (code, said) = tool(&["check", text], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("call-42") && said.contains("1500 ms in 2 chunks; missing: callee 20 ms"),
        "{said}"
    );
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("writable");
    let (code, said) = tool(&["check", text], &[]);
    assert!(code == 1 && said.contains("CUT"), "{said}");
    assert_eq!(tool(&["check", "/nonexistent"], &[]).0, 2);
}

#[test]
fn rec_03_the_key_comes_on_a_descriptor_and_a_flipped_bit_leaves_no_wav() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, wav) = (dir.path().join("recording"), dir.path().join("out.wav"));
    let mut bytes = recorded(&path);
    let (text, wav_text) = (path.to_str().expect("text"), wav.to_str().expect("text"));
    let (code, said) = tool(&["verify", text, "--key-fd", "0", "--duration-ms", "1500"], &KEY);
    assert!(code == 0 && said.contains("OK"), "{said}");
    let (code, said) = tool(&["export", text, wav_text, "--key-fd", "0"], &KEY);
    assert!(code == 0 && fs::metadata(&wav).expect("a WAV").len() == 44 + 75 * 160 * 4, "{said}");
    fs::remove_file(&wav).expect("removable");
    bytes[500] ^= 1;
    fs::write(&path, &bytes).expect("writable");
    let (code, said) = tool(&["export", text, wav_text, "--key-fd", "0"], &KEY);
    assert!(code == 1 && said.contains("chunk 0") && !wav.exists(), "{said}");
    assert_eq!(tool(&["verify", text, "--key-fd", "0"], &[1; 32]).0, 1, "another key");
    assert_eq!(tool(&["verify", text, "--key-fd", "0"], &[1; 33]).0, 2, "no key");
    assert_eq!(tool(&["verify", text], &KEY).0, 2, "no descriptor");
}
