//! Orders carried out over a box of files and programs that behave as they were recorded (RAUC 1.8's and 1.13's words).

use crate::rig::Appliance;
use hostd::{Call, Counted, Done, Programs, Then, carry_out, release, status};
use idl::host::{HostFact, HostFault, HostOrder, Slot};
use slots::epoch::{EpochStore, FileEpoch};
use std::path::Path;
use std::sync::Mutex;

const NEW: &str = "0202020202020202020202020202020202020202020202020202020202020202";

/// Programs that answer as told, and what they were asked.
struct Recorded {
    asked: Mutex<Vec<String>>,
    does: Box<dyn Fn(&Call) -> Done + Send + Sync>,
}

impl Programs for Recorded {
    fn run(&self, call: &Call, line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        self.asked.lock().unwrap().push(format!("{} {}", call.program, call.arguments.join(" ")));
        let done = (self.does)(call);
        done.output.lines().for_each(line);
        Ok(done)
    }
}

fn recorded(does: impl Fn(&Call) -> Done + Send + Sync + 'static) -> Recorded {
    Recorded { asked: Mutex::default(), does: Box::new(does) }
}

fn says(ok: bool, output: &str) -> Done {
    Done { ok, output: output.to_owned(), complaint: String::new() }
}

fn install(
    at: &Appliance,
    hash: [u8; 32],
    downgrade: bool,
    programs: &Recorded,
) -> (Result<Then, HostFault>, Vec<u8>) {
    let mut told = Vec::new();
    let order = HostOrder::Install { bundle: hash, downgrade };
    let result =
        carry_out(&order, &at.place, Counted(Some(0)), programs, 0, &mut |percent| told.push(percent));
    (result, told)
}

fn info(version: &str, epoch: u32, compatible: &str) -> String {
    format!(
        "RAUC_MF_COMPATIBLE='{compatible}'\nRAUC_MF_VERSION='{version}'\nRAUC_MF_BUILD='epoch={epoch} root={NEW}'\n"
    )
}

/// RAUC that installs: it tells its steps and the handler shows the new system.
fn rauc(esp: &Path, info: String, version: &'static str) -> Recorded {
    let folder = esp.join("EFI/Linux");
    recorded(move |call| match call.arguments[0].as_str() {
        "info" => says(true, &info),
        "install" => {
            std::fs::write(folder.join(format!("ringfence_{version}_B+3.efi")), "").unwrap();
            says(true, "installing\n  0% Installing\n 40% Verifying signature done.\n100% Installing done.\n")
        }
        other => panic!("nobody asks for {other}"),
    })
}

#[test]
fn an_update_is_checked_installed_and_expected_to_start() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let hash = at.bundle(b"bundle");
    let programs = rauc(&at.place.esp, info("0.2.0", 2, "ringfence-virtual"), "0.2.0");
    let (result, told) = install(&at, hash, false, &programs);
    assert_eq!(result, Ok(Then::Nothing));
    assert_eq!(told, [0, 40, 100]);
    assert_eq!(at.life().expected, Some(Slot::B));
    assert!(!at.place.state.join("ordered").exists(), "nothing else becomes startable later");
    let path = at.path_of(&hash).display().to_string();
    let asked = programs.asked.lock().unwrap().clone();
    assert_eq!(asked, [format!("rauc info --output-format=shell {path}"), format!("rauc install {path}")]);
}

