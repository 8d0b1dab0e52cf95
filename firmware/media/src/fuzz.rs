//! Entry for the fuzzer: every parser that sees a datagram of a stranger.

use std::net::{Ipv4Addr, SocketAddr};

use crate::call::{CallMedia, TickOutput};
use crate::command::Leg;
use crate::dtmf::event::EventReceiver;
use crate::dtmf::info::parse_info;
use crate::g711::Law;
use crate::rtcp::Compound;
use crate::rtp::RtpPacket;
use crate::session::{LegConfig, Session};
use crate::units::{MAX_PACKET, TICK_US};
use crate::watchdog::WatchLimits;

/// Datagrams one input is cut into.
const MAX_DATAGRAMS: usize = 64;

/// Takes octets as one packet of each kind, then as a stream of datagrams (a length octet before
/// each) into a call.
pub fn fuzz_rtp(data: &[u8]) {
    if let Ok(packet) = RtpPacket::parse(data) {
        assert!(packet.payload.len() + usize::from(packet.padding) <= data.len());
        EventReceiver::default().receive(packet.header.timestamp, packet.payload, 0);
    }
    if let Ok(compound) = Compound::parse(data) {
        assert!(compound.reports.len() <= crate::rtcp::MAX_REPORTS);
    }
    let digit = parse_info("application/dtmf-relay", data);
    assert!(digit.is_none_or(|info| info.digit.event() < 16));

    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000));
    let config = LegConfig::new(Law::A, peer, [0; 10]);
    let mut call = CallMedia::new(Box::new(Session::new(config, None)), WatchLimits::default());
    let mut out = TickOutput::default();
    let mut rest = data;
    let mut now_us = 0;
    for _ in 0..MAX_DATAGRAMS {
        let Some((len, after)) = rest.split_first() else { break };
        let (datagram, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        let mut buffer = [0; MAX_PACKET];
        buffer[..datagram.len()].copy_from_slice(datagram);
        call.receive(Leg::Customer, peer, &mut buffer[..datagram.len()], now_us);
        now_us += TICK_US;
        call.tick(now_us, &mut out);
        let customer = &call.stats().customer.jitter_buffer;
        assert!(customer.gap_samples <= customer.frames * 160);
    }
}
