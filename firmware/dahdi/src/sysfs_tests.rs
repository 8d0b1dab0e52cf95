//! Discovery over a tree of sysfs as the kernel lays it out.

use crate::sysfs::{kind, parse_types};
use crate::{Paths, assign_all, cards, spans};
use card::SpanKind;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).expect("folder");
    fs::write(folder.join(name), text).expect("file");
}

/// Two E1 spans of one card, of which the first has a number, and an analogue card.
fn tree() -> (tempfile::TempDir, Paths) {
    let folder = tempfile::tempdir().expect("folder");
    let sysfs = folder.path().to_owned();
    let e1 = sysfs.join("bus/dahdi_devices/devices/pci:0000:02:08.0");
    for (name, text) in [
        ("manufacturer", "Maker\n"),
        ("type", "Two spans\n"),
        ("hardware_id", "1234\n"),
        ("location", "PCI Bus 02 Slot 09\n"),
        ("dahdi_spantype", "1:E1\n2:E1\n"),
        ("assign_span", ""),
    ] {
        write(&e1, name, text);
    }
    let analogue = sysfs.join("bus/dahdi_devices/devices/pci:0000:03:00.0");
    for (name, text) in [("type", "Eight ports\n"), ("spantype", "1:ANALOG_MIXED\n"), ("assign_span", "")] {
        write(&analogue, name, text);
    }
    let span = sysfs.join("bus/dahdi_spans/devices/span-1");
    for (name, text) in [
        ("name", "TE2/0/1\n"),
        ("desc", "Two spans (MASTER)\n"),
        ("spantype", "E1\n"),
        ("local_spanno", "1\n"),
        ("basechan", "1\n"),
        ("channels", "31\n"),
    ] {
        write(&span, name, text);
    }
    symlink("../../../dahdi_devices/devices/pci:0000:02:08.0", span.join("ddev")).expect("link");
    let paths = Paths { sysfs, ..Paths::default() };
    (folder, paths)
}

#[test]
fn a_span_with_a_number_tells_its_card_its_place_on_it_and_its_first_channel() {
    let (_folder, paths) = tree();
    let found = spans(&paths).expect("spans");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].number, 1);
    assert_eq!(found[0].device, "pci:0000:02:08.0");
    assert_eq!((found[0].local, found[0].first_channel, found[0].kind), (1, 1, SpanKind::E1));
    assert_eq!(found[0].name, "TE2/0/1");
}

#[test]
fn both_names_of_the_list_of_types_are_read() {
    let (_folder, paths) = tree();
    let found = cards(&paths).expect("cards");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].spans.iter().map(|span| span.local).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found[0].hardware_id, "1234");
    assert_eq!(found[1].spans[0].span_type, "ANALOG_MIXED");
    assert_eq!(found[1].manufacturer, "");
}

#[test]
fn only_spans_without_a_number_are_assigned() {
    let (_folder, paths) = tree();
    assert_eq!(assign_all(&paths).expect("assigned"), 2);
    let order = |device: &str| {
        fs::read_to_string(paths.sysfs.join("bus/dahdi_devices/devices").join(device).join("assign_span"))
            .expect("order")
    };
    assert_eq!(order("pci:0000:02:08.0"), "2:0:0\n");
    assert_eq!(order("pci:0000:03:00.0"), "1:0:0\n");
}

#[test]
fn without_a_driver_there_is_nothing_and_no_error() {
    let folder = tempfile::tempdir().expect("folder");
    let paths = Paths { sysfs: folder.path().to_owned(), ..Paths::default() };
    assert!(cards(&paths).expect("cards").is_empty());
    assert!(spans(&paths).expect("spans").is_empty());
}

#[test]
fn a_span_that_makes_no_sense_is_left_out() {
    let (_folder, paths) = tree();
    let folder = paths.sysfs.join("bus/dahdi_spans/devices/span-1");
    for (name, broken, whole) in [
        ("basechan", "0\n", "1\n"),
        ("basechan", "-3\n", "1\n"),
        ("channels", "24\n", "31\n"),
        ("local_spanno", "900\n", "1\n"),
        ("spantype", "BRI_TE\n", "E1\n"),
    ] {
        write(&folder, name, broken);
        assert!(spans(&paths).expect("spans").is_empty(), "{name} {broken}");
        write(&folder, name, whole);
        assert_eq!(spans(&paths).expect("spans").len(), 1, "{name} {whole}");
    }
}

#[test]
fn what_is_no_span_of_ours_has_no_kind() {
    assert_eq!(kind("E1", 31), Some(SpanKind::E1));
    assert_eq!(kind("DYNAMIC", 31), Some(SpanKind::E1));
    assert_eq!(kind("FXO", 4), Some(SpanKind::Analogue { ports: 4 }));
    for (span_type, channels) in [("T1", 24), ("J1", 24), ("DYNAMIC", 24), ("FXS", 0), ("FXS", 32), ("", 31)]
    {
        assert_eq!(kind(span_type, channels), None, "{span_type} {channels}");
    }
}

#[test]
fn a_list_of_types_is_bounded_and_skips_what_is_none() {
    assert_eq!(parse_types("1:E1\nrubbish\n0:E1\n999:E1\n3:FXS\n").len(), 2);
    let long = "7:E1\n".repeat(10_000);
    assert_eq!(parse_types(&long).len(), 128);
}

proptest::proptest! {
    #[test]
    fn whatever_the_kernel_s_texts_say_they_are_read_within_bounds(text in "\\PC*|([0-9]{0,4}:[A-Z0-9_]{0,8}\n){0,200}") {
        let spans = parse_types(&text);
        proptest::prop_assert!(spans.len() <= 128);
        proptest::prop_assert!(spans.iter().all(|span| span.local > 0));
        proptest::prop_assert_eq!(crate::map::timing_slips(&format!("\tTiming slips: {text}")).to_string().parse().ok(),
            Some(text.lines().next().unwrap_or("").trim().parse::<u32>().unwrap_or(0)));
    }
}
