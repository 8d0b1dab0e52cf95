//! What can be wrong with a configuration, and where. The words for people are the page's.

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The field, as the page names it: `zones.0.vlan`, `host`.
    pub field: String,
    /// What.
    pub what: What,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// Letters, digits and hyphens only, of a bounded length.
    Word,
    /// More entries than there may be.
    TooMany,
    /// There is no management zone: nobody could reach the page.
    NoManagement,
    /// The same zone, name, address or port stands there twice.
    Twice,
    /// This box has no such port.
    NoSuchPort,
    /// A VLAN is 1 to 4094.
    Vlan,
    /// No address that a box can have or a network can be.
    Address,
    /// The prefix does not fit.
    Prefix,
    /// The gateway lies in none of the zone's own networks.
    Gateway,
    /// A zone by DHCP must say who may connect, and has no gateway of its own.
    Dhcp,
    /// Two zones, or a zone and a tunnel, share addresses: who is who could not be told.
    Overlap,
    /// Nearly everybody: that is no list of those allowed.
    Everybody,
    /// A port is 1 to 65535, and not one the box itself uses.
    Port,
    /// Not declared to lie in mainland China and to be the customer's own (NET-08).
    Foreign,
    /// A time server is given by its address: a name may come to mean another place (NET-08).
    NotAddress,
    /// A peer's term ends within 90 days.
    Term,
    /// No key at all.
    Key,
    /// Not one certificate in PEM.
    Certificate,
    /// Voice, business and management zones are for tunnels; backup is not.
    TunnelZone,
    /// Networks here must be the box's own, of the tunnel's zone: nothing is forwarded.
    NotOwn,
}

impl What {
    /// Its name in refusals.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::TooMany => "too-many",
            Self::NoManagement => "no-management",
            Self::Twice => "twice",
            Self::NoSuchPort => "no-such-port",
            Self::Vlan => "vlan",
            Self::Address => "address",
            Self::Prefix => "prefix",
            Self::Gateway => "gateway",
            Self::Dhcp => "dhcp",
            Self::Overlap => "overlap",
            Self::Everybody => "everybody",
            Self::Port => "port",
            Self::Foreign => "foreign",
            Self::NotAddress => "not-an-address",
            Self::Term => "term",
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::TunnelZone => "tunnel-zone",
            Self::NotOwn => "not-own",
        }
    }
}

/// Collects faults, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<ConfigFault>);

impl Faults {
    pub(crate) fn add(&mut self, field: impl Into<String>, what: What) {
        self.0.push(ConfigFault { field: field.into(), what });
    }

    pub(crate) fn unless(&mut self, good: bool, field: impl Into<String>, what: What) {
        if !good {
            self.add(field, what);
        }
    }

    pub(crate) fn into_result(self) -> Result<(), Vec<ConfigFault>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
