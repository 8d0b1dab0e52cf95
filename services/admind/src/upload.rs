//! A form with files: streamed into memory files, or onto the disk where a file is too large for that; bounded, its
//! proofs checked before a byte of a file is kept.

use crate::fault::Fault;
use crate::form::Form;
use crate::multipart::{Event, Head, MultipartError, Parser, file_name};
use crate::spool::Spool;
use axum::body::{Body, BodyDataStream};
use axum::extract::FromRequestParts;
use futures_util::StreamExt;
use http::request::Parts;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A form with files.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// Its fields.
    pub form: Form,
    files: Vec<Uploaded>,
}

/// Where the files of a form are kept.
#[derive(Debug, Clone, Copy)]
pub enum Keep<'a> {
    /// In memory.
    Memory,
    /// On the disk, in this folder.
    Disk(&'a Path),
}

/// A file of a form.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// The field.
    pub field: String,
    /// The file's name, made harmless.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    file: Arc<File>,
}

impl Upload {
    /// The file of a field; `None` if none was chosen (browsers send an empty one then).
    #[must_use]
    pub fn file(&self, field: &str) -> Option<&Uploaded> {
        self.files.iter().find(|file| file.field == field && file.bytes > 0)
    }

    /// Reads a body of so many bytes at most. `checked` is called once, with the fields before the first file; `still`
    /// every now and then, for as long as the body comes.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn read<S: Future<Output = Result<(), Fault>>>(
        content_type: &str,
        body: Body,
        (limit_bytes, keep): (u64, Keep<'_>),
        checked: impl FnOnce(&Form) -> Result<(), Fault>,
        still: impl Fn() -> S,
    ) -> Result<Self, Fault> {
        let parser = Parser::new(content_type).map_err(|_| Fault::Media)?;
        let mut reading = Reading { upload: Self::default(), at: At::Nothing, left: limit_bytes, keep };
        reading.all(parser, body.into_data_stream(), checked, still).await?;
        for uploaded in &mut reading.upload.files {
            let mut file: &File = &uploaded.file;
            file.rewind().map_err(memory)?;
        }
        Ok(reading.upload)
    }
}

impl Uploaded {
    /// The file, to be attached to a request.
    ///
    /// # Errors
    /// [`Fault::Bug`] if there is no descriptor left.
    pub fn attach(&self) -> Result<OwnedFd, Fault> {
        let mut file = self.file.try_clone().map_err(memory)?;
        file.rewind().map_err(memory)?;
        Ok(file.into())
    }

    /// The content as text of at most `max` bytes (certificates, signatures).
    ///
    /// # Errors
    /// [`Fault::TooLarge`], or [`Fault::Bad`] if it is no UTF-8.
    pub fn text(&self, max: u64) -> Result<String, Fault> {
        String::from_utf8(self.content(max)?).map_err(|_| Fault::Bad("file-text"))
    }

    /// The content, of at most `max` bytes.
    ///
    /// # Errors
    /// [`Fault::TooLarge`].
    pub fn content(&self, max: u64) -> Result<Vec<u8>, Fault> {
        if self.bytes > max {
            return Err(Fault::TooLarge);
        }
        let mut content = vec![0; usize::try_from(self.bytes).map_err(|_| Fault::TooLarge)?];
        std::os::unix::fs::FileExt::read_exact_at(&*self.file, &mut content, 0).map_err(memory)?;
        Ok(content)
    }
}

/// The form with files of a POST whose proofs were checked before the handler was called.
impl<S: Send + Sync> FromRequestParts<S> for Upload {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.remove::<Self>().ok_or_else(|| {
            log::error!("a handler asks for an upload where its route takes none");
            Fault::Bug
        })
    }
}

enum At {
    Nothing,
    Field(String, Vec<u8>),
    File,
    Large { field: String, name: String, spool: Spool },
}

struct Reading<'a> {
    upload: Upload,
    at: At,
    left: u64,
    keep: Keep<'a>,
}

