//! `cargo xtask image`: the virtual box, made of Debian's packages from the one description in `image/system`: the same
//! layout, units, names and behaviour as the box of the Yocto layer. It installs nothing on this machine and signs with
//! development keys unless it is given others.

mod auditable;
mod bare;
mod bill;
mod bundle;
mod description;
mod disk;
mod identical;
mod installer;
mod keys;
mod licences;
mod manifest;
mod roots;
mod stage;

use crate::{image_check, packages, project};
use anyhow::{Context, bail, ensure};
use description::Description;
use lexopt::{Arg, ValueExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

pub use bare::build as build_bare;
pub use disk::Built;
pub use keys::Keys;

/// What is to be built.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// With what only developers may have: it says so on every screen.
    pub development: bool,
    /// Instead of the description's.
    pub version: Option<String>,
    /// Where the image goes; default: `target/image`.
    pub out: Option<PathBuf>,
    /// The folder of the keys; default: development keys, made once.
    pub keys: Option<PathBuf>,
    /// The box's part of Debian is unpacked anew, whatever the cache has.
    pub anew: bool,
    /// Programs besides the product's and the units that start them, for benches: development variant only.
    pub besides: Vec<PathBuf>,
    /// An update is made of it, too.
    pub bundle: bool,
    /// The certificates of those who alone can read the update.
    pub encrypt_to: Option<PathBuf>,
    /// The update is made a second time, signed and in the format in which it can be encrypted to boxes afterwards.
    pub crypt: bool,
    /// The folder of an image of which this is a further version: only root and kernel are built, and the update.
    pub further_of: Option<PathBuf>,
}

impl Order {
    /// Where the image goes, made when it is not there.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        let folder = self.out.clone().unwrap_or_else(|| project::binaries(true).with_file_name("image"));
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder.canonicalize()?)
    }
}

/// The command.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let mut order = Order { bundle: true, ..Order::default() };
    let (mut stick, mut twice) = (false, false);
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            Arg::Long("dev") => order.development = true,
            Arg::Long("anew") => order.anew = true,
            Arg::Long("twice") => twice = true,
            Arg::Long("version") => order.version = Some(parser.value()?.string()?),
            Arg::Long("out") => order.out = Some(parser.value()?.into()),
            Arg::Long("installer") => stick = true,
            Arg::Long("keys") => order.keys = Some(parser.value()?.into()),
            Arg::Long("crypt") => order.crypt = true,
            Arg::Long("encrypt-to") => order.encrypt_to = Some(parser.value()?.into()),
            Arg::Long("further-of") => order.further_of = Some(parser.value()?.into()),
            Arg::Long("besides") => order.besides.push(parser.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if stick {
        println!("stick      {}", installer(&order)?.display());
        return Ok(true);
    }
    if twice {
        return identical::run(&order);
    }
    ensure!(order.development || order.besides.is_empty(), "--besides is for the development variant alone");
    let built = build(&order)?;
    if order.further_of.is_none() {
        println!("disk       {}", built.disk.display());
        println!("firmware   {}, {}", built.firmware.display(), built.variables.display());
    }
    println!("kernel     {}", built.uki.display());
    for bundle in [&built.bundle, &built.crypt].into_iter().flatten() {
        println!("update     {} ({} MiB)", bundle.display(), std::fs::metadata(bundle)?.len() >> 20);
    }
    println!("root hash  {}", built.root_hash);
    Ok(true)
}

/// The version that is built where no other is ordered.
pub fn version() -> anyhow::Result<String> {
    let description = Description::read(&project::root().join("image/system"), &Order::default())?;
    Ok(description.release.version)
}

