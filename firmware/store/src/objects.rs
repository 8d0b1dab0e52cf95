//! Encrypted object files named by the SHA-256 of what lies on the disk.
//!
//! Bytes: magic "RFOBJECT" | version u16 | profile u8 | 0 | salt 32, then chunks of 64 KiB plaintext, each
//! AES-256-GCM under HKDF(key, salt), nonce = counter ‖ final flag, the header as associated data: a chunk
//! cannot move, and a file cannot end early without its final chunk (the STREAM construction). It knows neither
//! what an object is nor whose key it has.

use crate::fs::{At, FileError, create_dir, create_new, lock_dir, names, remove_if_there, rename, sync_dir};
use crate::seal::{SealError, cipher, random};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use std::fs::{File, Permissions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;
use vocab::{ObjectHash, Secret};
use zeroize::Zeroizing;

/// Plaintext of a full chunk.
pub const OBJECT_CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 44;
const MAGIC: &[u8; 8] = b"RFOBJECT";
const VERSION: u16 = 1;
const PROFILE_INTL: u8 = 1;
const LABEL: &[u8] = b"ringfence object v1";
const TEMPORARY: &str = ".tmp";

/// Why an object could not be written or read.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// The storage failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// No such object.
    #[error("there is no object {0}")]
    Missing(ObjectHash),
    /// The file is not what its name says.
    #[error("object {0} was altered on the disk")]
    Altered(ObjectHash),
    /// The key is another object's.
    #[error("object {0} does not open under this key")]
    Refused(ObjectHash),
    /// The object is longer than the counter of its chunks.
    #[error("the object is too long")]
    TooLong,
    /// The operating system gives no randomness.
    #[error("no randomness")]
    Randomness(#[from] SealError),
}

/// A directory of objects.
#[derive(Debug)]
pub struct Objects {
    dir: PathBuf,
    _lock: File,
}

impl Objects {
    /// Opens the directory for this process alone and removes what a crash left half-written.
    ///
    /// # Errors
    /// [`ObjectError::File`].
    pub fn open(dir: &Path) -> Result<Self, ObjectError> {
        create_dir(dir)?;
        share(dir, FOLDER_MODE)?;
        let lock = lock_dir(dir)?;
        for name in names(dir)?.iter().filter(|name| name.ends_with(TEMPORARY)) {
            remove_if_there(&dir.join(name))?;
        }
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Begins an object. Dropped without [`ObjectWriter::finish`], it leaves nothing.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn create(&self, key: &Secret<[u8; 32]>) -> Result<ObjectWriter, ObjectError> {
        let salt = random::<32>()?;
        let path = self.dir.join(format!("{}{TEMPORARY}", hex(&random::<16>()?)));
        let mut header = [0_u8; HEADER_BYTES];
        header[0..8].copy_from_slice(MAGIC);
        header[8..10].copy_from_slice(&VERSION.to_be_bytes());
        header[10] = PROFILE_INTL;
        header[12..44].copy_from_slice(&salt);
        let mut writer = ObjectWriter {
            file: create_new(&path)?,
            path,
            dir: self.dir.clone(),
            key: object_key(key, &salt),
            header,
            counter: 0,
            plain: Zeroizing::new(Vec::with_capacity(OBJECT_CHUNK_BYTES)),
            hash: Context::new(&SHA256),
            done: false,
        };
        writer.append(&header)?;
        Ok(writer)
    }

    /// Writes a whole object.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn put(&self, key: &Secret<[u8; 32]>, content: &[u8]) -> Result<ObjectHash, ObjectError> {
        let mut writer = self.create(key)?;
        writer.write(content)?;
        writer.finish()
    }

    /// Takes a finished, already encrypted file (a recording) into the store under its hash.
    ///
    /// # Errors
    /// [`ObjectError`]; the file must be on the same file system.
    pub fn adopt(&self, path: &Path) -> Result<ObjectHash, ObjectError> {
        let file = File::open(path).at("open", path)?;
        file.sync_all().at("sync", path)?;
        let hash = hash_of(&file, path)?;
        rename(path, &self.path(hash))?;
        path.parent().map_or(Ok(()), sync_dir)?;
        Ok(hash)
    }

    /// Opens an object after its bytes were checked against its name; each chunk is checked again by its tag.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn read(&self, hash: ObjectHash, key: &Secret<[u8; 32]>) -> Result<ObjectReader, ObjectError> {
        let mut reader = BufReader::new(self.open_checked(hash)?);
        let mut header = [0_u8; HEADER_BYTES];
        let path = self.path(hash);
        reader.read_exact(&mut header).at("read", &path)?;
        if &header[0..8] != MAGIC || header[8..10] != VERSION.to_be_bytes() || header[10] != PROFILE_INTL {
            return Err(ObjectError::Refused(hash));
        }
        let key = object_key(key, &header[12..44]);
        Ok(ObjectReader { reader, path, hash, key, header, counter: 0, done: false })
    }

    /// Reads a whole object of at most `limit` bytes.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn get(
        &self,
        hash: ObjectHash,
        key: &Secret<[u8; 32]>,
        limit: usize,
    ) -> Result<Zeroizing<Vec<u8>>, ObjectError> {
        let mut reader = self.read(hash, key)?;
        let mut content = Zeroizing::new(Vec::new());
        while let Some(chunk) = reader.next_chunk()? {
            if content.len() + chunk.len() > limit {
                return Err(ObjectError::TooLong);
            }
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }

    /// Opens the file as it lies on the disk (an adopted recording), checked against its name.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn open_checked(&self, hash: ObjectHash) -> Result<File, ObjectError> {
        let path = self.path(hash);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ObjectError::Missing(hash));
            }
            other => other.at("open", &path)?,
        };
        if hash_of(&file, &path)? != hash {
            return Err(ObjectError::Altered(hash));
        }
        file.seek(SeekFrom::Start(0)).at("seek", &path)?;
        Ok(file)
    }

    /// Is there such an object?
    #[must_use]
    pub fn contains(&self, hash: ObjectHash) -> bool {
        self.path(hash).is_file()
    }

    /// Removes an object for good. Its key must be destroyed too: a disk may keep old blocks.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn delete(&self, hash: ObjectHash) -> Result<(), ObjectError> {
        let path = self.path(hash);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(ObjectError::Missing(hash)),
            other => {
                other.at("remove", &path)?;
                Ok(sync_dir(&self.dir)?)
            }
        }
    }

    fn path(&self, hash: ObjectHash) -> PathBuf {
        self.dir.join(hash.to_string())
    }
}

