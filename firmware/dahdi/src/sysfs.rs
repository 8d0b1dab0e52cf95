//! Which cards and spans there are, out of sysfs, and the assignment of spans that have no number yet.
//!
//! It reads small text files and nothing else: no device file is opened. What it reads is bounded, whatever stands
//! in the tree.

use crate::Paths;
use card::SpanKind;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A card, or what stands for one: a DAHDI device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCard {
    /// Its name in sysfs, e. g. `pci:0000:02:08.0`: the slot it is plugged into.
    pub device: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its serial number, or what the driver takes for one; may be empty.
    pub hardware_id: String,
    /// Where it is plugged, in the driver's words; may be empty.
    pub location: String,
    /// Its spans, numbered from 1 on the card.
    pub spans: Vec<LocalSpan>,
}

/// A span as its card counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSpan {
    /// Its number on the card, from 1.
    pub local: u8,
    /// Its type in the driver's words: `E1`, `FXO`, `FXS`, `DYNAMIC` …
    pub span_type: String,
}

/// A span with a number: it can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSpan {
    /// DAHDI's number of it.
    pub number: u32,
    /// The name of its card in sysfs.
    pub device: String,
    /// Its number on the card, from 1.
    pub local: u8,
    /// DAHDI's number of its first channel.
    pub first_channel: u32,
    /// What it is.
    pub kind: SpanKind,
    /// Its name in the driver's words.
    pub name: String,
    /// Its description in the driver's words.
    pub description: String,
}

