//! What the recipes say and install, beside what `image/system` describes: programs, units, users, partitions, kernel
//! options, versions. It answers with sentences, one for each difference.

use super::fill::RECIPE;
use super::python::{Answer, Subject};
use crate::project;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Every difference.
pub fn faults(subject: &Subject, answer: &Answer, root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let described = described(subject)?;
    faults.extend(versions(&described, answer)?);
    faults.extend(packages(&described, answer));
    faults.extend(local_files(answer));
    let units = units(root)?;
    faults.extend(programs(answer, &units));
    faults.extend(installed_units(answer, &units)?);
    faults.extend(limits(&units));
    faults.extend(users(subject, answer, &units)?);
    faults.extend(folders(subject, &units)?);
    faults.extend(slots(subject, answer)?);
    let options = kernel_options(answer)?;
    faults.extend(drivers(subject, &options)?);
    faults.extend(asked_options(&described, &options));
    Ok(faults)
}

/// The part of the description that has no format of its own.
fn described(subject: &Subject) -> anyhow::Result<toml::Table> {
    let path = subject.system.join("system.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} cannot be read", path.display()))
}

/// Recipes, distribution and description have the workspace's version.
fn versions(described: &toml::Table, answer: &Answer) -> anyhow::Result<Vec<String>> {
    let cargo = fs::read_to_string(project::root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
    let cargo: toml::Table = cargo.parse().context("Cargo.toml cannot be read")?;
    let version = cargo
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("version")?.as_str())
        .context("the workspace has no version")?;
    let mut told: Vec<(&str, &str)> = answer
        .recipes
        .keys()
        .filter(|name| name.starts_with("ringfence-") && !IMAGES.contains(&name.as_str()))
        .map(|name| (name.as_str(), answer.variable(name, "PV")))
        .collect();
    told.push(("the distribution", answer.variable(RECIPE, "DISTRO_VERSION")));
    let release = described.get("release").and_then(|release| release.get("version")?.as_str());
    told.push(("system.toml", release.context("system.toml has no version")?));
    let wrong = told.into_iter().filter(|(_, is)| *is != version);
    Ok(wrong.map(|(what, is)| format!("{what} has version {is}, the workspace {version}")).collect())
}

/// The image takes every package that the description names, and of the description's own no other.
fn packages(described: &toml::Table, answer: &Answer) -> Vec<String> {
    let packages = described.get("package").and_then(toml::Value::as_array);
    let wanted: BTreeSet<&str> =
        packages.into_iter().flatten().filter_map(|package| package.get("oe")?.as_str()).collect();
    let taken: BTreeSet<&str> =
        answer.variable("ringfence-image", "IMAGE_INSTALL").split_whitespace().collect();
    let mut faults: Vec<String> =
        wanted.difference(&taken).map(|name| format!("the image does not take {name}")).collect();
    for name in taken.difference(&wanted).filter(|name| !IMAGES_OWN.contains(name)) {
        faults.push(format!("the image takes {name}, which system.toml does not name"));
    }
    if wanted.is_empty() {
        faults.push("system.toml names no package".into());
    }
    faults
}

/// An option that the description asks of a kernel is set in the fragments: built in where that is asked.
fn asked_options(described: &toml::Table, options: &BTreeMap<String, String>) -> Vec<String> {
    let asked = described.get("kernel").and_then(|kernel| kernel.get("options")?.as_array());
    let mut faults = Vec::new();
    for option in asked.into_iter().flatten().filter_map(toml::Value::as_str) {
        let Some((name, value)) = option.split_once('=') else {
            faults.push(format!("system.toml: {option} is no option"));
            continue;
        };
        let is = options.get(name).map_or("not named", String::as_str);
        if is != value && !(value == "m" && is == "y") {
            faults.push(format!("system.toml asks for {option}; in the kernel's fragments it is {is}"));
        }
    }
    faults
}

