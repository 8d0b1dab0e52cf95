//! The gateway at the far end of an IPsec tunnel, as somebody set it who trusts the box's certificate: an authority, a
//! certificate by it, strongSwan's own files. The box's end is set by what the product renders, never here.

use crate::Space;
use crate::ike::Daemon;
use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    PKCS_ECDSA_P384_SHA384,
};
use std::fmt::Write as _;
use std::path::Path;

/// The settings of the image, for both ends.
pub const SETTINGS: &str = include_str!("../../../image/system/root/etc/ringfence/strongswan.conf");
/// The socket of the daemon in them.
pub const SOCKET_FOLDER: &str = "/run/ringfence-ipsec/";
/// What the gateway offers where nothing else is said.
pub const IKE: &str = "aes256gcm16-prfsha384-ecp384";

/// Who certifies gateways.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// One of this name, with a key of its own.
    ///
    /// # Errors
    /// No certificate can be made.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let mut params = named(name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self(CertifiedIssuer::self_signed(params, key()?)?))
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }
}

/// A tunnel as the gateway has it.
#[derive(Debug, Clone, Copy)]
pub struct Far<'a> {
    /// Its name there.
    pub name: &'a str,
    /// The gateway's own address.
    pub own: &'a str,
    /// Where the box is.
    pub to: &'a str,
    /// Networks behind the gateway.
    pub behind: &'a str,
    /// Networks of the box.
    pub of_box: &'a str,
    /// What it offers.
    pub ike: &'a str,
}

/// Starts a gateway that calls itself so, with these tunnels to the box of this certificate.
///
/// # Errors
/// Its files cannot be written, or the daemon does not take them.
pub fn start(
    space: Space,
    authority: &Authority,
    name: &str,
    box_pem: &str,
    tunnels: &[Far<'_>],
) -> anyhow::Result<Daemon> {
    let folder = format!("/run/{}.swanctl", space.0);
    let own = key()?;
    let certificate = named(name)?.signed_by(&own, &authority.0)?;
    put(&format!("{folder}/x509/own.pem"), &certificate.pem())?;
    put(&format!("{folder}/x509/box.pem"), box_pem)?;
    put(&format!("{folder}/x509ca/ca.pem"), &authority.pem())?;
    put(&format!("{folder}/private/own.pem"), &own.serialize_pem())?;
    let mut text = "connections {\n".to_owned();
    for Far { name, own, to, behind, of_box, ike } in tunnels {
        let _infallible = write!(
            text,
            "{name} {{ version = 2\n remote_addrs = {to}\n local_addrs = {own}\n proposals = {ike}\n \
             send_cert = always\n \
             local {{ auth = pubkey\n certs = own.pem\n }}\n \
             remote {{ auth = pubkey\n certs = box.pem\n }}\n \
             children {{ {name} {{ local_ts = {behind}\n remote_ts = {of_box}\n \
             esp_proposals = aes256gcm16-ecp384,aes256gcm16-x25519\n }} }} }}\n"
        );
    }
    text.push_str("}\n");
    put(&format!("{folder}/swanctl.conf"), &text)?;
    let settings = SETTINGS.replace(SOCKET_FOLDER, &format!("{folder}/"));
    Daemon::start(space, &in_user_space(&settings), &folder)
}

/// ESP in user space; and Debian 12's strongSwan derives keys in a plugin of its own, where later ones have OpenSSL do it.
#[must_use]
pub fn in_user_space(settings: &str) -> String {
    settings.replace(" kernel-netlink ", " kdf kernel-libipsec kernel-netlink ")
}

/// Writes a file, and the folders it lies in.
///
/// # Errors
/// It cannot be written.
pub fn put(path: &str, content: &str) -> anyhow::Result<()> {
    let path = Path::new(path);
    std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
    Ok(std::fs::write(path, content)?)
}

fn named(name: &str) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn key() -> anyhow::Result<KeyPair> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?)
}
