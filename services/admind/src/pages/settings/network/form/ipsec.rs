//! Rows of IPsec tunnels: gateway, networks of both sides, who the other is and by whose word.

use super::{Places, listed, read_list, read_tunnel, typed, zone_word};
use crate::form::Form;
use crate::texts::Texts;
use idl::network::{Tunnel, TunnelKind};
use netconf::{MAX_PEM_BYTES, parse_cidr};
use std::net::IpAddr;

/// Fills a row with a tunnel that is in use.
pub(super) fn fill(form: &mut Form, row: usize, tunnel: &Tunnel) {
    let TunnelKind::IpSec { gateway, local, peer_id, ca_pem } = &tunnel.kind else { return };
    let mut set = |field: &str, value: String| form.set(&format!("i{row}_{field}"), value);
    set("name", tunnel.name.clone());
    set("remote", listed(&tunnel.remote));
    set("zone", zone_word(tunnel.zone).to_owned());
    set("gateway", gateway.to_string());
    set("local", listed(local));
    set("peer_id", peer_id.clone());
    set("ca", ca_pem.clone());
}

/// Reads a row; nothing where it has no name.
pub(super) fn read(form: &mut Form, t: &Texts, row: usize, places: &mut Places) -> Option<Tunnel> {
    let field = |name: &str| format!("i{row}_{name}");
    let (name, remote, zone) = read_tunnel(form, t, "i", row)?;
    let gateway = form.value(&field("gateway")).trim().to_owned();
    if gateway.is_empty() {
        form.fail(&field("gateway"), t.network.f_address);
    }
    let gateway: Option<IpAddr> = typed(form, &field("gateway"), &gateway, t.network.f_address);
    let local = read_list(form, t, &field("local"), parse_cidr);
    let peer_id = form.value(&field("peer_id")).trim().to_owned();
    let ca_pem = form.lines(t, &field("ca"), MAX_PEM_BYTES);
    let kind = TunnelKind::IpSec { gateway: gateway?, local, peer_id, ca_pem };
    places.tunnels.push(format!("i{row}"));
    Some(Tunnel { name, remote, zone, kind })
}
