//! Channel identification (Q.931 4.5.13) of primary rate interfaces: interface, channels by number or map.
//!
//! It chooses no channel. Basic access is not served: its coding (B1, B2) is an error here.

use super::coding::Coding;
use super::octets::{EXT, IeError, IeFault, Reader, put_group};

/// Octet 3: interface identifier present.
const EXPLICIT: u8 = 0x40;
/// Octet 3: not a basic interface.
const PRIMARY: u8 = 0x20;
/// Octet 3: exclusive, only the indicated channel is acceptable.
const EXCLUSIVE: u8 = 0x08;
/// Octet 3: the channel is the D channel.
const D_CHANNEL: u8 = 0x04;
/// Octet 3.2: a slot map follows, not a number.
const MAP: u8 = 0x10;
/// Most channel numbers of one element: the timeslots of an E1.
const MAX_NUMBERS: usize = 31;
/// Octets of the slot map of a 2048 kbit/s interface.
const E1_MAP_OCTETS: usize = 4;

codes! {
    /// Channel type or map element type.
    ChannelType {
        /// B channel units.
        B = 3,
        /// H0 channel units.
        H0 = 6,
        /// H11 channel units.
        H11 = 8,
        /// H12 channel units.
        H12 = 9,
    }
}

/// Which channels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channels {
    /// By number: on an E1 the timeslot.
    Numbers(Vec<u8>),
    /// By slot map, as sent: the last bit of the last octet is timeslot 0 of an E1, timeslot 1 of a T1.
    Map(Vec<u8>),
}

/// Octets 3.2 and 3.3.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Indicated {
    /// Coding standard.
    pub coding: Coding,
    /// What the numbers or the map count.
    pub kind: ChannelType,
    /// Which.
    pub channels: Channels,
}

/// Information channel selection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selection {
    /// No channel.
    None,
    /// Any channel.
    Any,
    /// The entire interface: octets 3.2 and 3.3 are left out (note 5 to figure 4-18).
    Interface,
    /// As indicated.
    Indicated(Indicated),
}

/// Channel identification.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChannelIdentification {
    /// The interface, seven bits an octet, where it is named; otherwise it is the one that carries the D channel.
    pub interface: Option<Vec<u8>>,
    /// Only the indicated channel is acceptable; otherwise it is preferred.
    pub exclusive: bool,
    /// The channel is the D channel.
    pub d_channel: bool,
    /// Information channel selection.
    pub selection: Selection,
}

impl ChannelIdentification {
    /// One B channel of the interface that carries the D channel.
    #[must_use]
    pub fn b_channel(timeslot: u8, exclusive: bool) -> Self {
        Self::b_channels(vec![timeslot], exclusive)
    }

    /// B channels of the interface that carries the D channel, by number.
    #[must_use]
    pub const fn b_channels(timeslots: Vec<u8>, exclusive: bool) -> Self {
        let channels = Channels::Numbers(timeslots);
        let indicated = Indicated { coding: Coding::Itu, kind: ChannelType::B, channels };
        Self { interface: None, exclusive, d_channel: false, selection: Selection::Indicated(indicated) }
    }

    /// Any channel.
    #[must_use]
    pub const fn any() -> Self {
        Self { interface: None, exclusive: false, d_channel: false, selection: Selection::Any }
    }

    /// The timeslot, where exactly one B channel is indicated, by number or by map.
    #[must_use]
    pub fn single_b_channel(&self) -> Option<u8> {
        match *self.timeslots() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The timeslots of an E1 that are indicated, ascending; those of H channels only where they come as a map.
    #[must_use]
    pub fn timeslots(&self) -> Vec<u8> {
        let Selection::Indicated(indicated) = &self.selection else { return Vec::new() };
        let mut timeslots = match (&indicated.channels, indicated.kind) {
            (Channels::Numbers(numbers), ChannelType::B) => numbers.clone(),
            (Channels::Numbers(_), _) => Vec::new(),
            (Channels::Map(map), _) => slots(map),
        };
        timeslots.sort_unstable();
        timeslots.dedup();
        timeslots
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet3 = reader.group()?.first();
        if octet3 & PRIMARY == 0 {
            return Err(reader.error_before(IeFault::Reserved(octet3)));
        }
        let interface = if octet3 & EXPLICIT == 0 { None } else { Some(reader.group()?.all()) };
        let selection = match octet3 & 3 {
            0 => Selection::None,
            1 if reader.is_empty() => Selection::Interface,
            1 => Selection::Indicated(Indicated::read(reader)?),
            3 => Selection::Any,
            _ => return Err(reader.error_before(IeFault::Reserved(octet3))),
        };
        Ok(Self {
            interface,
            exclusive: octet3 & EXCLUSIVE != 0,
            d_channel: octet3 & D_CHANNEL != 0,
            selection,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut octet3 = PRIMARY;
        for (is, bit) in
            [(self.interface.is_some(), EXPLICIT), (self.exclusive, EXCLUSIVE), (self.d_channel, D_CHANNEL)]
        {
            octet3 |= if is { bit } else { 0 };
        }
        octet3 |= match self.selection {
            Selection::None => 0,
            Selection::Interface | Selection::Indicated(_) => 1,
            Selection::Any => 3,
        };
        put_group(out, &[octet3]);
        if let Some(interface) = &self.interface {
            put_group(out, interface);
        }
        if let Selection::Indicated(indicated) = &self.selection {
            indicated.write(out);
        }
    }
}

impl Indicated {
    fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.group()?.first();
        let channels = if octet & MAP == 0 { numbers(reader)? } else { map(reader)? };
        Ok(Self { coding: Coding::of(octet), kind: ChannelType::from_code(octet & 0x0f), channels })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let map = if matches!(self.channels, Channels::Map(_)) { MAP } else { 0 };
        put_group(out, &[self.coding.bits() | map | self.kind.code() & 0x0f]);
        match &self.channels {
            Channels::Numbers(numbers) => put_group(out, numbers),
            Channels::Map(map) => out.extend_from_slice(map),
        }
    }
}

/// Channel numbers until an extension bit of 1; some exchanges never set it, so the element's end ends them too.
fn numbers(reader: &mut Reader<'_>) -> Result<Channels, IeError> {
    let mut numbers = Vec::new();
    loop {
        let octet = reader.octet()?;
        if numbers.len() == MAX_NUMBERS {
            return Err(reader.error_before(IeFault::TooLong));
        }
        numbers.push(octet & !EXT);
        if octet & EXT != 0 || reader.is_empty() {
            return Ok(Channels::Numbers(numbers));
        }
    }
}

fn map(reader: &mut Reader<'_>) -> Result<Channels, IeError> {
    if reader.is_empty() {
        return Err(reader.error(IeFault::Missing));
    }
    Ok(Channels::Map(reader.rest(E1_MAP_OCTETS)?.to_vec()))
}

/// The timeslots of a map. That of a T1 has three octets and counts from 1.
fn slots(map: &[u8]) -> Vec<u8> {
    let first = u8::from(map.len() < E1_MAP_OCTETS);
    let bits = map.iter().rev().flat_map(|octet| (0..8).map(move |bit| octet >> bit & 1 == 1));
    (first..).zip(bits).filter_map(|(slot, set)| set.then_some(slot)).collect()
}
