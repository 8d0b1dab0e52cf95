//! RAUC itself, on a bus of its own, against `ringfence-slot`: it signs and reads a verity bundle, marks slots, and
//! installs one whole system into files and a disk's image that sfdisk reads. dm-verity's mount needs a kernel with
//! device mapper and is tried in the guest; here the bundle that is mounted is a plain one.

use slots::{Bundle, RootHash};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const RUNNING: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const NEW: &str = "0202020202020202020202020202020203030303030303030303030303030303";
const PARTS: [(u32, &str); 4] = [(2, "root-a"), (3, "verity-a"), (4, "root-b"), (5, "verity-b")];

struct Place {
    folder: tempfile::TempDir,
    bus: Option<(Child, String)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((bus, _)) = &mut self.bus {
            // RAUC's service ends with its bus.
            bus.kill().unwrap();
            bus.wait().unwrap();
        }
    }
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), bus: None };
        place.run(Command::new("openssl").args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj",
            "/CN=t", "-days", "99",
        ]));
        place.machine();
        place.rauc_files();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn out(&self, command: &mut Command) -> Output {
        let program = command.get_program().to_owned();
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((_, address)) = &self.bus {
            command.env("DBUS_SYSTEM_BUS_ADDRESS", address);
        }
        command.output().unwrap_or_else(|error| panic!("{program:?} is a package this test needs: {error}"))
    }

    fn run(&self, command: &mut Command) -> String {
        let out = self.out(command);
        let text =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{command:?}: {text}");
        text
    }

    /// A disk's image with the box's partitions, and the folders in which the kernel would show them.
    fn machine(&self) {
        self.write("m/proc/cmdline", &format!("quiet roothash={RUNNING}\n"));
        for folder in
            ["m/dev/disk/by-partlabel", "m/dev/disk/by-partuuid", "m/sys/class/block", "esp/EFI/Linux"]
        {
            std::fs::create_dir_all(self.path(folder)).unwrap();
        }
        let disk = std::fs::File::create(self.path("m/dev/vda")).unwrap();
        disk.set_len(32 << 20).unwrap();
        let mut table = "label: gpt\nsize=4M,name=esp\n".to_owned();
        for (number, label) in PARTS {
            table.push_str(&format!("size=2M,name={label}\n"));
            self.write(&format!("m/dev/vda{number}"), "");
            self.write(&format!("m/sys/devices/vda/vda{number}/partition"), &format!("{number}\n"));
            let shown = self.path("m/sys/class/block").join(format!("vda{number}"));
            symlink(format!("../../devices/vda/vda{number}"), shown).unwrap();
            symlink(format!("../../vda{number}"), self.path("m/dev/disk/by-partlabel").join(label)).unwrap();
            std::fs::File::create(self.path(label)).unwrap().set_len(2 << 20).unwrap();
        }
        let id = "07070707-0707-0707-0707-070707070707";
        symlink("../../vda2", self.path("m/dev/disk/by-partuuid").join(id)).unwrap();
        let mut sfdisk = Command::new("sfdisk")
            .args(["-q"])
            .arg(self.path("m/dev/vda"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        sfdisk.stdin.take().unwrap().write_all(table.as_bytes()).unwrap();
        assert!(sfdisk.wait().unwrap().success());
    }

    fn rauc_files(&self) {
        let root = self.folder.path().display();
        let program = env!("CARGO_BIN_EXE_ringfence-slot");
        // RAUC's configuration names a program without words of its own.
        self.write(
            "slot.sh",
            &format!("#!/bin/sh\nexec {program} --esp {root}/esp --machine {root}/m --ordered {root}/ordered \"$@\"\n"),
        );
        self.run(Command::new("chmod").args(["755", "slot.sh"]));
        let slot = |name: &str, rest: &str| format!("[slot.{name}]\ndevice={root}/{}\n{rest}\n", file(name));
        let conf = format!(
            "[system]\ncompatible=ringfence-virtual\nbootloader=custom\nactivate-installed=false\n\
             mountprefix={root}/mnt\nstatusfile={root}/status\n[handlers]\npost-install={root}/slot.sh\n\
             bootloader-custom-backend={root}/slot.sh\n[keyring]\npath={root}/c.pem\n{}{}{}{}",
            slot("root.0", "bootname=A"),
            slot("root.1", "bootname=B"),
            slot("verity.0", "parent=root.0"),
            slot("verity.1", "parent=root.1"),
        );
        self.write("system.conf", &conf);
        std::fs::create_dir_all(self.path("mnt")).unwrap();
    }

    fn bundle(&self, format: &str) -> PathBuf {
        let folder = format!("bundle-{format}");
        std::fs::create_dir_all(self.path(&folder)).unwrap();
        std::fs::write(self.path(&folder).join("root.img"), noise()).unwrap();
        self.write(&format!("{folder}/verity.img"), &"tree".repeat(1024));
        self.write(&format!("{folder}/uki.efi"), "the new system");
        self.write(
            &format!("{folder}/manifest.raucm"),
            &format!(
                "[update]\ncompatible=ringfence-virtual\nversion=0.2.0\nbuild=epoch=3 root={NEW}\n\n\
                 [bundle]\nformat={format}\n\n[image.root]\nfilename=root.img\n\n[image.verity]\nfilename=verity.img\n"
            ),
        );
        let out = self.path(&format!("{format}.raucb"));
        self.run(rauc("-c system.conf bundle --cert=c.pem --key=k.pem").arg(&folder).arg(&out));
        out
    }

    /// A bus that starts RAUC's service when it is first asked.
    fn with_bus(mut self) -> Self {
        let root = self.folder.path().display().to_string();
        let service = "[D-BUS Service]\nName=de.pengutronix.rauc\nExec=/usr/bin/rauc -c ROOT/system.conf service --override-boot-slot=A\n";
        self.write("services/de.pengutronix.rauc.service", &service.replace("ROOT", &root));
        let conf = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
                    \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>session</type>\
                    <listen>unix:path=ROOT/bus</listen><servicedir>ROOT/services</servicedir>\
                    <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
                    <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>";
        self.write("bus.conf", &conf.replace("ROOT", &root));
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={root}/bus.conf"))
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is a package this test needs");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        self.bus = Some((bus, address.trim().to_owned()));
        self
    }

    fn systems(&self, names: &[&str]) {
        for name in names {
            self.write(&format!("esp/EFI/Linux/{name}"), name);
        }
    }

    fn shown(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.path("esp/EFI/Linux")).unwrap();
        let mut names: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn rauc(words: &str) -> Command {
    let mut rauc = Command::new("rauc");
    rauc.args(words.split(' '));
    rauc
}

/// Bytes that do not compress: RAUC refuses a bundle of one block.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..65_536).map(next).collect()
}

fn file(slot: &str) -> String {
    slot.replace(".0", "-a").replace(".1", "-b")
}

fn has_loop_devices() -> bool {
    nix::unistd::geteuid().is_root() && Path::new("/dev/loop-control").exists()
}

#[test]
fn what_rauc_reports_of_a_signed_verity_bundle_is_what_we_read() {
    let place = Place::new();
    let bundle = place.bundle("verity");
    let shell = place.out(rauc("-c system.conf info --output-format=shell").arg(&bundle));
    let told = Bundle::of_info(&String::from_utf8(shell.stdout).unwrap()).unwrap();
    assert_eq!(
        (told.compatible.as_str(), told.version.as_str(), told.epoch),
        ("ringfence-virtual", "0.2.0", 3)
    );
    assert_eq!(told.root.to_string(), NEW);
    // The manifest lies in the signature at the end: one bit of it and nothing is told.
    let mut bytes = std::fs::read(&bundle).unwrap();
    let version = bytes.windows(5).rposition(|five| five == b"0.2.0").unwrap();
    bytes[version] = b'9';
    std::fs::write(&bundle, bytes).unwrap();
    let out = place.out(rauc("-c system.conf info --output-format=shell").arg(&bundle));
    assert!(!out.status.success() && Bundle::of_info(&String::from_utf8(out.stdout).unwrap()).is_err());
}

#[test]
fn rauc_marks_slots_through_our_backend() {
    let place = Place::new().with_bus();
    place.systems(&["ringfence_0.2.0_A+2-1.efi", "ringfence_0.1.0_B.efi"]);
    let status = place.run(&mut rauc("status"));
    assert!(status.contains("Activated: root.0 (A)"), "{status}");
    place.run(&mut rauc("status mark-good"));
    assert_eq!(place.shown(), ["ringfence_0.1.0_B.efi", "ringfence_0.2.0_A.efi"]);
    place.run(&mut rauc("status mark-active other"));
    assert_eq!(place.shown(), ["ringfence_0.1.0_B.efi", "ringfence_0.2.0_A+0.efi"]);
}

#[test]
fn rauc_installs_a_system_that_starts_next_and_keeps_the_one_that_runs() {
    if !has_loop_devices() {
        eprintln!("not run: RAUC mounts a bundle by a loop device, which needs root");
        return;
    }
    let place = Place::new().with_bus();
    place.systems(&["ringfence_0.1.0_A.efi", "ringfence_0.0.9_B.efi"]);
    let bundle = place.bundle("plain");
    // Signed, and nobody ordered it: whoever reaches RAUC's service makes no system of it.
    assert!(!place.out(rauc("install").arg(&bundle)).status.success());
    slots::ordered::allow(&place.path("ordered"), &RootHash([9; 32])).unwrap();
    assert!(!place.out(rauc("install").arg(&bundle)).status.success());
    // Its slot was written to and holds no system; the one that runs stays.
    assert_eq!(place.shown(), ["ringfence_0.1.0_A.efi"]);
    slots::ordered::allow(&place.path("ordered"), &RootHash::parse(NEW).unwrap()).unwrap();
    place.run(rauc("install").arg(&bundle));
    assert_eq!(place.shown(), ["ringfence_0.1.0_A.efi", "ringfence_0.2.0_B+3.efi"]);
    let new = std::fs::read_to_string(place.path("esp/EFI/Linux/ringfence_0.2.0_B+3.efi")).unwrap();
    assert_eq!(new, "the new system");
    assert!(std::fs::read(place.path("root-b")).unwrap().starts_with(&noise()));
    let table = place.run(Command::new("sfdisk").arg("-d").arg(place.path("m/dev/vda")));
    let id = |label: &str| {
        let line = table.lines().find(|line| line.contains(&format!("name=\"{label}\""))).unwrap();
        line.split("uuid=").nth(1).unwrap().split(',').next().unwrap().to_ascii_lowercase()
    };
    assert_eq!(id("root-b"), "02020202-0202-0202-0202-020202020202");
    assert_eq!(id("verity-b"), "03030303-0303-0303-0303-030303030303");
    // What runs is on trial: nothing is installed, and the trial goes on.
    std::fs::rename(
        place.path("esp/EFI/Linux/ringfence_0.1.0_A.efi"),
        place.path("esp/EFI/Linux/ringfence_0.1.0_A+2-1.efi"),
    )
    .unwrap();
    assert!(!place.out(rauc("install").arg(&bundle)).status.success());
    assert!(place.shown().contains(&"ringfence_0.1.0_A+2-1.efi".to_owned()));
}
