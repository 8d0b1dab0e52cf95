//! The site's network: proposed by one person, agreed to by another (ACC-06), on trial where it could lock people out
//! (L-42), and told to `hostd`, which applies it. What a configuration may say is decided in the crate `netconf`.
//!
//! `hostd` is told whenever it connects and whenever something changes: the configuration with the trunks' addresses as
//! carriers, whether agents have phones, and the box's own private keys, which go nowhere else; the one for IPsec only
//! while there is such a tunnel.

use crate::admin::{Actor, Handled, Refusal};
use crate::command::Message;
use crate::entries::{IpsecStored, NetworkEvent, NetworkStored, Sealed, TunnelKeysStored, Who};
use crate::seal::Purpose;
use crate::tunnel_keys::IpsecKey;
use crate::vault::Vault;
use idl::admin::Answer;
use idl::hello::Process;
use idl::host::VaultToHost;
use idl::network::{Cidr, NetworkConfig, Tunnel, TunnelKind};
use idl::views::{NetworkAsk, NetworkProposal, NetworkTrial, NetworkView};
use netconf::{ConfigFault, Ports, Seen, Settling, Step};
use std::net::IpAddr;
use std::time::Duration;
use vocab::{Secret, SubjectId};

/// Preshared keys by the names of their tunnels, as they are sealed.
type Preshared = Vec<(String, [u8; 32])>;

/// What is in use now and, on trial, what it falls back to; made from what is kept when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct NetworkNow {
    settling: Option<Settling>,
    told: Option<NetworkConfig>,
    /// Addresses of interfaces, as `hostd` said last; they outlive its connection.
    seen: Option<Vec<Seen>>,
    /// Tunnels that are up, as `hostd` said last.
    up: Option<Vec<String>>,
}

impl NetworkNow {
    /// Which tunnels are up.
    pub(crate) fn know_up(&mut self, mut up: Vec<String>) {
        up.truncate(netconf::MAX_TUNNELS);
        up.retain(|name| name.len() <= netconf::MAX_NAME);
        self.up = Some(up);
    }

    /// Which addresses the box has.
    pub(crate) fn know_addresses(&mut self, told: &[String]) {
        self.seen = Some(told.iter().filter_map(|line| Seen::parse(line)).collect());
    }

    /// Which addresses the box has; `None`: nobody said so far.
    pub(crate) fn seen(&self) -> Option<&[Seen]> {
        self.seen.as_deref()
    }

    /// `hostd` is gone: nobody knows.
    pub(crate) fn forget_up(&mut self) {
        self.up = None;
    }
}

impl Vault {
    pub(crate) fn network_request(&mut self, actor: &Actor, ask: NetworkAsk) -> Handled {
        match ask {
            NetworkAsk::Look => Ok(Some(Answer::Network(Box::new(self.network_view())))),
            NetworkAsk::Propose(config) => self.propose_network(actor, *config),
            NetworkAsk::Agree { proposed } => self.agree_network(actor, proposed),
            NetworkAsk::Withdraw { proposed } => {
                let waiting = self.state.network.waiting.as_ref();
                if waiting.is_none_or(|waiting| waiting.seq != proposed) {
                    return Err(Refusal::unknown("proposal"));
                }
                self.write(actor, NetworkEvent::Withdrawn { proposed }.into());
                Ok(Some(Answer::Done))
            }
            NetworkAsk::Confirm { proposed } => self.confirm_network(actor, proposed),
            NetworkAsk::CloseTunnel { name } => self.close_tunnel(actor, name),
            NetworkAsk::MakeKeys => self.make_tunnel_keys(actor),
        }
    }

    fn propose_network(&mut self, actor: &Actor, mut config: NetworkConfig) -> Handled {
        let today = self.day();
        // The vault sees no ports; hostd looks at them when it applies.
        netconf::check(&config, &Ports::unknown()).map_err(|faults| refused(&faults))?;
        netconf::check_terms(&config, today).map_err(|faults| refused(&faults))?;
        // Not the person's to say: it is looked up whenever hostd is told.
        config.phones = false;
        self.inherit_keys(&mut config);
        let (bare, preshared) = apart(config);
        if postcard::to_stdvec(&bare).map_or(true, |bytes| bytes.len() > MAX_CONFIG_BYTES) {
            return Err(Refusal::too_many("bytes of one configuration", MAX_CONFIG_BYTES));
        }
        let names = preshared.iter().map(|(name, _)| name.clone()).collect();
        let (subject, secrets) = self.seal_network(&preshared)?;
        let stored = NetworkStored { config: bare, subject, secrets, preshared: names };
        let seq = self.next_seq();
        self.write(actor, NetworkEvent::Proposed { stored: Box::new(stored) }.into());
        Ok(Some(Answer::Created { ids: vec![seq] }))
    }

