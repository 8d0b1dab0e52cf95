//! Updates for one box alone, with RAUC itself: its configuration as the box has it, and the key that the box made. Whether
//! dm-crypt reads the content is tried in the guest, which has a kernel for it.

use hostd::{Place, UPDATE_KEY_FILE, update_certificate};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = "0202020202020202020202020202020203030303030303030303030303030303";
const INFO: &str = "info --output-format=shell";

/// A box of files with this machine id.
fn appliance(folder: &Path, id: &str) -> Place {
    let at = |name: &str| folder.join(name);
    std::fs::create_dir_all(at("root/etc")).unwrap();
    std::fs::create_dir_all(at("state")).unwrap();
    std::fs::write(at("root/etc/machine-id"), id).unwrap();
    let (bundles, diagnostics) = (at("bundles"), at("diagnostics"));
    Place { root: at("root"), esp: at("efi"), state: at("state"), bundles, diagnostics }
}

/// Whoever makes updates.
struct Maker(tempfile::TempDir);

impl Maker {
    fn new() -> Self {
        let maker = Self(tempfile::tempdir().unwrap());
        let words = "req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=maker -days 99";
        ran(maker.at(Command::new("openssl").args(words.split(' '))));
        maker
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn at<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.current_dir(self.0.path())
    }

    fn rauc(&self, words: &str) -> Command {
        let mut rauc = Command::new("rauc");
        rauc.args(words.split(' ')).current_dir(self.0.path());
        rauc
    }

    /// A signed bundle in the format `crypt`, encrypted to nobody yet.
    fn bundle(&self) -> &'static str {
        std::fs::create_dir(self.path("in")).unwrap();
        // Bytes that do not compress: RAUC refuses a bundle of one block.
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let noise: Vec<u8> = (0..65_536).map(next).collect();
        std::fs::write(self.path("in/root.img"), noise).unwrap();
        let manifest = format!(
            "[update]\ncompatible=ringfence-virtual\nversion=0.2.0\nbuild=epoch=3 root={ROOT}\n\n\
             [bundle]\nformat=crypt\n\n[image.root]\nfilename=root.img\n"
        );
        std::fs::write(self.path("in/manifest.raucm"), manifest).unwrap();
        ran(&mut self.rauc("bundle --cert=c.pem --key=k.pem in signed.raucb"));
        "signed.raucb"
    }

    fn encrypt(&self, bundle: &str, certificates: &[String]) -> PathBuf {
        std::fs::write(self.path("to.pem"), certificates.concat()).unwrap();
        let sealed = self.path("sealed.raucb");
        ran(self.rauc("encrypt --keyring=c.pem --to=to.pem").arg(bundle).arg(&sealed));
        sealed
    }

    /// What the RAUC of a box says of a bundle: its own configuration, but for where things lie.
    fn told(&self, place: &Place, bundle: &Path) -> Output {
        let shipped = include_str!("../../../firmware/slots/rauc/system.conf");
        let key = place.state.join(UPDATE_KEY_FILE).display().to_string();
        let at = |name: &str| self.path(name).display().to_string();
        assert!(shipped.contains(KEY_ON_THE_BOX) && shipped.contains("[encryption]"));
        let conf = shipped
            .replace(KEY_ON_THE_BOX, &key)
            .replace("/etc/rauc/keyring.pem", &at("c.pem"))
            .replace("/var/lib/ringfence/host/rauc.status", &at("status"))
            .replace("/usr/bin/ringfence-slot", "/bin/true");
        std::fs::write(self.path("system.conf"), conf).unwrap();
        self.rauc(&format!("-c system.conf {INFO}")).arg(bundle).output().unwrap()
    }
}

fn ran(command: &mut Command) {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn an_update_that_is_encrypted_to_a_box_is_read_by_it_and_by_no_other() {
    let (one, other, third) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = appliance(one.path(), "3f2a91bc00112233445566778899aabb\n");
    let other = appliance(other.path(), "");
    let keyless = appliance(third.path(), "");
    let certificates = [update_certificate(&one).unwrap(), update_certificate(&other).unwrap()];
    let maker = Maker::new();
    let signed = maker.bundle();
    let sealed = maker.encrypt(signed, &certificates[..1]);
    let read = maker.told(&one, &sealed);
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let bundle = slots::Bundle::of_info(&String::from_utf8(read.stdout).unwrap()).unwrap();
    assert_eq!(
        (bundle.version.as_str(), bundle.epoch, bundle.root.to_string()),
        ("0.2.0", 3, ROOT.to_owned())
    );
    for stranger in [&other, &keyless] {
        let refused = maker.told(stranger, &sealed);
        let said = String::from_utf8_lossy(&refused.stderr);
        // By these words `hostd` tells an update for others from one that nobody signed.
        assert!(!refused.status.success() && said.contains("Failed to decrypt bundle"), "{said}");
    }
    // To several boxes at once.
    std::fs::remove_file(&sealed).unwrap();
    let sealed = maker.encrypt(signed, &certificates);
    assert!(maker.told(&one, &sealed).status.success() && maker.told(&other, &sealed).status.success());
    // Encrypted is not signed: the signature of somebody else inside is refused.
    let somebody = Maker::new();
    let foreign = somebody.encrypt(somebody.bundle(), &certificates[..1]);
    let refused = maker.told(&one, &foreign);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && !said.contains("Failed to decrypt bundle"), "{said}");
}

#[test]
fn the_key_is_made_once_is_roots_alone_and_names_the_box() {
    let folder = tempfile::tempdir().unwrap();
    let place = appliance(folder.path(), "3f2a91bc00112233445566778899aabb\n");
    let path = place.state.join(UPDATE_KEY_FILE);
    // The power failed while it was written.
    std::fs::write(path.with_extension("new"), "-----BEGIN CERTIFICATE").unwrap();
    let certificate = update_certificate(&place).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!path.with_extension("new").exists() && !certificate.contains("PRIVATE"));
    assert_eq!(update_certificate(&place).unwrap(), certificate, "a key that is there stays");
    let told = folder.path().join("told.pem");
    std::fs::write(&told, &certificate).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-subject", "-enddate", "-checkend", "0", "-in"]).arg(&told);
    let shown = String::from_utf8(openssl.output().unwrap().stdout).unwrap();
    assert!(shown.contains("Ringfence 3F2A-91BC") && shown.contains("9999"), "{shown}");
    // A file that is no key any more is of no use to anybody.
    for torn in [&b"torn"[..], b"\xff\xfe", certificate.as_bytes()] {
        std::fs::write(&path, torn).unwrap();
        assert_ne!(update_certificate(&place).unwrap(), certificate);
    }
}

const KEY_ON_THE_BOX: &str = "/var/lib/ringfence/host/update.pem";
