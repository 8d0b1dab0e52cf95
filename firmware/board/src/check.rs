//! From keys to a board: ranges, what belongs together, what must differ. The first fault ends it.

use crate::error::{BoardError, Reason};
use crate::model::{AlsaLine, Board, DahdiSpan, Driver, Handset, Led, Nic, Port, Slot, Span, SpanPorts};
use crate::raw::{Layer, RawBoard, RawDahdi, RawDriver, RawKind, RawLine, RawSpan};
use idl::spans::{E1_TIMESLOTS, MAX_SPANS};
use std::collections::BTreeSet;
use toml::Spanned;
use vocab::{SpanId, Timeslot};

/// A board out of its files, the inheriting before the inherited.
pub fn board(layers: &[Layer]) -> Result<Board, BoardError> {
    let model = required(layers, "model", |raw| raw.model.as_ref())?;
    let description = required(layers, "description", |raw| raw.description.as_ref())?;
    let (_, tpm) = required(layers, "tpm", |raw| raw.tpm.as_ref())?;
    let device = |key, pick: Pick<String>| match given(layers, pick) {
        None => Ok(None),
        Some((_, value)) if value.get_ref().is_empty() => Ok(None),
        Some((layer, value)) => path(layer, key, value, "/dev/").map(Some),
    };
    let slots = list(layers, |raw| raw.slots.as_ref(), MAX_SLOTS, slot)?;
    let spans = list(layers, |raw| raw.spans.as_ref(), MAX_SPANS, span)?;
    unique(&slots, |slot| Some(format!("slot {}", slot.id)))?;
    unique(&spans, |span| Some(format!("span {}", span.id.0)))?;
    unique(&spans, |span| match &span.driver {
        Driver::Dahdi(DahdiSpan::Number(number)) => Some(format!("DAHDI's span {number}")),
        Driver::Dahdi(DahdiSpan::Device { device, local }) => Some(format!("span {local} of {device}")),
        Driver::Alsa(_) | Driver::Virtual => None,
    })?;
    for span in &spans {
        if let Some(slot) = span.value.slot
            && !slots.iter().any(|known| known.value.id == slot)
        {
            return Err(span.layer.fault(span.at, Reason::NoSuchSlot(slot)));
        }
    }
    let nics = list(
        layers,
        |raw| raw.nics.as_ref(),
        MAX_NICS,
        |layer, nic| {
            let name = text(layer, "name", &nic.name)?;
            Ok(Nic { name, network: nic.network, place: text(layer, "place", &nic.place)? })
        },
    )?;
    unique(&nics, |nic| Some(format!("network interface {}", nic.name)))?;
    let leds = list(
        layers,
        |raw| raw.leds.as_ref(),
        MAX_LEDS,
        |layer, led| {
            Ok(Led {
                name: text(layer, "name", &led.name)?,
                path: path(layer, "path", &led.path, "/sys/class/leds/")?,
            })
        },
    )?;
    let handset = given(layers, |raw| raw.handset.as_ref()).map(|(layer, handset)| {
        let handset = handset.get_ref();
        Ok(Handset {
            capture: text(layer, "capture", &handset.capture)?,
            playback: text(layer, "playback", &handset.playback)?,
            place: text(layer, "place", &handset.place)?,
        })
    });
    Ok(Board {
        model: text(model.0, "model", model.1)?,
        description: text(description.0, "description", description.1)?,
        tpm: *tpm.get_ref(),
        serial_port: device("serial_port", |raw| raw.serial_port.as_ref())?,
        watchdog: device("watchdog", |raw| raw.watchdog.as_ref())?,
        leds: values(leds),
        nics: values(nics),
        slots: values(slots),
        spans: values(spans),
        handset: handset.transpose()?,
    })
}

type Pick<T> = fn(&RawBoard) -> Option<&Spanned<T>>;

/// Something of a list, with its place.
struct Item<'a, T> {
    layer: &'a Layer,
    at: usize,
    value: T,
}

fn values<T>(items: Vec<Item<'_, T>>) -> Vec<T> {
    items.into_iter().map(|item| item.value).collect()
}

/// The key of the first file that gives it.
fn given<T>(layers: &[Layer], pick: Pick<T>) -> Option<(&Layer, &Spanned<T>)> {
    layers.iter().find_map(|layer| Some((layer, pick(&layer.raw)?)))
}

fn required<'a, T>(
    layers: &'a [Layer],
    key: &'static str,
    pick: Pick<T>,
) -> Result<(&'a Layer, &'a Spanned<T>), BoardError> {
    given(layers, pick).ok_or_else(|| {
        let file = layers.first().map_or_else(String::new, |layer| layer.file.clone());
        BoardError { file, line: 1, reason: Reason::Missing(key) }
    })
}