/// An object being written.
pub struct ObjectWriter {
    file: File,
    path: PathBuf,
    dir: PathBuf,
    key: LessSafeKey,
    header: [u8; HEADER_BYTES],
    counter: u32,
    plain: Zeroizing<Vec<u8>>,
    hash: Context,
    done: bool,
}

impl std::fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ObjectWriter(chunk {})", self.counter)
    }
}

impl ObjectWriter {
    /// Adds content.
    ///
    /// # Errors
    /// [`ObjectError`]; drop the writer.
    pub fn write(&mut self, mut content: &[u8]) -> Result<(), ObjectError> {
        while !content.is_empty() {
            // A full chunk waits until it is known whether it is the final one.
            if self.plain.len() == OBJECT_CHUNK_BYTES {
                self.seal(false)?;
            }
            let (now, later) = content.split_at(content.len().min(OBJECT_CHUNK_BYTES - self.plain.len()));
            self.plain.extend_from_slice(now);
            content = later;
        }
        Ok(())
    }

    /// Ends the object; when this returns, it is durable under its name.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn finish(mut self) -> Result<ObjectHash, ObjectError> {
        self.seal(true)?;
        share(&self.path, OBJECT_MODE)?;
        self.file.sync_all().at("sync", &self.path)?;
        let hash = object_hash(self.hash.clone());
        rename(&self.path, &self.dir.join(hash.to_string()))?;
        self.done = true;
        Ok(hash)
    }

    fn seal(&mut self, last: bool) -> Result<(), ObjectError> {
        let mut plain = std::mem::replace(&mut self.plain, Zeroizing::new(Vec::new()));
        let sealed = self.key.seal_in_place_separate_tag(
            chunk_nonce(self.counter, last),
            Aad::from(self.header),
            &mut plain,
        );
        let tag = sealed.map_err(|_| ObjectError::TooLong)?;
        self.append(&plain)?;
        self.append(tag.as_ref())?;
        plain.clear();
        self.plain = plain;
        self.counter = self.counter.checked_add(1).ok_or(ObjectError::TooLong)?;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        self.file.write_all(bytes).at("write", &self.path)?;
        self.hash.update(bytes);
        Ok(())
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        if !self.done {
            // The next open removes it if this fails.
            let _removed = remove_if_there(&self.path);
        }
    }
}

