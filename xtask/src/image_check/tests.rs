//! The gate can fail: each kind of fault, put in on purpose, is found and named.

use super::python::{Scratch, Subject, lint};
use super::{check, oecore};
use crate::project;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A copy of layer and system to break, with files in place of programs.
struct Copy {
    folder: Scratch,
    subject: Subject,
}

impl Copy {
    fn new() -> Self {
        let folder = Scratch::new("seeded").unwrap();
        let ours = Subject::ours();
        // The system's recipe names its licence by a path from its own folder.
        let image = folder.0.join("image");
        copy(&ours.layer, &image.join("meta-ringfence"));
        copy(&ours.system, &image.join("system"));
        let binaries = folder.0.join("bin");
        fs::create_dir_all(&binaries).unwrap();
        for program in PROGRAMS {
            fs::write(binaries.join(program), program).unwrap();
        }
        let subject =
            Subject { layer: image.join("meta-ringfence"), system: image.join("system"), keyring: None };
        Self { folder, subject }
    }

    /// Changes a file of the layer or the system.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.0.join("image").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn faults(&self) -> String {
        check(&self.subject, &self.folder.0.join("bin"), &self.folder.0.join("root")).unwrap().join("\n")
    }
}

/// With its links as they are.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut command = Command::new("cp");
    project::run(command.arg("-a").arg(from.join(".")).arg(to)).unwrap();
}

#[test]
fn the_layer_as_it_is_has_no_fault() {
    let copy = Copy::new();
    assert_eq!(copy.faults(), "");
    assert_eq!(lint(&Subject::ours().layer).unwrap(), Vec::<String>::new());
    assert_eq!(oecore::faults(&Subject::ours(), &copy.folder.0.join("root")).unwrap(), Vec::<String>::new());
}

#[test]
fn a_file_that_no_package_takes_is_found() {
    let copy = Copy::new();
    let recipe = "meta-ringfence/recipes-ringfence/ringfence-programs/ringfence-programs_0.1.0.bb";
    copy.change(recipe, " ${datadir}/ringfence\"", "\"");
    let faults = copy.faults();
    assert!(faults.contains("of ringfence-programs is in no package"), "{faults}");
}

#[test]
fn a_class_nobody_has_is_found() {
    let copy = Copy::new();
    copy.change(
        "meta-ringfence/recipes-ringfence/ringfence-programs/ringfence-programs_0.1.0.bb",
        "inherit cargo",
        "inherit cargoo",
    );
    assert!(copy.faults().contains("Could not inherit file classes/cargoo.bbclass"), "{}", copy.faults());
}

#[test]
fn broken_python_in_a_recipe_is_found() {
    let copy = Copy::new();
    let recipe = "meta-ringfence/recipes-ringfence/ringfence-system/ringfence-system_0.1.0.bb";
    copy.change(recipe, "groups, users = [], {}", "groups, users = [], {");
    assert!(copy.faults().contains("ringfence-system_0.1.0.bb"), "{}", copy.faults());
}

#[test]
fn an_install_step_that_fails_is_found() {
    let copy = Copy::new();
    fs::remove_file(copy.folder.0.join("bin/calld")).unwrap();
    assert!(copy.faults().contains("cargo built no calld"), "{}", copy.faults());
}

#[test]
fn a_unit_that_is_dropped_is_found() {
    let copy = Copy::new();
    let recipe = "meta-ringfence/recipes-ringfence/ringfence-programs/ringfence-programs_0.1.0.bb";
    copy.change(recipe, "    calld.service \\\n", "");
    assert!(
        copy.faults().contains("calld.service lies in services and is not installed"),
        "{}",
        copy.faults()
    );
}

#[test]
fn a_stale_list_of_crates_is_found() {
    let copy = Copy::new();
    let list = "meta-ringfence/recipes-ringfence/ringfence-programs/ringfence-crates.inc";
    copy.change(list, "crate://crates.io/serde/1", "crate://crates.io/serde/0");
    let faults = copy.faults();
    assert!(faults.contains("ringfence-crates.inc misses: crate://crates.io/serde/1"), "{faults}");
    assert!(faults.contains("ringfence-crates.inc is stale: crate://crates.io/serde/0"), "{faults}");
}

#[test]
fn a_user_that_is_not_made_is_found() {
    let copy = Copy::new();
    copy.change("system/root/usr/lib/sysusers.d/ringfence.conf", "u ringfence-call ", "u ringfence-cull ");
    assert!(copy.faults().contains("calld.service runs as ringfence-call"), "{}", copy.faults());
}