impl Reading<'_> {
    async fn all<S: Future<Output = Result<(), Fault>>>(
        &mut self,
        mut parser: Parser,
        mut body: BodyDataStream,
        checked: impl FnOnce(&Form) -> Result<(), Fault>,
        still: impl Fn() -> S,
    ) -> Result<(), Fault> {
        let mut checked = Some(checked);
        let (started, mut received) = (Instant::now(), 0_u64);
        let mut proven = started;
        let mut events = vec![];
        loop {
            let next = tokio::time::timeout(CHUNK_TIMEOUT, body.next()).await;
            let Some(chunk) = next.map_err(|_| Fault::BodyLate)? else { break };
            let chunk = chunk.map_err(|_| Fault::Bad("body-broken"))?;
            received += chunk.len() as u64;
            let allowed = SLOW_START + Duration::from_secs(received / MIN_BYTES_PER_S);
            if started.elapsed() > allowed {
                return Err(Fault::BodyLate);
            }
            if proven.elapsed() >= PROVE_EVERY {
                still().await?;
                proven = Instant::now();
            }
            parser.feed(&chunk, &mut events).map_err(fault)?;
            for event in events.drain(..) {
                if matches!(event, Event::Part(Head { file: Some(_), .. }))
                    && let Some(checked) = checked.take()
                {
                    checked(&self.upload.form)?;
                }
                self.take(event).await?;
            }
        }
        parser.finish().map_err(fault)?;
        checked.map_or(Ok(()), |checked| checked(&self.upload.form))
    }

    async fn take(&mut self, event: Event) -> Result<(), Fault> {
        match event {
            Event::Part(Head { name, file: None }) => self.at = At::Field(name, vec![]),
            Event::Part(Head { name, file: Some(file) }) => {
                if self.upload.files.len() >= MAX_FILES {
                    return Err(Fault::Bad("files-many"));
                }
                self.at = self.begin(name, file_name(&file)).await?;
            }
            Event::Data(data) => {
                self.left = self.left.checked_sub(data.len() as u64).ok_or(Fault::TooLarge)?;
                match &mut self.at {
                    At::Field(_, value) if value.len() + data.len() <= MAX_FIELD_BYTES => value.extend(data),
                    At::Field(..) => return Err(Fault::TooLarge),
                    At::File => self.write(&data)?,
                    At::Large { spool, .. } => spool.append(&data).await?,
                    At::Nothing => {}
                }
            }
            Event::PartEnd => match std::mem::replace(&mut self.at, At::Nothing) {
                At::Field(name, value) => {
                    let value = String::from_utf8(value).map_err(|_| Fault::Bad("form-malformed"))?;
                    self.upload.form.push(name, value)?;
                }
                At::Large { field, name, spool } => {
                    let (file, bytes) = spool.finish().await?;
                    self.upload.files.push(Uploaded { field, name, bytes, file });
                }
                At::File | At::Nothing => {}
            },
        }
        Ok(())
    }

    /// A file begins.
    async fn begin(&mut self, field: String, name: String) -> Result<At, Fault> {
        match self.keep {
            Keep::Disk(folder) => Ok(At::Large { field, name, spool: Spool::new(folder).await? }),
            Keep::Memory => {
                let made =
                    memfd_create("upload", MFdFlags::MFD_CLOEXEC).map_err(|error| memory(error.into()))?;
                self.upload.files.push(Uploaded { field, name, bytes: 0, file: Arc::new(made.into()) });
                Ok(At::File)
            }
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<(), Fault> {
        let Some(uploaded) = self.upload.files.last_mut() else { return Ok(()) };
        let mut file: &File = &uploaded.file;
        file.write_all(data).map_err(memory)?;
        uploaded.bytes += data.len() as u64;
        Ok(())
    }
}

fn fault(error: MultipartError) -> Fault {
    match error {
        MultipartError::Boundary => Fault::Media,
        MultipartError::Malformed | MultipartError::Short => Fault::Bad("multipart-malformed"),
        MultipartError::HeadTooLong | MultipartError::TooManyParts => Fault::Bad("multipart-large"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as the function of map_err")]
fn memory(error: std::io::Error) -> Fault {
    log::error!("a file in memory cannot be used: {error}");
    Fault::Bug
}

/// An update of the box.
pub const MAX_BUNDLE_BYTES: u64 = 1_024 * 1_024 * 1_024;
/// A list of contacts or of numbers not to be called.
pub const MAX_LIST_BYTES: u64 = 256 * 1024 * 1024;
/// A prompt.
pub const MAX_PROMPT_BYTES: u64 = 4 * 1024 * 1024;
/// A small file: certificate, calendar.
pub const MAX_SMALL_BYTES: u64 = 256 * 1024;
const MAX_FILES: usize = 8;
const MAX_FIELD_BYTES: usize = 64 * 1024;
/// A session is proven again so often while a body comes.
const PROVE_EVERY: Duration = Duration::from_secs(60);
/// How long the next piece may take.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(15);
/// A body may be slow for so long, and after that must keep the rate below.
const SLOW_START: Duration = Duration::from_secs(20);
const MIN_BYTES_PER_S: u64 = 32 * 1024;