    fn agree_network(&mut self, actor: &Actor, proposed: u64) -> Handled {
        let waiting = self.state.network.waiting.as_ref().ok_or_else(|| Refusal::unknown("proposal"))?;
        waiting.agree(proposed, actor.id, self.clock.now)?;
        let config = self.opened(&waiting.what).ok_or_else(Refusal::storage)?;
        let (now, mut settling) = (self.since_boot(), self.settling());
        let by_ipsec = config.tunnels.iter().any(is_ipsec);
        let by_wireguard = config.tunnels.iter().any(|tunnel| !is_ipsec(tunnel));
        let step = settling.want(now, config).ok_or_else(on_trial)?;
        if by_wireguard && self.state.network.keys.is_none() {
            self.new_tunnel_keys(actor)?;
        }
        if by_ipsec && self.state.network.ipsec.is_none() {
            self.new_ipsec_key(actor)?;
        }
        let on_trial = matches!(step, Step::Try(_));
        self.network_now.settling = Some(settling);
        self.write(actor, NetworkEvent::Agreed { proposed, on_trial }.into());
        self.send_network();
        Ok(Some(Answer::Done))
    }

    fn confirm_network(&mut self, actor: &Actor, proposed: u64) -> Handled {
        let (now, mut settling) = (self.since_boot(), self.settling());
        let known = self.state.network.trial.as_ref().is_some_and(|(number, _)| *number == proposed);
        if !known || settling.confirm(now).is_none() {
            return Err(Refusal::new(
                "no-trial",
                "Nothing is on trial any more: the box went back to its former network.",
                "已没有待确认的更改：本机已恢复原网络设置。",
            ));
        }
        self.network_now.settling = Some(settling);
        self.write(actor, NetworkEvent::Confirmed { proposed }.into());
        Ok(Some(Answer::Done))
    }

    /// Closing takes one person: it can only make less reachable.
    fn close_tunnel(&mut self, actor: &Actor, name: String) -> Handled {
        if self.state.network.trial.is_some() {
            return Err(on_trial());
        }
        let kept = self.state.network.kept.as_ref();
        if !kept.is_some_and(|kept| kept.config.tunnels.iter().any(|tunnel| tunnel.name == name)) {
            return Err(Refusal::unknown("tunnel"));
        }
        self.write(actor, NetworkEvent::TunnelClosed { name }.into());
        self.network_now.settling = None;
        self.send_network();
        Ok(Some(Answer::Done))
    }

    fn make_tunnel_keys(&mut self, actor: &Actor) -> Handled {
        self.new_tunnel_keys(actor)?;
        self.new_ipsec_key(actor)?;
        self.network_now.told = None;
        self.send_network();
        Ok(Some(Answer::Done))
    }

    fn new_tunnel_keys(&mut self, actor: &Actor) -> Result<(), Refusal> {
        let private = Secret::new(self.random::<32>());
        let wireguard_public = crate::tunnel_keys::public(&private).ok_or_else(Refusal::storage)?;
        let (subject, keys) = self.seal_network(private.expose())?;
        let stored = TunnelKeysStored { wireguard_public, subject, keys };
        self.write(actor, NetworkEvent::KeysMade { stored: Box::new(stored) }.into());
        Ok(())
    }

    /// Another key and certificate for IPsec; the name stays, for the other sides know the box by it.
    fn new_ipsec_key(&mut self, actor: &Actor) -> Result<(), Refusal> {
        let known = self.state.network.ipsec.as_ref().map(|stored| stored.name.clone());
        let name = known.unwrap_or_else(|| crate::tunnel_keys::ipsec_name(self.random()));
        let (scalar, serial) = (Secret::new(self.random::<48>()), self.random());
        let made = crate::tunnel_keys::ipsec(&scalar, serial, &name, self.clock.now);
        let IpsecKey { certificate, key } = made.ok_or_else(Refusal::storage)?;
        let (subject, key) = self.seal_network(key.expose())?;
        let stored = IpsecStored { name, certificate, subject, key };
        self.write(actor, NetworkEvent::IpsecMade { stored: Box::new(stored) }.into());
        Ok(())
    }

