//! What entries of the network say, as `field=value` pairs. No key stands among them.

use super::ledger_words::Words;
use crate::entries::NetworkEvent;
use idl::network::{Cidr, NetworkConfig};

/// The pairs of an event of the network.
pub(super) fn of_network(words: Words, event: &NetworkEvent) -> Words {
    match event {
        NetworkEvent::KeysMade { stored } => words
            .say("what", "keys-made")
            .say("wireguard_public", data_encoding::BASE64.encode(&stored.wireguard_public)),
        NetworkEvent::IpsecMade { stored } => words.say("what", "ipsec-made").say("name", &stored.name),
        NetworkEvent::Proposed { stored } => of_config(words.say("what", "proposed"), &stored.config),
        NetworkEvent::Withdrawn { proposed } => number(words, "withdrawn", *proposed),
        NetworkEvent::Confirmed { proposed } => number(words, "confirmed", *proposed),
        NetworkEvent::FellBack { proposed } => number(words, "fell-back", *proposed),
        NetworkEvent::Agreed { proposed, on_trial } => {
            number(words, "agreed", *proposed).say("on_trial", on_trial)
        }
        NetworkEvent::TunnelClosed { name } => words.say("what", "tunnel-closed").say("name", name),
    }
}

fn number(words: Words, what: &str, proposed: u64) -> Words {
    words.say("what", what).say("proposed_by_entry", proposed)
}

fn of_config(words: Words, config: &NetworkConfig) -> Words {
    let zones = config
        .zones
        .iter()
        .map(|zone| format!("{:?} {} {}", zone.zone, netconf::interface(zone), list(&zone.addresses)));
    let egress = config.egress.iter().map(|egress| format!("{} {}", list(&[egress.target]), egress.port));
    words
        .say("host", &config.host)
        .all("zones", zones)
        .all("name_servers", &config.name_servers)
        .all("time_servers", &config.time_servers)
        .say("carriers", list(&config.carriers))
        .all("egress", egress)
        .all("tunnels", config.tunnels.iter().map(|tunnel| &tunnel.name))
}

fn list(networks: &[Cidr]) -> String {
    let shown: Vec<String> =
        networks.iter().map(|network| format!("{}/{}", network.address, network.prefix)).collect();
    shown.join(" ")
}
