//! What a configuration is seen against: the box's ports, its services' ports, the day.

/// The network ports a box has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports(Option<Vec<String>>);

impl Ports {
    /// These, in the order of the board.
    #[must_use]
    pub fn known(names: Vec<String>) -> Self {
        Self(Some(names))
    }

    /// Who checks cannot see them: only the form of a port's name is looked at.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(None)
    }

    /// All of them, if they are known.
    #[must_use]
    pub fn names(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    }
}

/// What [`render`](crate::render) needs to know beside the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The box's ports.
    pub ports: Ports,
    /// The page's port.
    pub page: u16,
    /// SIP over UDP.
    pub sip_udp: u16,
    /// SIP over TCP.
    pub sip_tcp: u16,
    /// SIP over TLS.
    pub sip_tls: u16,
    /// First and last port of RTP and RTCP.
    pub rtp: (u16, u16),
    /// Today, as days since 1970-01-01: peers whose term is over are left out.
    pub today: u32,
}

impl Surroundings {
    /// A box as its units start it, with these ports, on this day.
    #[must_use]
    pub const fn of_box(ports: Ports, today: u32) -> Self {
        Self { ports, page: 443, sip_udp: 5060, sip_tcp: 5060, sip_tls: 5061, rtp: (20_000, 29_999), today }
    }
}
