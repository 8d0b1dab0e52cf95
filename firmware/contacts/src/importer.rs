//! The import of one file: bytes in, rows and row errors out, in memory that the file cannot grow.
//!
//! It decides nothing about half-imported files: rows come out as they are read, and [`Report`] says in the
//! end whether the file was clean. Whoever calls keeps the rows back until then if he wants all or nothing.

use crate::column::{Column, normalised};
use crate::decode::{DETECT_BYTES, Decode, detect};
use crate::error::{Encoding, FileError, RowCode, RowError};
use crate::report::{Progress, Report};
use crate::row::{ContactRow, Fields};
use crate::time;
use crate::{Delimiter, MAX_BYTES, MAX_FIELDS, MAX_RECORD_BYTES, MAX_ROWS};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The delimiter; found in the header line if not given.
    pub delimiter: Option<Delimiter>,
    /// Headers the caller maps to a column, before the built-in names are asked.
    pub mapping: Vec<(String, Column)>,
    /// Headers whose columns are dropped unread; every other unknown column refuses the file.
    pub drop: Vec<String>,
    /// IANA name of the zone of times that name none.
    pub zone: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { delimiter: None, mapping: Vec::new(), drop: Vec::new(), zone: "Asia/Shanghai".to_owned() }
    }
}

/// What an import brings forth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A row without error.
    Row(Box<ContactRow>),
    /// One error; a row may have several.
    Error(RowError),
}

/// The import of one file.
pub struct Importer {
    options: Options,
    stage: Stage,
    report: Report,
}

enum Stage {
    /// The first bytes are collected to choose the encoding.
    Detecting(Vec<u8>),
    /// Rows are read.
    Reading(Box<Reading>),
    /// An error ended the import.
    Failed,
}

impl Importer {
    /// Starts an import.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, stage: Stage::Detecting(Vec::new()), report: Report::default() }
    }

    /// Takes the next bytes, cut anywhere. What comes out is bounded by these bytes and the first 64 KiB.
    ///
    /// # Errors
    /// [`FileError`] refuses the file as a whole; the import is then over.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, FileError> {
        let mut events = Vec::new();
        let result = self.advance(bytes, false, &mut events);
        self.close_if_failed(result)?;
        Ok(events)
    }

    /// Says that the file is over: the last events and the report.
    ///
    /// # Errors
    /// [`FileError`] as [`Importer::feed`]; also if the file ends within quotes or has no header.
    pub fn finish(mut self) -> Result<(Vec<Event>, Report), FileError> {
        let mut events = Vec::new();
        let result = self.advance(&[], true, &mut events);
        self.close_if_failed(result)?;
        Ok((events, self.report))
    }

    /// How far the import is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress { bytes: self.report.bytes, rows: self.report.rows, accepted: self.report.accepted }
    }

    fn close_if_failed(&mut self, result: Result<(), FileError>) -> Result<(), FileError> {
        if result.is_err() {
            self.stage = Stage::Failed;
        }
        result
    }

    fn advance(&mut self, bytes: &[u8], last: bool, events: &mut Vec<Event>) -> Result<(), FileError> {
        self.report.bytes += bytes.len() as u64;
        let mut sink = Sink { events, report: &mut self.report };
        match &mut self.stage {
            Stage::Failed => Err(FileError::AlreadyFailed),
            Stage::Reading(reading) => reading.feed(bytes, last, &mut sink),
            Stage::Detecting(start) => {
                let (head, rest) = bytes.split_at(bytes.len().min(DETECT_BYTES - start.len()));
                start.extend_from_slice(head);
                if start.len() < DETECT_BYTES && !last {
                    return Ok(());
                }
                let start = std::mem::take(start);
                let mut reading = Box::new(Reading::new(&self.options, &start, last)?);
                sink.report.encoding = Some(reading.decode_encoding);
                reading.feed(&start, last && rest.is_empty(), &mut sink)?;
                if !rest.is_empty() {
                    reading.feed(rest, last, &mut sink)?;
                }
                self.stage = Stage::Reading(reading);
                Ok(())
            }
        }
    }
}

/// Where events and counts go.
struct Sink<'a> {
    events: &'a mut Vec<Event>,
    report: &'a mut Report,
}

