//! Reading attached files: contacts, the official do-not-call list, prompts. Runs on the worker's thread, in
//! memory the file cannot grow; nothing it writes counts before the core has written its entry.

use crate::command::{BatchPlan, ImportOutcome};
use crate::dial::list_hash;
use crate::entries::{BatchEntry, StoredObject};
use crate::files::{KeyFiles, SHARD_ROWS, subject_of};
use crate::level;
use crate::ports::{ConsentHeld, ContactPerson, PortError, StoredRow};
use crate::seal::{Purpose, seal};
use crate::wav;
use contacts::{ContactRow, Event, Importer};
use gate::DoNotCall;
use idl::admin::RowError;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use store::{Objects, random_key};
use vocab::{ContactId, ObjectHash, PhoneNumber, Pii, UnixMs};

/// What the worker reads with.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// Objects.
    pub objects: &'a Objects,
    /// Keys.
    pub keys: &'a KeyFiles,
}

/// Errors told one by one; with their texts they fit a frame.
const MAX_ERRORS_TOLD: usize = 100;
const READ_BYTES: usize = 64 * 1024;
const MAX_PROMPT_BYTES: u64 = 4 * 1024 * 1024;
const MAX_LIST_LINE_BYTES: u64 = 256;

/// Reads contacts.
pub fn contacts(
    tools: Tools<'_>,
    file: File,
    options: contacts::Options,
    plan: BatchPlan,
    progress: &mut dyn FnMut(u64, u64),
) -> ImportOutcome {
    let mut shards = Shards { tools, rows: Vec::new(), index: Vec::new(), written: Vec::new(), count: 0 };
    let outcome = read_contacts(&mut shards, file, options, plan, progress);
    if !matches!(outcome, ImportOutcome::Contacts(_)) {
        shards.discard();
    }
    outcome
}

fn read_contacts(
    shards: &mut Shards<'_>,
    mut file: File,
    options: contacts::Options,
    plan: BatchPlan,
    progress: &mut dyn FnMut(u64, u64),
) -> ImportOutcome {
    const WHAT: &str = "contacts";
    let total = begin(&mut file);
    let mut importer = Importer::new(options);
    let mut buffer = vec![0; READ_BYTES];
    let mut sound = true;
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return unreadable(WHAT, &error),
        };
        let events = match importer.feed(&buffer[..count]) {
            Ok(events) => events,
            Err(error) => return file_error(WHAT, &error),
        };
        if let Err(error) = shards.take(events, &mut sound) {
            return storage(WHAT, &error);
        }
        progress(importer.progress().bytes, total);
    }
    let (events, report) = match importer.finish() {
        Ok(done) => done,
        Err(error) => return file_error(WHAT, &error),
    };
    if let Err(error) = shards.take(events, &mut sound) {
        return storage(WHAT, &error);
    }
    if !report.is_clean() || !sound {
        let first = report.errors.iter().take(MAX_ERRORS_TOLD).map(row_error).collect();
        return ImportOutcome::Errors { what: WHAT, rows: report.rows, total: report.error_count(), first };
    }
    match shards.finish() {
        Err(error) => storage(WHAT, &error),
        Ok((index, rows)) => ImportOutcome::Contacts(Box::new(BatchEntry {
            batch: 0,
            index,
            rows,
            first: ContactId(0),
            purpose: plan.purpose,
            department: plan.department,
            source: plan.source,
            file: plan.file,
        })),
    }
}

fn row_error(error: &contacts::RowError) -> RowError {
    RowError {
        row: error.line,
        column: error.column.map_or_else(String::new, |column| column.header().to_owned()),
        code: error.code.code().to_owned(),
        text_en: error.code.text_en(),
        text_zh: error.code.text_zh(),
    }
}

/// Rows on their way into shards.
struct Shards<'a> {
    tools: Tools<'a>,
    rows: Vec<StoredRow>,
    index: Vec<StoredObject>,
    written: Vec<ObjectHash>,
    count: u64,
}

