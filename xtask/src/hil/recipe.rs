//! The kernel of the guest and its modules, from Debian's packages alone: the kernel as it is, DAHDI built for it from
//! the source package. Nothing is installed for it and nothing is root's: packages are unpacked into the cache.

use crate::project;
use anyhow::{Context, bail, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What the guest is made of, in a folder of the cache.
#[derive(Debug)]
pub struct Recipe {
    folder: PathBuf,
}

impl Recipe {
    /// The kernel.
    pub fn kernel(&self) -> PathBuf {
        self.folder.join(KERNEL)
    }

    /// The shell and small tools of the guest.
    pub fn busybox(&self) -> PathBuf {
        self.folder.join(BUSYBOX)
    }

    /// The modules, in the order in which they can be loaded.
    pub fn modules(&self) -> anyhow::Result<Vec<PathBuf>> {
        let order = fs::read_to_string(self.folder.join(ORDER)).context("the cache is damaged: remove it")?;
        Ok(order.lines().map(|name| self.folder.join(name)).collect())
    }
}

/// The recipe's result from the cache, made anew when it is not there or the packages changed.
pub fn ready() -> anyhow::Result<Recipe> {
    let packages = Packages::find()?;
    let folder = project::cache()?.join(format!("hil-cards-{}", packages.hash()));
    if !folder.join(ORDER).exists() {
        // Two commands at once build twice and the first to be done stays.
        let building = folder.with_extension(format!("building-{}", std::process::id()));
        let done = make(&packages, &building);
        if done.is_err() {
            eprintln!("what was built is left in {}", building.display());
        }
        done?;
        if fs::rename(&building, &folder).is_err() {
            ensure!(folder.join(ORDER).exists(), "{} cannot be made", folder.display());
            fs::remove_dir_all(&building)?;
        }
    }
    Ok(Recipe { folder })
}

/// The packages in their versions of today.
struct Packages {
    /// As `uname -r` will say it.
    kernel: String,
    /// `name=version` of each.
    exact: Vec<String>,
}

impl Packages {
    fn find() -> anyhow::Result<Self> {
        let image = depends("linux-image-amd64", &["linux-image-"])?;
        let image = image.first().context("apt knows no linux-image-amd64: run apt-get update")?;
        let kernel = image.trim_start_matches("linux-image-").trim_end_matches("-unsigned").to_owned();
        let headers = format!("linux-headers-{kernel}");
        let mut names = vec![image.clone(), headers.clone(), "dahdi-dkms".into(), "busybox-static".into()];
        names.extend(depends(&headers, &["linux-headers-", "linux-kbuild-"])?);
        Ok(Self { kernel, exact: exact(&names)? })
    }

    fn hash(&self) -> String {
        let mut text = self.exact.join("\n");
        for word in MAKE_VARIABLES.iter().chain(MODULES).chain(&[RECIPE_FORMAT]) {
            let _ = write!(text, "\n{word}");
        }
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        data_encoding::HEXLOWER.encode(digest.as_ref().get(..8).unwrap_or_default())
    }
}

fn depends(name: &str, prefixes: &[&str]) -> anyhow::Result<Vec<String>> {
    let text = output(Command::new("apt-cache").args(["depends", name]))?;
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(names.filter(|name| prefixes.iter().any(|p| name.starts_with(p))).map(str::to_owned).collect())
}

/// `name=version` of each, as apt would install it.
fn exact(names: &[String]) -> anyhow::Result<Vec<String>> {
    let text = output(Command::new("apt-cache").arg("policy").args(names))?;
    let mut found = Vec::new();
    let mut name = "";
    for line in text.lines() {
        if !line.starts_with(' ') {
            name = line.trim_end_matches(':');
        } else if let Some(version) = line.trim().strip_prefix("Candidate: ").filter(|one| *one != "(none)") {
            found.push(format!("{name}={version}"));
        }
    }
    ensure!(found.len() == names.len(), "apt has only {found:?} of {names:?}: run apt-get update");
    Ok(found)
}

fn make(packages: &Packages, folder: &Path) -> anyhow::Result<()> {
    let (root, debs) = (folder.join("root"), folder.join("debs"));
    fs::create_dir_all(&debs).with_context(|| debs.display().to_string())?;
    fs::write(folder.join("packages"), packages.exact.join("\n"))?;
    step("fetching the packages of the kernel and of DAHDI", || {
        let mut command = Command::new("apt-get");
        command.args(["-qq", "download"]).args(&packages.exact).current_dir(&debs);
        quiet(&mut command, folder)
    })?;
    step("unpacking them", || {
        for entry in fs::read_dir(&debs)? {
            quiet(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(&root), folder)?;
        }
        Ok(())
    })?;
    step("building DAHDI's modules", || build(packages, &root, folder))?;
    step("choosing the modules", || choose(packages, &root, folder))?;
    fs::remove_dir_all(&root)?;
    fs::remove_dir_all(&debs)?;
    Ok(())
}

/// Only the modules that the guest loads, in seconds; `dkms` would build all and ask for the running kernel.
fn build(packages: &Packages, root: &Path, folder: &Path) -> anyhow::Result<()> {
    let sources = root.join("usr/src");
    let headers = sources.join(format!("linux-headers-{}", packages.kernel));
    // The headers name their other half by its path on an installed system.
    let makefile = fs::read_to_string(headers.join("Makefile"))?;
    let moved = makefile.replace("/usr/src/", &format!("{}/", sources.display()));
    fs::write(headers.join("Makefile"), moved)?;
    let dahdi = dahdi_source(&sources)?;
    let (drivers, include) = (dahdi.join("drivers/dahdi"), dahdi.join("include"));
    let mut command = Command::new("make");
    command.arg("-j").arg(std::thread::available_parallelism().map_or(1, usize::from).to_string());
    command.arg("-C").arg(&headers).args(MAKE_VARIABLES);
    for (name, value) in [("M", &drivers), ("KBUILD_EXTMOD", &drivers), ("DAHDI_INCLUDE", &include)] {
        command.arg(format!("{name}={}", value.display()));
    }
    quiet(command.arg("modules"), folder)?;
    let extra = root.join("lib/modules").join(&packages.kernel).join("extra");
    fs::create_dir_all(&extra)?;
    for module in project::files(&drivers, ".ko")? {
        fs::copy(&module, extra.join(module.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

fn dahdi_source(sources: &Path) -> anyhow::Result<PathBuf> {
    for entry in fs::read_dir(sources)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("dahdi-")) {
            return Ok(path);
        }
    }
    bail!("the package dahdi-dkms holds no source")
}

fn choose(packages: &Packages, root: &Path, folder: &Path) -> anyhow::Result<()> {
    quiet(tool("depmod").arg("-b").arg(root).arg(&packages.kernel), folder)?;
    let mut order: Vec<String> = Vec::new();
    for module in MODULES {
        let mut command = tool("modprobe");
        command.arg("-d").arg(root).args(["-S", &packages.kernel, "--show-depends", module]);
        for line in output(&mut command)?.lines() {
            // `insmod PATH`, or `builtin NAME`.
            let Some(path) = line.strip_prefix("insmod ").map(|path| Path::new(path.trim())) else {
                continue;
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !order.contains(&name) {
                fs::copy(path, folder.join(&name)).with_context(|| path.display().to_string())?;
                order.push(name);
            }
        }
    }
    fs::copy(root.join("boot").join(format!("vmlinuz-{}", packages.kernel)), folder.join(KERNEL))?;
    fs::copy(root.join("bin/busybox"), folder.join(BUSYBOX))?;
    fs::write(folder.join(ORDER), order.join("\n"))?;
    Ok(())
}

/// A tool of the administrator's folders, which are not in everybody's path.
fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}

/// Does one step, named and timed for whoever waits.
pub fn step(what: &str, act: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    eprint!("{what} … ");
    let begun = Instant::now();
    act().with_context(|| what.to_owned())?;
    eprintln!("{:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Runs a command with its output in the log beside what it makes.
pub fn quiet(command: &mut Command, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("log");
    let log = fs::OpenOptions::new().create(true).append(true).open(&path)?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    project::run(command).with_context(|| format!("its output is in {}", path.display()))
}

/// What a command prints.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.env("LC_ALL", "C").stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    ensure!(output.status.success(), "{} failed", command.get_program().display());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What `make` is told beside paths: which modules, without what only a full kernel tree could give them.
const MAKE_VARIABLES: &[&str] = &[
    "DAHDI_BUILD_ALL=",
    "CONFIG_DAHDI=m",
    "CONFIG_DAHDI_DYNAMIC=m",
    "CONFIG_DAHDI_DYNAMIC_LOC=m",
    "CONFIG_DAHDI_ECHOCAN_MG2=m",
    "CONFIG_DEBUG_INFO_BTF_MODULES=",
    "HOTPLUG_FIRMWARE=no",
];

/// What the guest loads: the way out for results, the cards, the sound card.
const MODULES: &[&str] =
    &["virtio_pci", "9p", "9pnet_virtio", "dahdi_dynamic_loc", "dahdi_echocan_mg2", "snd_aloop"];

/// Changed when the recipe makes something else of the same packages.
const RECIPE_FORMAT: &str = "1";

const KERNEL: &str = "vmlinuz";
const BUSYBOX: &str = "busybox";
const ORDER: &str = "order";
