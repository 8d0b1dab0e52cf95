//! The sockets the page is served at: a listener for each address of the set that `vaultd` told (NET-04). A new set changes
//! what differs and nothing else; connections that were taken go on, whatever becomes of their listener.
//!
//! Which addresses those are it does not decide, nor who may connect there.

use idl::network::Listening;
use nix::sys::socket::{setsockopt, sockopt::IpFreebind};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// A connection and who opened it.
pub type Taken = (TcpStream, SocketAddr);

/// An address that nothing can be served at.
#[derive(Debug, Error)]
#[error("cannot listen at {address}: {source}")]
pub struct BindError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// The listeners.
#[derive(Debug)]
pub struct Places {
    /// As the command line says, with the port that was given where it left that open.
    asked: Vec<SocketAddr>,
    listening: Listening,
    open: BTreeMap<SocketAddr, JoinHandle<()>>,
    /// Wanted, and not to be had at the last try.
    missing: BTreeSet<SocketAddr>,
    taken: Sender<Taken>,
}

impl Places {
    /// Listens; connections go to `taken`.
    ///
    /// # Errors
    /// An address that the command line names, or leaves open on a box never set, cannot be had. One of a zone is tried
    /// again instead.
    pub async fn open(
        asked: &[SocketAddr],
        listening: Listening,
        taken: Sender<Taken>,
    ) -> Result<Self, BindError> {
        let mut places = Self {
            asked: Vec::with_capacity(asked.len()),
            listening,
            open: BTreeMap::new(),
            missing: BTreeSet::new(),
            taken,
        };
        for &address in asked {
            if places.listening.sockets(address) == [address] {
                let listener = bind(address, false).map_err(|source| BindError { address, source })?;
                let bound = listener.local_addr().map_err(|source| BindError { address, source })?;
                places.asked.push(bound);
                places.serve(bound, listener);
            } else {
                places.asked.push(address);
            }
        }
        places.settle().await;
        Ok(places)
    }

    /// Where it listens now.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.open.keys().copied().collect()
    }

    /// Addresses of the set that cannot be listened at.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Whether any address is left to the set.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.asked.iter().any(|address| address.ip().is_unspecified())
    }

    /// Another set.
    pub async fn set(&mut self, listening: Listening) {
        if self.listening != listening {
            self.listening = listening;
            self.settle().await;
        }
    }

    /// Closes what is not of the set, then opens what is and could not be opened so far: a listener at every address stands in
    /// the way of one at a single address.
    pub async fn settle(&mut self) {
        let wanted: BTreeSet<SocketAddr> =
            self.asked.iter().flat_map(|asked| self.listening.sockets(*asked)).collect();
        let gone: Vec<SocketAddr> =
            self.open.keys().filter(|address| !wanted.contains(*address)).copied().collect();
        for address in gone {
            if let Some(accepting) = self.open.remove(&address) {
                accepting.abort();
                // The socket is closed once the task is gone.
                let _cancelled = accepting.await;
                log::info!("the page is no more served at https://{address}");
            }
        }
        self.missing.retain(|address| wanted.contains(address));
        for address in wanted {
            if self.open.contains_key(&address) {
                continue;
            }
            match bind(address, true) {
                Ok(listener) => {
                    self.missing.remove(&address);
                    self.serve(address, listener);
                }
                Err(source) => {
                    if self.missing.insert(address) {
                        log::error!("{}: it is tried again", BindError { address, source });
                    }
                }
            }
        }
    }

    /// Closes all.
    pub async fn shutdown(mut self) {
        for accepting in self.open.values() {
            accepting.abort();
        }
        while let Some((_, accepting)) = self.open.pop_first() {
            let _cancelled = accepting.await;
        }
    }

    fn serve(&mut self, address: SocketAddr, listener: TcpListener) {
        log::info!("the page is served at https://{address}");
        self.open.insert(address, tokio::spawn(accept(listener, self.taken.clone())));
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        for accepting in self.open.values() {
            accepting.abort();
        }
    }
}