impl Shards<'_> {
    fn take(&mut self, events: Vec<Event>, sound: &mut bool) -> Result<(), PortError> {
        for event in events {
            match event {
                Event::Error(_) => *sound = false,
                // After the first error nothing is stored any more, only read for further errors.
                Event::Row(row) if *sound => self.add(*row)?,
                Event::Row(_) => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, row: ContactRow) -> Result<(), PortError> {
        let subject = subject_of(self.tools.keys.keyring(), &row.phone);
        let (key, _) = self.tools.keys.key_unsynced(subject)?;
        let key = key.ok_or_else(|| PortError::new("store a contact", "a subject's key was destroyed"))?;
        let mut nonce = [0; 12];
        random(&mut nonce)?;
        let person = seal(&key, Purpose::Contact, nonce, &person_of(row));
        self.rows.push(StoredRow { subject, person });
        self.count += 1;
        if self.rows.len() as u64 == SHARD_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), PortError> {
        let rows = std::mem::take(&mut self.rows);
        let object = self.put(&rows)?;
        self.index.push(object);
        Ok(())
    }

    fn put<T: serde::Serialize>(&mut self, value: &T) -> Result<StoredObject, PortError> {
        let bytes = postcard::to_stdvec(value).map_err(|error| PortError::new("store a batch", error))?;
        let object = put(self.tools.objects, &bytes)?;
        self.written.push(object.hash);
        Ok(object)
    }

    /// Stores what is left and the index; keys are durable before anything sealed by them counts.
    fn finish(&mut self) -> Result<(StoredObject, u64), PortError> {
        if !self.rows.is_empty() {
            self.flush()?;
        }
        self.tools.keys.sync()?;
        let index = std::mem::take(&mut self.index);
        Ok((self.put(&index)?, self.count))
    }

    fn discard(&mut self) {
        for hash in self.written.drain(..) {
            if let Err(error) = self.tools.objects.delete(hash) {
                log::warn!("an unused object stays: {error}");
            }
        }
    }
}

fn person_of(row: ContactRow) -> ContactPerson {
    let consent = row.consent.map(|held| ConsentHeld {
        purpose: held.purpose,
        given_at: held.given_at,
        expires_at: held.expires_at,
        channel: held.channel.name().to_owned(),
        evidence: held.evidence,
    });
    ContactPerson {
        number: row.phone,
        name: row.name,
        order_no: row.order_no,
        demand: row.demand_type.map(Pii::new),
        tag: row.tag.map(Pii::new),
        issue: row.issue,
        consent,
        birth: row.birth_date,
        adult: row.adult,
    }
}

/// Reads the official do-not-call list: one number a line, blank lines and a byte order mark allowed.
pub fn do_not_call(
    tools: Tools<'_>,
    mut file: File,
    issued_at: UnixMs,
    now: UnixMs,
    progress: &mut dyn FnMut(u64, u64),
) -> ImportOutcome {
    const WHAT: &str = "do-not-call list";
    let total = begin(&mut file);
    let mut reader = BufReader::with_capacity(READ_BYTES, file);
    let (mut hashes, mut errors, mut failed) = (Vec::new(), Vec::new(), 0_u64);
    let (mut row, mut bytes, mut line) = (0_u64, 0_u64, Vec::new());
    loop {
        line.clear();
        match reader.by_ref().take(MAX_LIST_LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(count) => bytes += count as u64,
            Err(error) => return unreadable(WHAT, &error),
        }
        row += 1;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        match PhoneNumber::parse(text) {
            Ok(_) if hashes.len() >= gate::do_not_call::MAX_ENTRIES => {
                return refused(WHAT, "too-many", "The list is too long.", "名单过长。");
            }
            Ok(number) => hashes.push(list_hash(subject_of(tools.keys.keyring(), &number))),
            Err(error) => {
                failed += 1;
                if errors.len() < MAX_ERRORS_TOLD {
                    errors.push(number_error(row, &error));
                }
            }
        }
        if row.is_multiple_of(PROGRESS_ROWS) {
            progress(bytes, total);
        }
    }
    if failed > 0 || hashes.is_empty() {
        return ImportOutcome::Errors { what: WHAT, rows: row, total: failed.max(1), first: errors };
    }
    let stored = DoNotCall::build(0, now, hashes)
        .map_err(|error| PortError::new("build the list", error))
        .and_then(|list| Ok((put_chunks(tools.objects, list.chunks())?, list)));
    match stored {
        Ok((object, list)) => ImportOutcome::DoNotCall { object, issued_at, list },
        Err(error) => storage(WHAT, &error),
    }
}

const PROGRESS_ROWS: u64 = 10_000;

fn number_error(row: u64, error: &vocab::NumberError) -> RowError {
    RowError {
        row,
        column: "number".to_owned(),
        code: "bad-number".to_owned(),
        text_en: error.to_string(),
        text_zh: "不是有效的电话号码".to_owned(),
    }
}

/// Reads a prompt and stores it as A-law.
pub fn prompt(tools: Tools<'_>, mut file: File, text: String) -> ImportOutcome {
    const WHAT: &str = "prompt";
    begin(&mut file);
    let mut bytes = Vec::new();
    if let Err(error) = file.take(MAX_PROMPT_BYTES + 1).read_to_end(&mut bytes) {
        return unreadable(WHAT, &error);
    }
    if bytes.len() as u64 > MAX_PROMPT_BYTES {
        return refused(WHAT, "too-long", "The prompt is too long.", "语音文件过长。");
    }
    let alaw = match wav::to_alaw(&bytes) {
        Ok(alaw) => alaw,
        Err(error) => {
            return refused(WHAT, "wav", &format!("The prompt: {error}."), "语音文件须为8kHz单声道WAV。");
        }
    };
    let level = match level::measure(&alaw) {
        Ok(level) => level,
        Err(error) => return refused(WHAT, error.code(), &format!("The sound: {error}."), &error.text_zh()),
    };
    let duration_ms = alaw.len() as u64 / 8;
    match put(tools.objects, &alaw) {
        Ok(object) => ImportOutcome::Prompt { object, text, duration_ms, level },
        Err(error) => storage(WHAT, &error),
    }
}

/// Reads a stored do-not-call list back.
///
/// # Errors
/// [`PortError`] if the object is not there or not whole.
pub fn load_do_not_call(objects: &Objects, object: &StoredObject) -> Result<DoNotCall, PortError> {
    let failed = |error: &dyn std::fmt::Display| PortError::new("load the do-not-call list", error);
    let mut reader = objects.read(object.hash, &object.key).map_err(|error| failed(&error))?;
    let mut list = gate::do_not_call::Reader::default();
    while let Some(chunk) = reader.next_chunk().map_err(|error| failed(&error))? {
        list.feed(&chunk).map_err(|error| failed(&error))?;
    }
    list.finish().map_err(|error| failed(&error))
}

fn put(objects: &Objects, bytes: &[u8]) -> Result<StoredObject, PortError> {
    put_chunks(objects, std::iter::once(bytes.to_vec()))
}

fn put_chunks(objects: &Objects, chunks: impl Iterator<Item = Vec<u8>>) -> Result<StoredObject, PortError> {
    let failed = |error: &dyn std::fmt::Display| PortError::new("store an object", error);
    let key = random_key().map_err(|error| failed(&error))?;
    let mut writer = objects.create(&key).map_err(|error| failed(&error))?;
    for chunk in chunks {
        writer.write(&chunk).map_err(|error| failed(&error))?;
    }
    let hash = writer.finish().map_err(|error| failed(&error))?;
    Ok(StoredObject { hash, key })
}

fn random(bytes: &mut [u8]) -> Result<(), PortError> {
    getrandom::fill(bytes).map_err(|error| PortError::new("draw random bytes", error))
}

/// The file from its first byte, and its length if it has one; a pipe has neither.
fn begin(file: &mut File) -> u64 {
    let _pipes_cannot_seek = file.rewind();
    file.metadata().map_or(0, |known| known.len())
}

fn refused(what: &'static str, code: &'static str, en: &str, zh: &str) -> ImportOutcome {
    ImportOutcome::Refused { what, code, text_en: en.to_owned(), text_zh: zh.to_owned() }
}

fn unreadable(what: &'static str, error: &std::io::Error) -> ImportOutcome {
    refused(what, "unreadable", &format!("The file cannot be read: {error}."), "文件无法读取。")
}

fn file_error(what: &'static str, error: &contacts::FileError) -> ImportOutcome {
    refused(what, "file", &format!("The file: {error}."), &error.text_zh())
}

fn storage(what: &'static str, error: &PortError) -> ImportOutcome {
    log::error!("an import failed: {error}");
    refused(
        what,
        "storage",
        "The storage failed; nothing was imported. Look at the alarms.",
        "存储失败，未导入任何数据。",
    )
}
