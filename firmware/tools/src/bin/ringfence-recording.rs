//! `ringfence-recording`: looks at a recording's outside, or with its key verifies it and exports it as WAV.
//!
//! A key never comes on the command line or in the environment: `play` asks the vault, which notes the look,
//! and the others read it from a file descriptor. Exit code 0: sound; 1: a fault was found; 2: it could not look.

use recording::{RecordingReport, Structure, Verdict, check_structure, decode_to_wav, verify};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vocab::{CallId, PersonId, Secret};
use zeroize::Zeroizing;

const USAGE: &str = "usage: ringfence-recording check FILE
       ringfence-recording verify FILE --key-fd N [--duration-ms N]
       ringfence-recording export FILE WAV --key-fd N
       ringfence-recording play CALL --actor PERSON --purpose quality|dispute|strategy
                                [--run DIR] [--recordings DIR]   > pipe to a player

check    header, framing, closed or cut; needs no key and proves nothing about the contents
verify   authenticates every chunk
export   writes a WAV (callee left, agent right); on a fault no file is left
play     asks the vault for this one look (it is noted there) and writes a WAV to standard output,
         for example: ringfence-recording play 57 --actor 5 --purpose quality | aplay
--key-fd N   read the recording's key (32 bytes) from file descriptor N
Exit code: 0 sound, 1 a fault was found, 2 it could not look.
";
const RUN: &str = "/run/ringfence";
const RECORDINGS: &str = "/var/lib/ringfence/recordings";
const EXIT_FAULT: u8 = 1;
const EXIT_UNCHECKED: u8 = 2;
const KEY_BYTES: usize = 32;

#[derive(Default)]
struct Arguments {
    words: Vec<OsString>,
    key_fd: Option<u32>,
    duration_ms: Option<u64>,
    actor: Option<u32>,
    purpose: Option<String>,
    run: Option<PathBuf>,
    recordings: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    match run(&mut out) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Where standard error is closed too, the exit code still says it.
            let _said = writeln!(io::stderr(), "ringfence-recording: {error}");
            ExitCode::from(EXIT_UNCHECKED)
        }
    }
}

fn run(out: &mut impl Write) -> Result<u8, Box<dyn std::error::Error>> {
    let Some(arguments) = parse(std::env::args_os())? else {
        out.write_all(USAGE.as_bytes())?;
        return Ok(0);
    };
    let words: Vec<_> = arguments.words.iter().map(|word| word.to_string_lossy()).collect();
    let path = |at: usize| PathBuf::from(&arguments.words[at]);
    match words.iter().map(AsRef::as_ref).collect::<Vec<&str>>().as_slice() {
        ["check", _] => check(out, &path(1)),
        ["verify", _] => {
            let key = read_key(arguments.key_fd)?;
            let report = verify(open(&path(1))?, &key, arguments.duration_ms)?;
            print_report(out, &report)
        }
        ["play", call] => play(out, call, &arguments),
        ["export", _, _] => export(out, &path(1), &path(2), &read_key(arguments.key_fd)?),
        _ => Err("say what to do: check, verify, export or play (see --help)".into()),
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut found = Arguments::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("key-fd") => found.key_fd = Some(parser.value()?.parse()?),
            Long("actor") => found.actor = Some(parser.value()?.parse()?),
            Long("purpose") => found.purpose = Some(parser.value()?.parse()?),
            Long("run") => found.run = Some(parser.value()?.into()),
            Long("recordings") => found.recordings = Some(parser.value()?.into()),
            Long("duration-ms") => found.duration_ms = Some(parser.value()?.parse()?),
            Value(word) => found.words.push(word),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(found))
}

fn check(out: &mut impl Write, path: &Path) -> Result<u8, Box<dyn std::error::Error>> {
    match check_structure(open(path)?) {
        Ok(structure) => {
            print_structure(out, &structure)?;
            Ok(if structure.closed { 0 } else { EXIT_FAULT })
        }
        Err(recording::DecodeError::Fault(fault)) => {
            writeln!(out, "FAULT  {fault}")?;
            Ok(EXIT_FAULT)
        }
        Err(error) => Err(error.into()),
    }
}

