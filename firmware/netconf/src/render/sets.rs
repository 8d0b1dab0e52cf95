//! Named sets of addresses and the text of a rule file: what the rules are written with.

use crate::cidr::{minimal, show};
use idl::network::Cidr;
use std::fmt::Write as _;

/// IPv4 or IPv6: every rule about addresses stands there for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Four,
    Six,
}

impl Family {
    pub(super) const BOTH: [Self; 2] = [Self::Four, Self::Six];

    /// The protocol's word in a rule.
    pub(super) const fn ip(self) -> &'static str {
        match self {
            Self::Four => "ip",
            Self::Six => "ip6",
        }
    }

    /// What a set's name ends with.
    pub(super) const fn end(self) -> &'static str {
        match self {
            Self::Four => "4",
            Self::Six => "6",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Four => "ipv4_addr",
            Self::Six => "ipv6_addr",
        }
    }

    pub(super) const fn of(self, cidr: &Cidr) -> bool {
        cidr.address.is_ipv4() == matches!(self, Self::Four)
    }
}

/// A rule file as it grows.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) text: String,
}

impl Script {
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A rule, within a chain.
    pub(super) fn rule(&mut self, rule: &str) {
        let _infallible = writeln!(self.text, "\t\t{rule}");
    }

    /// The same rule for both families: `{ip}` and `{4}` stand for the family's words.
    pub(super) fn rules(&mut self, rule: &str) {
        for family in Family::BOTH {
            self.rule(&rule.replace("{ip}", family.ip()).replace("{4}", family.end()));
        }
    }

    pub(super) fn open_chain(&mut self, name: &str, hook: Option<&str>) {
        let _infallible = write!(self.text, "\n\tchain {name} {{\n");
        if let Some(hook) = hook {
            self.rule(hook);
        }
    }

    pub(super) fn close_chain(&mut self) {
        self.line("\t}");
    }

    pub(super) fn counter(&mut self, name: &str) {
        let _infallible = write!(self.text, "\tcounter {name} {{\n\t}}\n");
    }

    /// A set that packets fill: sources, each for a time or as long as it has connections.
    pub(super) fn filled(&mut self, name: &str, timeout_s: Option<u32>, size: u32) {
        for family in Family::BOTH {
            let _infallible =
                write!(self.text, "\tset {name}{} {{\n\t\ttype {}\n", family.end(), family.kind());
            let _infallible = writeln!(self.text, "\t\tsize {size}");
            let _infallible = match timeout_s {
                Some(seconds) => {
                    write!(self.text, "\t\tflags dynamic,timeout\n\t\ttimeout {seconds}s\n\t}}\n")
                }
                None => write!(self.text, "\t\tflags dynamic\n\t}}\n"),
            };
        }
    }

    /// The sets of a list, for the families it has.
    pub(super) fn listed(&mut self, list: &Listed) {
        for family in Family::BOTH {
            let elements = list.elements(family);
            if !elements.is_empty() {
                let (name, end, kind) = (&list.name, family.end(), family.kind());
                let _infallible = write!(
                    self.text,
                    "\tset {name}{end} {{\n\t\ttype {kind}\n\t\tflags interval\n\t\telements = {{ {} }}\n\t}}\n",
                    elements.join(", ")
                );
            }
        }
    }

    /// A rule for each family that a list has: `{side}` becomes `ip saddr @name4`, say.
    pub(super) fn listed_rule(&mut self, list: &Listed, before: &str, side: &str, after: &str) {
        for family in Family::BOTH.into_iter().filter(|family| list.has(*family)) {
            let before = if before.is_empty() { String::new() } else { format!("{before} ") };
            self.rule(&format!("{before}{} {side} @{}{} {after}", family.ip(), list.name, family.end()));
        }
    }
}

/// A list of networks with the name of its sets.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    name: String,
    networks: Vec<Cidr>,
}

impl Listed {
    pub(super) fn new(name: impl Into<String>, networks: &[Cidr]) -> Self {
        Self { name: name.into(), networks: minimal(networks) }
    }

    fn has(&self, family: Family) -> bool {
        self.networks.iter().any(|network| family.of(network))
    }

    fn elements(&self, family: Family) -> Vec<String> {
        self.networks.iter().filter(|network| family.of(network)).copied().map(show).collect()
    }
}
