//! Networks by name: network-specific facilities (Q.931 4.5.21) and transit network selection (4.5.29).
//!
//! What a facility does is the network's secret; its octets are passed through.

use super::octets::{Ia5, IeError, MAX_DIGITS, Reader, put_group};

codes! {
    /// Type of network identification.
    NetworkType {
        /// User specified.
        User = 0,
        /// National network identification.
        National = 2,
        /// International network identification.
        International = 3,
    }
}

codes! {
    /// Network identification plan.
    NetworkPlan {
        /// Unknown.
        Unknown = 0,
        /// Carrier identification code.
        Carrier = 1,
        /// Data network identification code (X.121).
        Data = 3,
    }
}

/// A network: the whole of transit network selection, the head of network-specific facilities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Network {
    /// Type of network identification.
    pub kind: NetworkType,
    /// Network identification plan.
    pub plan: NetworkPlan,
    /// Network identification.
    pub identification: Ia5,
}

impl Network {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.group()?.first();
        Ok(Self {
            kind: NetworkType::from_code(octet >> 4 & 7),
            plan: NetworkPlan::from_code(octet & 0x0f),
            identification: reader.ia5(MAX_DIGITS)?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_group(out, &[(self.kind.code() & 7) << 4 | self.plan.code() & 0x0f]);
        out.extend_from_slice(self.identification.as_bytes());
    }
}

/// Most octets of a facility specification.
const MAX_SPECIFICATION: usize = 128;

/// Network-specific facilities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NetworkSpecificFacilities {
    /// Whose facilities; none where it is the network of this interface.
    pub network: Option<Network>,
    /// Network-specific facility specification (octets 4 and on).
    pub specification: Vec<u8>,
}

impl NetworkSpecificFacilities {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let length = usize::from(reader.octet()?);
        let network = if length == 0 { None } else { Some(Self::network(reader, length)?) };
        Ok(Self { network, specification: reader.rest(MAX_SPECIFICATION)?.to_vec() })
    }

    fn network(reader: &mut Reader<'_>, length: usize) -> Result<Network, IeError> {
        /// Octets before octet 3.1: the errors of the inner reader count from there.
        const BEFORE: u16 = 1;
        let mut inner = Reader::new(reader.take(length)?);
        Network::read(&mut inner).map_err(|error| IeError { octet: error.octet + BEFORE, ..error })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut network = Vec::new();
        if let Some(named) = &self.network {
            named.write(&mut network);
        }
        out.push(u8::try_from(network.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(&network);
        out.extend_from_slice(&self.specification);
    }
}
