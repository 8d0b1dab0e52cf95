//! `ringfence-ledger verify DIR`: checks a ledger from its files and the public key, on any machine.
//!
//! It decrypts nothing, changes nothing and asks no service. Exit code 0: sound; 1: a fault was found;
//! 2: it could not check (usage, unreadable file, bad key).

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use ledger::{FaultKind, KIND_HEAD};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use store::{HeadKey, Listed, SignedHead, VerifyError, VerifyReport, verify_dir};
use vocab::UnixMs;

const USAGE: &str = "usage: ringfence-ledger verify DIR [--key FILE] [--known-seq N] [--list] [--json]

Checks the ledger in DIR: every hash, the order, every signed head.
  --key FILE      the public key of the box (PEM, DER or point), with those it had before a recovery on another
                  chip (PEM, oldest first); without it signatures are not checked
  --known-seq N   an entry known to exist (from a witness): the ledger must reach it
  --list          print each entry (seq, time, kind, bytes); contents stay encrypted
  --json          print one JSON object instead of words
Exit code: 0 sound, 1 a fault was found, 2 it could not be checked.
";
const EXIT_FAULT: u8 = 1;
const EXIT_UNCHECKED: u8 = 2;

struct Arguments {
    dir: PathBuf,
    key: Option<PathBuf>,
    known_seq: Option<u64>,
    list: bool,
    json: bool,
}

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let code = match run(&mut out) {
        Ok(code) => code,
        Err(error) => {
            // Where standard error is closed too, the exit code still says it.
            let _said = writeln!(io::stderr(), "ringfence-ledger: {error}");
            EXIT_UNCHECKED
        }
    };
    if out.flush().is_err() { ExitCode::from(EXIT_UNCHECKED) } else { ExitCode::from(code) }
}

fn run(out: &mut impl Write) -> Result<u8, Box<dyn std::error::Error>> {
    let Some(arguments) = parse(std::env::args_os())? else {
        out.write_all(USAGE.as_bytes())?;
        return Ok(0);
    };
    let key = match &arguments.key {
        Some(path) => Some(HeadKey::parse(&std::fs::read(path)?)?),
        None => None,
    };
    if !arguments.dir.is_dir() {
        return Err(format!("{} is no directory", arguments.dir.display()).into());
    }
    let mut entries = Vec::new();
    let mut failed = Ok(());
    let verified = verify_dir(&arguments.dir, key.as_ref(), arguments.known_seq, |entry| {
        if arguments.list && arguments.json {
            entries.push(entry_json(entry));
        } else if arguments.list && failed.is_ok() {
            failed = print_entry(out, entry);
        }
    });
    failed?;
    if arguments.json {
        return print_json(out, &verified, arguments.list.then_some(entries));
    }
    match verified {
        Ok(report) => print_report(out, &report).map(|()| 0).map_err(Into::into),
        Err(VerifyError::File(error)) => Err(error.into()),
        Err(fault) => {
            writeln!(out, "FAULT  {fault}")?;
            writeln!(out, "Everything before that place is sound; nothing after it can be trusted.")?;
            Ok(EXIT_FAULT)
        }
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut parser = lexopt::Parser::from_iter(arguments);
    let (mut verb, mut dir) = (false, None);
    let mut found = Arguments { dir: PathBuf::new(), key: None, known_seq: None, list: false, json: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("key") => found.key = Some(parser.value()?.into()),
            Long("known-seq") => found.known_seq = Some(parser.value()?.parse()?),
            Long("list") => found.list = true,
            Long("json") => found.json = true,
            Value(value) if !verb && value == "verify" => verb = true,
            Value(value) if verb && dir.is_none() => dir = Some(PathBuf::from(value)),
            other => return Err(other.unexpected()),
        }
    }
    match dir {
        Some(dir) => Ok(Some(Arguments { dir, ..found })),
        None => Err("say what to verify: ringfence-ledger verify DIR (see --help)".into()),
    }
}

fn print_entry(out: &mut impl Write, entry: &Listed) -> io::Result<()> {
    let kind = if entry.kind == KIND_HEAD { "head".to_owned() } else { format!("kind {}", entry.kind) };
    writeln!(out, "entry {:>10}  {}  {kind:<10} {:>6} bytes", entry.seq, utc(entry.time), entry.frame_bytes)
}