/// `ahead`: the address may come later.
fn bind(address: SocketAddr, ahead: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the connections of the former life.
    socket.set_reuseaddr(true)?;
    if ahead {
        // It holds for IPv6, too.
        setsockopt(&socket, IpFreebind, &true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, taken: Sender<Taken>) {
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                if taken.send(accepted).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                // Out of descriptors: connections that end give some back.
                log::warn!("a connection cannot be taken: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

const BACKLOG: u32 = 1_024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::{Places, bind};
    use idl::network::Listening;
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use tokio::net::TcpStream;
    use tokio::sync::mpsc::{Receiver, channel};

    const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    const THIRD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    const OPEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

    /// A page on every address; its port was free everywhere.
    async fn everywhere() -> (Places, Receiver<super::Taken>, u16) {
        let (taken, connections) = channel(64);
        let places = Places::open(&[OPEN], Listening::Every, taken).await.expect("a free port");
        let port = places.addresses()[0].port();
        (places, connections, port)
    }

    async fn answers(address: IpAddr, port: u16) -> bool {
        TcpStream::connect((address, port)).await.is_ok()
    }

    #[tokio::test]
    async fn net_04_a_page_that_is_told_its_zone_is_not_at_another_address_and_comes_back_after_a_trial() {
        let (mut places, _connections, port) = everywhere().await;
        assert!(answers(SECOND, port).await && answers(THIRD, port).await);
        places.set(Listening::Only(vec![SECOND])).await;
        assert!(answers(SECOND, port).await && answers(Ipv4Addr::LOCALHOST.into(), port).await);
        assert!(!answers(THIRD, port).await, "it is another zone's");
        assert_eq!(places.missing(), 0);
        places.set(Listening::Every).await;
        assert!(answers(THIRD, port).await);
    }

    #[tokio::test]
    async fn net_04_what_stays_is_not_touched_and_what_was_connected_goes_on() {
        let (mut places, mut connections, port) = everywhere().await;
        places.set(Listening::Only(vec![SECOND])).await;
        let listener = places.open[&SocketAddr::new(SECOND, port)].id();
        let _ours = TcpStream::connect((SECOND, port)).await.expect("it listens");
        let (theirs, _) = connections.recv().await.expect("a connection");
        places.set(Listening::Only(vec![SECOND, THIRD])).await;
        assert_eq!(places.open[&SocketAddr::new(SECOND, port)].id(), listener, "the same listener");
        places.set(Listening::nowhere_else()).await;
        assert!(!answers(SECOND, port).await && answers(Ipv4Addr::LOCALHOST.into(), port).await);
        assert_eq!(theirs.try_write(b"on").expect("the connection stands"), 2);
    }

    #[tokio::test]
    async fn net_04_an_address_that_another_holds_is_tried_again_and_the_others_are_served_meanwhile() {
        let (mut places, _connections, port) = everywhere().await;
        places.set(Listening::nowhere_else()).await;
        let other = bind(SocketAddr::new(SECOND, port), false).expect("nobody is there");
        places.set(Listening::Only(vec![SECOND, THIRD])).await;
        assert_eq!(places.missing(), 1);
        assert!(answers(THIRD, port).await && answers(Ipv4Addr::LOCALHOST.into(), port).await);
        drop(other);
        places.settle().await;
        assert_eq!(places.missing(), 0);
        assert!(places.addresses().contains(&SocketAddr::new(SECOND, port)));
    }

    #[tokio::test]
    async fn net_04_an_address_of_a_zone_is_listened_at_before_it_is_there() {
        let (mut places, _connections, port) = everywhere().await;
        let later: IpAddr = "192.0.2.7".parse().expect("an address of documentation");
        places.set(Listening::Only(vec![later])).await;
        assert_eq!(places.missing(), 0);
        assert!(places.addresses().contains(&SocketAddr::new(later, port)));
    }

    #[tokio::test]
    async fn an_address_of_the_command_line_stays_and_one_that_cannot_be_had_is_an_error() {
        let (taken, _connections) = channel(1);
        let named = SocketAddr::new(SECOND, 0);
        let mut places = Places::open(&[named], Listening::Every, taken.clone()).await.expect("a free port");
        let before = places.addresses();
        places.set(Listening::nowhere_else()).await;
        assert_eq!(places.addresses(), before);
        assert!(!places.follows());
        let error = Places::open(&before, Listening::Every, taken).await.expect_err("it is taken");
        assert!(error.to_string().starts_with("cannot listen at 127.0.0.2:"), "{error}");
    }
}
