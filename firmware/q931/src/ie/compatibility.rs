//! Low layer compatibility (Q.931 4.5.19) and high layer compatibility (4.5.17).
//!
//! It does not judge whether two ends are compatible.

use super::bearer::BearerCapability;
use super::coding::Coding;
use super::octets::{IeError, Reader, put_group};

/// Bit 7 of octet 3a.
const NEGOTIATION: u8 = 0x40;

/// Low layer compatibility: a bearer capability that the far user checks, not the network.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LowLayerCompatibility {
    /// Octets 3 and 4 to 7, coded as in bearer capability.
    pub bearer: BearerCapability,
    /// Octet 3a: whether out-band negotiation is possible.
    pub negotiation: Option<bool>,
}

impl LowLayerCompatibility {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let group = reader.group()?;
        let negotiation = group.more(0).map(|octet| octet & NEGOTIATION != 0);
        Ok(Self { bearer: BearerCapability::read_from_octet_4(reader, group.first())?, negotiation })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self.negotiation {
            None => put_group(out, &[self.bearer.octet3()]),
            Some(yes) => put_group(out, &[self.bearer.octet3(), if yes { NEGOTIATION } else { 0 }]),
        }
        self.bearer.write_from_octet_4(out);
    }
}

codes! {
    /// High layer characteristics identification.
    HighLayer {
        /// Telephony.
        Telephony = 0x01,
        /// Facsimile group 2/3 (F.182).
        FacsimileG3 = 0x04,
        /// Facsimile group 4 class I (F.184).
        FacsimileG4 = 0x21,
        /// Telex (F.60).
        Telex = 0x35,
        /// Message handling systems (X.400).
        MessageHandling = 0x38,
        /// OSI application (X.200).
        Osi = 0x41,
        /// Reserved for maintenance.
        Maintenance = 0x5e,
        /// Reserved for management.
        Management = 0x5f,
        /// Audio visual.
        Audiovisual = 0x60,
    }
}

/// High layer compatibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HighLayerCompatibility {
    /// Coding standard.
    pub coding: Coding,
    /// Interpretation; 4 is "first (primary or only) high layer characteristics".
    pub interpretation: u8,
    /// Presentation method of the protocol profile; 1 is "high layer protocol profile".
    pub method: u8,
    /// High layer characteristics identification.
    pub high_layer: HighLayer,
    /// Extended characteristics (octet 4a).
    pub extended: Option<u8>,
}

impl HighLayerCompatibility {
    /// Telephony.
    #[must_use]
    pub const fn telephony() -> Self {
        Self {
            coding: Coding::Itu,
            interpretation: 4,
            method: 1,
            high_layer: HighLayer::Telephony,
            extended: None,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet3 = reader.group()?.first();
        let octet4 = reader.group()?;
        Ok(Self {
            coding: Coding::of(octet3),
            interpretation: octet3 >> 2 & 7,
            method: octet3 & 3,
            high_layer: HighLayer::from_code(octet4.first()),
            extended: octet4.more(0),
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_group(out, &[self.coding.bits() | (self.interpretation & 7) << 2 | self.method & 3]);
        match self.extended {
            None => put_group(out, &[self.high_layer.code()]),
            Some(extended) => put_group(out, &[self.high_layer.code(), extended]),
        }
    }
}
