//! The binary interface against the distribution's header: a small C program prints its sizes, offsets and numbers,
//! and each must be ours.
//!
//! Nothing of the header enters this tree: it is unpacked into a folder of the test, out of the package's archive.

use crate::Maintenance;
use crate::abi::*;
use nix::libc::c_int;
use std::collections::BTreeMap;
use std::mem::{offset_of, size_of};
use std::path::Path;
use std::process::Command;

/// The archive of the Debian package `dahdi-source`, and the folder of headers in it.
const ARCHIVE: &str = "/usr/src/dahdi.tar.bz2";
const HEADERS: &str = "modules/dahdi/include";
const PROGRAM: &str = include_str!("abi_probe.c");

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What the header says, one line for each fact.
fn theirs(folder: &Path) -> BTreeMap<String, String> {
    run(Command::new("tar").arg("-xjf").arg(ARCHIVE).arg("-C").arg(folder).arg(HEADERS));
    let source = folder.join("probe.c");
    let program = folder.join("probe");
    std::fs::write(&source, PROGRAM).expect("the source");
    run(Command::new("gcc").arg("-I").arg(folder.join(HEADERS)).arg("-o").arg(&program).arg(&source));
    let facts = run(&mut Command::new(&program));
    let split = |line: &str| {
        let (what, value) = line.rsplit_once(' ').expect("a fact");
        (what.to_owned(), value.to_owned())
    };
    facts.lines().map(split).collect()
}

/// What this crate says, in the same form.
struct Ours(BTreeMap<String, String>);

impl Ours {
    fn size(&mut self, name: &str, octets: usize) {
        self.0.insert(format!("size {name}"), octets.to_string());
    }

    fn at(&mut self, name: &str, offset: usize) {
        self.0.insert(format!("at {name}"), offset.to_string());
    }

    fn number(&mut self, name: &str, value: c_int) {
        self.0.insert(format!("number {name}"), value.to_string());
    }
}

macro_rules! structures {
    ($ours:ident, $($name:ident: $($field:ident),*;)*) => {
        $(
            $ours.size(stringify!($name), size_of::<$name>());
            $($ours.at(concat!(stringify!($name), ".", stringify!($field)), offset_of!($name, $field));)*
        )*
    };
}

macro_rules! numbers {
    ($ours:ident, $($name:ident),*) => { $($ours.number(stringify!($name), $name);)* };
}

fn structures(ours: &mut Ours) {
    structures! { ours,
        Params: signalling, capabilities, rx_off_hook, name, alarms;
        SpanInfo: alarms, bipolar, crc4, e_bit, fas, irq_misses, line_config, line_compat, span_type;
        Maint: command;
        LineConfig: config, sync;
        ChannelConfig: signalling, law, net_device;
        BufferInfo: count, size;
        AttachEcho: name;
        Version: echo_cancellers;
        DynamicSpan: address, channels, span;
        ToneZone: zone, ring_cadence, name;
    }
}

fn requests(ours: &mut Ours) {
    for (name, number) in request_numbers() {
        ours.0.insert(format!("number {name}"), number.to_string());
    }
}

fn values(ours: &mut Ours) {
    numbers!(
        ours,
        ELAST,
        LINE_CCS,
        LINE_HDB3,
        LINE_CRC4,
        LINE_AMI,
        SIG_CLEAR,
        SIG_HDLC_FCS,
        SIG_FXS_KS,
        SIG_FXO_KS
    );
    numbers!(ours, LAW_ALAW, POLICY_IMMEDIATE, FLUSH_BOTH);
    numbers!(ours, HOOK_ON, HOOK_OFF, HOOK_FLASH, HOOK_RING, HOOK_RING_OFF);
    numbers!(ours, ALARM_RECOVER, ALARM_LOOPBACK, ALARM_YELLOW, ALARM_RED, ALARM_BLUE, ALARM_NOT_OPEN);
    numbers!(ours, ALARM_LOS, ALARM_LFA, ALARM_LMFA);
    numbers!(
        ours,
        EVENT_ON_HOOK,
        EVENT_RING_OFF_HOOK,
        EVENT_WINK_FLASH,
        EVENT_ALARM,
        EVENT_NO_ALARM,
        EVENT_ABORT
    );
    numbers!(ours, EVENT_OVERRUN, EVENT_BAD_FCS, EVENT_POLARITY, EVENT_RING_BEGIN, EVENT_REMOVED);
    numbers!(ours, EVENT_READ_OVERRUN, EVENT_WRITE_UNDERRUN, EVENT_PULSE_DIGIT);
    for what in [
        Maintenance::None,
        Maintenance::LocalLoop,
        Maintenance::NetworkLineLoop,
        Maintenance::NetworkPayloadLoop,
        Maintenance::FrameDefect,
        Maintenance::MultiframeDefect,
        Maintenance::CrcDefect,
        Maintenance::CasDefect,
        Maintenance::PatternDefect,
        Maintenance::BipolarDefect,
        Maintenance::Pattern,
        Maintenance::ResetCounters,
        Maintenance::SimulateAlarm,
    ] {
        ours.number(&format!("Maintenance.{what:?}"), what.command());
    }
}

#[test]
fn every_structure_request_and_number_is_that_of_the_distribution_s_header() {
    assert!(Path::new(ARCHIVE).exists(), "the Debian package dahdi-source is not installed");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ours = Ours(BTreeMap::new());
    structures(&mut ours);
    requests(&mut ours);
    values(&mut ours);
    let theirs = theirs(folder.path());
    assert!(theirs.len() > 100, "the program printed {} facts", theirs.len());
    assert_eq!(ours.0, theirs);
}