/// Why the cards could not be listed or a span not be assigned.
#[derive(Debug, Error)]
pub enum DiscoveryError {
    /// A file or folder of sysfs.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Most cards and spans that are looked at.
const MAX_ENTRIES: usize = 128;
/// Longest text of one attribute.
const MAX_ATTRIBUTE: u64 = 4_096;
/// Channels of an E1.
const E1_CHANNELS: u32 = 31;
/// DAHDI's highest channel number.
const MAX_CHANNEL: u32 = 1_024;

/// The cards, whether their spans have numbers or not; none where no driver is loaded.
///
/// # Errors
/// [`DiscoveryError`].
pub fn cards(paths: &Paths) -> Result<Vec<FoundCard>, DiscoveryError> {
    let mut found = Vec::new();
    for (device, folder) in entries(&paths.sysfs.join("bus/dahdi_devices/devices"))? {
        found.push(FoundCard {
            device,
            manufacturer: attribute(&folder, "manufacturer").unwrap_or_default(),
            model: attribute(&folder, "type").unwrap_or_default(),
            hardware_id: attribute(&folder, "hardware_id").unwrap_or_default(),
            location: attribute(&folder, "location").unwrap_or_default(),
            spans: local_spans(&folder),
        });
    }
    Ok(found)
}

/// The spans that have a number, in its order. An entry that cannot be understood is left out, and logged.
///
/// # Errors
/// [`DiscoveryError`].
pub fn spans(paths: &Paths) -> Result<Vec<FoundSpan>, DiscoveryError> {
    let mut found = Vec::new();
    for (entry, folder) in entries(&paths.sysfs.join("bus/dahdi_spans/devices"))? {
        match span(&entry, &folder) {
            Some(span) => found.push(span),
            None => log::warn!("a span of sysfs cannot be read: {}", entry.escape_default()),
        }
    }
    found.sort_by_key(|span| span.number);
    Ok(found)
}

/// Gives a span of a card the next free number (cards whose driver loads with `auto_assign_spans=0`).
///
/// # Errors
/// [`DiscoveryError`]: it has one already, there is no such span, or this process may not write the file.
pub fn assign(paths: &Paths, device: &str, local: u8) -> Result<(), DiscoveryError> {
    let path = paths.sysfs.join("bus/dahdi_devices/devices").join(device).join("assign_span");
    // Span and first channel 0: the driver takes the next free ones.
    let order = format!("{local}:0:0\n");
    let written =
        File::options().write(true).open(&path).and_then(|mut file| file.write_all(order.as_bytes()));
    written.map_err(|source| DiscoveryError::File { path, source })
}

/// Gives every span that has none a number; how many that were. The order is that of the cards' names, so the same
/// cards in the same slots get the same numbers.
///
/// # Errors
/// [`DiscoveryError`].
pub fn assign_all(paths: &Paths) -> Result<usize, DiscoveryError> {
    let assigned = spans(paths)?;
    let mut count = 0;
    for card in cards(paths)? {
        for span in &card.spans {
            if !assigned.iter().any(|known| known.device == card.device && known.local == span.local) {
                assign(paths, &card.device, span.local)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn span(entry: &str, folder: &Path) -> Option<FoundSpan> {
    let number = entry.strip_prefix("span-")?.parse().ok().filter(|number| (1..=128).contains(number))?;
    let channels = numeric(folder, "channels")?;
    let first_channel = numeric(folder, "basechan").filter(|first| (1..=MAX_CHANNEL).contains(first))?;
    let span_type = attribute(folder, "spantype")?;
    let card = fs::read_link(folder.join("ddev")).ok()?;
    Some(FoundSpan {
        number,
        device: card.file_name()?.to_str()?.to_owned(),
        local: u8::try_from(numeric(folder, "local_spanno")?).ok()?,
        first_channel,
        kind: kind(&span_type, channels)?,
        name: attribute(folder, "name").unwrap_or_default(),
        description: attribute(folder, "desc").unwrap_or_default(),
    })
}

/// What a span is. Dynamic spans of 31 channels stand for an E1; T1, J1 and BRI are none of ours.
pub(crate) fn kind(span_type: &str, channels: u32) -> Option<SpanKind> {
    match span_type {
        "E1" | "DYNAMIC" if channels == E1_CHANNELS => Some(SpanKind::E1),
        "FXO" | "FXS" | "ANALOG_MIXED" => {
            let ports =
                u8::try_from(channels).ok().filter(|ports| (1..=idl::spans::E1_TIMESLOTS).contains(ports))?;
            Some(SpanKind::Analogue { ports })
        }
        _ => None,
    }
}

/// The spans of a card, from its list of types; where the driver has none, from their count.
fn local_spans(folder: &Path) -> Vec<LocalSpan> {
    // 2.11 on kernels from 4.13 on says `dahdi_spantype`, older ones and 3.x `spantype`.
    let types = attribute(folder, "dahdi_spantype").or_else(|| attribute(folder, "spantype"));
    if let Some(types) = types {
        return parse_types(&types);
    }
    let count = numeric(folder, "span_count").and_then(|count| u8::try_from(count).ok()).unwrap_or(0);
    (1..=count.min(MAX_ENTRIES as u8)).map(|local| LocalSpan { local, span_type: String::new() }).collect()
}

/// Lines of `number:type`; others are skipped.
pub(crate) fn parse_types(text: &str) -> Vec<LocalSpan> {
    let parse = |line: &str| {
        let (local, span_type) = line.trim().split_once(':')?;
        let local = local.parse().ok().filter(|local| *local > 0)?;
        Some(LocalSpan { local, span_type: span_type.to_owned() })
    };
    text.lines().filter_map(parse).take(MAX_ENTRIES).collect()
}

/// The entries of a folder of sysfs, sorted; none where the folder is not there.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, DiscoveryError> {
    let failed = |source| DiscoveryError::File { path: folder.to_owned(), source };
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in listed.take(MAX_ENTRIES) {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// An attribute without its line end; `None` where it cannot be read.
fn attribute(folder: &Path, name: &str) -> Option<String> {
    let mut text = Vec::new();
    File::open(folder.join(name)).ok()?.take(MAX_ATTRIBUTE).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).trim_end().to_owned())
}

fn numeric(folder: &Path, name: &str) -> Option<u32> {
    attribute(folder, name)?.trim().parse().ok()
}
