//! The thread that reads what somebody looks at or hears: pages of the ledger, recordings, prompts. It decides
//! nothing: the core has allowed and written down the look before the job comes here.

use crate::admin::{Refusal, trace_gone};
use crate::client::memory_file;
use crate::command::{Cmd, LedgerFound, LedgerQuery, LedgerRead, Message, ReadJob, ReplyTo, TracePiece};
use crate::entries::{Entry, EntryResult, Event};
use crate::server::Input;
use crate::spans::is_trace_name;
use crate::worker::Context;
use crate::{recording_name, sound};
use idl::admin::{AdminReply, Answer};
use idl::views::{ConsolePiece, ConsoleSession, LedgerFilter, TRACE_PIECE_BYTES};
use nix::fcntl::OFlag;
use std::fs::{File, OpenOptions};
use std::io::BufReader;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::Receiver;
use store::{BackError, LedgerBack};
use vocab::{MINUTE_MS, Pii, UnixMs};
use zeroize::Zeroizing;

/// Reads until the core is gone.
pub fn run(context: &Context, jobs: &Receiver<ReadJob>) {
    let mut ledger = LedgerBack::new(&context.ledger, vec![context.keys.keyring().ledger_key()]);
    while let Ok(job) = jobs.recv() {
        let cmd = match job {
            ReadJob::Ledger { reply, query } => {
                let outcome = page(&mut ledger, &query).map_err(|error| error.to_string());
                Cmd::LedgerRead(Box::new(LedgerRead { reply, outcome }))
            }
            ReadJob::Peaks { reply, call, key } => {
                let opened = File::open(context.recordings.join(recording_name(call))).ok();
                let heard = opened.and_then(|file| sound::peaks(BufReader::new(file), &key).ok());
                Cmd::PeaksRead { reply, call, heard: heard.filter(|heard| heard.duration_ms > 0) }
            }
            ReadJob::Piece { reply, call, key, from_ms, to_ms } => {
                let opened = File::open(context.recordings.join(recording_name(call))).ok();
                let wav =
                    opened.and_then(|file| sound::piece(BufReader::new(file), &key, from_ms, to_ms).ok());
                answer_with(context, reply, wav);
                continue;
            }
            ReadJob::Trace { reply, span, file, offset } => {
                let piece = trace_piece(&context.traces, &file, offset);
                if offset == 0 {
                    Cmd::TraceRead { reply, span, file, piece }
                } else {
                    answer_piece(context, reply, piece);
                    continue;
                }
            }
            ReadJob::Diagnostics { reply, bundle, offset } => {
                let piece = crate::host_files::diagnostics_piece(&context.diagnostics, &bundle, offset);
                answer_piece(context, reply, piece);
                continue;
            }
            ReadJob::Tape { reply, of, from } => {
                answer_tape(context, reply, *of, from);
                continue;
            }
            ReadJob::Prompt { reply, object } => {
                let alaw = context.objects.get(object.hash, &object.key, MAX_PROMPT_BYTES).ok();
                answer_with(context, reply, alaw.map(|alaw| sound::prompt(&alaw)));
                continue;
            }
        };
        if context.core.blocking_send(Input::Cmd(cmd)).is_err() {
            return;
        }
    }
}

/// Answers with sound as a file in memory.
fn answer_with(context: &Context, reply: ReplyTo, wav: Option<Zeroizing<Vec<u8>>>) {
    let file = wav.and_then(|wav| Some((wav.len() as u64, memory_file(&wav).ok()?)));
    let message = match file {
        Some((bytes, file)) => {
            Message::AdminFile(AdminReply { id: reply.id, answer: Answer::Audio { bytes } }, file)
        }
        None => {
            log::error!("sound that was asked for cannot be read");
            Message::Admin(AdminReply { id: reply.id, answer: Refusal::storage().into_answer() })
        }
    };
    context.outbox.send(reply.conn, message);
}

fn answer_piece(context: &Context, reply: ReplyTo, piece: Option<TracePiece>) {
    let answer = match piece {
        Some(TracePiece { bytes, total }) => Answer::TracePiece { bytes, total },
        None => trace_gone().into_answer(),
    };
    context.outbox.send(reply.conn, Message::Admin(AdminReply { id: reply.id, answer }));
}

