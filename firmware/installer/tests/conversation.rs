//! The whole conversation at the box, with disks in files: what is written, and above all what is not.

use installer::dialogue::{Machine, Terminal, converse};
use installer::disks::{self, Disk};
use installer::manifest::Manifest;
use installer::write::{Stage, TABLE, WriteError, install};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const IMAGE_BYTES: usize = TABLE + 9_000_001;

struct Person {
    types: VecDeque<&'static str>,
    seen: String,
}

impl Terminal for Person {
    fn say(&mut self, zh: &str, en: &str) {
        assert!(!zh.is_ascii() && en.is_ascii(), "both languages: {zh} {en}");
        self.show(zh);
        self.show(en);
    }

    fn show(&mut self, line: &str) {
        self.seen.push_str(line);
        self.seen.push('\n');
    }

    fn ask(&mut self) -> io::Result<String> {
        self.types.pop_front().map(str::to_owned).ok_or_else(|| io::Error::other("nobody types any more"))
    }
}

/// A box whose disks are files below a folder that looks as the kernel does.
struct Rack {
    folder: tempfile::TempDir,
    image: Vec<u8>,
    manifest: Manifest,
    faults: VecDeque<WriteError>,
}

impl Rack {
    fn new() -> Self {
        let image: Vec<u8> = (0..IMAGE_BYTES).map(|at| u8::try_from(at / 7 % 251).expect("small")).collect();
        let manifest = Manifest {
            version: "0.1.0".to_owned(),
            development: false,
            board: "ringfence-virtual".to_owned(),
            sha256: Sha256::digest(&image).into(),
            bytes: image.len() as u64,
        };
        Self { folder: tempfile::tempdir().expect("a folder"), image, manifest, faults: VecDeque::new() }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// A disk on a bus, by what the kernel shows of it.
    fn disk(&self, bus: &str, name: &str, serial: &str, mib: u64) {
        let place = format!("sys/devices/{bus}/block/{name}");
        for (file, text) in
            [("size", (mib * 2048).to_string()), ("removable", "0".into()), ("ro", "0".into())]
        {
            self.put(&format!("{place}/{file}"), &text);
        }
        self.put(&format!("{place}/serial"), serial);
        self.put(&format!("{place}/device/model"), "TESTDISK   ");
        fs::create_dir_all(self.folder.path().join("sys/block")).expect("a folder");
        let link = self.folder.path().join("sys/block").join(name);
        std::os::unix::fs::symlink(self.folder.path().join(&place), link).expect("a link");
        self.put(&format!("dev/{name}"), "");
        let file = File::options().write(true).open(self.device(name)).expect("the disk");
        file.set_len(mib << 20).expect("room");
        file.write_all_at(b"old things", 0).expect("room");
    }

    fn partition(&self, bus: &str, name: &str, number: u32, label: &str) {
        let place = format!("sys/devices/{bus}/block/{name}/{name}{number}");
        self.put(&format!("{place}/partition"), &number.to_string());
        self.put(&format!("{place}/size"), "2048");
        self.put(&format!("{place}/uevent"), &format!("MAJOR=8\nPARTNAME={label}\n"));
    }

    fn device(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("dev").join(name)
    }

    fn head(&self, name: &str) -> [u8; 10] {
        let mut head = [0; 10];
        File::open(self.device(name)).and_then(|disk| disk.read_exact_at(&mut head, 0)).expect("the disk");
        head
    }

    fn talk(&mut self, types: &[&'static str]) -> (bool, String) {
        let mut person = Person { types: types.iter().copied().collect(), seen: String::new() };
        let manifest = self.manifest.clone();
        let done = converse(&mut person, self, &manifest);
        (done.is_ok(), person.seen)
    }
}

impl Machine for Rack {
    fn disks(&mut self) -> io::Result<Vec<Disk>> {
        disks::look(self.folder.path())
    }

    fn warnings(&mut self) -> Vec<(&'static str, &'static str)> {
        vec![("无", "none")]
    }

    fn install(&mut self, disk: &Disk, told: &mut dyn FnMut(Stage, u8)) -> Result<(), WriteError> {
        if let Some(fault) = self.faults.pop_front() {
            return Err(fault);
        }
        let file = File::options().read(true).write(true).open(&disk.device).map_err(WriteError::Write)?;
        install(&mut &self.image[..], &self.manifest, &file, disk.bytes, told)
    }
}

#[test]
fn the_disk_whose_serial_is_typed_is_written_and_no_other() {
    let mut rack = Rack::new();
    rack.disk("pci0/nvme", "nvme0n1", "SN-1", 4_096);
    rack.disk("pci0/ata1", "sda", "SN-2", 4_096);
    let (done, seen) = rack.talk(&["SN-2", "YES", ""]);
    assert!(done, "{seen}");
    let mut written = vec![0; IMAGE_BYTES];
    File::open(rack.device("sda")).and_then(|disk| disk.read_exact_at(&mut written, 0)).expect("the disk");
    assert!(written == rack.image);
    assert_eq!(&rack.head("nvme0n1"), b"old things");
    for words in ["SN-1  TESTDISK  4096 MiB", "Writing 100 %", "Reading back 100 %", "written and verified"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
}

#[test]
fn another_serial_another_word_and_a_small_disk_write_nothing() {
    let mut rack = Rack::new();
    rack.disk("pci0", "sda", "SN-2", 4_096);
    rack.disk("pci0", "sdb", "SN-3", 512);
    let (done, seen) = rack.talk(&["SN-9", "sn-2", "", "SN-2", "yes", "SN-2", "", "SN-3", "SN-2", "ERASE"]);
    assert!(!done, "nobody agreed");
    assert!(seen.contains("The disk is too small") && seen.contains("has that serial"), "{seen}");
    assert_eq!((&rack.head("sda"), &rack.head("sdb")), (b"old things", b"old things"));
}

#[test]
fn two_disks_that_say_the_same_serial_are_both_left_alone() {
    let mut rack = Rack::new();
    rack.disk("pci0", "sda", "SN", 4_096);
    rack.disk("pci0", "sdb", "SN", 4_096);
    let (done, seen) = rack.talk(&["SN", "YES"]);
    assert!(!done && seen.contains("not just one"), "{seen}");
    assert_eq!((&rack.head("sda"), &rack.head("sdb")), (b"old things", b"old things"));
}

#[test]
fn the_data_of_a_box_want_a_word_of_their_own() {
    let mut rack = Rack::new();
    rack.disk("pci0", "sda", "SN", 4_096);
    for (number, label) in [(1, "esp"), (2, "root-a"), (3, "data")] {
        rack.partition("pci0", "sda", number, label);
    }
    let (done, seen) = rack.talk(&["SN", "YES"]);
    assert!(!done && seen.contains("ledger, recordings, keys") && seen.contains("root-a  1 MiB"), "{seen}");
    assert_eq!(&rack.head("sda"), b"old things");
    let (done, seen) = rack.talk(&["SN", "ERASE", ""]);
    assert!(done, "{seen}");
    assert_eq!(rack.head("sda")[..], rack.image[..10]);
}

#[test]
fn acc_14_a_disk_that_can_be_pulled_out_is_not_even_listed() {
    let mut rack = Rack::new();
    rack.disk("pci0/usb1/1-1/host6", "sdb", "STICK", 4_096);
    rack.disk("pci0", "sr0", "DISC", 4_096);
    rack.disk("virtual", "loop0", "LOOP", 4_096);
    rack.disk("pci0", "sdc", "CARD", 4_096);
    rack.put("sys/devices/pci0/block/sdc/removable", "1");
    rack.disk("pci0", "sdd", "LOCKED", 4_096);
    rack.put("sys/devices/pci0/block/sdd/ro", "1");
    let (done, seen) = rack.talk(&["", "STICK"]);
    assert!(!done && seen.contains("There is no internal disk"), "{seen}");
    assert!(disks::look(rack.folder.path()).expect("disks").is_empty());
}

#[test]
fn a_disk_without_a_serial_is_meant_by_its_device() {
    let mut rack = Rack::new();
    rack.disk("pci0", "vda", "", 4_096);
    let (done, seen) = rack.talk(&["/dev/vda", "YES", ""]);
    assert!(done, "{seen}");
}

#[test]
fn after_a_failure_the_disks_are_listed_again_and_another_can_be_taken() {
    let mut rack = Rack::new();
    rack.disk("pci0", "sda", "SN-2", 4_096);
    rack.faults.push_back(WriteError::Write(io::Error::other("I/O error")));
    let (done, seen) = rack.talk(&["SN-2", "YES", "SN-2", "YES", ""]);
    assert!(done && seen.contains("look at its cable"), "{seen}");
}

#[test]
fn what_is_not_the_manifests_image_leaves_no_table() {
    let rack = Rack::new();
    rack.disk("pci0", "sda", "SN", 64);
    let disk = File::options().read(true).write(true).open(rack.device("sda")).expect("the disk");
    let mut changed = rack.image.clone();
    changed[IMAGE_BYTES - 1] ^= 1;
    let longer = [&rack.image[..], &[0]].concat();
    for image in [&changed[..], &rack.image[..IMAGE_BYTES - 1], &rack.image[..TABLE - 1], &longer[..]] {
        install(&mut &image[..], &rack.manifest, &disk, 64 << 20, &mut |_, _| {})
            .expect_err("it is another one");
        assert_eq!(rack.head("sda"), [0; 10], "what is wrong does not start");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0_u8..4, 0..200)) {
        installer::fuzz_installer(&[b"RFPACK1\n", &bytes[..]].concat());
        installer::fuzz_installer(&bytes);
    }
}

#[test]
fn per_cents_only_rise_and_end_at_a_hundred() {
    let rack = Rack::new();
    rack.disk("pci0", "sda", "SN", 64);
    let disk = File::options().read(true).write(true).open(rack.device("sda")).expect("the disk");
    let mut told: Vec<(bool, u8)> = Vec::new();
    let mut hear = |stage, percent| told.push((stage == Stage::Reading, percent));
    install(&mut &rack.image[..], &rack.manifest, &disk, 64 << 20, &mut hear).expect("it is written");
    assert!(
        told.is_sorted() && told.contains(&(false, 100)) && told.last() == Some(&(true, 100)),
        "{told:?}"
    );
    assert!(Path::new(&rack.device("sda")).exists());
}
