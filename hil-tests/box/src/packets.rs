//! What passed on the box's network, as QEMU noted it (`filter-dump`, the format of pcap): who sent an IPv4 packet to whom.
//! It looks at nothing inside.

use anyhow::{Context, ensure};
use std::net::Ipv4Addr;
use std::path::Path;

/// One IPv4 packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// The box sent it.
    pub of_box: bool,
    /// Source.
    pub from: Ipv4Addr,
    /// Destination.
    pub to: Ipv4Addr,
    /// Protocol: 6 TCP, 17 UDP, 50 ESP.
    pub protocol: u8,
    /// The port it goes to, where the protocol has ports.
    pub port: u16,
    /// Bytes of it.
    pub length: u16,
}

/// All that were noted so far.
///
/// # Errors
/// There are no notes, or not in this format.
pub fn noted(file: &Path) -> anyhow::Result<Vec<Packet>> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    parse(&bytes).with_context(|| file.display().to_string())
}

fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Packet>> {
    let (head, mut rest) = bytes.split_at_checked(HEAD).context("no head")?;
    ensure!(head.starts_with(&MAGIC), "no notes of packets");
    let mut found = Vec::new();
    // The last one may be half written.
    while let Some((record, after)) = rest.split_at_checked(RECORD) {
        let length = record.get(8..12).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
        let Some((frame, next)) = after.split_at_checked(usize::try_from(length)?) else { break };
        found.extend(packet(frame));
        rest = next;
    }
    Ok(found)
}

fn packet(frame: &[u8]) -> Option<Packet> {
    let ip = frame.get(14..).filter(|_| frame.get(12..14) == Some(&[8, 0]))?;
    let four = |at: usize| ip.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
    let two =
        |at: usize| ip.get(at..at + 2).and_then(|two| <[u8; 2]>::try_from(two).ok()).map(u16::from_be_bytes);
    let protocol = *ip.get(9)?;
    let head = usize::from(ip.first()? & 15) * 4;
    Some(Packet {
        of_box: frame.get(6..9)? == BOX,
        from: four(12)?.into(),
        to: four(16)?.into(),
        protocol,
        port: if matches!(protocol, 6 | 17) { two(head + 2)? } else { 0 },
        length: two(2)?,
    })
}

/// Of this machine's byte order: the format's own number for notes in microseconds.
const MAGIC: [u8; 4] = 0xa1b2_c3d4_u32.to_le_bytes();
const HEAD: usize = 24;
const RECORD: usize = 16;
/// How QEMU's cards begin their addresses; its own network's is another.
const BOX: [u8; 3] = [0x52, 0x54, 0x00];

#[cfg(test)]
mod tests {
    use super::{HEAD, MAGIC, Packet, parse};

    #[test]
    fn a_packet_s_ends_are_read_and_half_a_packet_is_none() {
        let mut frame = vec![0x52, 0x55, 10, 0, 2, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 0];
        frame.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 2, 15, 10, 50, 0, 9]);
        frame.extend([1, 187, 0x9c, 0x40]);
        let mut bytes = MAGIC.to_vec();
        bytes.resize(HEAD, 0);
        for _ in 0..2 {
            bytes.extend([0; 8]);
            bytes.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(&frame);
        }
        let half = &bytes[..bytes.len() - 1];
        let wanted = Packet {
            of_box: true,
            from: [10, 0, 2, 15].into(),
            to: [10, 50, 0, 9].into(),
            protocol: 6,
            port: 40_000,
            length: 40,
        };
        assert_eq!(parse(half).unwrap(), [wanted]);
        assert!(parse(b"x").is_err() && parse(&[0; 64]).is_err());
    }
}
