//! vaultd
