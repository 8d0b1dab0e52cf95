//! `cargo xtask up`: the whole box on a workstation, from one command, with a simulated carrier and a simulated dual-E1
//! card at its exchange.
//!
//! On a box systemd starts, confines and restarts the processes; here this command plays that part, and
//! swtpm that of the chip. Everything else is the product itself.

mod accounts;
mod children;
mod client;
mod console;
mod demo;
mod far;
mod lines;
mod options;
mod people;
mod prompts;
mod site;
mod summary;
mod watch;

use crate::{packages, project};
use anyhow::{Context, bail};
use children::{Children, Program};
use client::Vault;
use options::Options;

pub use accounts::print_code;
pub use console::run as console;

/// Runs until the demo is over or somebody stops it; true if every figure adds up.
pub fn run(words: Vec<String>) -> anyhow::Result<bool> {
    let options = Options::parse(words)?;
    packages::install(&[packages::BUILD, packages::RUN])?;
    eprintln!("building …");
    let mut arguments = vec!["build", "--quiet", "--bins"];
    for name in ["supervisor", "lined", "calld", "vaultd", "admind", "carrier", "exchange"] {
        arguments.extend(["--package", name]);
    }
    if options.release {
        arguments.push("--release");
    }
    project::run(&mut project::cargo(&arguments))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(box_up(&options))
}

async fn box_up(options: &Options) -> anyhow::Result<bool> {
    let folders = site::Folders::make(&options.state)?;
    let ports = site::Ports::choose(options.port, options.page)?;
    let mut children = Children::new(&folders.logs);
    let done = tokio::select! {
        done = life(options, &folders, &ports, &children) => done,
        () = children.fatal() => Err(anyhow::anyhow!("a process does not stay up; see {}", folders.logs.display())),
    };
    children.stop().await;
    done
}

async fn life(
    options: &Options,
    folders: &site::Folders,
    ports: &site::Ports,
    children: &Children,
) -> anyhow::Result<bool> {
    let bin = project::binaries(options.release);
    eprintln!("starting swtpm (development stand-in for the TPM chip) and the records process …");
    children.start(site::swtpm(folders, ports))?;
    children.start(site::vaultd(&bin, folders, ports))?;
    let mut vault = Vault::reach(&folders.run).await.context("vaultd does not answer; see its log")?;
    site::make_tls(folders)?;
    if options.trunk.is_none() && !options.empty {
        children.start(site::carrier(&bin, folders, ports, options.headless))?;
    }
    if options.cards {
        children.start(site::exchange(&bin, folders, options.headless))?;
    }
    for program in [
        site::lined(&bin, folders, ports, options.cards),
        site::calld(&bin, folders),
        site::admind(&bin, folders, ports),
        site::supervisor(&bin, folders),
    ] {
        children.start(program)?;
    }
    let url = format!("https://localhost:{}", ports.page);
    if options.empty {
        return blank(options, &url, &mut vault).await;
    }
    let site = match demo::Site::load(folders, ports)? {
        Some(site) => {
            eprintln!("the demo site is there already: it goes on where it stopped");
            site
        }
        None => demo::Site::create(options, folders, ports, &mut vault).await?,
    };
    site.write_phone_accounts(folders)?;
    children.start(site::phones(&bin, folders, ports))?;
    let mut far = far::FarSides::of(options, folders);
    let before = vault.figures(Some(site.manager())).await?;
    site.start_campaigns(&mut vault).await?;
    site.show_sign_ins(&url);
    let outcome = watch::Watch::new(options, folders, &site, &mut far).run(&mut vault).await?;
    let summary = summary::Summary::take(&mut vault).await?.with_far_sides(far, &before).await;
    summary.show(options.json)?;
    Ok(outcome.finished && summary.adds_up())
}

/// A blank box: says what is missing and waits.
async fn blank(options: &Options, url: &str, vault: &mut Vault) -> anyhow::Result<bool> {
    let status = vault.status().await?;
    if status.commissioned {
        bail!("{} holds a commissioned box; choose another folder with --state", options.state.display());
    }
    eprintln!(
        "a blank box is up. Nothing can be dialled, nobody can sign in, there is no password. Missing:"
    );
    for (english, chinese) in &status.missing {
        eprintln!("  - {english} / {chinese}");
    }
    if options.headless {
        let summary = summary::Summary::take(vault).await?;
        summary.show(options.json)?;
        return Ok(summary.adds_up());
    }
    eprintln!(
        "commission it: {url}   claim code (on a box the serial console shows it): {}",
        vault.claim_code().await?
    );
    eprintln!("Ctrl-C stops it.");
    tokio::signal::ctrl_c().await?;
    Ok(true)
}

/// The program's name for messages.
fn named(program: &Program) -> &str {
    &program.name
}