impl Sink<'_> {
    fn error(&mut self, error: RowError) {
        self.report.count(error);
        self.events.push(Event::Error(error));
    }
}

struct Reading {
    decode_encoding: Encoding,
    decode: Decode,
    records: Records,
}

impl Reading {
    fn new(options: &Options, start: &[u8], whole: bool) -> Result<Self, FileError> {
        let encoding = detect(start, whole)?;
        let zone = time::zone(&options.zone).ok_or(FileError::UnknownZone)?;
        Ok(Self {
            decode_encoding: encoding,
            decode: Decode::new(encoding),
            records: Records::new(options.clone(), zone),
        })
    }

    fn feed(&mut self, bytes: &[u8], last: bool, sink: &mut Sink<'_>) -> Result<(), FileError> {
        let Self { decode, records, .. } = self;
        decode.feed(bytes, last, &mut |text| records.feed(text, sink))?;
        if last {
            records.finish(sink)?;
        }
        Ok(())
    }
}

/// Splits text into records and records into rows.
struct Records {
    options: Options,
    zone: TimeZone,
    /// Text until the end of the header line, to find the delimiter.
    header_line: Vec<u8>,
    reader: Option<Reader>,
    output: Vec<u8>,
    ends: Vec<usize>,
    written: usize,
    ended: usize,
    /// Lines of the text handed to the reader.
    lines: u64,
    /// The column of each field, `None` if it is dropped; empty before the header.
    columns: Vec<Option<Column>>,
    /// The line each number was first seen on. E.164 digits fit 64 bits exactly, so equal keys are equal
    /// numbers; an ordered map has no bad case a file could provoke.
    first_lines: BTreeMap<u64, u32>,
}

impl Records {
    fn new(options: Options, zone: TimeZone) -> Self {
        Self {
            options,
            zone,
            header_line: Vec::new(),
            reader: None,
            output: vec![0; MAX_RECORD_BYTES],
            ends: vec![0; MAX_FIELDS],
            written: 0,
            ended: 0,
            lines: 0,
            columns: Vec::new(),
            first_lines: BTreeMap::new(),
        }
    }

    fn feed(&mut self, text: &[u8], sink: &mut Sink<'_>) -> Result<(), FileError> {
        if sink.report.bytes > MAX_BYTES {
            return Err(FileError::TooManyBytes);
        }
        if self.reader.is_some() {
            return self.read(text, sink);
        }
        let line_end = header_end(&self.header_line, text);
        let (line, rest) = text.split_at(line_end.unwrap_or(text.len()));
        self.header_line.extend_from_slice(line);
        if self.header_line.len() > MAX_RECORD_BYTES {
            return Err(FileError::RecordTooLong { line: 1 });
        }
        if line_end.is_none() {
            return Ok(());
        }
        self.start(sink)?;
        self.read(rest, sink)
    }

    /// The header line is there: the delimiter can be found.
    fn start(&mut self, sink: &mut Sink<'_>) -> Result<(), FileError> {
        let line = std::mem::take(&mut self.header_line);
        let delimiter = self.options.delimiter.unwrap_or_else(|| Delimiter::of_header(&line));
        sink.report.delimiter = Some(delimiter);
        let terminator = Terminator::Any(b'\n');
        self.reader = Some(ReaderBuilder::new().delimiter(delimiter.byte()).terminator(terminator).build());
        self.read(&line, sink)
    }

    fn read(&mut self, mut text: &[u8], sink: &mut Sink<'_>) -> Result<(), FileError> {
        while !text.is_empty() {
            let (result, read) = self.step(text);
            self.lines += count_lines(&text[..read]);
            text = &text[read..];
            self.judge(result, sink)?;
        }
        Ok(())
    }

    fn step(&mut self, text: &[u8]) -> (ReadRecordResult, usize) {
        let Some(reader) = self.reader.as_mut() else {
            return (ReadRecordResult::End, text.len());
        };
        let (result, read, written, ended) =
            reader.read_record(text, &mut self.output[self.written..], &mut self.ends[self.ended..]);
        self.written += written;
        self.ended += ended;
        (result, read)
    }

