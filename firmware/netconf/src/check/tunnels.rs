//! What a tunnel may say.

use super::{disjoint, networks};
use crate::cidr::{contains, is_host, is_own, mask, overlap};
use crate::fault::{Faults, What};
use crate::{MAX_IPSEC, MAX_NETWORKS, MAX_TUNNELS, certificate_pem, words};
use idl::network::{Cidr, NetworkConfig, Tunnel, TunnelKind, Zone};

/// Ports of the box's own services that a WireGuard tunnel does not take: SIP, RTP, IKE.
const TAKEN: [std::ops::RangeInclusive<u16>; 4] = [5060..=5061, 20_000..=29_999, 500..=500, 4500..=4500];
/// Ports below are the system's.
const FIRST_FREE: u16 = 1024;

pub(super) fn tunnels(config: &NetworkConfig, faults: &mut Faults) {
    faults.unless(config.tunnels.len() <= MAX_TUNNELS, "tunnels", What::TooMany);
    let by_ipsec =
        config.tunnels.iter().filter(|tunnel| matches!(tunnel.kind, TunnelKind::IpSec { .. })).count();
    faults.unless(by_ipsec <= MAX_IPSEC, "tunnels", What::TooMany);
    for (at, tunnel) in config.tunnels.iter().enumerate().take(MAX_TUNNELS) {
        let field = format!("tunnels.{at}");
        one(config, tunnel, &field, faults);
        for earlier in &config.tunnels[..at] {
            two(tunnel, earlier, &field, faults);
        }
    }
}

fn one(config: &NetworkConfig, tunnel: &Tunnel, field: &str, faults: &mut Faults) {
    faults.unless(words::name(&tunnel.name), format!("{field}.name"), What::Word);
    faults.unless(tunnel.zone != Zone::Backup, format!("{field}.zone"), What::TunnelZone);
    networks(&tunnel.remote, &format!("{field}.remote"), faults);
    let own: Vec<Cidr> = config.zones.iter().flat_map(|zone| zone.addresses.iter().copied()).collect();
    faults.unless(disjoint(&tunnel.remote, &own), format!("{field}.remote"), What::Overlap);
    match &tunnel.kind {
        TunnelKind::WireGuard { local, listen, peer_key, preshared, endpoint, expires_day: _ } => {
            faults.unless(is_own(*local), format!("{field}.local"), What::Address);
            faults.unless(disjoint(&[*local], &own), format!("{field}.local"), What::Overlap);
            let free = *listen >= FIRST_FREE && !TAKEN.iter().any(|range| range.contains(listen));
            faults.unless(free, format!("{field}.listen"), What::Port);
            faults.unless(*peer_key != [0; 32], format!("{field}.peer_key"), What::Key);
            let empty = preshared.as_ref().is_some_and(|key| *key.expose() == [0; 32]);
            faults.unless(!empty, format!("{field}.preshared"), What::Key);
            if let Some((address, port)) = endpoint {
                faults.unless(is_host(*address) && *port != 0, format!("{field}.endpoint"), What::Address);
            }
        }
        TunnelKind::IpSec { gateway, local, peer_id, ca_pem } => {
            faults.unless(is_host(*gateway), format!("{field}.gateway"), What::Address);
            networks(local, &format!("{field}.local"), faults);
            let ours = own_of(config, tunnel.zone);
            for network in local.iter().take(MAX_NETWORKS) {
                let has = ours.iter().any(|own| contains(mask(*network), own.address));
                faults.unless(has, format!("{field}.local"), What::NotOwn);
            }
            faults.unless(words::peer_id(peer_id), format!("{field}.peer_id"), What::Word);
            faults.unless(certificate_pem(ca_pem).is_some(), format!("{field}.ca"), What::Certificate);
        }
    }
}

fn own_of(config: &NetworkConfig, zone: Zone) -> Vec<Cidr> {
    config.zones.iter().filter(|own| own.zone == zone).flat_map(|own| own.addresses.iter().copied()).collect()
}

fn two(tunnel: &Tunnel, earlier: &Tunnel, field: &str, faults: &mut Faults) {
    faults.unless(tunnel.name != earlier.name, format!("{field}.name"), What::Twice);
    faults.unless(disjoint(&tunnel.remote, &earlier.remote), format!("{field}.remote"), What::Overlap);
    if let (
        TunnelKind::WireGuard { local, listen, .. },
        TunnelKind::WireGuard { local: other_local, listen: other_listen, .. },
    ) = (&tunnel.kind, &earlier.kind)
    {
        faults.unless(listen != other_listen, format!("{field}.listen"), What::Twice);
        faults.unless(!overlap(*local, *other_local), format!("{field}.local"), What::Overlap);
    }
    if let (TunnelKind::IpSec { gateway, .. }, TunnelKind::IpSec { gateway: other, .. }) =
        (&tunnel.kind, &earlier.kind)
    {
        faults.unless(gateway != other, format!("{field}.gateway"), What::Twice);
    }
}
