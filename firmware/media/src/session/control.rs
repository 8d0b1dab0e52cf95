//! The RTCP side of a leg: when to report, what was reported to us.

use std::net::SocketAddr;

use super::{Received, Refusal, RtcpMode, Session};
use crate::latch::Verdict;
use crate::rtcp::build::{CNAME_LEN, Report};
use crate::rtcp::{Compound, ReportBlock, SenderInfo, interval_us, ntp_middle, ntp_of_us, round_trip_us};
use crate::units::MAX_PACKET;

/// RTCP state of a leg.
#[derive(Debug)]
pub(super) struct Control {
    random: u32,
    cname: [u8; CNAME_LEN],
    next_us: Option<u64>,
    last_sr: u32,
    last_sr_us: u64,
    sent_at_last: u64,
    round_trip_us: Option<u64>,
}

impl Control {
    pub(super) fn new(seed: u32) -> Self {
        let mut control = Self {
            random: seed | 1,
            cname: [0; CNAME_LEN],
            next_us: None,
            last_sr: 0,
            last_sr_us: 0,
            sent_at_last: 0,
            round_trip_us: None,
        };
        for n in 0..CNAME_LEN {
            control.cname[n] = b'a' + (control.step() % 26) as u8;
        }
        control
    }

    pub(super) fn round_trip_us(&self) -> Option<u64> {
        self.round_trip_us
    }

    /// Spreads the reports; nothing secret depends on it.
    fn step(&mut self) -> u16 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        (self.random >> 16) as u16
    }
}

impl Session {
    /// Takes an RTCP datagram, from its own port or the shared one.
    pub(crate) fn receive_control(&mut self, from: SocketAddr, datagram: &mut [u8], now_us: u64) -> Received {
        if !self.control_source(from, now_us) {
            return self.refuse(Refusal::WrongSource);
        }
        if datagram.len() > MAX_PACKET {
            return self.refuse(Refusal::Malformed);
        }
        let clear = match &mut self.srtp {
            Some(pair) => match pair.rx.unprotect_rtcp(datagram) {
                Ok(len) => len,
                Err(error) => return self.refuse(Refusal::Srtp(error)),
            },
            None => datagram.len(),
        };
        let Some(Ok(compound)) = datagram.get(..clear).map(Compound::parse) else {
            return self.refuse(Refusal::Malformed);
        };
        self.learn(&compound, now_us);
        if compound.bye { Received::Bye } else { Received::Control }
    }

    /// Writes a report when one is due: its length and where it goes. `leaving` forces a BYE.
    pub(crate) fn control_packet(
        &mut self,
        now_us: u64,
        leaving: bool,
        out: &mut [u8],
    ) -> Option<(usize, SocketAddr)> {
        let to = match self.config.rtcp {
            RtcpMode::Off => return None,
            RtcpMode::Muxed => self.remote(),
            RtcpMode::To(address) => address,
        };
        let random = self.control.step();
        let Some(due) = self.control.next_us else {
            self.control.next_us = Some(now_us + interval_us(true, random));
            return None;
        };
        if now_us < due && !leaving {
            return None;
        }
        self.control.next_us = Some(now_us + interval_us(false, random));
        let len = self.report(now_us, leaving).write(out).ok()?;
        let len = match &mut self.srtp {
            Some(pair) => pair.tx.protect_rtcp(out, len).ok()?,
            None => len,
        };
        Some((len, to))
    }

    fn report(&mut self, now_us: u64, bye: bool) -> Report<'_> {
        let sending = self.stats.sent > self.control.sent_at_last;
        self.control.sent_at_last = self.stats.sent;
        let sender = sending.then(|| SenderInfo {
            ntp: ntp_of_us(now_us),
            rtp: self.timestamp,
            packets: self.stats.sent as u32,
            octets: self.stats.sent_octets as u32,
        });
        let (last_sr, last_sr_us) = (self.control.last_sr, self.control.last_sr_us);
        let block = self.source.as_mut().map(|source| ReportBlock {
            ssrc: source.ssrc(),
            fraction_lost: source.fraction_lost(),
            cumulative_lost: source.cumulative_lost(),
            highest: source.extended_max(),
            jitter: source.jitter(),
            last_sr,
            delay_since_last_sr: if last_sr == 0 {
                0
            } else {
                (now_us.saturating_sub(last_sr_us) * 65_536 / 1_000_000) as u32
            },
        });
        Report { ssrc: self.config.ssrc, sender, block, cname: &self.control.cname, bye }
    }

    fn learn(&mut self, compound: &Compound, now_us: u64) {
        if let Some(sender) = compound.sender {
            self.control.last_sr = ntp_middle(sender.ntp);
            self.control.last_sr_us = now_us;
        }
        let own = compound.reports.iter().find(|block| block.ssrc == self.config.ssrc);
        if let Some(block) = own {
            self.stats.peer_fraction_lost = Some(block.fraction_lost);
            let measured = round_trip_us(block, ntp_middle(ntp_of_us(now_us)));
            self.control.round_trip_us = measured.or(self.control.round_trip_us);
        }
    }

    /// RTCP comes from the media address, or from the address negotiated for it; with NAT from
    /// the same host. It never moves the latch.
    fn control_source(&mut self, from: SocketAddr, now_us: u64) -> bool {
        match self.config.rtcp {
            RtcpMode::Off | RtcpMode::Muxed => self.latch.judge(from, now_us, false) == Verdict::Accept,
            RtcpMode::To(address) => {
                let host = from.ip().to_canonical();
                host == address.ip().to_canonical() || host == self.remote().ip()
            }
        }
    }
}
