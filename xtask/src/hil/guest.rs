//! One guest from its boot to its end: QEMU without acceleration, so that it runs wherever the project is built. Its
//! console and its results are two serial ports, its files come out through a shared folder; a guest that hangs is
//! ended.

use super::archive::Archive;
use super::recipe::Recipe;
use super::report::Step;
use super::scenario::{self, Scenario};
use crate::project;
use anyhow::{Context, ensure};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How it is shown.
#[derive(Debug)]
pub struct How {
    /// A shell instead of the scenario.
    pub shell: bool,
    /// Nothing is printed.
    pub quiet: bool,
}

/// How a guest ended.
#[derive(Debug)]
pub struct Ran {
    /// What the scenario told, in its order.
    pub steps: Vec<Step>,
    /// It told its last word.
    pub ended: bool,
    /// It had to be ended.
    pub hung: bool,
}

/// Boots a guest for this scenario and waits for its end.
pub fn run(
    recipe: &Recipe,
    exchange: Option<&Path>,
    scenario: &Scenario,
    folder: &Path,
    how: &How,
) -> anyhow::Result<Ran> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let out = folder.join("out");
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let disk = folder.join("initrd");
    pack(recipe, exchange, scenario, &disk)?;
    let mut child = qemu(recipe, scenario, folder, how)?.spawn().context("QEMU cannot be started")?;
    let limit = if how.shell { SHELL_LIMIT } else { Duration::from_secs(scenario.limit_s) };
    let results = folder.join("results");
    let mut steps = Vec::new();
    let ended = watch(&mut child, limit, || follow(&results, &mut steps, how))?;
    if let Some(status) = ended {
        ensure!(status.success(), "QEMU failed ({status})");
    }
    let last = follow(&results, &mut steps, how)?;
    fs::remove_file(&disk)?;
    Ok(Ran { steps, ended: last, hung: ended.is_none() })
}

fn pack(recipe: &Recipe, exchange: Option<&Path>, scenario: &Scenario, disk: &Path) -> anyhow::Result<()> {
    let mut archive = Archive::create(disk)?;
    for folder in
        ["dev", "etc", "modules", "out", "proc", "root", "run", "sys", "tmp", "usr/bin", "usr/lib", "var"]
    {
        archive.folder(folder)?;
    }
    for (link, target) in
        [("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin"), ("sbin", "usr/bin")]
    {
        archive.link(link, target)?;
    }
    let init = project::root().join("hil-tests/cards/guest/init");
    archive.file("init", &fs::read(&init).with_context(|| init.display().to_string())?)?;
    archive.file("usr/bin/busybox", &fs::read(recipe.busybox())?)?;
    let mut order = String::new();
    for module in recipe.modules()? {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        archive.file(&format!("modules/{name}"), &fs::read(&module)?)?;
        order.push_str(&name);
        order.push('\n');
    }
    archive.file("modules/order", order.as_bytes())?;
    for (from, to) in scenario::programs(scenario)? {
        archive.program(&from, &to)?;
    }
    for path in &scenario.files {
        archive.same(Path::new(path))?;
    }
    if let Some(tree) = exchange {
        archive.tree(tree, EXCHANGE)?;
        archive.tree(&project::root().join(EXCHANGE_SETTINGS), &format!("{EXCHANGE}/etc/asterisk"))?;
    }
    archive.finish()
}

fn qemu(recipe: &Recipe, scenario: &Scenario, folder: &Path, how: &How) -> anyhow::Result<Command> {
    let shown = |name: &str| folder.join(name).display().to_string();
    let mut line = format!("{KERNEL_LINE} ringfence.scenario={}", scenario.name);
    let mut command = Command::new("qemu-system-x86_64");
    command.args(MACHINE).args(["-m", &scenario.memory_mib.to_string()]);
    command.arg("-kernel").arg(recipe.kernel()).arg("-initrd").arg(folder.join("initrd"));
    if how.shell {
        line.push_str(" ringfence.shell");
        command.args(["-serial", "mon:stdio"]);
    } else {
        let log = fs::File::create(folder.join("qemu"))?;
        command.args(["-serial", &format!("file:{}", shown("console"))]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    }
    command.args(["-serial", &format!("file:{}", shown("results"))]);
    command.args(["-append", &line]);
    command.args(["-virtfs", &format!("local,path={},mount_tag=out,security_model=none", shown("out"))]);
    Ok(command)
}

/// Waits for the end; `None` if it did not come in time and the guest was ended.
fn watch(
    child: &mut Child,
    limit: Duration,
    mut look: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    let result = loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) if begun.elapsed() < limit => {
                if let Err(error) = look() {
                    break Err(error);
                }
                std::thread::sleep(LOOK_EVERY);
            }
            Ok(None) => break Ok(None),
            Err(error) => break Err(error.into()),
        }
    };
    child.kill().context("QEMU cannot be ended")?;
    child.wait()?;
    result
}

/// Reads what the scenario told since the last look; true once it told its last word.
fn follow(results: &Path, steps: &mut Vec<Step>, how: &How) -> anyhow::Result<bool> {
    let text = fs::read(results).unwrap_or_default();
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(text.get(..whole).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let ended = lines.last() == Some(&LAST_WORD);
    let told = lines.len() - usize::from(ended);
    for line in lines.get(steps.len()..told).unwrap_or_default() {
        let step: Step =
            serde_json::from_str(line).with_context(|| format!("a result is no JSON: {line}"))?;
        if !how.quiet {
            step.show();
        }
        steps.push(step);
    }
    Ok(ended)
}

/// No disk, no network, no firmware to wait for; two processors as the smallest box has.
const MACHINE: &[&str] = &[
    "-M",
    "q35",
    "-accel",
    "tcg,thread=multi",
    "-cpu",
    "max",
    "-smp",
    "2",
    "-nodefaults",
    "-no-user-config",
    "-no-reboot",
    "-nographic",
];
const KERNEL_LINE: &str = "console=ttyS0 quiet loglevel=4 panic=-1";
/// Where Asterisk lies in the guest.
const EXCHANGE: &str = "/asterisk";
const EXCHANGE_SETTINGS: &str = "hil-tests/cards/guest/asterisk";
/// What the scenario's program writes last.
const LAST_WORD: &str = "end";
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SHELL_LIMIT: Duration = Duration::from_secs(8 * 3_600);
