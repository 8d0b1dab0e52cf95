//! The site the tests try: four zones, each a name space with a rightful address and a stranger's.

use crate::Space;
use idl::network::{Cidr, Egress, Layer4, NetworkConfig, Zone, ZoneConfig};
use netconf::{Ports, Surroundings, interface, parse_cidr};

/// A network from its text.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn cidr(text: &str) -> Cidr {
    parse_cidr(text).expect(text)
}

fn zone(zone: Zone, port: &str, vlan: Option<u16>, addresses: &[&str], allowed: &[&str]) -> ZoneConfig {
    ZoneConfig {
        zone,
        port: port.to_owned(),
        vlan,
        addresses: addresses.iter().map(|text| cidr(text)).collect(),
        gateway: None,
        allowed: allowed.iter().map(|text| cidr(text)).collect(),
    }
}

/// Its configuration.
#[must_use]
pub fn site() -> NetworkConfig {
    NetworkConfig {
        host: "box-1".to_owned(),
        zones: vec![
            zone(Zone::Management, "eth0", None, &["10.0.1.2/24"], &["10.0.1.8/29"]),
            zone(
                Zone::Voice,
                "eth0",
                Some(20),
                &["10.0.2.2/24", "fd00:2::2/64"],
                &["10.0.2.48/28", "fd00:2::50/128"],
            ),
            zone(Zone::Business, "eth1", None, &["10.0.3.2/24"], &["10.0.3.8/29"]),
            zone(Zone::Backup, "eth2", None, &["10.0.4.2/24"], &[]),
        ],
        name_servers: vec!["10.0.1.53".parse().expect("address")],
        time_servers: vec!["10.0.1.123".to_owned()],
        egress: vec![Egress {
            name: "备份".to_owned(),
            target: cidr("10.0.4.9"),
            transport: Layer4::Tcp,
            port: 873,
            domestic: true,
        }],
        tunnels: vec![],
        carriers: vec![cidr("10.0.2.200")],
        phones: true,
    }
}

/// The day of the tests.
pub const TODAY: u32 = 20_000;

/// What the box has around it.
#[must_use]
pub fn around() -> Surroundings {
    Surroundings::of_box(Ports::known(["eth0", "eth1", "eth2", "eth3"].map(str::to_owned).to_vec()), TODAY)
}

/// The box and its four zones.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// The box.
    pub here: Space,
    /// Administrators, name server, time server.
    pub management: Space,
    /// Phones and the carrier.
    pub voice: Space,
    /// Agents' browsers.
    pub business: Space,
    /// The backup target.
    pub backup: Space,
}

impl Site {
    /// Builds it, without rules yet. Interfaces have the names that the configuration gives them; a VLAN's is a cable
    /// of its own, for the rules know names only.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn build(config: &NetworkConfig) -> anyhow::Result<Self> {
        let here = Space::make("box")?;
        let site = Self {
            here,
            management: Space::make("management")?,
            voice: Space::make("voice")?,
            business: Space::make("business")?,
            backup: Space::make("backup")?,
        };
        // As systemd-networkd has it on the box: nobody is asked for routes.
        here.run(&["sysctl", "-qw", "net.ipv6.conf.default.router_solicitations=0"])?;
        for zone in &config.zones {
            let (space, others) = site.of(zone.zone);
            let name = interface(zone);
            here.join(&name, space, "zone")?;
            for own in &zone.addresses {
                here.ip(&format!("addr add {}/{} dev {name} nodad", own.address, own.prefix))?;
            }
            for other in others {
                space.ip(&format!("addr add {other} dev zone nodad"))?;
            }
            // Each knows the way to the other zones through the box: whether it is open is what is tried.
            if let Some(own) = zone.addresses.first() {
                space.ip(&format!("route add default via {}", own.address))?;
            }
        }
        // The worst case: the kernel would forward, if the rules let it.
        here.run(&["sysctl", "-qw", "net.ipv4.ip_forward=1"])?;
        Ok(site)
    }

    fn of(&self, zone: Zone) -> (Space, &'static [&'static str]) {
        match zone {
            Zone::Management => {
                (self.management, &["10.0.1.10/24", "10.0.1.66/24", "10.0.1.53/24", "10.0.1.123/24"])
            }
            Zone::Voice => (
                self.voice,
                &[
                    "10.0.2.50/24",
                    "10.0.2.51/24",
                    "10.0.2.66/24",
                    "10.0.2.67/24",
                    "10.0.2.200/24",
                    "fd00:2::50/64",
                    "fd00:2::66/64",
                ],
            ),
            Zone::Business => (self.business, &["10.0.3.10/24", "10.0.3.66/24"]),
            Zone::Backup => (self.backup, &["10.0.4.9/24", "10.0.4.66/24"]),
        }
    }
}