#[test]
fn what_must_not_be_installed_is_refused_before_anything_is_written() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let hash = at.bundle(b"bundle");
    FileEpoch(at.place.state.join("epoch")).raise(2).unwrap();
    let refused = |info: Done, downgrade| {
        let programs = recorded(move |call| match call.arguments[0].as_str() {
            "info" => info.clone(),
            other => panic!("{other} is too much"),
        });
        install(&at, hash, downgrade, &programs).0.unwrap_err()
    };
    let good = |version, epoch| says(true, &info(version, epoch, "ringfence-virtual"));
    assert_eq!(refused(says(false, ""), false), HostFault::BadSignature);
    let unread =
        Done { complaint: "Failed to decrypt bundle: Failed to decrypt CMS".into(), ..says(false, "") };
    assert_eq!(refused(unread, false), HostFault::OtherBox);
    assert_eq!(refused(says(true, &info("0.2.0", 2, "other")), false), HostFault::OtherHardware);
    assert_eq!(refused(good("0.2.0", 1), false), HostFault::TooOld { epoch: 1, least: 2 });
    assert_eq!(refused(good("0.2.0", 1), true), HostFault::TooOld { epoch: 1, least: 2 });
    assert!(
        matches!(refused(good("0.0.9", 2), false), HostFault::System(said) if said.contains("two persons"))
    );
    assert!(matches!(refused(says(true, "RAUC_MF_VERSION='1'"), false), HostFault::System(_)));
    // The TPM counts more than the file has, or has not told what it counts.
    for (counted, why) in [
        (Counted(Some(3)), HostFault::TooOld { epoch: 2, least: 3 }),
        (
            Counted(None),
            HostFault::System("the lowest epoch is unknown: the TPM has not told its count yet".into()),
        ),
    ] {
        let only_info = recorded(|call| match call.arguments[0].as_str() {
            "info" => says(true, &info("0.2.0", 2, "ringfence-virtual")),
            other => panic!("{other} is too much"),
        });
        let order = HostOrder::Install { bundle: hash, downgrade: true };
        assert_eq!(carry_out(&order, &at.place, counted, &only_info, 0, &mut |_| {}), Err(why));
    }
    let nothing = recorded(|call| panic!("{call:?} is too much"));
    assert_eq!(install(&at, [9; 32], false, &nothing).0, Err(HostFault::NoBundle));
    std::fs::write(at.path_of(&hash), b"other bytes").unwrap();
    assert_eq!(install(&at, hash, false, &nothing).0, Err(HostFault::BadSignature));
    let trial = Appliance::new(&["ringfence_0.1.0_A+2-1.efi", "ringfence_0.0.9_B.efi"]);
    let hash = trial.bundle(b"bundle");
    assert_eq!(install(&trial, hash, false, &nothing).0, Err(HostFault::NotYetGood));
    assert_eq!(at.life().expected, None);
}

#[test]
fn an_older_system_that_two_persons_want_is_installed() {
    let at = Appliance::new(&["ringfence_0.1.0_A+0.efi"]);
    std::fs::rename(
        at.place.esp.join("EFI/Linux/ringfence_0.1.0_A+0.efi"),
        at.place.esp.join("EFI/Linux/ringfence_0.1.0_A.efi"),
    )
    .unwrap();
    let hash = at.bundle(b"bundle");
    // The handler puts the running one last, as `slots` plans it.
    let folder = at.place.esp.join("EFI/Linux");
    let programs = recorded(move |call| match call.arguments[0].as_str() {
        "info" => says(true, &info("0.0.9", 2, "ringfence-virtual")),
        _ => {
            std::fs::write(folder.join("ringfence_0.0.9_B+3.efi"), "").unwrap();
            std::fs::rename(folder.join("ringfence_0.1.0_A.efi"), folder.join("ringfence_0.1.0_A+0.efi"))
                .unwrap();
            says(true, "100% Installing done.\n")
        }
    });
    assert_eq!(install(&at, hash, true, &programs).0, Ok(Then::Nothing));
}

#[test]
fn an_installation_that_fails_says_raucs_own_last_word_and_expects_nothing() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let hash = at.bundle(b"bundle");
    let failing = recorded(|call| match call.arguments[0].as_str() {
        "info" => says(true, &info("0.2.0", 2, "ringfence-virtual")),
        _ => says(false, "100% Installing failed.\nLastError: Failed mounting bundle: no space\n"),
    });
    let said = HostFault::System("Failed mounting bundle: no space".to_owned());
    assert_eq!(install(&at, hash, false, &failing).0, Err(said));
    assert_eq!(at.life().expected, None);
    // A block that is not what was signed reads as an error.
    let torn = recorded(|call| match call.arguments[0].as_str() {
        "info" => says(true, &info("0.2.0", 2, "ringfence-virtual")),
        _ => says(false, "LastError: Installation error: Input/output error\n"),
    });
    assert!(
        matches!(install(&at, hash, false, &torn).0, Err(HostFault::System(said)) if said.contains("changed after it was signed"))
    );
    // RAUC is content, but nothing would start.
    let idle = recorded(|call| match call.arguments[0].as_str() {
        "info" => says(true, &info("0.2.0", 2, "ringfence-virtual")),
        _ => says(true, "100% Installing done.\n"),
    });
    assert!(
        matches!(install(&at, hash, false, &idle).0, Err(HostFault::System(said)) if said.contains("would not start"))
    );
}

