//! Writes RTCP compounds into the caller's buffer: a report, a CNAME, and BYE when leaving.

use super::{BYE, CNAME, REPORT_LEN, RR, ReportBlock, RtcpError, SDES, SR, SenderInfo};

/// Octets of the canonical name: random, says nothing (RFC 7022).
pub const CNAME_LEN: usize = 8;

/// What a compound is to say.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Our SSRC.
    pub ssrc: u32,
    /// What we sent; without it a receiver report is written.
    pub sender: Option<SenderInfo>,
    /// What we received.
    pub block: Option<ReportBlock>,
    /// Our canonical name.
    pub cname: &'a [u8; CNAME_LEN],
    /// Whether we leave.
    pub bye: bool,
}

impl Report<'_> {
    /// Writes the compound; gives its length.
    ///
    /// # Errors
    /// `NoSpace`.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, RtcpError> {
        let mut writer = Writer { out, at: 0 };
        let blocks = usize::from(self.block.is_some());
        let body = 4 + self.sender.map_or(0, |_| 20) + blocks * REPORT_LEN;
        let kind = if self.sender.is_some() { SR } else { RR };
        writer.header(blocks as u8, kind, body)?;
        writer.word(self.ssrc)?;
        if let Some(sender) = self.sender {
            writer.word((sender.ntp >> 32) as u32)?;
            writer.word(sender.ntp as u32)?;
            writer.word(sender.rtp)?;
            writer.word(sender.packets)?;
            writer.word(sender.octets)?;
        }
        if let Some(block) = self.block {
            writer.block(&block)?;
        }
        // One chunk: SSRC, CNAME item, its end, padded to a word (RFC 3550 section 6.5).
        writer.header(1, SDES, 4 + CNAME_LEN + 4)?;
        writer.word(self.ssrc)?;
        writer.octets(&[CNAME, CNAME_LEN as u8])?;
        writer.octets(self.cname)?;
        writer.octets(&[0, 0])?;
        if self.bye {
            writer.header(1, BYE, 4)?;
            writer.word(self.ssrc)?;
        }
        Ok(writer.at)
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn header(&mut self, count: u8, kind: u8, body: usize) -> Result<(), RtcpError> {
        let words = u16::try_from(body / 4).map_err(|_| RtcpError::NoSpace)?;
        let [high, low] = words.to_be_bytes();
        self.octets(&[0x80 | count, kind, high, low])
    }

    fn block(&mut self, block: &ReportBlock) -> Result<(), RtcpError> {
        self.word(block.ssrc)?;
        let lost = block.cumulative_lost.cast_unsigned() & 0x00FF_FFFF;
        self.word((u32::from(block.fraction_lost) << 24) | lost)?;
        self.word(block.highest)?;
        self.word(block.jitter)?;
        self.word(block.last_sr)?;
        self.word(block.delay_since_last_sr)
    }

    fn word(&mut self, word: u32) -> Result<(), RtcpError> {
        self.octets(&word.to_be_bytes())
    }

    fn octets(&mut self, octets: &[u8]) -> Result<(), RtcpError> {
        let end = self.at + octets.len();
        let room = self.out.get_mut(self.at..end).ok_or(RtcpError::NoSpace)?;
        room.copy_from_slice(octets);
        self.at = end;
        Ok(())
    }
}
