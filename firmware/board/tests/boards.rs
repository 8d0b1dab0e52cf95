//! The committed boards, and what is said of a wrong one.

use board::{BoardError, DahdiSpan, Driver, Network, Port, SpanPorts, Tpm};
use card::SpanKind;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use vocab::SpanId;

fn boards() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate stands two folders below the top").join("board")
}

fn committed(file: &str) -> Option<String> {
    std::fs::read_to_string(boards().join(file)).ok()
}

fn names() -> BTreeSet<String> {
    let entries = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
    };
    let of_model = |model: String| {
        let files = entries(&boards().join(&model));
        files
            .into_iter()
            .map(move |file| format!("{model}/{}", file.strip_suffix(".toml").expect("a board file")))
    };
    entries(&boards()).into_iter().flat_map(of_model).collect()
}

/// One text for every file that is asked for by this name.
fn load_text(text: &str) -> Result<board::Board, BoardError> {
    board::load("test", |file| (file == "test/board.toml").then(|| text.to_owned()))
}

fn said(text: &str) -> String {
    load_text(text).expect_err("this board is wrong").to_string()
}

const HEAD: &str = "model = \"m\"\ndescription = \"d\"\ntpm = \"chip\"\n";

/// What is said of the head with these lines below it: they begin in line 4.
fn said_of(lines: &str) -> String {
    said(&format!("{HEAD}{lines}"))
}

#[test]
fn every_committed_board_loads() {
    let names = names();
    for name in &names {
        let board = board::load(name, committed).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!board.spans.is_empty(), "{name} has lines");
    }
    for name in ["virtual/board", "intel-r1208sp-te235/board", "intel-r1208sp-a8b/board", "hda-line/board"] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn the_virtual_board_has_a_dual_e1_card_and_no_tpm_chip() {
    let board = board::load("virtual", committed).expect("a board");
    assert_eq!((board.tpm, board.watchdog.as_deref()), (Tpm::Swtpm, None));
    let kinds: Vec<_> = board.spans.iter().map(|span| (span.id, span.kind(), &span.driver)).collect();
    assert_eq!(
        kinds,
        [(SpanId(1), SpanKind::E1, &Driver::Virtual), (SpanId(2), SpanKind::E1, &Driver::Virtual)]
    );
}

#[test]
fn a_revision_replaces_whole_keys_and_inherits_the_rest() {
    let first = board::load("intel-r1208sp-te235", committed).expect("a board");
    let second = board::load("intel-r1208sp-te235/rev-b", committed).expect("a board");
    assert_eq!(second.slots[0].card.as_deref(), Some("OpenVox D230E"));
    assert_eq!((&second.spans, &second.nics, second.tpm), (&first.spans, &first.nics, first.tpm));
    let far = board::load("intel-r1208sp-a8b/rev-b", committed).expect("three files in a row");
    assert_eq!(far.spans[0].ports, SpanPorts::Analogue(vec![Port::Fxo; 8]));
    assert_eq!(far.nics[1].network, Network::Trunk);
    assert_eq!(far.spans[0].driver, Driver::Dahdi(DahdiSpan::Number(1)));
}

#[test]
fn a_line_behind_alsa_names_its_pcm_and_controls() {
    let board = board::load("hda-line", committed).expect("a board");
    let Driver::Alsa(lines) = &board.span(SpanId(1)).expect("a span").driver else {
        panic!("ALSA drives it")
    };
    assert_eq!((lines[0].capture.as_str(), lines[0].hook.as_str()), ("hw:0,6", "Off-hook Switch"));
    assert_eq!((lines[0].ring.as_deref(), lines[0].caller_id.as_deref()), (None, Some("Caller ID Switch")));
    assert_eq!(board.handset.expect("a handset").playback, "hw:0,0");
}

#[test]
fn faults_of_the_text_name_file_line_and_the_key() {
    let unknown = said_of("tmp = \"chip\"\n");
    assert!(
        unknown.starts_with("test/board.toml:4: unknown field `tmp`, expected one of `inherits`"),
        "{unknown}"
    );
    let nested =
        said_of("[[spans]]\nid = 1\nplace = \"p\"\nkind = \"e1\"\ndriver = \"virtual\"\nspeed = 9\n");
    assert!(nested.starts_with("test/board.toml:9: unknown field `speed`, expected one of `id`"), "{nested}");
    let kind = said_of("[[spans]]\nid = 1\nplace = \"p\"\nkind = \"t1\"\ndriver = \"virtual\"\n");
    assert!(
        kind.starts_with("test/board.toml:7: unknown variant `t1`, expected `e1` or `analogue`"),
        "{kind}"
    );
    let open = said_of("[[spans\n");
    assert!(open.starts_with("test/board.toml:4: "), "{open}");
    assert!(open.ends_with("; correct this line"), "{open}");
}

