//! A dialog as bytes, so that a restarted process can still say BYE.
//!
//! Deliberately not here: where the bytes are kept. They hold the numbers of both parties:
//! whoever stores them seals them.

use super::{Dialog, MAX_ROUTES};
use crate::flow::{Flow, Transport};
use sip::Uri;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What a later process needs of a dialog.
#[derive(Clone)]
pub struct DialogSnapshot(Box<Dialog>);

/// Bytes that are no dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Written by another version of the product.
    #[error("version {0} of a dialog snapshot is unknown")]
    Version(u8),
    /// Ended before its time.
    #[error("the dialog snapshot is cut short")]
    Short,
    /// A field holds what it cannot.
    #[error("field {0} of the dialog snapshot is damaged")]
    Field(&'static str),
}

impl DialogSnapshot {
    pub(super) fn new(dialog: &Dialog) -> Self {
        Self(Box::new(Dialog { ack: None, ..dialog.clone() }))
    }

    /// The dialog to go on with. Requests that were sent after the snapshot raised its CSeq,
    /// so it jumps: RFC 3261 12.2.1.1 asks for higher numbers, not for the next one.
    pub(crate) fn into_dialog(self) -> Dialog {
        let mut dialog = *self.0;
        dialog.local_seq = dialog.local_seq.saturating_add(SEQ_JUMP).min(sip::MAX_CSEQ);
        dialog
    }

    /// The flow of the dialog; a stream connection of a former process is not part of it.
    pub fn flow(&self) -> Flow {
        self.0.flow
    }

    /// The bytes of the snapshot.
    pub fn to_bytes(&self) -> Vec<u8> {
        let dialog = &self.0;
        let mut out = vec![VERSION];
        let target = dialog.remote_target.to_string();
        for text in [
            &dialog.call_id,
            &dialog.local_tag,
            &dialog.remote_tag,
            &dialog.local,
            &dialog.remote,
            &target,
            &dialog.contact,
        ] {
            put_text(&mut out, text);
        }
        out.extend(dialog.local_seq.to_le_bytes());
        out.push(u8::from(dialog.remote_seq.is_some()));
        out.extend(dialog.remote_seq.unwrap_or(0).to_le_bytes());
        out.push(match dialog.flow.transport {
            Transport::Udp => 0,
            Transport::Tcp => 1,
            Transport::Tls => 2,
        });
        put_address(&mut out, dialog.flow.remote);
        put_address(&mut out, dialog.flow.local);
        let routes = dialog.route_set.len().min(MAX_ROUTES);
        out.push(u8::try_from(routes).unwrap_or(0));
        for route in dialog.route_set.iter().take(MAX_ROUTES) {
            put_text(&mut out, route);
        }
        out
    }

    /// Reads what [`DialogSnapshot::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are damaged or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut reader = Reader(bytes);
        let version = reader.byte()?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let call_id = reader.text()?;
        let local_tag = reader.text()?;
        let remote_tag = reader.text()?;
        let local = reader.text()?;
        let remote = reader.text()?;
        let remote_target = Uri::parse(&reader.text()?).map_err(|_| SnapshotError::Field("remote target"))?;
        let contact = reader.text()?;
        let local_seq = reader.number()?;
        let has_remote_seq = reader.byte()? == 1;
        let remote_seq = Some(reader.number()?).filter(|_| has_remote_seq);
        let transport = match reader.byte()? {
            0 => Transport::Udp,
            1 => Transport::Tcp,
            2 => Transport::Tls,
            _ => return Err(SnapshotError::Field("transport")),
        };
        let (remote_address, local_address) = (reader.address()?, reader.address()?);
        let routes = usize::from(reader.byte()?);
        if routes > MAX_ROUTES {
            return Err(SnapshotError::Field("routes"));
        }
        let route_set = (0..routes).map(|_| reader.text()).collect::<Result<_, _>>()?;
        let flow = Flow { transport, remote: remote_address, local: local_address, connection: None };
        Ok(Self(Box::new(Dialog {
            call_id,
            local_tag,
            remote_tag,
            local,
            remote,
            local_seq,
            remote_seq,
            route_set,
            remote_target,
            contact,
            flow,
            ack: None,
        })))
    }
}

impl fmt::Debug for DialogSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DialogSnapshot(…)")
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], SnapshotError> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(SnapshotError::Short)?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, SnapshotError> {
        self.take(1)?.first().copied().ok_or(SnapshotError::Short)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        self.take(N)?.try_into().map_err(|_| SnapshotError::Short)
    }

    fn number(&mut self) -> Result<u32, SnapshotError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, SnapshotError> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| SnapshotError::Field("text"))
    }

    fn address(&mut self) -> Result<SocketAddr, SnapshotError> {
        let ip: IpAddr = match self.byte()? {
            4 => self.array::<4>()?.into(),
            6 => self.array::<16>()?.into(),
            _ => return Err(SnapshotError::Field("address")),
        };
        Ok(SocketAddr::new(ip, u16::from_le_bytes(self.array()?)))
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    out.extend(u16::try_from(end).unwrap_or(0).to_le_bytes());
    out.extend(&text.as_bytes()[..end]);
}

fn put_address(out: &mut Vec<u8>, address: SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => {
            out.push(4);
            out.extend(ip.octets());
        }
        IpAddr::V6(ip) => {
            out.push(6);
            out.extend(ip.octets());
        }
    }
    out.extend(address.port().to_le_bytes());
}

const VERSION: u8 = 1;
/// Longest text of a snapshot.
const MAX_TEXT: usize = 4_096;
/// More requests than a call sends after its snapshot.
const SEQ_JUMP: u32 = 10_000;