#[test]
fn a_folder_of_sockets_in_which_another_process_could_answer_is_found() {
    for (was, is, told) in [
        (
            "d /run/ringfence                      0750 root",
            "d /run/ringfence                      0770 root",
            "0750 root",
        ),
        (
            "0750 ringfence-vault  ringfence -\nd /run/ringfence/lined",
            "0750 ringfence-line   ringfence -\nd /run/ringfence/lined",
            "d /run/ringfence/vaultd",
        ),
    ] {
        let copy = Copy::new();
        copy.change("system/root/usr/lib/tmpfiles.d/ringfence.conf", was, is);
        let faults = copy.faults();
        assert!(
            faults.contains("tmpfiles.d/ringfence.conf has no line") && faults.contains(told),
            "{faults}"
        );
    }
}

#[test]
fn a_unit_without_a_limit_of_memory_and_tasks_is_found() {
    let copy = Copy::new();
    let unit = "system/root/usr/lib/systemd/system/ringfence-closed.service";
    copy.change(unit, "MemoryMax=64M\n", "");
    copy.change(unit, "TasksMax=16\n", "TasksMax=16\nTasksMax=infinity\n");
    let faults = copy.faults();
    assert!(faults.contains("ringfence-closed.service has no MemoryMax"), "{faults}");
    assert!(faults.contains("ringfence-closed.service has no TasksMax"), "{faults}");
}

#[test]
fn a_kernel_that_could_write_to_a_stick_is_found() {
    let copy = Copy::new();
    let fragment = "meta-ringfence/recipes-kernel/linux/files/storage.cfg";
    copy.change(fragment, "# CONFIG_USB_STORAGE is not set", "CONFIG_USB_STORAGE=m");
    assert!(copy.faults().contains("do not turn CONFIG_USB_STORAGE off"), "{}", copy.faults());
}

#[test]
fn an_option_that_the_description_asks_for_is_missed() {
    let copy = Copy::new();
    copy.change("meta-ringfence/recipes-kernel/linux/files/storage.cfg", "CONFIG_DM_VERITY=y\n", "");
    assert!(copy.faults().contains("asks for CONFIG_DM_VERITY=m"), "{}", copy.faults());
}

#[test]
fn a_package_beside_the_description_is_found() {
    let copy = Copy::new();
    copy.change(
        "meta-ringfence/recipes-core/images/ringfence-image.inc",
        "\"base-files ",
        "\"base-files openssh ",
    );
    assert!(copy.faults().contains("takes openssh, which system.toml does not name"), "{}", copy.faults());
}

#[test]
fn a_program_that_no_unit_starts_is_found() {
    let copy = Copy::new();
    copy.change(
        "meta-ringfence/recipes-ringfence/ringfence-programs/ringfence-programs_0.1.0.bb",
        "    calld.service \\\n",
        "",
    );
    assert!(copy.faults().contains("/usr/bin/calld is installed and no unit starts it"), "{}", copy.faults());
}

#[test]
fn the_certificate_of_updates_is_installed_where_it_is_named() {
    let copy = Copy::new();
    let (keyring, root) = (copy.folder.0.join("update.crt"), copy.folder.0.join("root"));
    fs::write(&keyring, "a certificate").unwrap();
    let subject = Subject { keyring: Some(keyring), ..copy.subject.clone() };
    let answer = super::python::install(&subject, &copy.folder.0.join("bin"), &root).unwrap();
    assert_eq!(answer.faults, Vec::<String>::new());
    assert_eq!(fs::read_to_string(root.join("etc/rauc/keyring.pem")).unwrap(), "a certificate");
}

#[test]
fn a_fragment_that_is_not_there_is_found() {
    let copy = Copy::new();
    fs::remove_file(copy.subject.layer.join("recipes-kernel/linux/files/tpm.cfg")).unwrap();
    assert!(copy.faults().contains("linux-yocto takes the file tpm.cfg"), "{}", copy.faults());
}

#[test]
fn a_slot_that_the_bundle_does_not_write_is_found() {
    let copy = Copy::new();
    let recipe = "meta-ringfence/recipes-core/bundles/ringfence-bundle_0.1.0.bb";
    copy.change(recipe, "RAUC_BUNDLE_SLOTS = \"root verity\"", "RAUC_BUNDLE_SLOTS = \"root\"");
    assert!(copy.faults().contains("partitions verity"), "{}", copy.faults());
}

#[test]
fn a_recipe_that_oelint_does_not_like_is_found() {
    let copy = Copy::new();
    let recipe = "meta-ringfence/recipes-ringfence/ringfence-initrd/ringfence-initrd_0.1.0.bb";
    copy.change(recipe, "SECTION = \"ringfence\"", "SECTION=\"ringfence\"");
    let said = lint(&copy.subject.layer).unwrap().join("\n");
    assert!(said.contains("ringfence-initrd_0.1.0.bb:5:"), "{said}");
}

/// What the recipe installs in /usr/bin.
const PROGRAMS: &[&str] = &[
    "admind",
    "calld",
    "consoled",
    "hostd",
    "lined",
    "supervisor",
    "vaultd",
    "ringfence",
    "ringfence-ledger",
    "ringfence-recording",
    "ringfence-slot",
    "ringfence-recover",
];