#[test]
fn faults_of_the_meaning_name_file_line_and_what_to_do() {
    let span = |rest: &str| said_of(&format!("[[spans]]\nid = 1\nplace = \"p\"\n{rest}"));
    let cases = [
        (said("model = \"m\"\n"), "1: no file of this board gives `description`; add it"),
        (said_of("serial_port = \"ttyS0\"\n"), "4: `serial_port` must be a path below /dev/"),
        (said_of("watchdog = \"/dev/../etc\"\n"), "4: `watchdog` must be a path below /dev/"),
        (
            said_of("[[spans]]\nid = 33\nplace = \"p\"\nkind = \"e1\"\ndriver = \"virtual\"\n"),
            "5: `id` must be a span from 1 to 32",
        ),
        (
            span(
                "kind = \"e1\"\ndriver = \"virtual\"\n[[spans]]\nid = 1\nplace = \"q\"\nkind = \"e1\"\ndriver = \"virtual\"\n",
            ),
            "9: span 1 is given twice; give each its own",
        ),
        (
            span("kind = \"e1\"\nports = [\"fxo\"]\ndriver = \"virtual\"\n"),
            "8: an E1 has timeslots, not ports; remove `ports`, or make it analogue",
        ),
        (
            span("kind = \"analogue\"\nports = []\ndriver = \"virtual\"\n"),
            "8: `ports` must be a list of 1 to 31 times \"fxo\" or \"fxs\"",
        ),
        (
            span("kind = \"e1\"\ndriver = \"dahdi\"\n"),
            "8: which of DAHDI's spans? add `dahdi`, by number or device",
        ),
        (
            span("kind = \"e1\"\ndriver = \"dahdi\"\ndahdi = { number = 1, local = 1 }\n"),
            "9: name a span of DAHDI by `number`, or by `device` and `local`",
        ),
        (
            span("kind = \"e1\"\ndriver = \"virtual\"\ndahdi = { number = 1 }\n"),
            "9: `dahdi` names a span of DAHDI; remove it, or make the driver dahdi",
        ),
        (
            span("kind = \"e1\"\ndriver = \"virtual\"\nslot = 2\n"),
            "4: the board has no slot 2; add it to `slots`, or name another",
        ),
        (
            span("kind = \"e1\"\ndriver = \"dahdi\"\ndahdi = { number = 129 }\n"),
            "9: `number` must be DAHDI's number of a span, 1 to 128",
        ),
        (
            said_of("[[leds]]\nname = \"alarm\"\npath = \"/dev/led\"\n"),
            "6: `path` must be a folder below /sys/class/leds/",
        ),
    ];
    for (said, expected) in cases {
        assert_eq!(said, format!("test/board.toml:{expected}"));
    }
}

#[test]
fn the_same_span_of_dahdi_for_two_spans_is_refused() {
    let two = "[[spans]]\nid = 1\nplace = \"p\"\nkind = \"e1\"\ndriver = \"dahdi\"\ndahdi = { device = \"pci:0000:02:00.0\", local = 1 }\n\
               [[spans]]\nid = 2\nplace = \"q\"\nkind = \"e1\"\ndriver = \"dahdi\"\ndahdi = { device = \"pci:0000:02:00.0\", local = 1 }\n";
    assert_eq!(
        said_of(two),
        "test/board.toml:10: span 1 of pci:0000:02:00.0 is given twice; give each its own"
    );
    assert!(load_text(&format!("{HEAD}{}", two.replacen("local = 1", "local = 2", 1))).is_ok());
}

#[test]
fn each_port_behind_alsa_has_its_one_line() {
    let line = |port: u8| {
        format!(
            "[[spans.lines]]\nport = {port}\ncard = \"hw:0\"\ncapture = \"c\"\nplayback = \"p\"\nhook = \"h\"\n"
        )
    };
    let span = |lines: &str| {
        let ports = "ports = [\"fxo\", \"fxo\", \"fxs\"]";
        format!("[[spans]]\nid = 1\nplace = \"p\"\nkind = \"analogue\"\n{ports}\ndriver = \"alsa\"\n{lines}")
    };
    let cases = [
        (span(""), "9: which lines? add `lines`, one for each port"),
        (span(&(line(1) + &line(1))), "17: port 1 is given twice; give each its own"),
        (span(&line(3)), "11: a line behind ALSA goes to the exchange; make its port \"fxo\""),
        (span(&line(4)), "11: the span has no such port; add it to `ports`, or correct the number"),
        (span(&(line(1) + &line(2))), "10: each port needs its line; add the missing ones to `lines`"),
    ];
    for (text, expected) in cases {
        assert_eq!(said_of(&text), format!("test/board.toml:{expected}"));
    }
}

#[test]
fn a_ring_of_parents_a_missing_one_and_a_wrong_name_say_where() {
    let ring = |file: &str| match file {
        "a/board.toml" => Some("# a\ninherits = \"b/rev-2\"\n".to_owned()),
        "b/rev-2.toml" => Some("\n\ninherits = \"a\"\n".to_owned()),
        _ => None,
    };
    let said = |name: &str| board::load(name, ring).expect_err("wrong").to_string();
    assert_eq!(said("a"), "b/rev-2.toml:3: `a` inherits this file again; break the ring of `inherits`");
    assert_eq!(said("c"), "c:1: there is no file c/board.toml; write it, or name a board that is there");
    for name in ["../a", "a/b/c", "", "/", "a/", "A", "-a", ".."] {
        assert!(said(name).contains("names no board; use <model> or <model>/<revision>"), "{name}");
    }
}

#[test]
fn parents_in_a_row_have_a_bound() {
    let row = |file: &str| {
        let number: u32 = file.trim_start_matches('b').split('/').next()?.parse().ok()?;
        Some(format!("inherits = \"b{}\"\n", number + 1))
    };
    let error = board::load("b0", row).expect_err("endless");
    assert_eq!(error.reason, board::Reason::TooManyParents);
}

#[test]
fn a_fault_in_an_inherited_file_is_that_files() {
    let read = |file: &str| match file {
        "child/board.toml" => Some(format!("inherits = \"parent\"\n{HEAD}")),
        "parent/board.toml" => Some("# parent\n\nwatchdog = \"dog\"\n".to_owned()),
        _ => None,
    };
    let error = board::load("child", read).expect_err("wrong");
    assert_eq!(error.to_string(), "parent/board.toml:3: `watchdog` must be a path below /dev/");
}
