//! The USB installer: the firmware starts it from the stick under Secure Boot, somebody at the serial port names the empty
//! disk, and the box starts from that disk to its claim code. A stick with one changed byte starts nothing.

use super::{BOOT_LIMIT, Bench, console_shows_code};
use crate::machine::{Machine, START};
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let stick = bench.image.installer();
    ensure!(stick.is_file(), "{}: build it with cargo xtask image --installer", stick.display());
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    File::create(machine.disk())?.set_len(bench.rig.disk_gib << 30)?;
    machine.stick(Some(&stick));
    machine.power_on()?;
    steps.step("the stick starts under Secure Boot and asks which disk is to be erased", || {
        says(&mut machine, "Type the serial of the disk")?;
        let shown = machine.console();
        ensure!(shown.contains("请输入要抹掉的磁盘的序列号"), "no Chinese on the serial port");
        ensure!(
            !shown.contains("Secure Boot is off") && !shown.contains("no TPM"),
            "a warning without a reason"
        );
        // The firmware names what it starts from; the program comes after the kernel.
        let (_, offered) = shown.split_once(START).context("no kernel started")?;
        ensure!(!offered.contains("QEMU USB"), "the stick itself is offered");
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    steps.step("another serial, and another word, write nothing", || {
        machine.type_on_console("/dev/vdb\r")?;
        says(&mut machine, "has that serial")?;
        machine.type_on_console("/dev/vda\r")?;
        says(&mut machine, "Type YES to go on")?;
        machine.type_on_console("no\r")?;
        machine.wait("the disks once more", BOOT_LIMIT, |machine| {
            (machine.console().matches("Type the serial of the disk").count() > 2).then_some(())
        })?;
        let mut head = [0xff; 4_096];
        File::open(machine.disk())?.read_exact_at(&mut head, 0)?;
        ensure!(head.iter().all(|byte| *byte == 0), "the disk is not empty any more");
        Ok(((), String::new()))
    })?;
    steps.step("the disk that is named is written and read back", || {
        let begun = machine.on_for();
        machine.type_on_console("/dev/vda\rYES\r")?;
        says(&mut machine, "Done: the disk is written and verified")?;
        Ok(((), format!("{:.0} s", machine.on_for() - begun)))
    })?;
    steps.step("one key more and the box starts again", || {
        machine.type_on_console("\r")?;
        machine.wait_for_end(BOOT_LIMIT)?;
        Ok(((), String::new()))
    })?;
    machine.stick(None);
    machine.power_on()?;
    steps.step("without the stick it starts from its disk and shows a claim code", || {
        console_shows_code(&mut machine)?;
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    machine.power_cut();
    changed_stick(bench, steps)
}

/// The image that would be written is covered by the signature of what starts.
fn changed_stick(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    steps.step("a stick whose image has one changed byte is not started by the firmware", || {
        let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
        File::create(machine.disk())?.set_len(bench.rig.disk_gib << 30)?;
        let stick = bench.folder.join("changed.raw");
        std::fs::copy(bench.image.installer(), &stick)?;
        let file = File::options().read(true).write(true).open(&stick)?;
        let (middle, mut byte) = (file.metadata()?.len() / 2, [0]);
        file.read_exact_at(&mut byte, middle)?;
        file.write_all_at(&[byte[0] ^ 1], middle)?;
        machine.stick(Some(&stick));
        machine.power_on()?;
        let said = machine.wait("the refusal", BOOT_LIMIT, |machine| {
            let console = machine.console();
            console.lines().find(|line| REFUSED.iter().any(|word| line.contains(word))).map(str::to_owned)
        });
        let said = said.context("the firmware says nothing")?;
        ensure!(!machine.console().contains("Installer of Ringfence"), "it started all the same");
        Ok(((), said.trim().to_owned()))
    })
}

fn says(machine: &mut Machine, words: &str) -> anyhow::Result<()> {
    machine.wait(words, BOOT_LIMIT, |machine| machine.console().contains(words).then_some(()))
}

/// How the firmware says that a signature is not good.
const REFUSED: &[&str] = &["Access Denied", "Access denied", "Security Violation", "Security violation"];
