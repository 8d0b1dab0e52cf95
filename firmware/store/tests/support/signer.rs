//! Signs heads as the TPM would.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use store::{Head, HeadKey, SignedHead};

pub struct Signer(EcdsaKeyPair);

impl Signer {
    pub fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    pub fn public(&self) -> HeadKey {
        HeadKey::parse(self.0.public_key().as_ref()).expect("its point")
    }

    pub fn sign(&self, head: &Head) -> SignedHead {
        let signature = self.0.sign(&SystemRandom::new(), &head.message()).expect("it signs");
        SignedHead { head: *head, signature: signature.as_ref().try_into().expect("64 bytes") }
    }
}
