//! A trace as tshark reads it, and what a trace must never hold.

use card::trace::{Direction, MAX_TRACE_BYTES, Trace};
use idl::spans::PriSide;
use proptest::prelude::*;
use std::path::Path;
use std::process::Command;
use vocab::UnixMs;

const SABME: &[u8] = &[0x00, 0x01, 0x7F];
const UA: &[u8] = &[0x00, 0x01, 0x73];
const RR: &[u8] = &[0x00, 0x01, 0x01, 0x02];
/// Call reference 1, speech, channel 1 exclusive, a called number of eleven digits.
const SETUP: &[u8] =
    b"\x00\x01\x00\x00\x08\x02\x00\x01\x05\x04\x03\x80\x90\xA3\x18\x03\xA9\x83\x81\x70\x0C\x8013912345678";
const DIGITS: &[u8] = b"13912345678";
const AT: UnixMs = UnixMs(1_795_305_600_123);

/// Digits of ASCII become stars, as a mask of Q.931 would do with the numbers' elements.
fn mask(layer_3: &mut [u8]) {
    layer_3.iter_mut().filter(|octet| octet.is_ascii_digit()).for_each(|octet| *octet = b'0');
}

fn file(side: PriSide, frames: &[(Direction, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut trace = Trace::begin(side, MAX_TRACE_BYTES, &mut file);
    for (direction, frame) in frames {
        assert!(trace.frame(AT, *direction, frame, mask, &mut file));
    }
    assert_eq!((trace.frames(), trace.bytes()), (frames.len() as u64, file.len() as u64));
    file
}

fn tshark(name: &str, file: &[u8], arguments: &[&str]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, file).expect("the trace is written");
    let mut command = Command::new("tshark");
    let output = command.arg("-r").arg(&path).args(arguments).output().expect("tshark runs (Debian: tshark)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn contains(file: &[u8], needle: &[u8]) -> bool {
    file.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn tshark_decodes_link_and_call_set_up_with_who_sent_what() {
    let frames = [
        (Direction::Sent, SABME),
        (Direction::Received, UA),
        (Direction::Sent, SETUP),
        (Direction::Received, RR),
    ];
    let text = tshark("call.pcap", &file(PriSide::User, &frames), &["-V"]);
    let expected = [
        "Arrival Time: Nov 22, 2026",
        "[Direction: User->Network (0)]",
        "Control field: U P, func=SABME (0x7F)",
        "[Direction: Network->User (1)]",
        "Response: Unnumbered Acknowledge (0x18)",
        "Control field: I, N(R)=0, N(S)=0",
        "Message type: SETUP (0x05)",
        "Information transfer capability: Speech (0x00)",
        "Called party number digits: 00000000000",
        "Control field: S, func=RR, N(R)=1",
    ];
    let mut rest = text.as_str();
    for line in expected {
        let at =
            rest.find(line).unwrap_or_else(|| panic!("`{line}` is not there, or not in its order:\n{text}"));
        rest = &rest[at + line.len()..];
    }
    assert!(!text.contains("Malformed"), "{text}");
}

#[test]
fn on_the_network_side_the_directions_are_the_other_way_round() {
    let frames = [(Direction::Sent, SABME), (Direction::Received, UA)];
    let text = tshark("network.pcap", &file(PriSide::Network, &frames), &["-V"]);
    let sent = text.find("[Direction: Network->User (1)]").expect("ours");
    let received = text.find("[Direction: User->Network (0)]").expect("theirs");
    assert!(sent < received);
}

#[test]
fn digits_are_masked_in_i_and_ui_frames() {
    let ui: Vec<u8> = [0x02, 0xFF, 0x03].into_iter().chain(SETUP[4..].iter().copied()).collect();
    assert!(contains(SETUP, DIGITS) && contains(&ui, DIGITS));
    let file = file(PriSide::User, &[(Direction::Sent, SETUP), (Direction::Received, &ui)]);
    assert!(!contains(&file, DIGITS));
    assert!(contains(&file, &SETUP[..21]), "all before the digits is as it was");
}

#[test]
fn of_what_is_no_known_frame_only_the_head_is_kept() {
    let odd: [&[u8]; 5] = [
        b"\x01\x0113912345678",         // an address that goes on
        b"\x00\x0013912345678",         // one that does not end
        b"\x00\x01\xAF13912345678",     // XID
        b"\x00\x01\x01\x0213912345678", // RR with information
        b"\x00\x01\x8713912345678",     // FRMR that is too long
    ];
    for frame in odd {
        let file = file(PriSide::User, &[(Direction::Received, frame)]);
        assert!(!contains(&file, &DIGITS[..6]), "{frame:02x?}");
        let true_length = 16 + u32::try_from(frame.len()).expect("short");
        assert_eq!(file[36..40], true_length.to_le_bytes(), "the file tells its length on the line");
    }
}

#[test]
fn a_trace_stops_at_its_limit_and_stays_whole() {
    let mut file = Vec::new();
    let limit = 24 + 2 * (32 + 3) + 10;
    let mut trace = Trace::begin(PriSide::User, limit, &mut file);
    let written = (0..10).take_while(|_| trace.frame(AT, Direction::Sent, SABME, mask, &mut file)).count();
    assert_eq!((written, trace.frames(), file.len() as u64), (2, 2, limit - 10));
    let text = tshark("limit.pcap", &file, &[]);
    assert_eq!(text.lines().count(), 2, "{text}");
}

proptest! {
    #[test]
    fn any_octets_make_a_file_whose_lengths_add_up(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..20),
    ) {
        let frames: Vec<_> = frames.iter().map(|frame| (Direction::Sent, frame.as_slice())).collect();
        let file = file(PriSide::User, &frames);
        let mut rest = &file[24..];
        for (_, frame) in frames {
            let (head, body) = rest.split_at(16);
            let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four")) as usize;
            prop_assert_eq!(number(12), 16 + frame.len());
            prop_assert!(number(8) <= number(12) && number(8) >= 16);
            rest = &body[number(8)..];
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn no_digit_of_any_information_passes_a_mask_that_takes_them_all(
        head in prop::collection::vec(any::<u8>(), 0..4),
        digits in prop::collection::vec(b'1'..=b'9', 8..200),
    ) {
        let frame: Vec<u8> = head.iter().chain(&digits).copied().collect();
        let file = file(PriSide::User, &[(Direction::Sent, &frame)]);
        // Address, control and a FRMR's fields are at most eight octets; a number is none of them.
        let kept = file[24 + 32..].iter().filter(|octet| (b'1'..=b'9').contains(octet)).count();
        prop_assert!(kept <= 8, "{kept}");
    }
}
