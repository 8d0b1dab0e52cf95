//! Where the page and the lines listen (NET-04): told to `lined`, answered to the page. Which addresses those are is decided in
//! the crate `netconf`, from the network in use, a trial's too, and the addresses that `hostd` sees.
//!
//! While an address by DHCP is not known because `hostd` has not told anything, nobody is told anything: who listens
//! stays where he is.

use crate::command::Message;
use crate::vault::Vault;
use idl::lines::VaultToLined;
use idl::network::{Listening, NetworkConfig};
use netconf::{Places, listening};
use vocab::DAY_MS;

impl Vault {
    /// Where the page listens; `None`: not known yet.
    pub(crate) fn page_listens(&self) -> Option<Listening> {
        self.places().map(|places| places.page)
    }

    /// Tells `lined`, if it is there and does not know. Looked at with every tick: trials, leases and tunnels end by time.
    pub(crate) fn tell_lines_where(&mut self) {
        let Some(Places { voice, .. }) = self.places() else { return };
        let Some(lined) = self.lined.as_mut().filter(|lined| lined.ready()) else { return };
        if lined.listens.as_ref() == Some(&voice) {
            return;
        }
        lined.listens = Some(voice.clone());
        let conn = lined.conn;
        self.send(conn, Message::Lined(VaultToLined::Listen(voice)));
    }

    fn places(&self) -> Option<Places> {
        let network = &self.state.network;
        let in_use = network.trial.as_ref().map(|(_, stored)| stored).or(network.kept.as_ref());
        let never_set = NetworkConfig::default();
        let config = in_use.map_or(&never_set, |stored| &stored.config);
        listening(config, self.network_now.seen(), self.day())
    }

    /// Days since 1970-01-01.
    pub(crate) fn day(&self) -> u32 {
        u32::try_from(self.clock.now.0 / DAY_MS).unwrap_or(0)
    }
}