/// Builds an image: the disk, and the parts an update is made of.
pub fn build(order: &Order) -> anyhow::Result<Built> {
    let (description, folder) = begin(order)?;
    let roots = if order.anew { roots::anew(&description, &folder)? } else { roots::ready(&description)? };
    let keys = keys::ready(order.keys.as_deref(), &roots)?;
    if let Some(first) = &order.further_of {
        step("taking over the root", || stage::take_over(&description, order, first, &folder))?;
    } else {
        whole(&description, order, &roots, &keys, &folder)?;
    }
    let mut built = disk::build(&description, &roots, &keys, &folder, order.further_of.is_some())?;
    if order.further_of.is_none() {
        step("signing what it is", || {
            manifest::write(&built.disk, manifest::Kind::Image, &description, &keys)
        })?;
    }
    if order.bundle {
        let mut kinds = vec![order.encrypt_to.as_deref().map_or(bundle::Kind::Open, bundle::Kind::To)];
        kinds.extend(order.crypt.then_some(bundle::Kind::Later));
        let made = step("making the update", || {
            bundle::build(&description, &roots, &keys, &folder, &built, &kinds)
        })?;
        step("signing what the update is", || {
            made.iter().try_for_each(|made| {
                manifest::write(made, manifest::Kind::Bundle, &description, &keys).map(|_| ())
            })
        })?;
        let mut made = made.into_iter();
        (built.bundle, built.crypt) = (made.next(), made.next());
    }
    Ok(built)
}

/// Root and first stage from their beginnings.
fn whole(
    description: &Description,
    order: &Order,
    roots: &roots::Roots,
    keys: &Keys,
    folder: &Path,
) -> anyhow::Result<()> {
    step("building the programs", || {
        if order.development { image_check::debug() } else { image_check::release() }
    })?;
    step("staging the root", || stage::stage(description, order, roots, keys, folder))?;
    if !order.development {
        let (programs, crates) = auditable::check(&folder.join(stage::OURS))?;
        eprintln!(
            "{programs} programs say that they are built of {crates} crates; the bill of materials has them all"
        );
    }
    step("building the first stage", || disk::first_stage(description, roots, folder))?;
    step("writing the bill of materials", || bill::write(description, roots, folder))
}

/// Builds the stick that installs the image which lies there, of the variant and version that its manifest names.
pub fn installer(order: &Order) -> anyhow::Result<PathBuf> {
    let (mut description, folder) = begin(order)?;
    let manifest = manifest::beside(&folder.join("disk.raw"), "manifest");
    let told = std::fs::read_to_string(&manifest);
    let told = told.with_context(|| format!("{}: build the image first", manifest.display()))?;
    let told = ::installer::manifest::Manifest::parse(&told).context("the image's manifest")?;
    (description.development, description.release.version) = (told.development, told.version);
    let roots = roots::ready(&description)?;
    let keys = keys::ready(order.keys.as_deref(), &roots)?;
    let mut arguments = vec!["build", "--quiet", "--bin", installer::PROGRAM];
    arguments.extend((!description.development).then_some("--release"));
    step("building the installer", || project::run(&mut project::cargo(&arguments)))?;
    installer::build(&description, &roots, &keys, &folder)
}

fn begin(order: &Order) -> anyhow::Result<(Description, PathBuf)> {
    packages::install(&[packages::BUILD, packages::IMAGE])?;
    ensure!(nix::unistd::getuid().is_root(), "the roots have owners of their own: run this as root");
    let description = Description::read(&project::root().join("image/system"), order)?;
    Ok((description, order.folder()?))
}

/// Does one step, named and timed for whoever waits.
pub fn step<T>(what: &str, act: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eprint!("{what} … ");
    let begun = Instant::now();
    let done = act().with_context(|| what.to_owned())?;
    eprintln!("{:.1} s", begun.elapsed().as_secs_f64());
    Ok(done)
}

/// Runs a command whose output counts only where it fails; what it printed on standard output.
pub fn quiet(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("{name} cannot be started"))?;
    if !output.status.success() {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let (told, faults) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{name} {} failed ({})\n{told}{faults}", words.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first 16 digits of a SHA-256.
pub fn short_hash(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    data_encoding::HEXLOWER.encode(digest.as_ref().get(..8).unwrap_or_default())
}

/// Copies a tree as it is: owners, modes, links, times.
pub fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    quiet(Command::new("cp").arg("-a").arg(from.join(".")).arg(to)).map(|_| ())
}
