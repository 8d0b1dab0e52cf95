//! Thousands of seeded mutations of the torture messages and session descriptions: no
//! panic, every promise of the fuzz entry points kept, and no input that takes long.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sip::{fuzz_datagram, fuzz_sdp, parse_datagram};

/// xorshift64*: the same mutations on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
    }
}

const SPICE: &[&[u8]] = &[
    b"\r\n",
    b"\r\n ",
    b"\r\n\r\n",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"@",
    b"%",
    b"%00",
    b"=",
    b" ",
    b"\t",
    b"\0",
    b"\xff",
    b"\xc3",
    b"[::1]",
    b"sip:",
    b"tel:+86",
    b"*",
    b"(",
    b"z9hG4bK",
    b"99999999999999999999",
    b"-1",
    b"SIP/2.0",
    b"a=crypto:1 ",
    b"m=audio 1 RTP/SAVP 8\r\n",
    b"c=IN IP4 ",
    b"Content-Length: 5\r\n",
    b"v: ",
    b"Via: SIP/2.0/UDP [2001:db8::1]:5060\r\n",
    "大".as_bytes(),
];

fn mutate(seed: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(out.len() + 1);
        let end = (at + dice.roll(24)).min(out.len());
        match dice.roll(7) {
            0 => out.truncate(at),
            1 => drop(out.drain(at..end)),
            2 => drop(out.splice(at..at, SPICE[dice.roll(SPICE.len())].iter().copied())),
            3 => {
                let copy = out[at..end].to_vec();
                drop(out.splice(at..at, copy));
            }
            4 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << dice.roll(8);
                }
            }
            5 => {
                let from = dice.roll(other.len());
                let to = (from + dice.roll(120)).min(other.len());
                drop(out.splice(at..end, other[from..to].iter().copied()));
            }
            _ => {
                let times = dice.roll(40);
                let part = SPICE[dice.roll(SPICE.len())].repeat(times);
                drop(out.splice(at..at, part));
            }
        }
    }
    out
}

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    names.iter().map(|name| std::fs::read(name).unwrap()).collect()
}

fn torment(seeds: &[Vec<u8>], rounds: usize, target: fn(&[u8])) {
    let mut dice = Dice(0x5151_5eed_0001);
    for seed in seeds {
        target(seed);
        for _ in 0..rounds {
            let other = &seeds[dice.roll(seeds.len())];
            target(&mutate(seed, other, &mut dice));
        }
    }
}

#[test]
fn mutated_messages_break_no_promise() {
    torment(&seeds("tests/torture"), 300, fuzz_datagram);
}

#[test]
fn mutated_session_descriptions_break_no_promise() {
    torment(&seeds("tests/descriptions"), 2000, fuzz_sdp);
}

/// Inputs at the size limit, made to provoke work that grows with the square of the size.
#[test]
fn the_worst_messages_take_bounded_time() {
    let head = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n";
    let fill = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
    let lines = |line: &str| format!("{head}{}\r\n", fill(line, 60_000));
    for text in [
        lines(&format!("Supported: {}\r\n", fill("a,", 8000))),
        lines(&format!("Contact: {}\r\n", fill("<sip:a@b>,", 8000))),
        lines(&format!("Contact: <sip:a@b{}>\r\n", fill(";a=b", 8000))),
        lines(&format!("Subject: {}\r\n", fill("\"", 8000))),
        lines(&format!("Route: {}\r\n", fill("<", 8000))),
        lines("a:b\r\n"),
        lines("a:\r\n b\r\n"),
        format!("{head}Subject:{}\r\n\r\n", fill("\r\n ", 60_000)),
        lines(&format!("WWW-Authenticate: {}\r\n", fill("Digest a=b,", 8000))),
        lines(&format!("Allow: {}\r\n", fill("(((", 8000))),
        format!("OPTIONS sip:{}@b SIP/2.0\r\n\r\n", fill("%41", 8000)),
        fill("\r\n", 60_000),
    ] {
        let start = Instant::now();
        fuzz_datagram(text.as_bytes());
        let spent = start.elapsed();
        assert!(spent < Duration::from_secs(2), "{spent:?} for {:?}", text.get(..300));
    }
}

#[test]
fn what_is_too_large_is_refused_with_513() {
    let head = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n";
    for text in [
        format!("{head}\r\n{}", "x".repeat(70_000)),
        format!("{head}Subject: {}\r\n\r\n", "x".repeat(9000)),
        format!("{head}{}\r\n", "X-A: b\r\n".repeat(300)),
        format!("{head}Supported: {}a\r\n\r\n", "a,".repeat(300)),
    ] {
        let error = parse_datagram(text.as_bytes()).unwrap_err();
        let response = error.response("t").expect("the head says whom to answer");
        assert_eq!(response.status, 513, "{error}");
        assert!(response.headers.via_top().is_ok());
    }
}
