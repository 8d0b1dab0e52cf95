//! Bearer capability (Q.931 4.5.5): what the channel must carry.
//!
//! Rate adaption (octets 5a to 5d) is kept as octets: a box that speaks does not read it.

use super::coding::Coding;
use super::octets::{Group, IeError, IeFault, Reader, put_group};

/// Most octets that may follow octet 5, 6 or 7.
const MAX_MORE: usize = 4;

codes! {
    /// Information transfer capability.
    Capability {
        /// Speech.
        Speech = 0x00,
        /// Unrestricted digital information.
        Unrestricted = 0x08,
        /// Restricted digital information.
        Restricted = 0x09,
        /// 3.1 kHz audio.
        Audio3k1 = 0x10,
        /// Unrestricted digital information with tones and announcements (7 kHz audio).
        UnrestrictedWithTones = 0x11,
        /// Video.
        Video = 0x18,
    }
}

codes! {
    /// Transfer mode.
    Mode {
        /// Circuit.
        Circuit = 0,
        /// Packet.
        Packet = 2,
    }
}

codes! {
    /// Information transfer rate.
    Rate {
        /// Packet mode calls.
        PacketMode = 0x00,
        /// 64 kbit/s.
        K64 = 0x10,
        /// Two times 64 kbit/s.
        K2x64 = 0x11,
        /// 384 kbit/s.
        K384 = 0x13,
        /// 1536 kbit/s.
        K1536 = 0x15,
        /// 1920 kbit/s.
        K1920 = 0x17,
        /// A multiple of 64 kbit/s: the multiplier follows.
        Multirate = 0x18,
    }
}

codes! {
    /// User information layer 1 protocol.
    Layer1Protocol {
        /// V.110, I.460 and X.30 rate adaption.
        V110 = 1,
        /// G.711 μ-law.
        MuLaw = 2,
        /// G.711 A-law.
        ALaw = 3,
        /// G.721 32 kbit/s ADPCM and I.460.
        Adpcm = 4,
        /// H.221 and H.242.
        H221 = 5,
        /// H.223 and H.245.
        H223 = 6,
        /// Rate adaption that is not ITU-T's.
        NotItu = 7,
        /// V.120 rate adaption.
        V120 = 8,
        /// X.31 HDLC flag stuffing.
        X31 = 9,
    }
}

/// A layer's protocol and the octets that follow it, extension bits taken off.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layer<P> {
    /// The protocol.
    pub protocol: P,
    /// The octets after it (5a to 5d, 6a, 7a to 7b), seven bits each.
    pub more: Vec<u8>,
}

/// What carries a call: octets 3 to 7.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BearerCapability {
    /// Coding standard.
    pub coding: Coding,
    /// Information transfer capability.
    pub capability: Capability,
    /// Transfer mode.
    pub mode: Mode,
    /// Information transfer rate.
    pub rate: Rate,
    /// Multiplier of 64 kbit/s; meant and written with [`Rate::Multirate`] alone.
    pub multiplier: Option<u8>,
    /// User information layer 1 protocol (octet 5).
    pub layer1: Option<Layer<Layer1Protocol>>,
    /// User information layer 2 protocol (octet 6): 2 is Q.921, 6 is X.25.
    pub layer2: Option<Layer<u8>>,
    /// User information layer 3 protocol (octet 7): 2 is Q.931, 6 is X.25, 11 is ISO/IEC TR 9577.
    pub layer3: Option<Layer<u8>>,
}

impl BearerCapability {
    /// Speech in A-law: an ordinary call in a network with E1s.
    #[must_use]
    pub const fn speech_a_law() -> Self {
        Self::a_law(Capability::Speech)
    }

    /// 3.1 kHz audio in A-law: a modem, a fax, or an exchange that cannot tell.
    #[must_use]
    pub const fn audio_a_law() -> Self {
        Self::a_law(Capability::Audio3k1)
    }

    const fn a_law(capability: Capability) -> Self {
        Self {
            coding: Coding::Itu,
            capability,
            mode: Mode::Circuit,
            rate: Rate::K64,
            multiplier: None,
            layer1: Some(Layer { protocol: Layer1Protocol::ALaw, more: Vec::new() }),
            layer2: None,
            layer3: None,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet3 = reader.group()?.first();
        Self::read_from_octet_4(reader, octet3)
    }

    /// What bearer capability and low layer compatibility have in common.
    pub(crate) fn read_from_octet_4(reader: &mut Reader<'_>, octet3: u8) -> Result<Self, IeError> {
        let octet4 = reader.group()?.first();
        let rate = Rate::from_code(octet4 & 0x1f);
        let mut read = Self {
            coding: Coding::of(octet3),
            capability: Capability::from_code(octet3 & 0x1f),
            mode: Mode::from_code(octet4 >> 5 & 3),
            rate,
            multiplier: None,
            layer1: None,
            layer2: None,
            layer3: None,
        };
        if rate == Rate::Multirate {
            read.multiplier = Some(reader.group()?.first());
        }
        while !reader.is_empty() {
            read.read_layer(reader)?;
        }
        Ok(read)
    }

    fn read_layer(&mut self, reader: &mut Reader<'_>) -> Result<(), IeError> {
        let group = reader.group()?;
        let code = group.first() & 0x1f;
        match group.first() >> 5 {
            1 if self.layer1.is_none() && self.layer2.is_none() && self.layer3.is_none() => {
                self.layer1 =
                    Some(Layer { protocol: Layer1Protocol::from_code(code), more: more(&group, reader)? });
            }
            2 if self.layer2.is_none() && self.layer3.is_none() => {
                self.layer2 = Some(Layer { protocol: code, more: more(&group, reader)? });
            }
            3 if self.layer3.is_none() => {
                self.layer3 = Some(Layer { protocol: code, more: more(&group, reader)? });
            }
            _ => return Err(group.reserved()),
        }
        Ok(())
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_group(out, &[self.octet3()]);
        self.write_from_octet_4(out);
    }

    pub(crate) const fn octet3(&self) -> u8 {
        self.coding.bits() | self.capability.code() & 0x1f
    }

    pub(crate) fn write_from_octet_4(&self, out: &mut Vec<u8>) {
        put_group(out, &[(self.mode.code() & 3) << 5 | self.rate.code() & 0x1f]);
        if self.rate == Rate::Multirate {
            put_group(out, &[self.multiplier.unwrap_or(1)]);
        }
        if let Some(layer) = &self.layer1 {
            put_layer(out, 1, layer.protocol.code(), &layer.more);
        }
        if let Some(layer) = &self.layer2 {
            put_layer(out, 2, layer.protocol, &layer.more);
        }
        if let Some(layer) = &self.layer3 {
            put_layer(out, 3, layer.protocol, &layer.more);
        }
    }
}

fn more(group: &Group, reader: &Reader<'_>) -> Result<Vec<u8>, IeError> {
    let more = group.rest();
    if more.len() > MAX_MORE { Err(reader.error_before(IeFault::TooLong)) } else { Ok(more) }
}

fn put_layer(out: &mut Vec<u8>, layer: u8, protocol: u8, more: &[u8]) {
    let mut octets = vec![layer << 5 | protocol & 0x1f];
    octets.extend_from_slice(more);
    put_group(out, &octets);
}