#[test]
fn a_reset_tells_the_next_start_before_it_destroys_the_keys() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let variable = at.place.at("sys/firmware/efi/efivars/FactoryReset-8cf2644b-4b0b-428f-9387-6d876050dc67");
    let written = variable.clone();
    let programs = recorded(move |call| {
        assert_eq!(call.program, "cryptsetup");
        if call.arguments[0] == "luksDump" {
            return says(true, "{\"keyslots\":{\"0\":{},\"1\":{}}}");
        }
        assert_eq!(call.arguments[..2], ["erase", "--batch-mode"]);
        assert_eq!(std::fs::read(&written).unwrap(), b"\x07\0\0\0y\0e\0s\0\0\0");
        says(true, "")
    });
    let result =
        carry_out(&HostOrder::FactoryReset, &at.place, Counted::default(), &programs, 0, &mut |_| {});
    assert_eq!(result, Ok(Then::Restart));
    let failing = recorded(|_| says(false, ""));
    assert!(
        carry_out(&HostOrder::FactoryReset, &at.place, Counted::default(), &failing, 0, &mut |_| {}).is_err()
    );
}

#[test]
fn a_diagnostics_bundle_holds_no_number_no_name_and_no_key() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    std::fs::create_dir_all(at.place.at("run/ringfence/supervisor")).unwrap();
    let health = "{\"processes\":{\"lined\":{\"gauges\":{\"calls\":3}}},\"x\":\"王小明 13900001111\"}";
    std::fs::write(at.place.at("run/ringfence/supervisor/health.json"), health).unwrap();
    let secrets = [
        "13800001234",
        "0000-1234",
        "王小明",
        "hunter2",
        "c2VjcmV0MTIzNDU2Nzg5MA",
        "13900001111",
        "00112233445566778899",
    ];
    let programs = recorded(|call| match call.program {
        "journalctl" => says(
            true,
            "2026-11-22T10:15:00+0800 lined[77]: span 1 RED\n\
             2026-11-22T10:15:01+0800 lined[77]: INVITE sip:13800001234@192.0.2.7 password=hunter2\n\
             2026-11-22T10:15:02+0800 vaultd[78]: 王小明 called 138-0000-1234 key: c2VjcmV0MTIzNDU2Nzg5MA==\n\
             2026-11-22T10:15:03+0800 vaultd[78]: 00112233445566778899aabbccddeeff\n",
        ),
        _ => says(true, "ringfence.target loaded active\n"),
    });
    let result = carry_out(
        &HostOrder::Diagnostics,
        &at.place,
        Counted::default(),
        &programs,
        1_700_000_000,
        &mut |_| {},
    );
    let Ok(Then::Tell(HostFact::Diagnostics { bundle, bytes })) = result else { panic!("{result:?}") };
    let path = at.place.diagnostics.join(format!("{}.tar", data_encoding::HEXLOWER.encode(&bundle)));
    let tar = std::fs::read(&path).unwrap();
    assert_eq!(tar.len() as u64, bytes);
    let text = String::from_utf8(tar).unwrap();
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}");
    }
    // And it is of use.
    for told in ["span 1 RED", "2026-11-22T10:15:02+0800", "\"calls\":3", "IMAGE_VERSION=0.1.0", "192.0.2.7"]
    {
        assert!(text.contains(told), "{told}");
    }
}

#[test]
fn how_the_box_stands_is_read_from_the_loaders_names_and_the_system() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi", "ringfence_0.2.0_B+1-2.efi"]);
    let release = release(&at.place).unwrap();
    assert_eq!((release.version.as_str(), release.epoch, release.development), ("0.1.0", 2, false));
    let told = status(&at.place, &release).unwrap();
    assert_eq!((told.running, told.secure_boot, told.up_s), (Slot::A, true, 77));
    assert!(told.slots[0].good && !told.slots[1].good);
    assert_eq!((told.slots[1].version.as_deref(), told.slots[1].tries_left), (Some("0.2.0"), Some(1)));
    assert!(told.data_bytes > 0);
}
