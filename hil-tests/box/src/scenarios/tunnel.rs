//! Tunnels with the guest kernel's own ESP and WireGuard (NET-05): a site with an IPsec tunnel to a gateway that nobody here
//! wrote (strongSwan outside the guest, behind NAT) and a WireGuard peer (`wireguard-go`). A gateway by another authority is
//! refused; through the tunnels the page answers and nothing else; whoever uses a far address beside the tunnel is not heard,
//! though the zone would let such an address in; nothing for the far side leaves the box in the clear; a tunnel that is closed
//! ends, and the other stays.

use super::{Bench, FirstVisit, first_visit};
use crate::client::Client;
use crate::far_site::{
    BEHIND, CLAIMED, FOR_STAFF, FarSite, GATEWAY, HTTPS, NEAR, NEIGHBOUR, OF_BOX, OF_STAFF, OWN, STAFF,
    WIREGUARD,
};
use crate::machine::Machine;
use crate::packets::noted;
use crate::person::{Person, between};
use crate::steps::Steps;
use anyhow::{Context, anyhow, ensure};
use network_tests::gateway::{self, Authority};
use network_tests::ike::Daemon;
use network_tests::wireguard::{Peer, Way};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Runs it, on a thread whose network is its own.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    std::thread::scope(|scope| scope.spawn(|| apart(bench, steps)).join())
        .map_err(|_| anyhow!("the scenario panicked"))?
}

fn apart(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let far = FarSite::build(&bench.folder)?;
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    let notes = bench.folder.join("packets");
    machine.note_packets(&notes);
    far.bring(&mut machine)?;
    machine.power_on()?;
    let (people, keys) = commission(bench, steps, &mut machine)?;
    let (bank, other) = (Authority::new("Bank CA")?, Authority::new("Bank CA")?);
    let staff = Peer::start(far.gateway, &format!("{STAFF}/32"))?;
    let mut tunnels = typed(&bank, &staff)?;
    steps.step("the site with both tunnels is proposed by one, agreed to by another, and kept", || {
        Ok(((), set(&mut machine, &people, &tunnels)?))
    })?;
    let [system, _] = &people;
    steps.step("a gateway that another authority of the same name certifies is refused", || {
        let stranger = gateway::start(far.gateway, &other, GATEWAY_NAME, &keys.certificate, &[far.tunnel()])?;
        let said = machine.wait("the box's refusal", UP_LIMIT, |_| {
            let (up, said) = stranger.call(far.tunnel().name).ok()?;
            (up || said.contains(REFUSED)).then_some(said)
        })?;
        ensure!(said.contains(REFUSED), "{said}");
        ensure!(is_up(system, IPSEC)? == Some(false), "the page does not say that it is down");
        Ok(((), said.lines().find(|line| line.contains(REFUSED)).unwrap_or_default().trim().to_owned()))
    })?;
    let gateway = gateway::start(far.gateway, &bank, GATEWAY_NAME, &keys.certificate, &[far.tunnel()])?;
    come_up(steps, &mut machine, system, &far, &gateway)?;
    steps.step("a WireGuard peer comes up, and the page says so", || {
        let (endpoint, inside) = (format!("{NEAR}:{WIREGUARD}"), format!("{FOR_STAFF}/32"));
        staff.call(Way { key: &keys.wireguard, endpoint: &endpoint, inside: &inside })?;
        machine.wait("the page's word", UP_LIMIT, |_| is_up(system, PEER).ok()?.filter(|up| *up))?;
        Ok(((), String::new()))
    })?;
    pass(steps, &far, &keys)?;
    stay_out(steps, &machine, &far, &notes)?;
    steps.step("a further tunnel is set: the daemon reads again, and the first keeps its keys", || {
        let before = gateway.spi(far.tunnel().name)?;
        tunnels.extend(further(&bank));
        set(&mut machine, &people, &tunnels)?;
        machine.wait("the daemon's reading", UP_LIMIT, |machine| {
            machine.this_start().contains(READ).then_some(())
        })?;
        ensure!(is_up(system, FURTHER)? == Some(false), "the page does not say that the further one is down");
        let after = gateway.spi(far.tunnel().name)?;
        ensure!(before.is_some() && after == before, "{before:?} became {after:?}");
        Ok(((), String::new()))
    })?;
    close(steps, &mut machine, system, &far, &gateway)
}

/// What the box's page shows of its own for the far sides.
struct Keys {
    certificate: String,
    wireguard: String,
    fingerprint: String,
}

