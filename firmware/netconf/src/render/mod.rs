//! From a configuration that [`check`](crate::check) takes to the files of the system. `hostd` writes them and has
//! them read; nothing here touches the box.

mod firewall;
mod networkd;
mod sets;
mod tunnels;

pub(crate) use firewall::voice_zone;
pub use firewall::{BLOCK_S, FIREWALL_TABLE};
pub(crate) use tunnels::alive;
pub use tunnels::{
    FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY, FILE_WIREGUARD_KEY, FOLDER_IPSEC_PEERS, IPSEC_GROUP,
    wireguard_interface,
};

use crate::cidr::parse_cidr;
use crate::fault::ConfigFault;
use crate::surroundings::{Ports, Surroundings};
use idl::network::{Cidr, NetworkConfig, Zone, ZoneConfig};
use std::fmt;
use vocab::Secret;

/// What the system is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The host's name; `None`: it keeps the one it has.
    pub host: Option<String>,
    /// Files, by path. What lies in their folders and is not among them is of an earlier configuration and goes.
    pub files: Vec<RenderedFile>,
    /// The rules, whole, for one `nft -f`: they replace those before in one step.
    pub nftables: String,
}

/// One file.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Where it lies, below `/run`.
    pub path: String,
    /// Its mode.
    pub mode: u32,
    /// The group that reads it besides root.
    pub group: Option<&'static str>,
    /// Its content.
    pub content: Secret<String>,
}

impl RenderedFile {
    fn open(path: String, content: String) -> Self {
        Self { path, mode: 0o644, group: None, content: Secret::new(content) }
    }
}

impl fmt::Debug for RenderedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:o} (…)", self.path, self.mode)
    }
}

/// The configuration as it takes effect: a box that was never set has one management zone by DHCP on its first port,
/// for whoever comes from a private network.
#[must_use]
pub fn effective(config: &NetworkConfig, ports: &Ports) -> NetworkConfig {
    let mut config = config.clone();
    if let (true, Some(first)) = (config.zones.is_empty(), ports.names().first()) {
        config.zones.push(ZoneConfig {
            zone: Zone::Management,
            port: first.clone(),
            vlan: None,
            addresses: Vec::new(),
            gateway: None,
            allowed: PRIVATE.iter().filter_map(|text| parse_cidr(text)).collect(),
        });
    }
    config
}

/// The files and rules of a configuration.
///
/// # Errors
/// What [`check`](crate::check) finds wrong: nothing is rendered of a configuration that cannot be.
pub fn render(config: &NetworkConfig, around: &Surroundings) -> Result<Rendered, Vec<ConfigFault>> {
    let config = effective(config, &around.ports);
    crate::check(&config, &around.ports)?;
    let mut files = networkd::files(&config, &around.ports);
    files.extend(tunnels::files(&config, around.today));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let nftables = firewall::rules(&config, around);
    let host = (!config.host.is_empty()).then(|| config.host.clone());
    Ok(Rendered { host, files, nftables })
}

/// The interface of a zone: the port, or the VLAN on it.
#[must_use]
pub fn interface(zone: &ZoneConfig) -> String {
    match zone.vlan {
        Some(vlan) => format!("{}.{vlan}", zone.port),
        None => zone.port.clone(),
    }
}

/// All different interfaces of the zones, in their order.
fn interfaces(config: &NetworkConfig) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in config.zones.iter().map(interface) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// The static addresses of an interface.
fn addresses<'a>(config: &'a NetworkConfig, name: &'a str) -> impl Iterator<Item = Cidr> + 'a {
    config
        .zones
        .iter()
        .filter(move |zone| interface(zone) == name)
        .flat_map(|zone| zone.addresses.iter().copied())
}

/// Private and link-local networks (RFC 1918, RFC 4193, RFC 4291).
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];
