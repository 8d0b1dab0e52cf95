//! `cards-scenarios`: what is proven on real kernel modules of cards. `list` says which scenarios there are (on the
//! host); `run NAME` runs one, as root, inside the guest that `cargo xtask hil cards` boots.

mod alarms;
mod alsa_line;
mod analogue;
mod asterisk;
mod audio;
mod exchange;
mod far_line;
mod handsets;
mod libpri;
mod lines;
mod modules;
mod ports_box;
mod pri;
mod report;
mod rig;
mod span_box;
mod spans;
mod stillness;
mod trace;
mod whole_box;

use anyhow::{Context, bail, ensure};
use report::Report;
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// A scenario: one guest, one function.
#[derive(Serialize)]
struct Scenario {
    /// Its name on the command line.
    name: &'static str,
    /// What it proves.
    title: &'static str,
    /// A guest that takes longer hangs; the slowest machine counts.
    limit_s: u64,
    /// The guest's memory; its file system is half of it.
    memory_mib: u32,
    /// Programs of the workspace it starts.
    ours: &'static [&'static str],
    /// Programs that [`make`] builds on the host.
    made: &'static [&'static str],
    /// Programs of the host it starts.
    others: &'static [&'static str],
    /// Files and folders of the host those need.
    files: &'static [&'static str],
    /// It needs Asterisk as its exchange, below `/asterisk`.
    asterisk: bool,
    /// The scenario itself: it tells each step; an error ends it.
    #[serde(skip)]
    run: fn(&mut Report) -> anyhow::Result<()>,
}

/// libpri as a program.
const PRI_PEER: &str = "pri_peer";

/// What the harness of a whole box starts.
const BOX: &[&str] = &["vaultd", "lined", "calld", "ringfence-ledger"];

/// What a box with cards needs beside its programs; the harness looks for the boards from its own folder on.
const TPM: &str = "/usr/lib/x86_64-linux-gnu/libtss2-tcti-swtpm.so.0";
const BOARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../board");
const HARNESS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/Cargo.toml");
/// ALSA's own settings.
const ALSA: &str = "/usr/share/alsa";

/// A scenario that starts no other program.
const PLAIN: Scenario = Scenario {
    name: "",
    title: "",
    limit_s: 300,
    memory_mib: 512,
    ours: &[],
    made: &[],
    others: &[],
    files: &[],
    asterisk: false,
    run: |_| Ok(()),
};

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "modules",
        title: "the kernel loads DAHDI and the sound card's loopback, and its devices are there",
        limit_s: 120,
        run: modules::run,
        ..PLAIN
    },
    Scenario {
        name: "spans",
        title: "two cross-connected spans are found and configured, their D channels carry frames both ways",
        run: spans::run,
        ..PLAIN
    },
    Scenario {
        name: "audio",
        title: "sixty B channels carry a known signal, octet by octet",
        run: audio::run,
        ..PLAIN
    },
    Scenario { name: "alarms", title: "alarms of a span come, are told and go", run: alarms::run, ..PLAIN },
    Scenario { name: "lines", title: "analogue signalling on timeslots of a span", run: lines::run, ..PLAIN },
    Scenario {
        name: "libpri",
        title: "data link and call control against libpri, a thousand calls over a span's D channel",
        limit_s: 600,
        made: &[PRI_PEER],
        run: libpri::run,
        ..PLAIN
    },
    Scenario {
        name: "asterisk",
        title: "data link, call control and audio against Asterisk as the carrier's exchange",
        limit_s: 600,
        memory_mib: 1_024,
        asterisk: true,
        run: asterisk::run,
        ..PLAIN
    },
    Scenario {
        name: "analogue",
        title: "our line to an exchange against Asterisk's subscriber port: its tones, its clearing, its ringing",
        limit_s: 600,
        memory_mib: 1_024,
        asterisk: true,
        run: analogue::run,
        ..PLAIN
    },
    Scenario {
        name: "alsa",
        title: "a line behind a sound card: hook, ringing, current and polarity by its controls, tones and audio by its PCMs",
        files: &[ALSA],
        run: alsa_line::run,
        ..PLAIN
    },
    Scenario {
        name: "box",
        title: "the whole box runs a campaign in the guest, by a SIP trunk",
        limit_s: 600,
        memory_mib: 2_048,
        ours: BOX,
        others: &["swtpm"],
        files: &[TPM],
        run: whole_box::run,
        ..PLAIN
    },
    Scenario {
        name: "box-alsa",
        title: "the whole box calls over a line behind a sound card: answers, an opt-out, recordings",
        limit_s: 600,
        memory_mib: 2_048,
        ours: BOX,
        others: &["swtpm"],
        files: &[TPM, BOARDS, HARNESS, ALSA],
        run: ports_box::sound_card,
        ..PLAIN
    },
    Scenario {
        name: "box-analogue",
        title: "the whole box calls over a port of a span, and an agent talks by a plain telephone on another",
        limit_s: 600,
        memory_mib: 2_048,
        ours: BOX,
        others: &["swtpm"],
        files: &[TPM, BOARDS, HARNESS],
        run: ports_box::timeslots,
        ..PLAIN
    },
    Scenario {
        name: "box-e1",
        title: "the whole box runs a campaign over an E1 span, by a SIP trunk while the span is in alarm, and comes back",
        limit_s: 600,
        memory_mib: 3_072,
        ours: BOX,
        others: &["swtpm"],
        files: &[TPM, BOARDS, HARNESS],
        asterisk: true,
        run: span_box::run,
        ..PLAIN
    },
];

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["list"] => {
            serde_json::to_writer(std::io::stdout().lock(), SCENARIOS)?;
            std::io::stdout().lock().flush()?;
            Ok(ExitCode::SUCCESS)
        }
        ["make", name, folder] => {
            ensure!(*name == PRI_PEER, "nobody makes {name}");
            peers::libpri::build(Path::new(folder), &[])?;
            Ok(ExitCode::SUCCESS)
        }
        ["run", name] => {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name);
            let scenario = scenario.with_context(|| format!("there is no scenario {name}"))?;
            let mut report = Report::open()?;
            let ended = (scenario.run)(&mut report);
            let passed = report.end(ended)?;
            Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => bail!("cards-scenarios list | make NAME FOLDER | run NAME"),
    }
}
