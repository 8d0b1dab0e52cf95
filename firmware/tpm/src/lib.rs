//! tpm
