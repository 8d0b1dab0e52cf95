//! What a person is asked at the box. Nothing is written before that disk's own serial was typed and the loss was agreed
//! to in one more word; every way out of an error leads back to the list of disks.

use crate::disks::Disk;
use crate::manifest::Manifest;
use crate::write::{Stage, TABLE, WriteError};
use std::io;

/// Serial port and screen.
pub trait Terminal {
    /// Shows a sentence.
    fn say(&mut self, zh: &str, en: &str);
    /// Shows a line that is the same in both languages.
    fn show(&mut self, line: &str);
    /// The next line that somebody types, wherever; without its end.
    ///
    /// # Errors
    /// Nobody can type any more.
    fn ask(&mut self) -> io::Result<String>;
}

/// The box.
pub trait Machine {
    /// Its disks.
    ///
    /// # Errors
    /// The kernel shows none.
    fn disks(&mut self) -> io::Result<Vec<Disk>>;
    /// Why a system would not start here, however well it is written.
    fn warnings(&mut self) -> Vec<(&'static str, &'static str)>;
    /// Writes the image to a disk and reads it back.
    ///
    /// # Errors
    /// [`WriteError`].
    fn install(&mut self, disk: &Disk, told: &mut dyn FnMut(Stage, u8)) -> Result<(), WriteError>;
}

/// Talks until a disk has the system and somebody said that the box may start again.
///
/// # Errors
/// Nobody can be asked.
pub fn converse(
    terminal: &mut impl Terminal,
    machine: &mut impl Machine,
    manifest: &Manifest,
) -> io::Result<()> {
    let variant = if manifest.development { ("（开发版）", " (DEVELOPMENT)") } else { ("", "") };
    terminal.show("");
    terminal.say(
        &format!("Ringfence {}{} 安装器，硬件 {}", manifest.version, variant.0, manifest.board),
        &format!("Installer of Ringfence {}{} for {}", manifest.version, variant.1, manifest.board),
    );
    for (zh, en) in machine.warnings() {
        terminal.say(&format!("注意：{zh}"), &format!("Note: {en}"));
    }
    loop {
        let disks = machine.disks()?;
        if disks.is_empty() {
            terminal.say(
                "没有内置磁盘。检查接线后按回车重找。",
                "There is no internal disk. Look at its cable, then press Enter.",
            );
            terminal.ask()?;
            continue;
        }
        list(terminal, &disks);
        let Some(disk) = choose(terminal, &disks, manifest)? else { continue };
        if !agreed(terminal, disk)? {
            continue;
        }
        let done = machine.install(disk, &mut |stage, percent| tell(terminal, stage, percent));
        match done {
            Ok(()) => break,
            Err(error) => failed(terminal, &error),
        }
    }
    terminal.say(
        "完成：磁盘已写入并校验。拔掉 U 盘，按回车重新启动。",
        "Done: the disk is written and verified. Take the stick out and press Enter: the box starts again.",
    );
    terminal.ask().map(|_| ())
}

fn list(terminal: &mut impl Terminal, disks: &[Disk]) {
    terminal.say("本机的磁盘：", "Disks of this box:");
    for disk in disks {
        terminal.show(&format!("  {}  {}  {} MiB", disk.serial, disk.model, disk.bytes >> 20));
        for (label, bytes) in &disk.partitions {
            terminal.show(&format!("      {label}  {} MiB", bytes >> 20));
        }
    }
}

/// The disk whose serial is typed, if a system fits on it.
fn choose<'a>(
    terminal: &mut impl Terminal,
    disks: &'a [Disk],
    manifest: &Manifest,
) -> io::Result<Option<&'a Disk>> {
    terminal.say(
        "请输入要抹掉的磁盘的序列号（回车：重找）：",
        "Type the serial of the disk to be erased (Enter: look again):",
    );
    let typed = terminal.ask()?;
    if typed.is_empty() {
        return Ok(None);
    }
    let mut named = disks.iter().filter(|disk| disk.serial == typed);
    let (Some(disk), None) = (named.next(), named.next()) else {
        terminal.say(
            "没有（唯一）这个序列号的磁盘，未写入任何内容。",
            "No disk, or not just one, has that serial. Nothing was written.",
        );
        return Ok(None);
    };
    let needed = manifest.bytes + TABLE as u64 + LEAST_DATA_BYTES;
    if disk.bytes < needed {
        let mib = needed.div_ceil(1 << 20);
        terminal.say(
            &format!("磁盘太小：需要 {mib} MiB。"),
            &format!("The disk is too small: {mib} MiB are needed."),
        );
        return Ok(None);
    }
    Ok(Some(disk))
}

/// One more word: another one where a box's data lie on it.
fn agreed(terminal: &mut impl Terminal, disk: &Disk) -> io::Result<bool> {
    let word = if disk.has_data() {
        terminal.say(
            "这块盘上有 Ringfence 数据（台账、录音、密钥），抹掉后无法恢复。确要抹掉请输入 ERASE：",
            "This disk holds Ringfence data (ledger, recordings, keys), which nothing brings back. Type ERASE to destroy them:",
        );
        "ERASE"
    } else {
        terminal.say(
            "磁盘上的一切都将丢失。继续请输入 YES：",
            "Everything on it will be lost. Type YES to go on:",
        );
        "YES"
    };
    let agreed = terminal.ask()? == word;
    if !agreed {
        terminal.say("未写入任何内容。", "Nothing was written.");
    }
    Ok(agreed)
}

fn tell(terminal: &mut impl Terminal, stage: Stage, percent: u8) {
    if percent.is_multiple_of(SHOWN_EVERY) {
        match stage {
            Stage::Writing => terminal.say(&format!("写入 {percent} %"), &format!("Writing {percent} %")),
            Stage::Reading => {
                terminal.say(&format!("回读校验 {percent} %"), &format!("Reading back {percent} %"))
            }
        }
    }
}

fn failed(terminal: &mut impl Terminal, error: &WriteError) {
    let (zh, en) = match error {
        WriteError::Image(_) => {
            ("U 盘或内存有故障：请换一个 U 盘重做。", "the stick or the memory is faulty: make another stick")
        }
        WriteError::Write(_) | WriteError::Read(_) => {
            ("磁盘有故障：请检查接线或换盘。", "the disk is faulty: look at its cable, or take another one")
        }
        WriteError::Differs => {
            ("磁盘存错了内容：请换盘。", "the disk keeps other bytes than it was given: take another one")
        }
    };
    terminal.say(
        &format!("失败（磁盘上没有可用的系统）：{zh}"),
        &format!("Failed, the disk holds no usable system: {en}"),
    );
    terminal.show(&format!("  {error}"));
}

/// What the first start makes the data partition of, at least.
const LEAST_DATA_BYTES: u64 = 1 << 30;
const SHOWN_EVERY: u8 = 5;
