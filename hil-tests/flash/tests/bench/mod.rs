//! A folder with a signed image and a disk, and the script run in it. It decides nothing about what is right.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Bytes of the image, unpacked.
pub const IMAGE_BYTES: usize = 9 * 1024 * 1024;
const DISK_BYTES: u64 = 16 * 1024 * 1024;
/// Of a block device: nobody else may have it so (open(2); asm-generic/fcntl.h).
const O_EXCL: i32 = 0o200;

/// The script.
pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flash.sh")
}

pub struct Bench {
    folder: tempfile::TempDir,
    name: String,
    pub image: Vec<u8>,
}

pub struct Done {
    pub ok: bool,
    pub said: String,
}

impl Bench {
    /// An image of this name, signed by `release`, and an empty disk `disk.img`.
    pub fn new(name: &str) -> Self {
        Self::of("image", name)
    }

    /// The same of another kind of file.
    pub fn of(kind: &str, name: &str) -> Self {
        // Every byte tells where it stands.
        let image: Vec<u8> =
            (0..IMAGE_BYTES / 4).flat_map(|at| (at * 2_654_435_761).to_le_bytes()[..4].to_vec()).collect();
        let manifest = format!("{}.manifest", name.trim_end_matches(".zst"));
        let bench = Self { folder: tempfile::tempdir().expect("a folder"), name: name.to_owned(), image };
        bench.write("unpacked", &bench.image);
        let pack = if name.ends_with(".zst") { "zstd -q unpacked -o" } else { "cp unpacked" };
        bench.shell(&format!(
            "{pack} {name}; printf 'ringfence-{kind} 1\\nversion 0.1.0\\nvariant product\\nepoch 1\\nboard \
             ringfence-virtual\\nsha256 %s\\nbytes %s\\n' \"$(sha256sum < unpacked | cut -d' ' -f1)\" {IMAGE_BYTES} > {manifest}
             for who in release thief; do openssl genpkey -algorithm ed25519 -out $who.key
             openssl pkey -in $who.key -pubout -out $who.pem; done; rm unpacked"
        ));
        bench.sign(&manifest, "release");
        let disk = fs::File::create(bench.path("disk.img")).expect("a disk");
        disk.set_len(DISK_BYTES).expect("room");
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("it can be read")
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("it can be written");
    }

    pub fn disk_bytes(&self) -> Vec<u8> {
        self.read("disk.img")
    }

    /// Makes the disk this long.
    pub fn resize_disk(&self, bytes: u64) {
        let disk = fs::File::options().write(true).open(self.path("disk.img")).expect("a disk");
        disk.set_len(bytes).expect("room");
    }

    pub fn sign(&self, file: &str, who: &str) {
        self.shell(&format!("openssl pkeyutl -sign -rawin -inkey {who}.key -in {file} -out {file}.sig"));
    }

    /// Gives the disk a table with these partitions.
    pub fn partition(&self, lines: &[&str]) {
        self.shell(&format!("printf 'label: gpt\\n{}\\n' | sfdisk --quiet disk.img", lines.join("\\n")));
    }

    pub fn shell(&self, words: &str) {
        let done = Command::new("bash")
            .args(["-euc", words])
            .current_dir(self.folder.path())
            .stderr(Stdio::null())
            .status();
        assert!(done.expect("bash is installed").success(), "{words}");
    }

    /// Runs the script on the image and the disk.
    pub fn flash(&self, options: &[&str], typed: &str) -> Done {
        self.flash_after("true", options, typed)
    }

    /// The same, in a shell that was set up by these words.
    pub fn flash_after(&self, setup: &str, options: &[&str], typed: &str) -> Done {
        let words = [&[self.name.as_str(), "disk.img"], options].concat();
        self.run(setup, &words, typed)
    }

    /// Runs the script with just these words.
    pub fn run(&self, setup: &str, words: &[&str], typed: &str) -> Done {
        let mut child = self.start(setup, words);
        if let Some(mut stdin) = child.stdin.take() {
            // It may have ended before it asked.
            let _heard = stdin.write_all(typed.as_bytes());
        }
        let done = child.wait_with_output().expect("it ends");
        Done { ok: done.status.success(), said: String::from_utf8_lossy(&done.stderr).into_owned() }
    }

    /// The same; something happens between the question for the serial and its answer.
    pub fn run_while(&self, setup: &str, words: &[&str], typed: &str, happens: impl FnOnce()) -> Done {
        let mut child = self.start(setup, words);
        let mut told = BufReader::new(child.stderr.take().expect("it is kept"));
        let mut said = String::new();
        while !said.contains("type the serial above") {
            assert!(told.read_line(&mut said).expect("it can be read") > 0, "it never asked: {said}");
        }
        happens();
        let mut stdin = child.stdin.take().expect("it listens");
        stdin.write_all(typed.as_bytes()).expect("it listens");
        told.read_to_string(&mut said).expect("it can be read");
        Done { ok: child.wait().expect("it ends").success(), said }
    }

    fn start(&self, setup: &str, words: &[&str]) -> Child {
        Command::new("bash")
            .args(["-c", &format!("{setup}\nexec \"$@\""), "bash"])
            .arg(script())
            .args(["--key", "release.pem"])
            .args(words)
            // Of its own: a test that cuts the power cuts nobody else's.
            .process_group(0)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash is installed")
    }

    /// It refuses, says why, and the disk stays as it was.
    pub fn refuses(&self, options: &[&str], typed: &str, why: &str) {
        let before = self.disk_bytes();
        let done = self.flash(options, typed);
        assert!(!done.ok && done.said.contains(why), "{why}: {}", done.said);
        assert!(self.disk_bytes() == before, "{why}: the disk was touched");
    }
}

/// A loop device over a file.
pub struct LoopDevice {
    pub path: String,
}

impl LoopDevice {
    /// `None` where the kernel lends none.
    pub fn over(file: &Path) -> Option<Self> {
        let made = Command::new("losetup").args(["--find", "--show"]).arg(file).output().ok()?;
        let path = String::from_utf8(made.stdout).ok()?.trim().to_owned();
        made.status.success().then_some(Self { path })
    }

    /// Holds it as a file system does that mounts it nowhere: exclusively.
    pub fn held(&self) -> fs::File {
        let mut options = fs::File::options();
        options.read(true).custom_flags(O_EXCL).open(&self.path).expect("nobody else has it")
    }

    /// Makes a file system on it and mounts it; `None` where that is not allowed.
    pub fn mounted(&self, place: &Path) -> Option<Mounted> {
        fs::create_dir_all(place).ok()?;
        let made = Command::new("mkfs.ext4").args(["-q", "-F", &self.path]).status().ok()?;
        let mounted = Command::new("mount").arg(&self.path).arg(place).stderr(Stdio::null()).status().ok()?;
        (made.success() && mounted.success()).then(|| Mounted(place.to_owned()))
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let _freed = Command::new("losetup").args(["--detach", &self.path]).status();
    }
}

/// Unmounted when dropped.
pub struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _freed = Command::new("umount").arg(&self.0).status();
    }
}