/// An object being read.
pub struct ObjectReader {
    reader: BufReader<File>,
    path: PathBuf,
    hash: ObjectHash,
    key: LessSafeKey,
    header: [u8; HEADER_BYTES],
    counter: u32,
    done: bool,
}

impl std::fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ObjectReader({})", self.hash)
    }
}

impl ObjectReader {
    /// The next plaintext; `None` after the final chunk.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn next_chunk(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ObjectError> {
        if self.done {
            return Ok(None);
        }
        let mut chunk = Zeroizing::new(Vec::with_capacity(OBJECT_CHUNK_BYTES + TAG_BYTES));
        let limit = (OBJECT_CHUNK_BYTES + TAG_BYTES) as u64;
        self.reader.by_ref().take(limit).read_to_end(&mut chunk).at("read", &self.path)?;
        let last = self.at_end()?;
        let nonce = chunk_nonce(self.counter, last);
        let length = self
            .key
            .open_in_place(nonce, Aad::from(self.header), &mut chunk)
            .map_err(|_| ObjectError::Refused(self.hash))?
            .len();
        chunk.truncate(length);
        self.done = last;
        self.counter = self.counter.checked_add(1).ok_or(ObjectError::TooLong)?;
        Ok(Some(chunk))
    }

    fn at_end(&mut self) -> Result<bool, ObjectError> {
        use std::io::BufRead;
        Ok(self.reader.fill_buf().at("read", &self.path)?.is_empty())
    }
}

struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

fn object_key(key: &Secret<[u8; 32]>, salt: &[u8]) -> LessSafeKey {
    let mut bytes = [0_u8; 32];
    let prk = Salt::new(HKDF_SHA256, salt).extract(key.expose());
    let filled = prk.expand(&[LABEL], Len32).and_then(|okm| okm.fill(&mut bytes));
    assert!(filled.is_ok(), "32 bytes are within HKDF-SHA256's limit");
    cipher(&Secret::new(bytes))
}

fn chunk_nonce(counter: u32, last: bool) -> Nonce {
    let mut bytes = [0_u8; 12];
    bytes[7..11].copy_from_slice(&counter.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

fn hash_of(mut file: &File, path: &Path) -> Result<ObjectHash, FileError> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0_u8; OBJECT_CHUNK_BYTES];
    loop {
        match file.read(&mut buffer).at("read", path)? {
            0 => return Ok(object_hash(context)),
            count => context.update(&buffer[..count]),
        }
    }
}

fn object_hash(context: Context) -> ObjectHash {
    let mut out = [0_u8; 32];
    out.copy_from_slice(context.finish().as_ref());
    ObjectHash(out)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The line process reads prompts as another user of the same group: ciphertext, useless without a ticket's key.
fn share(path: &Path, mode: u32) -> Result<(), FileError> {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).at("share", path)
}

const FOLDER_MODE: u32 = 0o750;
const OBJECT_MODE: u32 = 0o640;
