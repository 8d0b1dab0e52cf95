//! The thread that reads what somebody looks at or hears: pages of the ledger. It decides nothing: the core has
//! allowed and written down the look before the job comes here.

use crate::command::{Cmd, LedgerQuery, LedgerRead, ReadJob};
use crate::entries::{Entry, EntryResult, Event};
use crate::server::Input;
use crate::worker::Context;
use idl::views::LedgerFilter;
use std::ops::ControlFlow;
use std::sync::mpsc::Receiver;
use store::{BackError, LedgerBack};
use vocab::{MINUTE_MS, UnixMs};

/// Reads until the core is gone.
pub fn run(context: &Context, jobs: &Receiver<ReadJob>) {
    let mut ledger = LedgerBack::new(&context.ledger, vec![context.keys.keyring().ledger_key()]);
    while let Ok(job) = jobs.recv() {
        let cmd = match job {
            ReadJob::Ledger { reply, query } => {
                let outcome = page(&mut ledger, &query).map_err(|error| error.to_string());
                Cmd::LedgerRead(Box::new(LedgerRead { reply, outcome }))
            }
        };
        if context.core.blocking_send(Input::Cmd(cmd)).is_err() {
            return;
        }
    }
}

type Found = (Vec<(u64, UnixMs, Entry)>, Option<u64>);

/// Entries of a page, newest first, and from where to go on.
///
/// # Errors
/// [`BackError`].
pub fn page(ledger: &mut LedgerBack, query: &LedgerQuery) -> Result<Found, BackError> {
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
    Ok((found, next))
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

/// The kind of [`Event::Looked`].
const LOOKED: u16 = 34;
/// Entries of a page.
const ENTRIES_A_PAGE: usize = 50;
/// Headers read for one page.
const HEADERS_SEARCHED: u32 = 100_000;
/// Entries opened for one page.
const ENTRIES_OPENED: u32 = 10_000;
const CLOCK_STEP_MS: i64 = 10 * MINUTE_MS;
