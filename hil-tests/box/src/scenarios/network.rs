//! The firewall from outside: from its first start on the box answers at the page's port and at no other, in silence,
//! and after its power was cut it does again. That closed ports are silent shows the rules: a port that nobody listens
//! at would say so at once.

use super::{BOOT_LIMIT, Bench, console_shows_code, page_answers};
use crate::client::Client;
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    let client = Client::new(machine.port(), &bench.folder);
    let mut forwarded = Vec::new();
    for there in CLOSED {
        // A port that was free a moment ago; whoever takes it in between is told by QEMU.
        let here = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        machine.forward("tcp", here, there);
        forwarded.push((here, there));
    }
    let sip = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
    machine.forward("udp", sip, SIP);
    for (cut, what) in [(false, "at its first start"), (true, "after a power cut")] {
        if cut {
            machine.power_cut();
        }
        machine.power_on()?;
        steps.step(&format!("{what} rules are loaded before any port has an address"), || {
            let line = machine.wait("hostd's word about rules", BOOT_LIMIT, |machine| {
                machine.journal().lines().find(|line| line.contains(LOADED)).map(str::to_owned)
            })?;
            let rules = rules_of(&line).with_context(|| line.clone())?;
            ensure!(rules >= LEAST_RULES, "{rules} rules are no firewall");
            Ok(((), format!("{rules} rules, {:.0} s after power-on", machine.on_for())))
        })?;
        steps.step(&format!("{what} the page answers"), || {
            if !cut {
                console_shows_code(&mut machine)?;
            }
            let page = page_answers(&mut machine, &client, "/welcome")?;
            Ok(((), format!("status {}, {:.0} s after power-on", page.status, machine.on_for())))
        })?;
        steps.step(&format!("{what} every other port is silent"), || {
            for (here, there) in &forwarded {
                ensure!(tcp_is_silent(*here)?, "port {there} answers or says that nobody listens");
            }
            ensure!(udp_is_silent(sip)?, "SIP answers somebody who is no carrier and no phone");
            // The box was not merely slow: the page answers still.
            client.get("/welcome")?;
            Ok(((), format!("tcp {CLOSED:?}, udp {SIP}")))
        })?;
    }
    Ok(())
}

/// Whether nothing comes back, neither an answer nor a word that nobody is there.
fn tcp_is_silent(port: u16) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(SILENCE))?;
    if stream.write_all(b"GET / HTTP/1.1\r\n\r\n").is_err() {
        return Ok(false);
    }
    let read = stream.read(&mut [0; 64]);
    Ok(read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)))
}

fn udp_is_silent(port: u16) -> anyhow::Result<bool> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(SILENCE))?;
    socket.send_to(OPTIONS, ("127.0.0.1", port))?;
    let read = socket.recv(&mut [0; 64]);
    Ok(read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)))
}

/// The figure in a line of the journal.
fn rules_of(line: &str) -> Option<usize> {
    let (before, _) = line.split_once(LOADED)?;
    before.rsplit(' ').next()?.parse().ok()
}

/// Ports of common services, SIP's, and one of the page's neighbours.
const CLOSED: [u16; 6] = [22, 80, 111, 5060, 5061, 8443];
const SIP: u16 = 5060;
const OPTIONS: &[u8] = b"OPTIONS sip:box@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\
    From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:box@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\
    Max-Forwards: 1\r\nContent-Length: 0\r\n\r\n";
/// What `hostd` says once they are loaded, behind their number.
const LOADED: &str = " rules loaded";
/// Fewer are no firewall.
const LEAST_RULES: usize = 20;
const SILENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::rules_of;

    #[test]
    fn the_number_of_rules_stands_before_the_word() {
        assert_eq!(rules_of("[ 9.1] hostd[300]: network: 57 rules loaded, of a box never set"), Some(57));
        assert_eq!(rules_of("network: no rules"), None);
    }
}