/// A file that a recipe takes from the layer is there.
fn local_files(answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    for (recipe, told) in &answer.recipes {
        let files = told.get("files").and_then(serde_json::Value::as_object);
        for (name, path) in files.into_iter().flatten() {
            if path.is_null() {
                faults.push(format!("{recipe} takes the file {name}, which is not in the layer"));
            }
        }
    }
    faults
}

/// A unit as it was installed.
struct Unit {
    name: String,
    text: String,
}

impl Unit {
    /// The values of a setting, in their order.
    fn values(&self, setting: &str) -> Vec<&str> {
        let value = |line: &str| line.strip_prefix(setting)?.strip_prefix('=').map(str::len);
        self.text
            .lines()
            .filter_map(|line| value(line).map(|length| line[line.len() - length..].trim()))
            .collect()
    }
}

fn units(root: &Path) -> anyhow::Result<Vec<Unit>> {
    let folder = root.join("usr/lib/systemd/system");
    let mut units = Vec::new();
    for path in project::files(&folder, ".service")? {
        // Additions to others' units lie in folders, and so do the links that start ours.
        if path.parent() != Some(folder.as_path()) {
            continue;
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        units.push(Unit { name, text });
    }
    Ok(units)
}

/// What a unit starts is installed, and what is installed is started by a unit or is a tool.
fn programs(answer: &Answer, units: &[Unit]) -> Vec<String> {
    let installed: BTreeSet<&str> =
        answer.files.keys().filter_map(|file| file.strip_prefix("usr/bin/")).collect();
    let mut started = BTreeSet::new();
    let mut faults = Vec::new();
    for unit in units {
        for line in unit.values("ExecStart") {
            let program =
                line.trim_start_matches(['-', '+', '!', '@', ':']).split(' ').next().unwrap_or_default();
            let Some(name) = program.strip_prefix("/usr/bin/") else { continue };
            started.insert(name.to_owned());
            if !installed.contains(name) && !SYSTEMS_OWN.contains(&name) {
                faults.push(format!("{} starts {program}, which no recipe installs", unit.name));
            }
        }
    }
    for name in installed {
        if !started.contains(name) && !name.starts_with("ringfence") {
            faults.push(format!("/usr/bin/{name} is installed and no unit starts it"));
        }
    }
    faults
}

/// Every unit that lies beside a process is in the box, and the recipe enables it.
fn installed_units(answer: &Answer, units: &[Unit]) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let named = answer.of_package(RECIPE, "SYSTEMD_SERVICE");
    for folder in ["services", "firmware"] {
        for path in project::files(&project::root().join(folder), ".service")? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !units.iter().any(|unit| unit.name == name) {
                faults.push(format!("{name} lies in {folder} and is not installed"));
            } else if !named.contains(&name.as_str()) {
                faults.push(format!("{name} is installed and SYSTEMD_SERVICE does not name it"));
            }
        }
    }
    Ok(faults)
}

/// Each unit has an end to its memory and its tasks: one process that grows must not take the others with it. Of several
/// values the last one counts.
fn limits(units: &[Unit]) -> Vec<String> {
    let without = |unit: &Unit, limit: &str| {
        unit.values(limit).last().is_none_or(|value| value.is_empty() || *value == "infinity")
    };
    let mut faults = Vec::new();
    for unit in units {
        for limit in ["MemoryMax", "TasksMax"].into_iter().filter(|limit| without(unit, limit)) {
            faults.push(format!("{} has no {limit}", unit.name));
        }
    }
    faults
}

