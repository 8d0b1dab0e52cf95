//! `ringfence-slot`: RAUC's custom bootloader backend and, called without a word, its post-install handler, which makes
//! a written system startable; with `give-up` it puts the running system behind the other, with `rauc-service` it becomes
//! RAUC's service, told which slot runs. It decides nothing that the crate does not plan.

use anyhow::{Context, bail};
use lexopt::prelude::*;
use slots::backend::{Call, manifest, primary, state, written};
use slots::esp::Esp;
use slots::ordered;
use slots::parts::Machine;
use slots::plan::{plan_give_up, plan_install, plan_primary, plan_state};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

struct Options {
    mount: PathBuf,
    machine: Machine,
    ordered: PathBuf,
    words: Vec<String>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ringfence-slot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options {
        mount: "/efi".into(),
        machine: Machine { root: "/".into() },
        ordered: ORDERED.into(),
        words: vec![],
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("esp") => options.mount = arguments.value()?.into(),
            Long("machine") => options.machine.root = arguments.value()?.into(),
            Long("ordered") => options.ordered = arguments.value()?.into(),
            // RAUC calls a handler with one empty word.
            Value(word) if word.is_empty() => {}
            Value(word) if options.words.len() < MAX_WORDS => options.words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> anyhow::Result<()> {
    let esp = Esp::at(&options.mount);
    if options.words.is_empty() {
        return install(options, &esp);
    }
    if options.words == ["give-up"] {
        return give_up(options, &esp);
    }
    if options.words == ["rauc-service"] {
        return rauc_service(options);
    }
    let entries = esp.entries()?;
    let plan = match Call::parse(&options.words)? {
        Call::GetPrimary => return say(primary(&entries).context("no system can be started")?),
        Call::GetState(slot) => return say(state(&entries, slot)),
        Call::GetCurrent => return say(options.machine.running()?.0.name()),
        Call::SetPrimary(slot) => plan_primary(&entries, slot)?,
        Call::SetState(slot, good) => plan_state(&entries, options.machine.running()?.0, slot, good)?,
    };
    esp.apply(&plan, None, &mut |_, _| bail_io())?;
    Ok(())
}

/// RAUC has written root and hash tree; what makes them a system that starts comes now, its name last.
fn install(options: &Options, esp: &Esp) -> anyhow::Result<()> {
    let written = written(|name| std::env::var(name).ok())?;
    let text = read_bounded(&written.bundle.join("manifest.raucm")).context("the bundle has no manifest")?;
    let bundle = manifest(&text)?;
    let ordered = ordered::is_allowed(&options.ordered, &bundle.root);
    if !ordered.context("what was ordered cannot be read")? {
        bail!("{} was not ordered by this box: it is not made startable", bundle.version);
    }
    let running = options.machine.running().context("the running slot is unknown")?;
    let plan = plan_install(&esp.entries()?, running, written.slot, &bundle)?;
    let system = written.bundle.join("uki.efi");
    esp.apply(&plan, Some(&system), &mut |slot, root| options.machine.name(slot, root))?;
    eprintln!("ringfence-slot: {} starts next from slot {}", bundle.version, written.slot.name());
    Ok(())
}

/// The running system was found bad: it steps back behind the other, if there is another that can start.
fn give_up(options: &Options, esp: &Esp) -> anyhow::Result<()> {
    let plan = plan_give_up(&esp.entries()?, options.machine.running()?.0)?;
    esp.apply(&plan, None, &mut |_, _| bail_io())?;
    Ok(())
}

/// The root is a mapped device, by which RAUC cannot tell the slot; the signed command line can.
fn rauc_service(options: &Options) -> anyhow::Result<()> {
    let slot = options.machine.running().context("the running slot is unknown")?.0;
    let mut rauc = std::process::Command::new("/usr/bin/rauc");
    rauc.args(["--mount=/run/rauc/mnt", "service", "--override-boot-slot", slot.name()]);
    Err(rauc.exec()).context("rauc cannot be started")
}

fn read_bounded(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(MAX_MANIFEST).read_to_string(&mut text)?;
    if read as u64 == MAX_MANIFEST {
        bail!("it is longer than {MAX_MANIFEST} bytes");
    }
    Ok(text)
}

fn say(word: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{word}")?;
    Ok(())
}

fn bail_io() -> std::io::Result<()> {
    Err(std::io::Error::other("no partition is named by a word of RAUC's"))
}

/// Root's alone: `hostd` writes it.
const ORDERED: &str = "/var/lib/ringfence/host/ordered";
const MAX_WORDS: usize = 8;
const MAX_MANIFEST: u64 = 64 * 1024;
