//! The options of `up`, read once.

use anyhow::{Context, bail};
use idl::lines::SipTransport;
use lexopt::prelude::*;
use std::path::PathBuf;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// No terminal: run the contacts, print the figures, stop.
    pub headless: bool,
    /// Demo contacts.
    pub calls: u32,
    /// Print one JSON object as the last line.
    pub json: bool,
    /// A carrier of the caller's choice.
    pub trunk: Option<Trunk>,
    /// Where everything is kept.
    pub state: PathBuf,
    /// SIP port of the box.
    pub port: u16,
    /// Port of the page.
    pub page: u16,
    /// A blank box.
    pub empty: bool,
    /// Optimised build.
    pub release: bool,
    /// The simulated dual-E1 card; a carrier of the caller's choice is alone.
    pub cards: bool,
}

/// A carrier named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// Host.
    pub host: String,
    /// Port; `None` asks DNS.
    pub port: Option<u16>,
    /// Transport.
    pub transport: SipTransport,
}

impl Options {
    /// Reads the words after `up`.
    pub fn parse(words: Vec<String>) -> anyhow::Result<Self> {
        let mut options = Self {
            headless: false,
            calls: 500,
            json: false,
            trunk: None,
            state: crate::project::root().join("state"),
            port: 5060,
            page: 8443,
            empty: false,
            release: false,
            cards: true,
        };
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(word) = parser.next()? {
            match word {
                Long("headless") => options.headless = true,
                Long("calls") => options.calls = parser.value()?.parse()?,
                Long("json") => options.json = true,
                Long("trunk") => options.trunk = Some(Trunk::parse(&parser.value()?.string()?)?),
                Long("state") => options.state = std::path::absolute(PathBuf::from(parser.value()?))?,
                Long("port") => options.port = parser.value()?.parse()?,
                Long("page") => options.page = parser.value()?.parse()?,
                Long("empty") => options.empty = true,
                Long("release") => options.release = true,
                Long("no-cards") => options.cards = false,
                other => return Err(other.unexpected().into()),
            }
        }
        options.cards &= options.trunk.is_none();
        if options.calls == 0 || options.calls > MAX_DEMO_CONTACTS {
            bail!("--calls takes 1 to {MAX_DEMO_CONTACTS}");
        }
        Ok(options)
    }
}

impl Trunk {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let rest =
            text.strip_prefix("sip:").context("--trunk takes sip:HOST:PORT[;transport=udp|tcp|tls]")?;
        let (place, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let mut transport = SipTransport::Udp;
        for parameter in parameters.split(';').filter(|parameter| !parameter.is_empty()) {
            transport = match parameter {
                "transport=udp" => SipTransport::Udp,
                "transport=tcp" => SipTransport::Tcp,
                "transport=tls" => SipTransport::Tls,
                other => bail!("{other}: only transport=udp, tcp or tls is known"),
            };
        }
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') => {
                (host, Some(port.parse().context("the port is a number")?))
            }
            _ => (place, None),
        };
        if host.is_empty() {
            bail!("--trunk names no host");
        }
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port, transport })
    }
}

const MAX_DEMO_CONTACTS: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::{Options, Trunk};
    use idl::lines::SipTransport;

    #[test]
    fn the_card_is_there_unless_it_is_unwanted_or_a_carrier_was_chosen() {
        let cards = |words: &[&str]| {
            Options::parse(words.iter().map(ToString::to_string).collect()).expect("options").cards
        };
        assert!(cards(&["--headless"]) && cards(&["--empty"]));
        assert!(!cards(&["--no-cards"]) && !cards(&["--trunk", "sip:127.0.0.1:5070"]));
    }

    #[test]
    fn a_trunk_is_read_with_and_without_its_transport() {
        let trunk = |text: &str| Trunk::parse(text).expect("a trunk");
        assert_eq!(
            trunk("sip:127.0.0.1:5070"),
            Trunk { host: "127.0.0.1".into(), port: Some(5070), transport: SipTransport::Udp }
        );
        assert_eq!(trunk("sip:carrier.example;transport=tls").transport, SipTransport::Tls);
        assert!(Trunk::parse("tel:95588").is_err());
        assert!(Trunk::parse("sip:host:1;transport=sctp").is_err());
    }
}