/// A unit's user and group are among those that sysusers.d makes, and the recipe makes the same.
fn users(subject: &Subject, answer: &Answer, units: &[Unit]) -> anyhow::Result<Vec<String>> {
    let path = subject.system.join("root/usr/lib/sysusers.d/ringfence.conf");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
    let mut users: BTreeMap<&str, &str> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match *line.split_whitespace().take(3).collect::<Vec<_>>() {
            ["g", name, number] => drop(groups.insert(name, number)),
            ["u" | "u!", name, number] => drop(users.insert(name, number)),
            _ => {}
        }
    }
    let mut faults = Vec::new();
    let of_system = |name: &str| {
        matches!(name, "root" | "tss" | "dialout" | "audio" | "tty" | "systemd-journal" | "systemd-network")
    };
    for unit in units {
        for user in
            unit.values("User").into_iter().filter(|user| !users.contains_key(user) && !of_system(user))
        {
            faults.push(format!("{} runs as {user}, whom sysusers.d does not make", unit.name));
        }
        let mut wanted = unit.values("Group");
        wanted.extend(unit.values("SupplementaryGroups").iter().flat_map(|line| line.split_whitespace()));
        for group in wanted.into_iter().filter(|group| !groups.contains_key(group) && !of_system(group)) {
            faults.push(format!("{} is of the group {group}, which sysusers.d does not make", unit.name));
        }
    }
    let made = answer.of_package("ringfence-system", "USERADD_PARAM").join(" ");
    for (name, number) in users {
        let (uid, gid) = number.split_once(':').unwrap_or((number, ""));
        if !made.contains(&format!("--uid {uid} --gid {gid}"))
            || !format!("{made};").contains(&format!(" {name};"))
        {
            faults.push(format!("the recipe does not make the user {name} ({number})"));
        }
    }
    faults.extend(static_group(subject, &groups)?);
    Ok(faults)
}

/// A socket lies in a folder of its process's own, in a folder that is root's: who reaches it knows who answers.
fn folders(subject: &Subject, units: &[Unit]) -> anyhow::Result<Vec<String>> {
    let path = subject.system.join("root/usr/lib/tmpfiles.d/ringfence.conf");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let mut wanted = vec![format!("d {RUN} 0750 root ringfence -")];
    for process in MAKE_SOCKETS {
        let name = format!("{process}.service");
        let unit = units.iter().find(|unit| unit.name == name);
        let user = unit.and_then(|unit| unit.values("User").first().copied()).unwrap_or_default();
        wanted.push(format!("d {RUN}/{process} 0750 {user} ringfence -"));
    }
    let missed = wanted.into_iter().filter(|line| !lines.contains(line));
    Ok(missed.map(|line| format!("tmpfiles.d/ringfence.conf has no line `{line}`")).collect())
}

/// A group that another layer makes has the number of the description.
fn static_group(subject: &Subject, groups: &BTreeMap<&str, &str>) -> anyhow::Result<Vec<String>> {
    let path = subject.layer.join("files/ringfence-group");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut faults = Vec::new();
    for line in text.lines() {
        if let [name, _, number, ..] = *line.split(':').collect::<Vec<_>>()
            && groups.get(name).is_none_or(|is| *is != number)
        {
            faults
                .push(format!("files/ringfence-group gives {name} the number {number}, sysusers.d does not"));
        }
    }
    Ok(faults)
}

/// The bundle writes what the disk has twice, and nothing else.
fn slots(subject: &Subject, answer: &Answer) -> anyhow::Result<Vec<String>> {
    let mut twice: BTreeMap<String, usize> = BTreeMap::new();
    for path in project::files(&subject.system.join("repart"), ".conf")? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let label = text.lines().find_map(|line| line.strip_prefix("Label="));
        if let Some(name) =
            label.and_then(|label| label.strip_suffix("-a").or_else(|| label.strip_suffix("-b")))
        {
            *twice.entry(name.to_owned()).or_default() += 1;
        }
    }
    let told = answer.variable("ringfence-bundle", "RAUC_BUNDLE_SLOTS");
    let told: BTreeSet<&str> = told.split_whitespace().collect();
    let mut faults = Vec::new();
    for (name, count) in &twice {
        if *count != 2 || !told.contains(name.as_str()) {
            faults.push(format!("the disk has {count} partitions {name}; the bundle writes {told:?}"));
        }
    }
    for name in told.iter().filter(|name| !twice.contains_key(**name)) {
        faults.push(format!("the bundle writes {name}, of which the disk has none"));
    }
    if answer.variable("ringfence-bundle", "RAUC_BUNDLE_FORMAT") != "verity" {
        faults.push("the bundle is not of the verity format".into());
    }
    Ok(faults)
}

