//! Arithmetic of addresses and prefixes.

use idl::network::Cidr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of an address of this kind.
const fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Whether the prefix fits the address.
pub(crate) fn fits(cidr: Cidr) -> bool {
    cidr.prefix <= bits(cidr.address)
}

/// The network of an address: its bits behind the prefix are 0. A prefix that is too long counts as the longest.
#[must_use]
pub fn mask(cidr: Cidr) -> Cidr {
    let prefix = cidr.prefix.min(bits(cidr.address));
    let address = match cidr.address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(four.to_bits() & mask))
        }
        IpAddr::V6(six) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & mask))
        }
    };
    Cidr { address, prefix }
}

/// Whether a network has this address.
#[must_use]
pub fn contains(network: Cidr, address: IpAddr) -> bool {
    network.address.is_ipv4() == address.is_ipv4()
        && mask(Cidr { address, prefix: network.prefix }) == mask(network)
}

/// Whether two networks have an address in common.
#[must_use]
pub fn overlap(a: Cidr, b: Cidr) -> bool {
    contains(a, b.address) || contains(b, a.address)
}

/// Whether nothing stands behind the prefix.
#[must_use]
pub fn is_network(cidr: Cidr) -> bool {
    fits(cidr) && mask(cidr) == cidr
}

/// The same addresses without a network that lies in another: what a set of nftables takes.
#[must_use]
pub fn minimal(networks: &[Cidr]) -> Vec<Cidr> {
    let mut sorted: Vec<Cidr> = networks.iter().copied().map(mask).collect();
    sorted.sort_by_key(|network| (network.address.is_ipv6(), network.prefix, network.address));
    let mut kept: Vec<Cidr> = Vec::new();
    for network in sorted {
        if !kept.iter().any(|wider| contains(*wider, network.address)) {
            kept.push(network);
        }
    }
    kept.sort_by_key(|network| (network.address.is_ipv6(), network.address));
    kept
}

/// Reads `10.1.2.0/24`; an address alone is one host.
#[must_use]
pub fn parse_cidr(text: &str) -> Option<Cidr> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let prefix = match prefix {
        Some(digits)
            if !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            digits.parse().ok()?
        }
        Some(_) => return None,
        None => bits(address),
    };
    Some(Cidr { address, prefix }).filter(|cidr| fits(*cidr))
}

/// Whether a machine can have it, or a packet come from it.
pub(crate) fn is_host(address: IpAddr) -> bool {
    let common = !address.is_unspecified() && !address.is_loopback() && !address.is_multicast();
    common
        && match address {
            IpAddr::V4(four) => !four.is_broadcast() && four.octets()[0] != 0 && four.octets()[0] < 240,
            // An IPv4 address in the clothes of the other family would pass by the sets of both.
            IpAddr::V6(six) => six.to_ipv4().is_none(),
        }
}

/// Whether a trunk can lie there: the address of another machine.
#[must_use]
pub fn is_peer(address: IpAddr) -> bool {
    is_host(address)
}

/// Whether it can be the address of an interface within its network.
pub(crate) fn is_own(cidr: Cidr) -> bool {
    if !fits(cidr) || !is_host(cidr.address) {
        return false;
    }
    match cidr.address {
        IpAddr::V4(four) if cidr.prefix < 31 => {
            let host = u32::MAX.checked_shr(u32::from(cidr.prefix)).unwrap_or(0);
            let own = four.to_bits() & host;
            cidr.prefix >= 8 && own != 0 && own != host
        }
        IpAddr::V4(_) => true,
        IpAddr::V6(_) => cidr.prefix >= 16,
    }
}

/// `10.1.2.0/24`.
pub(crate) fn show(cidr: Cidr) -> String {
    format!("{}/{}", cidr.address, cidr.prefix)
}

#[cfg(test)]
mod tests {
    use super::{contains, is_own, mask, minimal, overlap, parse_cidr, show};
    use proptest::prelude::{any, proptest};

    fn cidr(text: &str) -> idl::network::Cidr {
        parse_cidr(text).expect(text)
    }

    #[test]
    fn networks_are_what_their_prefix_says() {
        assert_eq!(mask(cidr("10.1.2.3/24")), cidr("10.1.2.0/24"));
        assert_eq!(mask(cidr("10.1.2.3/0")), cidr("0.0.0.0/0"));
        assert_eq!(mask(cidr("fd00:1::5/64")), cidr("fd00:1::/64"));
        assert!(contains(cidr("10.0.0.0/8"), "10.9.9.9".parse().expect("address")));
        assert!(!contains(cidr("10.0.0.0/8"), "11.0.0.1".parse().expect("address")));
        assert!(!contains(cidr("0.0.0.0/0"), "::1".parse().expect("address")));
        assert!(
            overlap(cidr("10.1.0.0/16"), cidr("10.0.0.0/8"))
                && !overlap(cidr("10.1.0.0/16"), cidr("10.2.0.0/16"))
        );
    }

    #[test]
    fn what_no_address_is_reads_as_nothing() {
        for bad in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "::/129",
            "1.2.3.4/08x",
            "10.0.0.0/8/8",
            " 10.0.0.1",
        ] {
            assert!(parse_cidr(bad).is_none(), "{bad}");
        }
        assert_eq!(show(cidr("10.0.0.1")), "10.0.0.1/32");
    }

    #[test]
    fn a_network_s_first_and_last_address_are_nobody_s() {
        assert!(is_own(cidr("10.0.0.1/24")) && is_own(cidr("10.0.0.1/31")) && is_own(cidr("10.0.0.1/32")));
        for bad in [
            "10.0.0.0/24",
            "10.0.0.255/24",
            "127.0.0.1/8",
            "224.0.0.1/8",
            "0.0.0.1/8",
            "::1/64",
            "::ffff:1.2.3.4/64",
            "255.255.255.255/24",
        ] {
            assert!(!is_own(cidr(bad)), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_minimal_list_has_the_same_addresses_and_no_two_meet(list: Vec<(u32, u8)>, probe in any::<u32>()) {
            let list: Vec<_> = list
                .into_iter()
                .map(|(bits, prefix)| idl::network::Cidr { address: std::net::Ipv4Addr::from(bits).into(), prefix: prefix % 33 })
                .collect();
            let short = minimal(&list);
            let probe = std::net::IpAddr::from(std::net::Ipv4Addr::from(probe));
            assert_eq!(list.iter().any(|n| contains(*n, probe)), short.iter().any(|n| contains(*n, probe)));
            for (at, one) in short.iter().enumerate() {
                assert!(short[at + 1..].iter().all(|other| !overlap(*one, *other)));
            }
        }
    }
}