fn print_report(out: &mut impl Write, report: &VerifyReport) -> io::Result<()> {
    for segment in &report.segments {
        let (index, opened) = (segment.index, utc(segment.opened));
        let entries = segment.entries;
        match entries {
            0 => writeln!(out, "segment {index:>6}  begun {opened}  no entries")?,
            _ => {
                let last = segment.first_seq + entries - 1;
                writeln!(out, "segment {index:>6}  begun {opened}  entries {} to {last}", segment.first_seq)?;
            }
        }
    }
    match &report.last_head {
        Some(signed) => writeln!(out, "last signed head: {}", head_words(signed, report))?,
        None => writeln!(out, "last signed head: none")?,
    }
    for span in report.signers.iter().filter(|_| report.signers.len() > 1) {
        let (key, first, last) = (HEXLOWER.encode(&span.key), span.first, span.last);
        match span.former {
            true => writeln!(
                out,
                "NOTE   heads of entries {first} to {last} are signed by a FORMER key of this box, SHA-256 {key}: \
                 a recovery by its custodians on another chip ended it"
            )?,
            false => writeln!(
                out,
                "NOTE   heads of entries {first} to {last} are signed by its present key, SHA-256 {key}"
            )?,
        }
    }
    if !report.signatures_checked {
        writeln!(out, "NOTE   no public key was given: signatures were NOT checked")?;
    }
    if let Some((place, bytes)) = &report.torn {
        writeln!(
            out,
            "NOTE   {place}: {bytes} bytes of an entry that was being written when the power failed"
        )?;
    }
    writeln!(out, "OK     {} entries, chain hash {}", report.last_seq, report.hash)
}

fn head_words(signed: &SignedHead, report: &VerifyReport) -> String {
    let after = report.last_seq.saturating_sub(signed.head.seq);
    format!("entry {} at {}; {after} entries after it", signed.head.seq, utc(signed.head.time))
}

fn print_json(
    out: &mut impl Write,
    verified: &Result<VerifyReport, VerifyError>,
    entries: Option<Vec<Value>>,
) -> Result<u8, Box<dyn std::error::Error>> {
    let (mut object, code) = match verified {
        Ok(report) => (report_json(report), 0),
        Err(VerifyError::File(error)) => {
            (json!({"verdict": "unchecked", "reason": error.to_string()}), EXIT_UNCHECKED)
        }
        Err(fault) => (fault_json(fault), EXIT_FAULT),
    };
    if let Some(entries) = entries {
        object["entries"] = Value::Array(entries);
    }
    serde_json::to_writer_pretty(&mut *out, &object)?;
    writeln!(out)?;
    Ok(code)
}

fn report_json(report: &VerifyReport) -> Value {
    let segments: Vec<_> = report
        .segments
        .iter()
        .map(|segment| {
            json!({"index": segment.index, "first_seq": segment.first_seq, "entries": segment.entries,
                   "opened_ms": segment.opened.0})
        })
        .collect();
    json!({
        "verdict": "ok",
        "last_seq": report.last_seq,
        "hash": report.hash.to_string(),
        "signatures_checked": report.signatures_checked,
        "last_head": report.last_head.map(|signed| json!({
            "seq": signed.head.seq, "hash": signed.head.hash.to_string(), "time_ms": signed.head.time.0})),
        "signers": report.signers.iter().map(|span| json!({
            "key_sha256": HEXLOWER.encode(&span.key), "former": span.former,
            "first_seq": span.first, "last_seq": span.last})).collect::<Vec<_>>(),
        "torn": report.torn.map(|(place, bytes)| json!({
            "segment": place.segment, "offset": place.offset, "seq": place.seq, "bytes": bytes})),
        "segments": segments,
    })
}

fn fault_json(error: &VerifyError) -> Value {
    match error {
        VerifyError::Fault { path, fault } => {
            let known = match fault.kind {
                FaultKind::Truncated(seq) => Some(seq),
                _ => None,
            };
            json!({"verdict": "fault", "reason": fault.kind.to_string(), "file": path, "known_seq": known,
                   "segment": fault.place.segment, "offset": fault.place.offset, "seq": fault.place.seq})
        }
        VerifyError::HeadRecord { path, record } => {
            json!({"verdict": "fault", "reason": error.to_string(), "file": path, "record": record})
        }
        VerifyError::File(_) => json!({"verdict": "unchecked", "reason": error.to_string()}),
    }
}

fn entry_json(entry: &Listed) -> Value {
    json!({"seq": entry.seq, "time_ms": entry.time.0, "kind": entry.kind, "bytes": entry.frame_bytes})
}

fn utc(time: UnixMs) -> String {
    Timestamp::from_millisecond(time.0).map_or_else(|_| format!("{time:?}"), |time| format!("{time:.3}"))
}