/// A driver that modprobe.d forbids is not built into the hardware's kernel either.
fn drivers(subject: &Subject, options: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let path = subject.system.join("root/usr/lib/modprobe.d/ringfence.conf");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut faults = Vec::new();
    for driver in text.lines().filter_map(|line| line.strip_prefix("blacklist ")) {
        let Some((_, option)) = DRIVERS.iter().find(|(name, _)| *name == driver.trim()) else { continue };
        if options.get(*option).is_none_or(|value| value != "n") {
            faults.push(format!(
                "modprobe.d forbids {driver}, and the kernel's fragments do not turn {option} off"
            ));
        }
    }
    Ok(faults)
}

/// Every option the fragments set, and its value; `n` where it is off. Two values for one option are an error.
fn kernel_options(answer: &Answer) -> anyhow::Result<BTreeMap<String, String>> {
    let mut options = BTreeMap::new();
    let files = answer.recipes.get("linux-yocto").and_then(|told| told.get("files")?.as_object());
    for path in files.context("the kernel has no fragments")?.values().filter_map(|path| path.as_str()) {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        for line in text.lines() {
            let off = line.strip_prefix("# ").and_then(|line| line.strip_suffix(" is not set"));
            let Some((name, value)) = off.map(|name| (name, "n")).or_else(|| line.split_once('=')) else {
                continue;
            };
            if let Some(before) = options.insert(name.to_owned(), value.to_owned())
                && before != value
            {
                anyhow::bail!("{path}: {name} is {value} here and {before} in another fragment");
            }
        }
    }
    Ok(options)
}

/// Exposure of at most 2.0 by systemd's own measure, of the units as they are installed.
///
/// # Errors
/// A unit that cannot be read.
pub fn exposure(root: &Path) -> anyhow::Result<Vec<String>> {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("skipped: systemd-analyze is not on this machine; the units' exposure is not measured");
        return Ok(Vec::new());
    }
    let mut faults = Vec::new();
    for unit in units(root)? {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager", "--threshold=20"]);
        let path = root.join("usr/lib/systemd/system").join(&unit.name);
        let output = command.arg(path).output().context("systemd-analyze cannot be started")?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            let last = text.lines().rfind(|line| line.contains("exposure")).unwrap_or_default();
            faults.push(format!("{} is too exposed: {}", unit.name, last.trim()));
        }
    }
    Ok(faults)
}

const RUN: &str = "/run/ringfence";
/// Processes with a socket, or with a file that others believe.
const MAKE_SOCKETS: [&str; 6] = ["vaultd", "lined", "calld", "admind", "consoled", "supervisor"];
/// What the image takes that is not a package of a distribution, or that Debian has in every system.
const IMAGES_OWN: &[&str] =
    &["base-files", "base-passwd", "dahdi-linux", "netbase", "ringfence-programs", "ringfence-system"];
/// Recipes that have no version in their name.
const IMAGES: &[&str] = &["ringfence-image", "ringfence-image-development", "ringfence-initramfs"];
/// Programs of the distribution that our units start.
const SYSTEMS_OWN: &[&str] = &["systemctl", "rauc", "nft", "networkctl"];
/// Drivers that modprobe.d forbids, with the option that builds each.
const DRIVERS: &[(&str, &str)] = &[
    ("usb-storage", "CONFIG_USB_STORAGE"),
    ("uas", "CONFIG_USB_UAS"),
    ("mmc_block", "CONFIG_MMC"),
    ("firewire-core", "CONFIG_FIREWIRE"),
    ("floppy", "CONFIG_BLK_DEV_FD"),
    ("sr_mod", "CONFIG_BLK_DEV_SR"),
];