/// Pieces of a console session's recording.
fn answer_tape(context: &Context, reply: ReplyTo, of: ConsoleSession, from: u32) {
    let answer = match context.tapes.part(of.session, from, TAPE_PART_BYTES) {
        Ok(part) => {
            let bytes = Pii::new(part.bytes.to_vec());
            Answer::ConsolePiece(Box::new(ConsolePiece { bytes, next: part.next, more: part.more, of }))
        }
        Err(error) => {
            log::error!("a console recording cannot be read: {error}");
            Refusal::storage().into_answer()
        }
    };
    context.outbox.send(reply.conn, Message::Admin(AdminReply { id: reply.id, answer }));
}

/// A piece of a trace from a byte on; empty past its end. Another process writes into that folder: what lies
/// there is read only if it is a plain file of its own, never by way of a link to ours.
#[must_use]
pub fn trace_piece(folder: &Path, file: &str, offset: u64) -> Option<TracePiece> {
    if !is_trace_name(file) {
        return None;
    }
    plain_piece(&folder.join(file), offset)
}

/// A piece of a plain file from a byte on, for [`trace_piece`] and its like.
pub(crate) fn plain_piece(path: &Path, offset: u64) -> Option<TracePiece> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let data = opened.metadata().ok().filter(|data| data.is_file() && data.nlink() == 1)?;
    let mut bytes = vec![0; TRACE_PIECE_BYTES];
    let mut filled = 0;
    while filled < bytes.len() {
        let read = opened.read_at(bytes.get_mut(filled..)?, offset.checked_add(filled as u64)?).ok()?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    bytes.truncate(filled);
    Some(TracePiece { bytes, total: data.len() })
}

/// Entries of a page, newest first, and from where to go on.
///
/// # Errors
/// [`BackError`].
pub fn page(ledger: &mut LedgerBack, query: &LedgerQuery) -> Result<LedgerFound, BackError> {
    let LedgerQuery { filter, before } = query;
    let mut found = Vec::new();
    let (mut seen, mut opened) = (0, 0);
    let mut next = None;
    ledger.back(*before, filter.to, |entry| {
        let header = entry.header;
        // The wall clock may have been set back a little between two entries.
        if filter.from.is_some_and(|from| header.time < from.plus(-CLOCK_STEP_MS)) {
            return Ok(ControlFlow::Break(()));
        }
        if found.len() >= ENTRIES_A_PAGE || seen >= HEADERS_SEARCHED || opened >= ENTRIES_OPENED {
            next = Some(header.seq + 1);
            return Ok(ControlFlow::Break(()));
        }
        seen += 1;
        if !header_fits(filter, header.kind, header.time) {
            return Ok(ControlFlow::Continue(()));
        }
        opened += 1;
        // An entry of another build is passed over; verification names it.
        if let Ok(plain) = postcard::from_bytes::<Entry>(&entry.open()?)
            && entry_fits(filter, &plain)
        {
            found.push((header.seq, header.time, plain));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(LedgerFound { entries: found, next })
}

fn header_fits(filter: &LedgerFilter, kind: u16, at: UnixMs) -> bool {
    filter.kind.is_none_or(|wanted| wanted == kind)
        && filter.from.is_none_or(|from| at >= from)
        && filter.to.is_none_or(|to| at < to)
        && (!filter.looks || kind == LOOKED)
}

/// Whether an entry is one of those looked for.
#[must_use]
pub fn entry_fits(filter: &LedgerFilter, entry: &Entry) -> bool {
    let person = entry.who.person().map(|(person, _)| person);
    filter.person.is_none_or(|wanted| person == Some(wanted))
        && (!filter.refused || matches!(entry.result, EntryResult::Refused(_)))
        && (!filter.looks || matches!(entry.event, Event::Looked { .. }))
}

/// Bytes of a stored prompt.
const MAX_PROMPT_BYTES: usize = 4 * 1024 * 1024;
/// The kind of [`Event::Looked`].
const LOOKED: u16 = 34;
/// Bytes of one answer of a console recording: it fits a frame.
const TAPE_PART_BYTES: usize = 32 * 1024;
/// Entries of a page.
const ENTRIES_A_PAGE: usize = 50;
/// Headers read for one page.
const HEADERS_SEARCHED: u32 = 100_000;
/// Entries opened for one page.
const ENTRIES_OPENED: u32 = 10_000;
const CLOCK_STEP_MS: i64 = 10 * MINUTE_MS;
