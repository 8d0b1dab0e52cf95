//! Asterisk with its cards' channel driver, as an exchange that nobody here wrote: from Debian's unstable packages (the
//! stable release has none), with the libraries it was built for, as a tree to be entered with chroot. It is fetched
//! with apt's own signatures into the cache; nothing of it is installed, linked or shipped.

use super::recipe::{output, quiet, step};
use crate::project;
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The tree from the cache, made when it is not there. What was fetched once stays until its folder is removed.
pub fn ready() -> anyhow::Result<PathBuf> {
    let mut text = RECIPE_FORMAT.to_owned();
    MODULES.iter().chain(PACKAGES).for_each(|word| text.push_str(word));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let hash = data_encoding::HEXLOWER.encode(digest.as_ref().get(..8).unwrap_or_default());
    let folder = project::cache()?.join(format!("hil-asterisk-{hash}"));
    if !folder.exists() {
        let building = folder.with_extension(format!("building-{}", std::process::id()));
        make(&building)?;
        if fs::rename(building.join("tree"), &folder).is_err() {
            ensure!(folder.exists(), "{} cannot be made", folder.display());
        }
        fs::remove_dir_all(&building)?;
    }
    Ok(folder)
}

fn make(folder: &Path) -> anyhow::Result<()> {
    let (apt, all, tree) = (folder.join("apt"), folder.join("all"), folder.join("tree"));
    let archives = apt.join("archives");
    fs::create_dir_all(archives.join("partial"))?;
    fs::create_dir_all(apt.join("lists/partial"))?;
    fs::create_dir_all(&all)?;
    step("fetching Asterisk from Debian's unstable packages", || fetch(&apt, folder))?;
    step("unpacking it", || {
        for package in project::files(&archives, ".deb")? {
            quiet(Command::new("dpkg-deb").arg("-x").arg(package).arg(&all), folder)?;
        }
        Ok(())
    })?;
    step("choosing what it needs", || choose(&all, &tree))
}

/// An apt of its own that knows no installed package, so that every library comes along.
fn fetch(apt: &Path, folder: &Path) -> anyhow::Result<()> {
    let at = |name: &str| apt.join(name).display().to_string();
    fs::write(apt.join("status"), "")?;
    fs::write(apt.join("sources.list"), SOURCE)?;
    fs::create_dir_all(apt.join("parts"))?;
    let settings = [
        ("Dir::State", at("")),
        ("Dir::State::status", at("status")),
        ("Dir::Cache", at("")),
        ("Dir::Cache::archives", at("archives")),
        ("Dir::Etc::sourcelist", at("sources.list")),
        ("Dir::Etc::sourceparts", at("parts")),
        ("Dir::Etc::preferencesparts", at("parts")),
        ("Acquire::Languages", "none".into()),
        ("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false".into()),
        ("APT::Install-Recommends", "false".into()),
        ("APT::Sandbox::User", String::new()),
        ("Debug::NoLocking", "true".into()),
    ];
    let lines = settings.iter().map(|(name, value)| format!("{name} \"{value}\";\n"));
    let config = apt.join("apt.conf");
    fs::write(&config, lines.collect::<String>())?;
    let command = || {
        let mut command = Command::new("apt-get");
        command.env("APT_CONFIG", &config).arg("-qq");
        command
    };
    let fetched = quiet(command().arg("update"), folder)
        .and_then(|()| quiet(command().args(["install", "--yes", "--download-only"]).args(PACKAGES), folder));
    fetched.context(NOT_FETCHED)
}

/// The program, its modules, and the libraries that their own loader finds for them.
fn choose(all: &Path, tree: &Path) -> anyhow::Result<()> {
    let libraries = all.join("usr/lib").join(TRIPLET);
    let loader = libraries.join(LOADER);
    let modules = libraries.join("asterisk/modules");
    let mut wanted: BTreeSet<PathBuf> =
        MODULES.iter().map(|name| modules.join(format!("{name}.so"))).collect();
    wanted.extend(["usr/sbin/asterisk", "usr/sbin/dahdi_cfg"].map(|name| all.join(name)));
    let path = format!("{}:{}", libraries.display(), all.join("usr/lib").display());
    for file in wanted.clone() {
        let mut command = Command::new(&loader);
        command.args(["--inhibit-cache", "--library-path", &path, "--list"]).arg(&file);
        let text = output(&mut command).with_context(|| file.display().to_string())?;
        let words = text.split_whitespace().filter(|word| Path::new(word).starts_with(all));
        wanted.extend(words.map(PathBuf::from));
    }
    for file in wanted {
        let place = tree.join(file.strip_prefix(all)?);
        fs::create_dir_all(place.parent().unwrap_or(tree))?;
        fs::copy(&file, &place).with_context(|| file.display().to_string())?;
    }
    // Without its documentation it refuses its own settings.
    let told = "usr/share/asterisk/documentation/core-en_US.xml";
    fs::create_dir_all(tree.join(told).parent().unwrap_or(tree))?;
    fs::copy(all.join(told), tree.join(told)).context(told)?;
    // Every program names the loader by this path.
    let named = tree.join("lib64");
    fs::create_dir_all(&named)?;
    fs::copy(&loader, named.join(LOADER))?;
    Ok(())
}

const PACKAGES: &[&str] = &["asterisk", "asterisk-modules", "asterisk-dahdi", "dahdi"];

/// What an exchange needs of it: the cards' driver, a dial plan that answers, echoes, plays tones and reads digits.
const MODULES: &[&str] = &[
    "chan_dahdi",
    "pbx_config",
    "app_dial",
    "app_echo",
    "app_milliwatt",
    "app_playtones",
    "app_read",
    "app_stack",
    "app_verbose",
    "app_originate",
    "bridge_simple",
    "codec_alaw",
    "codec_ulaw",
    "func_callerid",
    "func_channel",
    "func_strings",
    "res_clioriginate",
    "res_timing_timerfd",
];

/// Signed by the keys of the package debian-archive-keyring; unstable's own release file says how long it is valid,
/// and mirrors lag behind it.
const SOURCE: &str = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] \
    http://deb.debian.org/debian sid main\n";
const NOT_FETCHED: &str = "Asterisk as the exchange comes from Debian's unstable release, which could not be fetched: \
    once, this machine needs the way to deb.debian.org; `cargo xtask hil cards --list` marks the scenarios that need it";
const TRIPLET: &str = "x86_64-linux-gnu";
const LOADER: &str = "ld-linux-x86-64.so.2";
/// Changed when the recipe makes something else of the same packages.
const RECIPE_FORMAT: &str = "3";
