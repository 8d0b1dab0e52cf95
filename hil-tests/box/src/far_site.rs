//! What a box with tunnels has around it: the way from its network to a gateway of another site, the host behind that, and
//! somebody near who uses addresses that are not theirs. All of it lies in name spaces that are gone with the thread that
//! made them; the box's emulator must be started by the same thread.

use crate::client::Client;
use crate::machine::Machine;
use anyhow::Context;
use network_tests::Space;
use network_tests::gateway::{Far, IKE};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// This end of the way to the gateway; what arrives here at ports of tunnels comes to the box.
pub const NEAR: &str = "198.51.100.1";
/// The gateway.
pub const GATEWAY: &str = "198.51.100.5";
/// The box's own address on its network, as QEMU's network expects it.
pub const OWN: &str = "10.0.2.15/24";
/// The box's address for the far site.
pub const OF_BOX: &str = "10.40.0.1";
/// What lies behind the gateway.
pub const BEHIND: &str = "10.50.0.0/16";
/// The peer that comes by WireGuard.
pub const STAFF: &str = "10.98.0.2";
/// The addresses it may have.
pub const OF_STAFF: &str = "10.98.0.0/24";
/// The box's address for it.
pub const FOR_STAFF: &str = "10.98.1.1";
/// Where the box listens for it.
pub const WIREGUARD: u16 = 51_820;
/// Addresses of the far networks that somebody near uses, and one of no tunnel.
pub const CLAIMED: [&str; 2] = ["10.50.0.9", "10.98.0.9"];
/// Another's address, who is allowed in.
pub const NEIGHBOUR: &str = "10.77.0.9";

const HOST: &str = "10.50.0.1";

/// What is around the box.
#[derive(Debug)]
pub struct FarSite {
    /// The gateway, the host behind it, and the peer that comes by WireGuard.
    pub gateway: Space,
    /// A port here behind which the box's address for the far site lies, without a tunnel.
    beside: u16,
    folder: PathBuf,
}

impl FarSite {
    /// Makes it, in name spaces of the calling thread's own.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn build(folder: &Path) -> anyhow::Result<Self> {
        network_tests::apart()?;
        let gateway = Space::make("gateway")?;
        let ip = |words: &str| network_tests::run("ip", &words.split(' ').collect::<Vec<_>>());
        ip(&format!("link add far type veth peer name wan netns {}", gateway.0))?;
        ip(&format!("addr add {NEAR}/24 dev far"))?;
        ip("link set far up")?;
        for address in CLAIMED.iter().chain([&NEIGHBOUR]) {
            ip(&format!("addr add {address}/32 dev lo"))?;
        }
        gateway.ip(&format!("addr add {GATEWAY}/24 dev wan"))?;
        gateway.ip("link set wan up")?;
        gateway.ip(&format!("addr add {HOST}/16 dev lo"))?;
        let beside = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self { gateway, beside, folder: folder.join("around") })
    }

    /// Brings what arrives here to the box, from its next start on.
    ///
    /// # Errors
    /// An address is none.
    pub fn bring(&self, machine: &mut Machine) -> anyhow::Result<()> {
        for port in [500, 4_500, WIREGUARD] {
            machine.forward_at("udp", format!("{NEAR}:{port}").parse()?, "", port);
        }
        machine.forward_at("tcp", format!("127.0.0.1:{}", self.beside).parse()?, OF_BOX, HTTPS);
        std::fs::create_dir_all(&self.folder).with_context(|| self.folder.display().to_string())
    }

    /// The tunnel as the gateway has it.
    #[must_use]
    pub const fn tunnel(&self) -> Far<'static> {
        Far { name: "site", own: GATEWAY, to: NEAR, behind: BEHIND, of_box: "10.40.0.0/24", ike: IKE }
    }

    /// A browser of the host behind the gateway, at a port of the box.
    #[must_use]
    pub fn host(&self, port: u16) -> Client {
        self.far(HOST, OF_BOX, port)
    }

    /// A browser of the peer that comes by WireGuard, at a port of the box.
    #[must_use]
    pub fn staff(&self, port: u16) -> Client {
        self.far(STAFF, FOR_STAFF, port)
    }

    fn far(&self, from: &str, to: &str, port: u16) -> Client {
        let words = ["ip", "netns", "exec", self.gateway.0, "curl", "--interface", from];
        Client::by(&words, &format!("https://{to}:{port}"), &self.folder)
    }

    /// Browsers of somebody near who uses this address: at the box's first address, and at the one for the far site.
    #[must_use]
    pub fn near(&self, address: &str, page: u16) -> [Client; 2] {
        let words = ["curl", "--interface", address];
        [page, self.beside].map(|port| Client::by(&words, &format!("https://127.0.0.1:{port}"), &self.folder))
    }
}

/// The page's port.
pub const HTTPS: u16 = 443;
