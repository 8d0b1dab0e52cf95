//! The box's own key for IPsec as files, the IKE daemon told to take them, and which tunnels are up: what the kernel says of
//! them. The daemon is asked nothing, for what it tells holds words of its peers.

use super::files::{Changes, must};
use crate::programs::{Call, Programs};
use idl::network::{NetworkConfig, Tunnel, TunnelKind};
use netconf::{
    FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY, FOLDER_IPSEC_PEERS, IPSEC_GROUP, Rendered, RenderedFile,
    wireguard_interface,
};
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use vocab::Secret;

/// The box's own certificate and key for IPsec, both in PEM.
#[derive(Debug)]
pub struct IpsecOwn {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: Secret<String>,
}

impl IpsecOwn {
    pub(super) fn files(&self) -> [RenderedFile; 2] {
        let file = |path: &str, content: &str| RenderedFile {
            path: path.to_owned(),
            mode: 0o640,
            group: Some(IPSEC_GROUP),
            content: Secret::new(content.to_owned()),
        };
        [file(FILE_IPSEC_CERTIFICATE, &self.certificate), file(FILE_IPSEC_KEY, self.key.expose())]
    }
}

/// Whether an IPsec tunnel is among what was rendered.
pub(super) fn has_ipsec(rendered: &Rendered) -> bool {
    rendered.files.iter().any(|file| file.path.starts_with(FOLDER_IPSEC_PEERS))
}

/// Has the IKE daemon take what became another. It runs while a tunnel is set. A tunnel that stays as it is stays up: the
/// daemon reads again, and ends what is there no longer or is another now. With another key of the box, or where it does
/// not take what it reads, it begins anew: then it has no tunnel of before.
pub(super) fn tell_ipsec(programs: &dyn Programs, rendered: &Rendered, changes: &Changes) -> io::Result<()> {
    let ask = |word: &str| must(programs, &Call::new("systemctl", &[word, IPSEC_SERVICE]));
    if !has_ipsec(rendered) {
        return ask("stop");
    }
    if [FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY].into_iter().any(|file| changes.below(file)) {
        return ask("restart");
    }
    ask("reload-or-restart").or_else(|_| ask("restart"))
}

/// Names of the tunnels that are up.
pub(super) fn up(config: &NetworkConfig, programs: &dyn Programs, now: u64) -> Vec<String> {
    let listed = |call: Call| {
        let done = programs.run(&call, &mut |_| {}).ok().filter(|done| done.ok);
        done.map(|done| done.output).unwrap_or_default()
    };
    let is_ipsec = |tunnel: &Tunnel| matches!(tunnel.kind, TunnelKind::IpSec { .. });
    let (mut ways, mut met) = (String::new(), String::new());
    if config.tunnels.iter().any(is_ipsec) {
        ways = listed(Call::new("ip", &["xfrm", "state", "list", "nokeys"]));
    }
    if config.tunnels.iter().any(|tunnel| !is_ipsec(tunnel)) {
        met = listed(Call::new("wg", &["show", "all", "latest-handshakes"]));
    }
    let (ways, met) = (ways_of(&ways), met_lately(&met, now));
    let is_up = |tunnel: &&Tunnel| match tunnel.kind {
        TunnelKind::WireGuard { .. } => met.contains(wireguard_interface(tunnel).as_str()),
        TunnelKind::IpSec { gateway, .. } => {
            let one = |inward| ways.contains(&(gateway, inward));
            one(true) && one(false)
        }
    };
    config.tunnels.iter().filter(is_up).map(|tunnel| tunnel.name.clone()).collect()
}

/// Gateways with keys in the kernel, and whether what is under them comes in.
fn ways_of(listing: &str) -> BTreeSet<(IpAddr, bool)> {
    let mut all = BTreeSet::new();
    let mut ends = None;
    for line in listing.lines().take(MAX_LINES) {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        match words.as_slice() {
            ["src", from, "dst", to, ..] => ends = from.parse().ok().zip(to.parse().ok()),
            // Without a number of its own it is only asked for.
            ["proto", "esp", "spi", "0x00000000", ..] => ends = None,
            ["proto", "esp", "spi", ..] => {
                if let Some((from, to)) = ends.take() {
                    all.extend([(from, true), (to, false)]);
                }
            }
            _ => {}
        }
    }
    all
}

/// Interfaces whose peer was heard within the time in which it must be heard again: three minutes, after which WireGuard
/// itself uses no key any longer.
fn met_lately(listing: &str, now: u64) -> BTreeSet<&str> {
    let one = |line: &&str| {
        let at = line.split_whitespace().nth(2).and_then(|at| at.parse::<u64>().ok()).unwrap_or(0);
        at != 0 && now.saturating_sub(at) <= HANDSHAKE_HOLDS_S
    };
    listing.lines().take(MAX_LINES).filter(one).filter_map(|line| line.split_whitespace().next()).collect()
}

/// The IKE daemon.
const IPSEC_SERVICE: &str = "ringfence-ipsec.service";
/// WireGuard's REJECT_AFTER_TIME.
const HANDSHAKE_HOLDS_S: u64 = 180;
/// Lines read of a listing.
const MAX_LINES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::{met_lately, ways_of};

    const STATES: &str = "src 10.0.1.2 dst 203.0.113.5\n\tproto esp spi 0xc1a2b3c4 reqid 1 mode tunnel\n\
        \treplay-window 0 flag af-unspec\n\
        src 203.0.113.5 dst 10.0.1.2\n\tproto esp spi 0xc5a2b3c4 reqid 1 mode tunnel\n\
        src 10.0.1.2 dst 203.0.113.9\n\tproto esp spi 0x00000000 reqid 2 mode tunnel\n\
        src 203.0.113.9 dst 10.0.1.2\n\tproto ah spi 0xc5a2b3c4 reqid 2 mode tunnel\n";

    #[test]
    fn net_05_a_tunnel_has_keys_both_ways_and_one_that_is_asked_for_has_none() {
        let ways = ways_of(STATES);
        let has = |gateway: &str, inward| ways.contains(&(gateway.parse().unwrap(), inward));
        assert!(has("203.0.113.5", true) && has("203.0.113.5", false));
        assert!(!has("203.0.113.9", true) && !has("203.0.113.9", false));
        assert!(ways_of("src a dst b\n\tproto esp spi 0x1\nproto esp spi 0x1").is_empty());
    }

    #[test]
    fn net_05_a_peer_that_was_not_heard_for_three_minutes_is_away() {
        let listing = "wg-a\tkey=\t1000\nwg-b\tkey=\t900\nwg-c\tkey=\t0\nwg-d\n";
        let met: Vec<&str> = met_lately(listing, 1_100).into_iter().collect();
        assert_eq!(met, ["wg-a"]);
    }
}
