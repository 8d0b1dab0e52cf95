//! Elements whose contents are the users': display (4.5.16), keypad facility (4.5.18), user-user (4.5.30), facility.
//!
//! Texts are kept as octets: networks send IA5, but also GB 18030 and worse. Facility is passed through opaque.

use super::octets::{IeError, Reader};
use vocab::Pii;

/// Most octets of a display text.
const MAX_DISPLAY: usize = 128;
/// Most octets of user information.
const MAX_USER_INFORMATION: usize = 128;

codes! {
    /// Protocol discriminator of user information.
    UserProtocol {
        /// User-specific.
        User = 0x00,
        /// OSI high layer protocols.
        Osi = 0x01,
        /// X.244.
        X244 = 0x02,
        /// System management convergence function.
        SystemManagement = 0x03,
        /// IA5 characters.
        Ia5 = 0x04,
        /// X.208 and X.209 coded user information.
        X209 = 0x05,
        /// V.120 rate adaption.
        V120 = 0x07,
        /// Q.931 user-network call control messages.
        Q931 = 0x08,
    }
}

/// User-user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserUser {
    /// Protocol discriminator.
    pub protocol: UserProtocol,
    /// User information.
    pub information: Pii<Vec<u8>>,
}

impl UserUser {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let protocol = UserProtocol::from_code(reader.octet()?);
        Ok(Self { protocol, information: Pii::new(reader.rest(MAX_USER_INFORMATION)?.to_vec()) })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.protocol.code());
        out.extend_from_slice(self.information.reveal());
    }
}

/// Reads a display text.
pub(crate) fn read_display(reader: &mut Reader<'_>) -> Result<Pii<Vec<u8>>, IeError> {
    Ok(Pii::new(reader.rest(MAX_DISPLAY)?.to_vec()))
}
