//! The page against a double of `vaultd`, over real TLS sockets: what is refused, what every answer carries,
//! what is kept. The double decides nothing that is tested here; rights are proven where they are decided.

mod assets;
mod certificate;
mod desk;
mod double;
mod forms;
mod harness;
mod hostile;
mod jobs;
mod limits;
mod listening;
mod probe;
mod remote;
mod sessions;
mod site;
mod texts;
mod tls;
