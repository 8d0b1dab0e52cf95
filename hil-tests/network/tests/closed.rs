//! What holds on a box before any process of ours: nothing but itself is reached or reaches, until the first rules of the
//! site take the place of these in one step.

use Port::{Tcp, Udp};
use network_tests::sample::{Site, around, site};
use network_tests::sockets::{Port, reaches, serve};
use network_tests::{Space, inside, output};
use std::net::{IpAddr, SocketAddr};

const CLOSED: &str = include_str!("../../../image/system/root/usr/lib/ringfence/closed.nft");
const SERVED: &[Port] = &[Tcp(443), Tcp(5060), Udp(5060), Udp(20_000)];

fn reached(from: Space, source: &str, to: &str, port: Port, expected: bool) -> bool {
    let address = |text: &str| -> IpAddr { text.parse().expect("an address") };
    reaches(from, SocketAddr::new(address(source), 0), address(to), port, expected)
}

#[test]
fn net_01_before_the_first_rules_a_box_reaches_itself_alone_and_is_reached_by_nobody() {
    inside("net_01_before_the_first_rules_a_box_reaches_itself_alone_and_is_reached_by_nobody", || {
        let Site { here, management, voice, backup, .. } = Site::build(&site())?;
        serve(here, SERVED);
        serve(management, SERVED);
        let open = reached(management, "10.0.1.10", "10.0.1.2", Tcp(443), true);
        assert!(open, "without rules it is open: that is what these are for");
        here.load(CLOSED)?;
        for port in SERVED {
            assert!(reached(here, "127.0.0.1", "127.0.0.1", *port, true), "itself {port:?}");
            for (from, source, to) in [
                (management, "10.0.1.10", "10.0.1.2"),
                (voice, "fd00:2::50", "fd00:2::2"),
                (here, "10.0.1.2", "10.0.1.10"),
                (backup, "10.0.4.9", "10.0.1.10"),
            ] {
                assert!(!reached(from, source, to, *port, false), "{} {source} -> {to} {port:?}", from.0);
            }
        }
        // The site's rules take their place whole.
        let rendered = netconf::render(&site(), &around()).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
        here.load(&rendered.nftables)?;
        assert!(reached(management, "10.0.1.10", "10.0.1.2", Tcp(443), true));
        let fresh = Space::make("fresh")?;
        fresh.load(&rendered.nftables)?;
        let listed = |space: Space| {
            space.run(&["nft", "--stateless", "list", "chain", "inet", netconf::FIREWALL_TABLE, "through"])
        };
        assert_eq!(listed(here)?, listed(fresh)?);
        let tables = here.run(&["nft", "list", "tables"])?;
        assert_eq!(tables.lines().count(), 1, "{tables}");
        Ok(())
    });
}

#[test]
fn net_01_the_closed_rules_are_taken_by_nft_and_name_the_table_of_all_others() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../image/system/root/usr/lib/ringfence/closed.nft");
    inside("net_01_the_closed_rules_are_taken_by_nft_and_name_the_table_of_all_others", || {
        output("nft", &["-c", "-f", path])?;
        assert_eq!(CLOSED.matches(&format!("table inet {}", netconf::FIREWALL_TABLE)).count(), 3);
        assert_eq!(CLOSED.matches("policy drop;").count(), 3);
        Ok(())
    });
}