    fn judge(&mut self, result: ReadRecordResult, sink: &mut Sink<'_>) -> Result<(), FileError> {
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok(()),
            ReadRecordResult::OutputFull => Err(FileError::RecordTooLong { line: self.record_line(0) }),
            ReadRecordResult::OutputEndsFull => Err(FileError::TooManyFields { line: self.record_line(0) }),
            ReadRecordResult::Record => {
                let line = self.record_line(1);
                let result = self.record(line, sink);
                self.written = 0;
                self.ended = 0;
                result
            }
        }
    }

    /// The line on which the record being read starts; `terminators` line ends after it were read.
    fn record_line(&self, terminators: u64) -> u64 {
        (self.lines + 1).saturating_sub(count_lines(&self.output[..self.written]) + terminators)
    }

    fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), FileError> {
        if self.reader.is_none() {
            self.start(sink)?;
        }
        // Ends the last row if no line end did. Within quotes it does not, and the end then finds them open.
        self.read(b"\n", sink)?;
        let (result, _) = self.step(&[]);
        if matches!(result, ReadRecordResult::Record) {
            return Err(FileError::OpenQuote { line: self.record_line(0) });
        }
        if self.columns.is_empty() {
            return Err(FileError::Empty);
        }
        Ok(())
    }

    fn record(&mut self, line: u64, sink: &mut Sink<'_>) -> Result<(), FileError> {
        if self.columns.is_empty() {
            self.columns = header(&self.options, self.fields())?;
            return Ok(());
        }
        if sink.report.rows == MAX_ROWS {
            return Err(FileError::TooManyRows);
        }
        sink.report.rows += 1;
        let (expected, found) = (self.columns.len(), self.ended);
        if expected != found {
            sink.error(RowError { line, column: None, code: RowCode::FieldCount { expected, found } });
            return Ok(());
        }
        let columns = self.columns.iter().copied();
        let values = columns.zip(self.fields()).filter_map(|(column, text)| Some((column?, text)));
        match Fields::new(values, &self.zone).into_row(line) {
            Ok(row) => self.accept(row, sink),
            Err(errors) => {
                errors.into_iter().for_each(|(column, code)| sink.error(RowError { line, column, code }));
            }
        }
        Ok(())
    }

    fn accept(&mut self, row: ContactRow, sink: &mut Sink<'_>) {
        let key = row.phone.digits().bytes().fold(0_u64, |key, digit| key * 10 + u64::from(digit - b'0'));
        let line = u32::try_from(row.line).unwrap_or(u32::MAX);
        let first = *self.first_lines.entry(key).or_insert(line);
        if first != line {
            let code = RowCode::Duplicate { first_line: first.into() };
            sink.error(RowError { line: row.line, column: Some(Column::Phone), code });
            return;
        }
        sink.report.accepted += 1;
        sink.events.push(Event::Row(Box::new(row)));
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let bounds = starts.zip(self.ends[..self.ended].iter().copied());
        // The decoder wrote UTF-8 and the reader cut it at ASCII characters only.
        bounds.map(|(start, end)| std::str::from_utf8(&self.output[start..end]).unwrap_or(""))
    }
}

fn header<'a>(
    options: &Options,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Option<Column>>, FileError> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for (at, name) in names.enumerate() {
        let wanted = normalised(name);
        let mapped = options.mapping.iter().find(|(header, _)| normalised(header) == wanted);
        let dropped = options.drop.iter().any(|header| normalised(header) == wanted);
        let column = match mapped {
            Some((_, column)) => Some(*column),
            None if dropped => None,
            None => Some(Column::named(name).ok_or(FileError::UnknownColumn { at: at + 1 })?),
        };
        if let Some(column) = column
            && let Some(first) = columns.iter().position(|earlier| *earlier == Some(column))
        {
            return Err(FileError::ColumnTwice { column, first: first + 1, second: at + 1 });
        }
        columns.push(column);
    }
    if !columns.contains(&Some(Column::Phone)) {
        return Err(FileError::NoPhoneColumn);
    }
    Ok(columns)
}

/// The end of the first line that is not blank.
fn header_end(earlier: &[u8], text: &[u8]) -> Option<usize> {
    let mut seen = earlier.iter().any(|byte| *byte != b'\n');
    text.iter().position(|byte| {
        seen |= *byte != b'\n';
        seen && *byte == b'\n'
    })
}

fn count_lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}