    fn seal_network<T: serde::Serialize>(&mut self, value: &T) -> Result<(SubjectId, Sealed), Refusal> {
        let subject = SubjectId(self.random());
        let sealed = self.seal_for(subject, Purpose::Network, value).ok_or_else(Refusal::storage)?;
        Ok((subject, sealed))
    }

    /// A tunnel whose preshared key was not typed again keeps it, if it is still the same peer's.
    fn inherit_keys(&self, config: &mut NetworkConfig) {
        let now = self.settling();
        for tunnel in &mut config.tunnels {
            let known = now.in_use().tunnels.iter().find(|known| known.name == tunnel.name);
            if let (
                TunnelKind::WireGuard { preshared: preshared @ None, peer_key, .. },
                Some(TunnelKind::WireGuard { preshared: kept, peer_key: same, .. }),
            ) = (&mut tunnel.kind, known.map(|known| &known.kind))
                && peer_key == same
            {
                preshared.clone_from(kept);
            }
        }
    }

    /// A stored configuration with its preshared keys.
    fn opened(&self, stored: &NetworkStored) -> Option<NetworkConfig> {
        let keys: Preshared = self.open_of(stored.subject, Purpose::Network, &stored.secrets)?;
        let mut config = stored.config.clone();
        for tunnel in &mut config.tunnels {
            let key = keys.iter().find(|(name, _)| *name == tunnel.name);
            if let (TunnelKind::WireGuard { preshared, .. }, Some((_, key))) = (&mut tunnel.kind, key) {
                *preshared = Some(Secret::new(*key));
            }
        }
        Some(config)
    }

    /// What is in use now. A tunnel whose preshared key cannot be opened is closed, never opened without it.
    fn settling(&self) -> Settling {
        self.network_now.settling.clone().unwrap_or_else(|| {
            let kept = self.state.network.kept.as_ref().map(|stored| {
                self.opened(stored).unwrap_or_else(|| {
                    log::error!("keys of tunnels cannot be opened: those tunnels stay closed");
                    let mut config = stored.config.clone();
                    config.tunnels.retain(|tunnel| !stored.preshared.contains(&tunnel.name));
                    config
                })
            });
            Settling::start(kept.unwrap_or_default())
        })
    }

    const fn since_boot(&self) -> Duration {
        Duration::from_millis(self.clock.boot_ms)
    }

    /// A start: what was on trial when this process ended was not confirmed.
    pub(crate) fn end_lost_trial(&mut self) {
        if let Some((proposed, _)) = self.state.network.trial {
            self.network_now.settling = None;
            self.record(Who::Process(Process::Vaultd), NetworkEvent::FellBack { proposed }.into());
        }
    }

    pub(crate) fn tick_network(&mut self) {
        let now = self.since_boot();
        let over = self.network_now.settling.as_mut().and_then(|settling| settling.expire(now));
        if let (Some(Step::FallBack(_)), Some((proposed, _))) = (over, &self.state.network.trial) {
            let proposed = *proposed;
            self.record(Who::Process(Process::Vaultd), NetworkEvent::FellBack { proposed }.into());
            self.send_network();
        }
        let void = self.state.network.waiting.as_ref().filter(|waiting| waiting.is_void(self.clock.now));
        if let Some(proposed) = void.map(|waiting| waiting.seq) {
            self.record(Who::Process(Process::Vaultd), NetworkEvent::Withdrawn { proposed }.into());
        }
    }

    /// `hostd` is new: it knows nothing.
    pub(crate) fn network_to_new_host(&mut self) {
        self.network_now.told = None;
        self.send_network();
    }

