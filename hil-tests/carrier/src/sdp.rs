//! Just enough SDP: reading one audio line of an offer, writing an answer or an offer.
//!
//! One stream, G.711 and telephone-event, RTP/AVP or RTP/SAVP with SDES. Nothing else is taken.

use std::net::{IpAddr, SocketAddr};

use data_encoding::BASE64;

use crate::digest;
use crate::signal::Law;
use crate::srtp::Suite;

/// A chosen `a=crypto` line.
#[derive(Clone)]
pub struct Crypto {
    /// The tag of the line.
    pub tag: String,
    /// The suite.
    pub suite: Suite,
    /// Master key and salt.
    pub keying: Vec<u8>,
}

/// The audio a peer described.
#[derive(Clone)]
pub struct Audio {
    /// Where it wants RTP.
    pub remote: SocketAddr,
    /// The first law of its list.
    pub law: Law,
    /// Its payload type for telephone events.
    pub event_type: Option<u8>,
    /// The profile of the media line.
    pub profile: String,
    /// Its key, when the profile is secure.
    pub crypto: Option<Crypto>,
    /// Its direction.
    pub direction: &'static str,
}

/// Reads an offer or an answer; `None` when there is no audio we can take.
pub fn read(body: &str) -> Option<Audio> {
    let lines: Vec<&str> = body.lines().map(str::trim).collect();
    let start = lines.iter().position(|l| l.starts_with("m=audio "))?;
    let end =
        lines.iter().skip(start + 1).position(|l| l.starts_with("m=")).map_or(lines.len(), |i| start + 1 + i);
    let session = &lines[..lines.iter().position(|l| l.starts_with("m=")).unwrap_or(start)];
    let media = &lines[start..end];
    let words: Vec<&str> = lines[start].split_whitespace().collect();
    let port: u16 = words.get(1)?.split('/').next()?.parse().ok().filter(|p| *p != 0)?;
    let profile = (*words.get(2)?).to_owned();
    let types: Vec<u8> = words.iter().skip(3).filter_map(|w| w.parse().ok()).collect();
    let address = media.iter().chain(session).find_map(|l| l.strip_prefix("c=IN IP"))?;
    let ip: IpAddr = address.split_whitespace().nth(1)?.split('/').next()?.parse().ok()?;
    let law = types.iter().find_map(|t| match t {
        8 => Some(Law::A),
        0 => Some(Law::Mu),
        _ => None,
    })?;
    let event_type = media.iter().filter_map(|l| l.strip_prefix("a=rtpmap:")).find_map(|l| {
        let (number, name) = l.split_once(' ')?;
        let number: u8 = number.parse().ok()?;
        (name.trim().eq_ignore_ascii_case("telephone-event/8000") && types.contains(&number))
            .then_some(number)
    });
    let crypto = media.iter().filter_map(|l| l.strip_prefix("a=crypto:")).find_map(read_crypto);
    if profile.contains("SAVP") && crypto.is_none() {
        return None;
    }
    let direction = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let direction = direction
        .into_iter()
        .find(|d| media.iter().chain(session).any(|l| l.strip_prefix("a=") == Some(*d)))
        .unwrap_or("sendrecv");
    Some(Audio { remote: SocketAddr::new(ip, port), law, event_type, profile, crypto, direction })
}

/// What our side says about itself.
#[derive(Clone)]
pub struct Local {
    /// Our RTP address.
    pub address: SocketAddr,
    /// Session id.
    pub session: u64,
    /// Version, raised with every change.
    pub version: u64,
    /// Our laws, the preferred one first.
    pub laws: Vec<Law>,
    /// Payload type of telephone events.
    pub event_type: Option<u8>,
    /// The profile of the media line.
    pub profile: String,
    /// Our key.
    pub crypto: Option<Crypto>,
    /// Our direction.
    pub direction: &'static str,
}

impl Local {
    /// Our side of an answer to this offer.
    pub fn answering(offer: &Audio, address: SocketAddr, session: u64) -> Self {
        let crypto = offer.crypto.as_ref().map(|theirs| {
            let mut keying = vec![0u8; theirs.suite.keying_len()];
            digest::fill(&mut keying);
            Crypto { tag: theirs.tag.clone(), suite: theirs.suite, keying }
        });
        Self {
            address,
            session,
            version: 1,
            laws: vec![offer.law],
            event_type: offer.event_type,
            profile: offer.profile.clone(),
            crypto: crypto.filter(|_| offer.profile.contains("SAVP")),
            direction: mirrored(offer.direction),
        }
    }

