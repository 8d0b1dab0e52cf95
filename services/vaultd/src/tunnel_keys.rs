//! The box's own key for WireGuard tunnels (X25519). It makes no tunnel and knows no peer.

use aws_lc_rs::agreement::{PrivateKey, X25519};
use vocab::Secret;

/// The public key of a private one; `None`: the cryptographic library failed.
pub(crate) fn public(private: &Secret<[u8; 32]>) -> Option<[u8; 32]> {
    let private = PrivateKey::from_private_key(&X25519, private.expose()).ok()?;
    let public = private.compute_public_key().ok()?;
    <[u8; 32]>::try_from(public.as_ref()).ok()
}

#[cfg(test)]
mod tests {
    use super::public;
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
    use vocab::Secret;

    #[test]
    fn net_05_both_sides_of_a_tunnel_come_to_the_same_secret() {
        let agreed = |private: [u8; 32], peer: [u8; 32]| {
            let private = PrivateKey::from_private_key(&X25519, &private).unwrap();
            let peer = UnparsedPublicKey::new(&X25519, public(&Secret::new(peer)).unwrap());
            agree(&private, peer, (), |secret| Ok(secret.to_vec())).unwrap()
        };
        assert_eq!(agreed([7; 32], [9; 32]), agreed([9; 32], [7; 32]));
        assert_ne!(agreed([7; 32], [9; 32]), agreed([7; 32], [8; 32]));
    }
}