fn print_structure(out: &mut impl Write, structure: &Structure) -> io::Result<()> {
    let (header, totals) = (&structure.header, &structure.totals);
    writeln!(out, "{}, {:?} stereo, started at {:?}", header.call, header.codec, header.started)?;
    writeln!(out, "notice prompt {}", header.notice_prompt)?;
    writeln!(
        out,
        "{} ms in {} chunks; missing: callee {} ms, agent {} ms",
        totals.duration_ms, totals.chunks, totals.gaps_left_ms, totals.gaps_right_ms
    )?;
    match (structure.closed, structure.torn_bytes) {
        (true, _) => writeln!(out, "CLOSED the recording was ended in order (contents not checked: no key)"),
        (false, 0) => writeln!(out, "CUT    the closing chunk is missing"),
        (false, bytes) => writeln!(out, "CUT    the file ends inside a chunk, {bytes} bytes of it are there"),
    }
}

fn print_report(out: &mut impl Write, report: &RecordingReport) -> Result<u8, Box<dyn std::error::Error>> {
    writeln!(
        out,
        "{} ms in {} chunks are authentic; missing: callee {} ms, agent {} ms",
        report.duration_ms, report.chunks, report.gaps_left_ms, report.gaps_right_ms
    )?;
    let code = match report.verdict {
        Verdict::Sound => {
            writeln!(out, "OK     whole and as it was written")?;
            0
        }
        Verdict::Cut => {
            writeln!(out, "CUT    it ends without a closing chunk")?;
            EXIT_FAULT
        }
        Verdict::WrongDuration => {
            writeln!(out, "FAULT  whole, but not as long as the call")?;
            EXIT_FAULT
        }
        Verdict::Damaged(fault) => {
            writeln!(out, "FAULT  {fault}")?;
            EXIT_FAULT
        }
    };
    Ok(code)
}

fn export(
    out: &mut impl Write,
    path: &Path,
    wav: &Path,
    key: &Secret<[u8; KEY_BYTES]>,
) -> Result<u8, Box<dyn std::error::Error>> {
    let input = open(path)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(wav)?;
    match decode_to_wav(input, key, io::BufWriter::new(file)) {
        Ok(totals) => {
            writeln!(out, "{} ms written to {}", totals.duration_ms, wav.display())?;
            Ok(0)
        }
        Err(error) => {
            std::fs::remove_file(wav)?;
            match error {
                recording::WavError::Recording(recording::DecodeError::Fault(fault)) => {
                    writeln!(out, "FAULT  {fault}")?;
                    Ok(EXIT_FAULT)
                }
                other => Err(other.into()),
            }
        }
    }
}

/// Asks the vault, then writes the WAV to standard output; nothing is written to disk.
fn play(out: &mut impl Write, call: &str, arguments: &Arguments) -> Result<u8, Box<dyn std::error::Error>> {
    let call = call.strip_prefix("call-").unwrap_or(call).parse().map_err(|_| "CALL is the call's number")?;
    let actor = arguments.actor.ok_or("say who listens: --actor PERSON")?;
    let purpose = arguments.purpose.as_deref().ok_or("say why: --purpose quality, dispute or strategy")?;
    let run = arguments.run.as_deref().unwrap_or_else(|| Path::new(RUN));
    let permission = tools::listen(run, CallId(call), PersonId(actor), purpose)?;
    let folder = arguments.recordings.as_deref().unwrap_or_else(|| Path::new(RECORDINGS));
    let mut wav = io::Cursor::new(Zeroizing::new(Vec::new()));
    decode_to_wav(open(&folder.join(&permission.file))?, &permission.key, Wav(&mut wav))?;
    out.write_all(wav.get_ref())?;
    Ok(0)
}

/// The WAV in memory: its header is written last, and a pipe cannot go back.
struct Wav<'a>(&'a mut io::Cursor<Zeroizing<Vec<u8>>>);

impl Write for Wav<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = usize::try_from(self.0.position()).map_err(io::Error::other)?;
        let buffer = self.0.get_mut();
        let needed = buffer.len().max(at + bytes.len());
        buffer.resize(needed, 0);
        buffer[at..at + bytes.len()].copy_from_slice(bytes);
        self.0.set_position((at + bytes.len()) as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Seek for Wav<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Box<dyn std::error::Error>> {
    File::open(path).map(BufReader::new).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Opens the descriptor through `/proc/self/fd`, which takes no ownership of it.
fn read_key(fd: Option<u32>) -> Result<Secret<[u8; KEY_BYTES]>, Box<dyn std::error::Error>> {
    let fd = fd.ok_or("the key is missing: --key-fd N")?;
    let file = File::open(format!("/proc/self/fd/{fd}"))
        .map_err(|error| format!("file descriptor {fd} cannot be read: {error}"))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let key: &[u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| "the key must have 32 bytes")?;
    Ok(Secret::new(*key))
}