    /// Tells `hostd`, if it is there and does not know: its keys first, then the configuration that may need them.
    pub(crate) fn send_network(&mut self) {
        let Some(conn) = self.host_now.conn() else { return };
        let mut config = self.settling().in_use().clone();
        for address in self.trunk_addresses() {
            let known = config.carriers.iter().any(|carrier| netconf::contains(*carrier, address.address));
            if known {
                continue;
            }
            if config.carriers.len() == netconf::MAX_NETWORKS {
                log::error!("more trunks than networks of carriers: some are not reached");
                break;
            }
            config.carriers.push(address);
        }
        config.phones = !self.state.phones.is_empty();
        if self.network_now.told.as_ref() == Some(&config) {
            return;
        }
        let key = self.state.network.keys.as_ref().and_then(|stored| {
            self.open_of::<[u8; 32]>(stored.subject, Purpose::Network, &stored.keys).map(Secret::new)
        });
        if let Some(key) = key {
            self.send(conn, Message::Host(VaultToHost::TunnelKey(key)));
        }
        let ipsec = self.state.network.ipsec.as_ref().filter(|_| config.tunnels.iter().any(is_ipsec));
        if let Some(stored) = ipsec {
            match self.open_of::<String>(stored.subject, Purpose::Network, &stored.key).map(Secret::new) {
                Some(key) => {
                    let certificate = stored.certificate.clone();
                    self.send(conn, Message::Host(VaultToHost::IpsecKey { certificate, key }));
                }
                None => log::error!("the key for IPsec cannot be opened: its tunnels stay down"),
            }
        }
        self.network_now.told = Some(config.clone());
        self.send(conn, Message::Host(VaultToHost::Network(Box::new(config))));
    }

    /// Trunks that are set as addresses are carriers, without a second word from anybody.
    fn trunk_addresses(&self) -> Vec<Cidr> {
        let hosts = self.state.trunks.values().filter_map(|trunk| literal(&trunk.host));
        let peers = hosts.filter(|address| netconf::is_peer(*address));
        peers.map(|address| Cidr { address, prefix: if address.is_ipv4() { 32 } else { 128 } }).collect()
    }

    fn network_view(&self) -> NetworkView {
        let network = &self.state.network;
        let in_use = network.trial.as_ref().map(|(_, stored)| stored).or(network.kept.as_ref());
        let until = self.network_now.settling.as_ref().and_then(Settling::deadline);
        let left = until.map(|until| until.saturating_sub(self.since_boot()).as_secs());
        let left_s = left.and_then(|left| u32::try_from(left).ok()).unwrap_or(0);
        let by_name = self.state.trunks.values().filter(|trunk| literal(&trunk.host).is_none());
        NetworkView {
            config: in_use.map(|stored| stored.config.clone()).unwrap_or_default(),
            preshared: in_use.map(|stored| stored.preshared.clone()).unwrap_or_default(),
            trial: network.trial.as_ref().map(|(proposed, _)| NetworkTrial { proposed: *proposed, left_s }),
            proposal: network.waiting.as_ref().map(|waiting| NetworkProposal {
                proposed: waiting.seq,
                by: waiting.by,
                at: waiting.at,
                until: waiting.until(),
                config: waiting.what.config.clone(),
            }),
            wireguard_public: network.keys.as_ref().map(|keys| keys.wireguard_public),
            ipsec_certificate: network.ipsec.as_ref().map(|stored| stored.certificate.clone()),
            up: self.network_now.up.clone(),
            trunks: self.trunk_addresses().into_iter().take(netconf::MAX_NETWORKS).collect(),
            trunks_by_name: by_name.map(|trunk| trunk.name.clone()).take(netconf::MAX_NETWORKS).collect(),
            phones: !self.state.phones.is_empty(),
            faults: self.state.host.network_faults().to_vec(),
        }
    }
}

/// The address that a trunk's host is; `None`: a name.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A configuration without its preshared keys, and those.
fn apart(mut config: NetworkConfig) -> (NetworkConfig, Preshared) {
    let mut keys = Preshared::new();
    for tunnel in &mut config.tunnels {
        if let TunnelKind::WireGuard { preshared, .. } = &mut tunnel.kind
            && let Some(key) = preshared.take()
        {
            keys.push((tunnel.name.clone(), *key.expose()));
        }
    }
    (config, keys)
}

fn refused(faults: &[ConfigFault]) -> Refusal {
    let told: Vec<String> =
        faults.iter().take(MAX_TOLD).map(|fault| format!("{}: {}", fault.field, fault.what.code())).collect();
    let told = told.join(", ");
    Refusal::new("network", format!("This network cannot be ({told})."), format!("网络设置有误（{told}）。"))
}

const fn is_ipsec(tunnel: &Tunnel) -> bool {
    matches!(tunnel.kind, TunnelKind::IpSec { .. })
}

fn on_trial() -> Refusal {
    Refusal::new(
        "on-trial",
        "Another change of the network waits for its confirmation.",
        "另一项网络更改正等待确认。",
    )
}

/// Bytes of one configuration: two of them fit a frame.
const MAX_CONFIG_BYTES: usize = 20 * 1024;
/// Faults told in one refusal.
const MAX_TOLD: usize = 8;
