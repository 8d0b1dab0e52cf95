//! A box of files: what the kernel, the loader and the image would show.

use hostd::{Life, Place};
use idl::host::Slot;
use std::os::unix::fs::symlink;

const RUNNING: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// A box.
pub struct Appliance {
    pub place: Place,
    _folder: tempfile::TempDir,
}

impl Appliance {
    pub fn new(systems: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("proc/cmdline", &format!("roothash={RUNNING}"));
        write("proc/sys/kernel/random/boot_id", "now\n");
        write("proc/uptime", "77.12 1.0");
        write(
            "usr/lib/os-release",
            "IMAGE_ID=ringfence\nIMAGE_VERSION=0.1.0\nVARIANT_ID=product\nRINGFENCE_EPOCH=2\n",
        );
        write("etc/rauc/system.conf", "[system]\ncompatible=ringfence-virtual\n");
        write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\x06\0\0\0\x01");
        for name in ["dev/vda2", "dev/vda4", "dev/disk/by-partlabel/.keep", "dev/disk/by-partuuid/.keep"] {
            write(name, "");
        }
        symlink("../../vda2", root.join("dev/disk/by-partlabel/root-a")).unwrap();
        symlink("../../vda4", root.join("dev/disk/by-partlabel/root-b")).unwrap();
        let id = "dev/disk/by-partuuid/07070707-0707-0707-0707-070707070707";
        symlink("../../vda2", root.join(id)).unwrap();
        let at = |name: &str| folder.path().join(name);
        let place = Place {
            root,
            esp: at("efi"),
            state: at("state"),
            bundles: at("bundles"),
            diagnostics: at("diagnostics"),
        };
        for made in [&place.esp.join("EFI/Linux"), &place.state, &place.bundles] {
            std::fs::create_dir_all(made).unwrap();
        }
        for name in systems {
            std::fs::write(place.esp.join("EFI/Linux").join(name), "").unwrap();
        }
        let life = Life {
            boot: "1".into(),
            slot: Slot::A,
            version: "0.1.0".into(),
            ended: false,
            expected: None,
            good_told: true,
        };
        life.write(&place.state.join("life.json")).unwrap();
        Self { place, _folder: folder }
    }

    /// A bundle with these bytes; its hash.
    pub fn bundle(&self, bytes: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
        std::fs::write(self.path_of(&hash), bytes).unwrap();
        hash
    }

    pub fn path_of(&self, hash: &[u8; 32]) -> std::path::PathBuf {
        self.place.bundles.join(format!("{}.raucb", data_encoding::HEXLOWER.encode(hash)))
    }

    pub fn life(&self) -> Life {
        Life::read(&self.place.state.join("life.json")).unwrap().unwrap()
    }
}