fn list<'a, R: 'a, T>(
    layers: &'a [Layer],
    pick: Pick<Vec<Spanned<R>>>,
    most: usize,
    check: impl Fn(&Layer, &R) -> Result<T, BoardError>,
) -> Result<Vec<Item<'a, T>>, BoardError> {
    let Some((layer, items)) = given(layers, pick) else { return Ok(Vec::new()) };
    if let Some(beyond) = items.get_ref().get(most) {
        let reason = Reason::Mismatch("the list is longer than any board's; remove what is not there");
        return Err(layer.fault(beyond.span().start, reason));
    }
    let item =
        |raw: &'a Spanned<R>| Ok(Item { layer, at: raw.span().start, value: check(layer, raw.get_ref())? });
    items.get_ref().iter().map(item).collect()
}

/// Refuses the second item of the same words; items without are not compared.
fn unique<T>(items: &[Item<'_, T>], words: impl Fn(&T) -> Option<String>) -> Result<(), BoardError> {
    let mut seen = BTreeSet::new();
    for item in items {
        if let Some(what) = words(&item.value)
            && !seen.insert(what.clone())
        {
            return Err(item.layer.fault(item.at, Reason::Twice { what }));
        }
    }
    Ok(())
}

fn slot(layer: &Layer, raw: &crate::raw::RawSlot) -> Result<Slot, BoardError> {
    let optional = |key, value: &Option<Spanned<String>>| {
        value.as_ref().map(|value| text(layer, key, value)).transpose()
    };
    Ok(Slot {
        id: number(layer, "id", &raw.id, 1..=MAX_SLOTS as i64, "a slot from 1 to 16")?,
        place: text(layer, "place", &raw.place)?,
        card: optional("card", &raw.card)?,
        module: optional("module", &raw.module)?,
    })
}

fn span(layer: &Layer, raw: &RawSpan) -> Result<Span, BoardError> {
    let slot = raw
        .slot
        .as_ref()
        .map(|slot| number(layer, "slot", slot, 1..=MAX_SLOTS as i64, "a slot from 1 to 16"));
    let ports = ports(layer, raw)?;
    Ok(Span {
        id: SpanId(number(layer, "id", &raw.id, 1..=MAX_SPANS as i64, "a span from 1 to 32")?),
        place: text(layer, "place", &raw.place)?,
        slot: slot.transpose()?,
        driver: driver(layer, raw, &ports)?,
        ports,
    })
}

fn ports(layer: &Layer, raw: &RawSpan) -> Result<SpanPorts, BoardError> {
    match (raw.kind, &raw.ports) {
        (RawKind::E1, None) => Ok(SpanPorts::E1),
        (RawKind::E1, Some(ports)) => {
            let reason =
                Reason::Mismatch("an E1 has timeslots, not ports; remove `ports`, or make it analogue");
            Err(layer.fault(ports.span().start, reason))
        }
        (RawKind::Analogue, Some(ports))
            if (1..=usize::from(E1_TIMESLOTS)).contains(&ports.get_ref().len()) =>
        {
            Ok(SpanPorts::Analogue(ports.get_ref().clone()))
        }
        (RawKind::Analogue, Some(ports)) => {
            let reason =
                Reason::Range { key: "ports", expected: "a list of 1 to 31 times \"fxo\" or \"fxs\"" };
            Err(layer.fault(ports.span().start, reason))
        }
        (RawKind::Analogue, None) => {
            let reason = Reason::Mismatch("analogue ports are listed; add `ports`, each \"fxo\" or \"fxs\"");
            Err(layer.fault(raw.id.span().start, reason))
        }
    }
}

fn driver(layer: &Layer, raw: &RawSpan, ports: &SpanPorts) -> Result<Driver, BoardError> {
    let fault = |at: usize, reason| Err(layer.fault(at, Reason::Mismatch(reason)));
    let here = raw.driver.span().start;
    match (raw.driver.get_ref(), &raw.dahdi, &raw.lines) {
        (RawDriver::Dahdi, Some(dahdi), None) => {
            dahdi_span(layer, dahdi.span().start, dahdi.get_ref()).map(Driver::Dahdi)
        }
        (RawDriver::Dahdi, None, None) => {
            fault(here, "which of DAHDI's spans? add `dahdi`, by number or device")
        }
        (RawDriver::Alsa, None, Some(lines)) => match ports {
            SpanPorts::E1 => fault(here, "ALSA drives no E1; use dahdi, or make the span analogue"),
            SpanPorts::Analogue(ports) => alsa_lines(layer, lines, ports).map(Driver::Alsa),
        },
        (RawDriver::Alsa, None, None) => fault(here, "which lines? add `lines`, one for each port"),
        (RawDriver::Virtual, None, None) => Ok(Driver::Virtual),
        (RawDriver::Dahdi | RawDriver::Virtual, _, Some(lines)) => {
            fault(lines.span().start, "`lines` are ALSA's; remove them, or make the driver alsa")
        }
        (RawDriver::Alsa | RawDriver::Virtual, Some(dahdi), _) => {
            fault(dahdi.span().start, "`dahdi` names a span of DAHDI; remove it, or make the driver dahdi")
        }
    }
}

fn dahdi_span(layer: &Layer, at: usize, raw: &RawDahdi) -> Result<DahdiSpan, BoardError> {
    match (&raw.number, &raw.device, &raw.local) {
        (Some(number_), None, None) => {
            let number =
                number(layer, "number", number_, 1..=MAX_DAHDI_SPAN, "DAHDI's number of a span, 1 to 128")?;
            Ok(DahdiSpan::Number(number))
        }
        (None, Some(device), Some(local)) => Ok(DahdiSpan::Device {
            device: text(layer, "device", device)?,
            local: number(
                layer,
                "local",
                local,
                1..=MAX_SPANS as i64,
                "the span's number on its card, from 1",
            )?,
        }),
        _ => {
            let reason = Reason::Mismatch("name a span of DAHDI by `number`, or by `device` and `local`");
            Err(layer.fault(at, reason))
        }
    }
}

fn alsa_lines(
    layer: &Layer,
    lines: &Spanned<Vec<Spanned<RawLine>>>,
    ports: &[Port],
) -> Result<Vec<AlsaLine>, BoardError> {
    let mut found: Vec<AlsaLine> = Vec::new();
    for raw in lines.get_ref() {
        let line = alsa_line(layer, raw.get_ref())?;
        let at = raw.get_ref().port.span().start;
        match ports.get(usize::from(line.port.0) - 1) {
            Some(Port::Fxo) if found.iter().all(|other| other.port != line.port) => found.push(line),
            Some(Port::Fxo) => {
                return Err(layer.fault(at, Reason::Twice { what: format!("port {}", line.port.0) }));
            }
            Some(Port::Fxs) => {
                let reason = "a line behind ALSA goes to the exchange; make its port \"fxo\"";
                return Err(layer.fault(at, Reason::Mismatch(reason)));
            }
            None => {
                let reason = "the span has no such port; add it to `ports`, or correct the number";
                return Err(layer.fault(at, Reason::Mismatch(reason)));
            }
        }
    }
    if found.len() < ports.len() {
        let reason = Reason::Mismatch("each port needs its line; add the missing ones to `lines`");
        return Err(layer.fault(lines.span().start, reason));
    }
    Ok(found)
}

fn alsa_line(layer: &Layer, raw: &RawLine) -> Result<AlsaLine, BoardError> {
    let optional = |key, value: &Option<Spanned<String>>| {
        value.as_ref().map(|value| text(layer, key, value)).transpose()
    };
    Ok(AlsaLine {
        port: Timeslot(number(layer, "port", &raw.port, 1..=i64::from(E1_TIMESLOTS), "a port from 1 to 31")?),
        card: text(layer, "card", &raw.card)?,
        capture: text(layer, "capture", &raw.capture)?,
        playback: text(layer, "playback", &raw.playback)?,
        hook: text(layer, "hook", &raw.hook)?,
        ring: optional("ring", &raw.ring)?,
        loop_current: optional("loop_current", &raw.loop_current)?,
        polarity: optional("polarity", &raw.polarity)?,
        caller_id: optional("caller_id", &raw.caller_id)?,
    })
}

fn number<T: TryFrom<i64>>(
    layer: &Layer,
    key: &'static str,
    value: &Spanned<i64>,
    range: std::ops::RangeInclusive<i64>,
    expected: &'static str,
) -> Result<T, BoardError> {
    Some(*value.get_ref())
        .filter(|value| range.contains(value))
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| layer.fault(value.span().start, Reason::Range { key, expected }))
}

fn text(layer: &Layer, key: &'static str, value: &Spanned<String>) -> Result<String, BoardError> {
    let text = value.get_ref();
    if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES || text.chars().any(char::is_control) {
        let reason = Reason::Range { key, expected: "a text of one line, of 1 to 200 bytes" };
        return Err(layer.fault(value.span().start, reason));
    }
    Ok(text.clone())
}

fn path(
    layer: &Layer,
    key: &'static str,
    value: &Spanned<String>,
    below: &'static str,
) -> Result<String, BoardError> {
    let path = text(layer, key, value)?;
    if path.strip_prefix(below).is_none_or(|rest| rest.is_empty() || rest.contains("..")) {
        let expected =
            if below == "/dev/" { "a path below /dev/" } else { "a folder below /sys/class/leds/" };
        return Err(layer.fault(value.span().start, Reason::Range { key, expected }));
    }
    Ok(path)
}

const MAX_SLOTS: usize = 16;
const MAX_NICS: usize = 16;
const MAX_LEDS: usize = 32;
const MAX_TEXT_BYTES: usize = 200;
/// DAHDI has at most 128 spans (DAHDI_MAX_SPANS of its user header).
const MAX_DAHDI_SPAN: i64 = 128;