/// The first visit; the system and the security administrator; the box's keys for tunnels.
fn commission(
    bench: &Bench,
    steps: &mut Steps,
    machine: &mut Machine,
) -> anyhow::Result<([Person; 2], Keys)> {
    let stranger = Client::new(machine.port(), &bench.folder);
    let port = machine.port();
    let (people, fingerprint) = steps.step("the box becomes a company's", || {
        let FirstVisit { codes, fingerprint, .. } = first_visit(machine, &stranger)?;
        let mut system = Person::enrol(port, &bench.folder, "system", &codes[0])?;
        let mut security = Person::enrol(port, &bench.folder, "security", &codes[1])?;
        system.sign_in()?;
        security.sign_in()?;
        Ok((([system, security], fingerprint), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    let keys = steps.step("it makes its keys for tunnels, and shows what the far sides need", || {
        let made = people[0].fill(PAGE, MAKE, &[])?;
        ensure!(made.status == 303, "status {}", made.status);
        let shown = people[0].client.get(PAGE)?.body;
        let wireguard = between(&shown, "<dd class=\"hash\">", "</dd>").context("no public key")?.to_owned();
        let certificate = between(&shown, "<pre class=\"hash\">", "</pre>").context("no certificate")?;
        Ok((Keys { certificate: certificate.to_owned(), wireguard, fingerprint }, String::new()))
    })?;
    Ok((people, keys))
}

/// The tunnels as they are typed.
fn typed(bank: &Authority, staff: &Peer) -> anyhow::Result<Vec<(&'static str, String)>> {
    let words = [
        ("w0_name", PEER),
        ("w0_zone", "management"),
        ("w0_remote", OF_STAFF),
        ("w0_peer_key", &staff.public),
        ("i0_name", IPSEC),
        ("i0_zone", "management"),
        ("i0_remote", BEHIND),
        ("i0_local", FOR_FAR),
        ("i0_gateway", GATEWAY),
        ("i0_peer_id", "CN=gw1"),
    ];
    let mut fields: Vec<_> = words.map(|(name, value)| (name, value.to_owned())).to_vec();
    fields.extend([
        ("w0_local", format!("{FOR_STAFF}/32")),
        ("w0_listen", WIREGUARD.to_string()),
        ("w0_expires", in_a_month()?),
        ("i0_ca", bank.pem()),
    ]);
    Ok(fields)
}

/// A further tunnel, to a gateway that is not there.
fn further(bank: &Authority) -> Vec<(&'static str, String)> {
    let words = [
        ("i1_name", FURTHER),
        ("i1_zone", "management"),
        ("i1_remote", "10.51.0.0/16"),
        ("i1_local", FOR_FAR),
        ("i1_gateway", "198.51.100.6"),
        ("i1_peer_id", "CN=gw2"),
    ];
    let mut fields: Vec<_> = words.map(|(name, value)| (name, value.to_owned())).to_vec();
    fields.push(("i1_ca", bank.pem()));
    fields
}

/// One proposes the site with these tunnels, the other agrees, and who reaches the page still says so.
fn set(
    machine: &mut Machine,
    [system, security]: &[Person; 2],
    tunnels: &[(&'static str, String)],
) -> anyhow::Result<String> {
    let (port, own) = (port_of(&machine.journal())?, format!("{OWN} {OF_BOX}/24"));
    let mut fields = vec![
        ("z0_zone", "management"),
        ("z0_port", &port),
        ("z0_addresses", &own),
        ("z0_gateway", "10.0.2.2"),
        // Far addresses are among these: the tunnels alone keep out who uses one beside them.
        ("z0_allowed", "10.0.0.0/8"),
    ];
    fields.extend(tunnels.iter().map(|(name, value)| (*name, value.as_str())));
    let done = system.fill("/settings/network/edit", PAGE, &fields)?;
    let fault = between(&done.body, "class=\"field-error\"", "</p>").unwrap_or_default();
    ensure!(done.status == 303, "status {}: {fault}", done.status);
    let agreed = security.fill(PAGE, AGREE, &[])?;
    ensure!(agreed.status == 303, "status {}", agreed.status);
    machine.wait("a page that is still reached", TRIAL, |_| {
        system.fill(PAGE, CONFIRM, &[]).ok().filter(|done| done.status == 303)
    })?;
    let shown = system.client.get(PAGE)?.body;
    ensure!(!shown.contains(CONFIRM), "it is on trial still");
    ensure!(shown.contains(GATEWAY), "the page does not show the tunnel");
    Ok(port)
}

fn come_up(
    steps: &mut Steps,
    machine: &mut Machine,
    system: &Person,
    far: &FarSite,
    gateway: &Daemon,
) -> anyhow::Result<()> {
    steps.step("the tunnel to the rightful gateway comes up through NAT, and the page says so", || {
        machine.wait("the page's word", UP_LIMIT, |_| {
            let _it_may_be_up = gateway.call(far.tunnel().name).ok()?;
            is_up(system, IPSEC).ok()?.filter(|up| *up)
        })?;
        let has = gateway.tunnels()?;
        for part in ["state=INSTALLED", "encap=yes", "AES_GCM_16", "ECP_384"] {
            ensure!(has.contains(part), "{part}: {has}");
        }
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })
}

/// What those behind the tunnels reach.
fn pass(steps: &mut Steps, far: &FarSite, keys: &Keys) -> anyhow::Result<()> {
    let sides: [(&str, &dyn Fn(u16) -> Client); 2] =
        [("IPsec", &|port| far.host(port)), ("WireGuard", &|port| far.staff(port))];
    for (what, at) in sides {
        steps.step(&format!("through {what} the far side opens the page of this box"), || {
            let page = at(HTTPS).get("/sign-in")?;
            ensure!(page.status == 200, "status {}", page.status);
            ensure!(page.fingerprint == keys.fingerprint, "another's certificate");
            Ok(((), String::new()))
        })?;
        steps.step(&format!("through {what} every other port is silent"), || {
            for port in CLOSED {
                ensure!(at(port).is_silent()?, "port {port} answers or says that nobody listens");
            }
            Ok(((), format!("tcp {CLOSED:?}")))
        })?;
    }
    Ok(())
}

/// Who uses a far address beside the tunnel; and what left the box.
fn stay_out(steps: &mut Steps, machine: &Machine, far: &FarSite, notes: &Path) -> anyhow::Result<()> {
    steps.step(
        "who uses a far address beside the tunnel is not heard, though the zone lets it in",
        || {
            for (at, client) in far.near(NEIGHBOUR, machine.port()).into_iter().enumerate() {
                let page = client.get("/sign-in").with_context(|| format!("a neighbour, way {at}"))?;
                ensure!(page.status == 200, "a neighbour is refused: status {}", page.status);
            }
            for address in CLAIMED {
                for (at, client) in far.near(address, machine.port()).into_iter().enumerate() {
                    ensure!(client.is_silent()?, "{address} is heard, way {at}");
                }
            }
            let packets = noted(notes)?;
            for address in CLAIMED {
                for to in [OWN.split('/').next().unwrap_or_default(), OF_BOX] {
                    let (from, to) = (address.parse()?, to.parse()?);
                    let came = packets
                        .iter()
                        .any(|one| !one.of_box && (one.from, one.to, one.port) == (from, to, HTTPS));
                    ensure!(came, "nothing of {from} came to {to}: that it is not heard says nothing");
                }
            }
            Ok(((), String::new()))
        },
    )?;
    steps.step("nothing for the far side left the box but within the tunnels", || {
        let packets = noted(notes)?;
        let of_box: Vec<_> = packets.iter().filter(|one| one.of_box).collect();
        let clear = of_box.iter().find(|one| {
            let [a, b, ..] = one.to.octets();
            a == 10 && (b == 50 || b == 98)
        });
        ensure!(clear.is_none(), "{clear:?}");
        let gateway = GATEWAY.parse::<std::net::Ipv4Addr>()?;
        let within =
            of_box.iter().filter(|one| one.to == gateway && (one.protocol, one.port) == (UDP, ENCAPSULATED));
        let bytes: usize = within.map(|one| usize::from(one.length)).sum();
        ensure!(bytes > A_PAGE, "{bytes} bytes within the tunnel are no page");
        Ok(((), format!("{} packets of the box, {bytes} bytes by IPsec", of_box.len())))
    })
}

/// One tunnel closed after the other, each by one person and at once.
fn close(
    steps: &mut Steps,
    machine: &mut Machine,
    system: &Person,
    far: &FarSite,
    gateway: &Daemon,
) -> anyhow::Result<()> {
    let name = far.tunnel().name;
    steps.step("the further tunnel is closed, and the first keeps its keys", || {
        let before = gateway.spi(name)?;
        close_last(system, FURTHER)?;
        let read = |machine: &Machine| machine.this_start().matches(READ).count() > 1;
        machine.wait("the daemon's reading", UP_LIMIT, |machine| read(machine).then_some(()))?;
        ensure!(before.is_some() && gateway.spi(name)? == before, "its keys are others");
        Ok(((), String::new()))
    })?;
    steps.step("the IPsec tunnel is closed: it ends at both sides, and the other one stays", || {
        close_last(system, IPSEC)?;
        machine.wait("the gateway's end", UP_LIMIT, |_| gateway.spi(name).ok()?.is_none().then_some(()))?;
        ensure!(far.host(HTTPS).get("/sign-in").is_err(), "the box answers the far site");
        let page = far.staff(HTTPS).get("/sign-in")?;
        ensure!(page.status == 200, "the other tunnel: status {}", page.status);
        Ok(((), String::new()))
    })?;
    steps.step("the WireGuard peer is let go of, and is not heard any more", || {
        close_last(system, PEER)?;
        machine
            .wait("silence for the peer", UP_LIMIT, |_| far.staff(HTTPS).is_silent().ok()?.then_some(()))?;
        let page = system.client.get(PAGE)?;
        ensure!(page.status == 200, "the page: status {}", page.status);
        Ok(((), String::new()))
    })
}

/// Closes the tunnel that stands last on the page, where the form of that one is the one that is sent.
fn close_last(system: &Person, name: &str) -> anyhow::Result<()> {
    let shown = system.client.get(PAGE)?;
    let last = shown.body.rsplit("<strong>").find_map(|rest| rest.split_once("</strong>"));
    ensure!(last.is_some_and(|(last, _)| last == name), "{name} is not the last tunnel");
    let closed = system.client.send(CLOSE, &shown, &[])?;
    ensure!(closed.status == 303, "status {}", closed.status);
    ensure!(
        !system.client.get(PAGE)?.body.contains(&format!("<strong>{name}</strong>")),
        "{name} is there still"
    );
    Ok(())
}

/// What the page says of a tunnel; nothing where it has none of this name, or does not know.
fn is_up(person: &Person, name: &str) -> anyhow::Result<Option<bool>> {
    let shown = person.client.get(PAGE)?;
    ensure!(shown.status == 200, "{PAGE}: status {}", shown.status);
    let line = between(&shown.body, &format!("<strong>{name}</strong>"), "</div>").unwrap_or_default();
    Ok([("badge-ok", true), ("badge-warn", false)]
        .into_iter()
        .find(|(mark, _)| line.contains(mark))
        .map(|(_, up)| up))
}

/// The port that the box's network came up on.
fn port_of(journal: &str) -> anyhow::Result<String> {
    let before = journal.lines().filter_map(|line| line.split_once(": Gained carrier"));
    let mut names = before.filter_map(|(before, _)| before.rsplit(' ').next());
    Ok(names.find(|name| *name != "lo").context("no port came up")?.to_owned())
}

fn in_a_month() -> anyhow::Result<String> {
    let done = Command::new("date").args(["-u", "-d", "+30 days", "+%F"]).output().context("date")?;
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}

const PAGE: &str = "/settings/network";
const MAKE: &str = "/settings/network/keys";
const AGREE: &str = "/settings/network/agree";
const CONFIRM: &str = "/settings/network/confirm";
const CLOSE: &str = "/settings/network/close";
const IPSEC: &str = "hq";
const PEER: &str = "staff";
const FURTHER: &str = "dr";
/// The box's network for the far sites.
const FOR_FAR: &str = "10.40.0.0/24";
/// systemd's word once the IKE daemon has read again.
const READ: &str = "Reloaded ringfence-ipsec.service";
const GATEWAY_NAME: &str = "gw1";
const REFUSED: &str = "AUTHENTICATION_FAILED";
/// SIP over TLS, a shell, and a neighbour of the page's.
const CLOSED: [u16; 3] = [22, 5061, 8443];
const UDP: u8 = 17;
/// ESP within UDP (RFC 3948).
const ENCAPSULATED: u16 = 4_500;
/// The least that a page and a handshake come to.
const A_PAGE: usize = 4_000;
const UP_LIMIT: Duration = Duration::from_secs(180);
/// How long a trial lasts.
const TRIAL: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    use super::port_of;

    #[test]
    fn the_port_is_the_one_that_gained_a_carrier() {
        let journal = "[   81.761] systemd-networkd[564]: lo: Gained carrier\n\
            [   81.770] systemd-networkd[564]: enp0s5: Gained carrier\n";
        assert_eq!(port_of(journal).unwrap(), "enp0s5");
        assert!(port_of("systemd-networkd[564]: lo: Gained carrier").is_err());
    }
}
