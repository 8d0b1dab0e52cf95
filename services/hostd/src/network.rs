//! The site's network put into effect: the rules loaded in one step, the files that `netconf` renders written below
//! `/run`, systemd told to read again. Rules come first: nothing is reachable that the new rules do not name.
//!
//! A box that nobody has told anything in this boot has the rules of a box never set: management alone. What is in effect
//! already is not loaded again. Rules that another hand changed are put back (NET-01). It decides nothing about addresses
//! or rules, and goes on over a step that fails, so that a box is never left half set without saying so.

mod files;
pub(crate) mod keeper;
mod kernel;
mod tunnels;

use crate::programs::{Call, Programs};
use crate::status::Place;
use data_encoding::BASE64;
use files::{Changes, must, ports};
use idl::network::NetworkConfig;
use netconf::{FILE_WIREGUARD_KEY, Ports, Rendered, RenderedFile, Surroundings, render};
use std::io;
use vocab::Secret;

pub use kernel::list_rules;
pub use tunnels::IpsecOwn;

/// What came of a look or a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Whether anything of the box was changed.
    pub changed: bool,
    /// What failed, or was not as it should be; a line each.
    pub faults: Vec<String>,
}

/// The network as it is set.
#[derive(Debug, Default)]
pub struct Network {
    /// What was told last; `None`: nothing in this life, what a box never set has.
    config: Option<NetworkConfig>,
    key: Option<Secret<[u8; 32]>>,
    ipsec: Option<IpsecOwn>,
    /// The rules that were loaded.
    rules: Option<String>,
    /// What the kernel says of them.
    listing: Option<String>,
    host: Option<String>,
    /// The ports and the day they were made for.
    seen: (Vec<String>, u32),
    /// An earlier life of this process in this boot loaded the rules; what for, this one does not know.
    inherited: bool,
}

impl Network {
    /// The start of this process. In a boot in which no rules were loaded yet those of a box never set are; later
    /// ones stay until something else is told.
    pub fn begin(&mut self, place: &Place, programs: &dyn Programs, today: u32) -> Outcome {
        let before = std::fs::read_to_string(place.at(RULES)).ok();
        if before.is_some() {
            self.rules = before;
            self.listing = std::fs::read_to_string(place.at(LISTING)).ok();
            self.inherited = true;
            return Outcome::default();
        }
        self.apply(place, programs, today)
    }

    /// What the site wants.
    pub fn set(
        &mut self,
        config: NetworkConfig,
        place: &Place,
        programs: &dyn Programs,
        today: u32,
    ) -> Outcome {
        (self.config, self.inherited) = (Some(config), false);
        self.apply(place, programs, today)
    }

    /// The box's own key for tunnels; used by the next [`Network::set`].
    pub fn know_key(&mut self, key: Secret<[u8; 32]>) {
        self.key = Some(key);
    }

    /// The same for IPsec, with its certificate.
    pub fn know_ipsec(&mut self, own: IpsecOwn) {
        self.ipsec = Some(own);
    }

    /// Names of the tunnels with somebody at their other end; `now`: seconds since 1970.
    #[must_use]
    pub fn up(&self, programs: &dyn Programs, now: u64) -> Vec<String> {
        self.config.as_ref().map_or_else(Vec::new, |config| tunnels::up(config, programs, now))
    }

    /// A port appeared or a day began: a peer whose term is over is let go of.
    pub fn refresh(&mut self, place: &Place, programs: &dyn Programs, today: u32) -> Outcome {
        if self.inherited || self.seen == (ports(place), today) {
            return Outcome::default();
        }
        self.apply(place, programs, today)
    }

    /// Puts back rules that are not what was loaded (NET-01).
    pub fn look(&mut self, place: &Place, programs: &dyn Programs) -> Outcome {
        let Some(rules) = self.rules.clone() else { return Outcome::default() };
        let now = list_rules(programs);
        if now.is_some() && now == self.listing {
            return Outcome::default();
        }
        let mut faults: Vec<String> =
            self.listing.is_some().then(|| CHANGED_OUTSIDE.to_owned()).into_iter().collect();
        let loaded = self.load(&rules, place, programs);
        faults.extend(loaded.as_ref().err().map(|error| format!("firewall: {error}")));
        Outcome { changed: loaded.is_ok(), faults }
    }