    /// Our side of an offer of our own.
    pub fn offering(address: SocketAddr, session: u64) -> Self {
        Self {
            address,
            session,
            version: 1,
            laws: vec![Law::A, Law::Mu],
            event_type: Some(OUR_EVENT_TYPE),
            profile: "RTP/AVP".to_owned(),
            crypto: None,
            direction: "sendrecv",
        }
    }

    /// The text.
    pub fn write(&self) -> String {
        let family = if self.address.is_ipv4() { 4 } else { 6 };
        let (ip, port) = (self.address.ip(), self.address.port());
        let types: Vec<u8> = self.laws.iter().map(|l| l.payload_type()).chain(self.event_type).collect();
        let list: String = types.iter().map(|t| format!(" {t}")).collect();
        let mut out = format!(
            "v=0\r\no=carrier {} {} IN IP{family} {ip}\r\ns=-\r\nc=IN IP{family} {ip}\r\nt=0 0\r\n\
             m=audio {port} {}{list}\r\n",
            self.session, self.version, self.profile
        );
        for law in &self.laws {
            let name = if *law == Law::A { "PCMA" } else { "PCMU" };
            out.push_str(&format!("a=rtpmap:{} {name}/8000\r\n", law.payload_type()));
        }
        if let Some(event) = self.event_type {
            out.push_str(&format!("a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n"));
        }
        if let Some(crypto) = &self.crypto {
            let keying = BASE64.encode(&crypto.keying);
            out.push_str(&format!("a=crypto:{} {} inline:{keying}\r\n", crypto.tag, crypto.suite.name()));
        }
        out.push_str(&format!("a=ptime:20\r\na={}\r\n", self.direction));
        out
    }
}

/// An SDP whose media line, address and numbers are all wrong.
pub fn broken() -> String {
    "v=0\r\no=- x y IN IP4\r\ns=-\r\nc=IN IP4 999.1.2.300\r\nt=now later\r\nm=audio seventy RTP/AVP eight\r\n\
     a=rtpmap:\r\n"
        .to_owned()
}

fn read_crypto(line: &str) -> Option<Crypto> {
    let mut words = line.split_whitespace();
    let (tag, suite) = (words.next()?, Suite::named(words.next()?)?);
    let inline = words.next()?.strip_prefix("inline:")?;
    let keying = BASE64.decode(inline.split('|').next()?.as_bytes()).ok()?;
    (keying.len() == suite.keying_len()).then(|| Crypto { tag: tag.to_owned(), suite, keying })
}

fn mirrored(direction: &str) -> &'static str {
    match direction {
        "sendonly" => "recvonly",
        "recvonly" => "sendonly",
        "inactive" => "inactive",
        _ => "sendrecv",
    }
}

const OUR_EVENT_TYPE: u8 = 101;

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
        m=video 9 RTP/AVP 31\r\nm=audio 4000 RTP/SAVP 18 8 0 97\r\na=rtpmap:97 telephone-event/8000\r\n\
        a=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA\r\n\
        a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd|2^31\r\n\
        a=sendonly\r\n";

    #[test]
    fn the_first_law_and_the_first_known_suite_are_taken() {
        let offer = read(OFFER).expect("usable");
        assert_eq!(offer.remote, "127.0.0.1:4000".parse().expect("address"));
        assert_eq!((offer.law, offer.event_type, offer.direction), (Law::A, Some(97), "sendonly"));
        let crypto = offer.crypto.clone().expect("a key");
        assert_eq!((crypto.tag.as_str(), crypto.suite), ("2", Suite::AesCm128Sha1));
        let local = Local::answering(&offer, "127.0.0.1:6000".parse().expect("address"), 5);
        let again = read(&local.write()).expect("usable");
        assert_eq!((again.law, again.direction, again.profile.as_str()), (Law::A, "recvonly", "RTP/SAVP"));
        assert_ne!(again.crypto.expect("a key").keying, crypto.keying);
    }

    #[test]
    fn what_cannot_be_taken_is_refused() {
        assert!(read("").is_none() && read(&broken()).is_none());
        assert!(read(&OFFER.replace("8 0 97", "97")).is_none(), "no law of G.711");
        assert!(read(&OFFER.replace("4000", "0")).is_none(), "a refused stream");
        assert!(read(&OFFER.replace("AES_CM", "ARIA_CM")).is_none(), "no key we know");
    }
}