    fn apply(&mut self, place: &Place, programs: &dyn Programs, today: u32) -> Outcome {
        let found = ports(place);
        let around = Surroundings::of_box(Ports::known(found.clone()), today);
        self.seen = (found, today);
        let config = self.config.clone().unwrap_or_default();
        let rendered = match render(&config, &around) {
            Ok(rendered) => rendered,
            Err(faults) => {
                let faults =
                    faults.iter().map(|fault| format!("{}: {}", fault.field, fault.what.code())).collect();
                return Outcome { changed: false, faults };
            }
        };
        let mut faults = Vec::new();
        let mut note = |what: &str, result: io::Result<()>| {
            if let Err(error) = result {
                faults.push(format!("{what}: {error}"));
            }
        };
        let mut changed = false;
        if self.listing.is_none() || self.rules.as_ref() != Some(&rendered.nftables) {
            changed = true;
            note("firewall", self.load(&rendered.nftables, place, programs));
        }
        let mut changes = Changes::default();
        let key = self.key_file();
        let ipsec = self.ipsec.as_ref().filter(|_| tunnels::has_ipsec(&rendered)).map(IpsecOwn::files);
        let all: Vec<&RenderedFile> =
            key.iter().chain(ipsec.iter().flatten()).chain(&rendered.files).collect();
        for file in &all {
            note(&file.path, changes.write(place, file));
        }
        note("earlier files", changes.remove_earlier(place, &all));
        changed |= changes.any();
        self.tell_system(&rendered, &changes, place, programs, &mut note);
        Outcome { changed, faults }
    }

    /// Has what was changed read again, and nothing else: a link that is read again loses its lease.
    fn tell_system(
        &mut self,
        rendered: &Rendered,
        changes: &Changes,
        place: &Place,
        programs: &dyn Programs,
        note: &mut dyn FnMut(&str, io::Result<()>),
    ) {
        if let Some(host) = rendered.host.as_ref().filter(|host| self.host.as_ref() != Some(*host)) {
            let done = must(programs, &Call::new("hostnamectl", &["set-hostname", "--transient", host]));
            if done.is_ok() {
                self.host = Some(host.clone());
            }
            note("host name", done);
        }
        // A device is not changed by reading again: it goes, and comes as it is written now.
        for name in changes.devices() {
            let gone = place.at(&format!("sys/class/net/{name}")).exists();
            if gone {
                note(&name, must(programs, &Call::new("ip", &["link", "delete", "dev", &name])));
            }
        }
        if changes.below("/run/systemd/network/") && place.at(NETWORKD_RUNS).exists() {
            note("addresses", must(programs, &Call::new("networkctl", &["reload"])));
        }
        for (folder, service) in READERS {
            if changes.below(folder) {
                note(service, must(programs, &Call::new("systemctl", &["try-reload-or-restart", service])));
            }
        }
        if changes.below("/run/swanctl/") {
            note("IPsec", tunnels::tell_ipsec(programs, rendered, changes));
        }
    }

    fn load(&mut self, rules: &str, place: &Place, programs: &dyn Programs) -> io::Result<()> {
        (self.rules, self.listing) = (Some(rules.to_owned()), None);
        let (next, loaded) = (place.at(NEXT), place.at(RULES));
        files::put(&next, 0o600, None, rules.as_bytes())?;
        must(programs, &Call::new("nft", &["-f", &next.to_string_lossy()]))?;
        // The name says that they were loaded in this boot.
        std::fs::rename(&next, &loaded)?;
        let listing = list_rules(programs).ok_or_else(|| io::Error::other("the rules cannot be listed"))?;
        files::put(&place.at(LISTING), 0o600, None, listing.as_bytes())?;
        let whose = if self.config.is_some() { "as the site wants them" } else { "of a box never set" };
        log::info!("network: {} rules loaded, {whose}", kernel::count(&listing));
        self.listing = Some(listing);
        Ok(())
    }

    fn key_file(&self) -> Option<RenderedFile> {
        let key = self.key.as_ref()?;
        Some(RenderedFile {
            path: FILE_WIREGUARD_KEY.to_owned(),
            mode: 0o640,
            group: Some("systemd-network"),
            content: Secret::new(format!("{}\n", BASE64.encode(key.expose()))),
        })
    }
}

/// The rules as they were loaded in this boot.
const RULES: &str = "run/ringfence-network/rules.nft";
const NEXT: &str = "run/ringfence-network/next.nft";
/// What the kernel said of them then.
const LISTING: &str = "run/ringfence-network/listing";
/// Written by systemd-networkd while it runs; where it does not yet, it reads the files at its start.
const NETWORKD_RUNS: &str = "run/systemd/netif/state";
/// Who reads which folder.
const READERS: [(&str, &str); 2] = [
    ("/run/systemd/resolved.conf.d/", "systemd-resolved.service"),
    ("/run/systemd/timesyncd.conf.d/", "systemd-timesyncd.service"),
];
const CHANGED_OUTSIDE: &str = "firewall: the rules were changed by another hand, and are loaded again";
