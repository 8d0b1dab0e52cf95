//! Where the page listens, as `vaultd` says: whatever was left open on the command line (NET-04).

use crate::harness::Site;
use idl::network::Listening;
use rights::Request;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

const ZONE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
/// A refusal that does not come at all.
const LIMIT: Duration = Duration::from_secs(60);

async fn answers(address: IpAddr, port: u16) -> bool {
    TcpStream::connect((address, port)).await.is_ok()
}

/// Waits until it does, or does not.
async fn until(address: IpAddr, port: u16, expected: bool) {
    let seen = async {
        while answers(address, port).await != expected {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, seen).await.unwrap();
}

fn folder_of(site: &mut Site) -> TempDir {
    std::mem::replace(&mut site.folder, tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn net_04_the_page_follows_what_it_is_told_and_starts_where_it_was() {
    let mut site = Site::at(tempfile::tempdir().unwrap(), "0.0.0.0:0", 10_000).await;
    let port = site.address.port();
    assert!(answers(ZONE, port).await && answers(OTHER, port).await, "a box never set");
    site.double.state.lock().unwrap().listening = Some(Listening::Only(vec![ZONE]));
    until(OTHER, port, false).await;
    assert!(answers(ZONE, port).await && answers(Ipv4Addr::LOCALHOST.into(), port).await);
    let asked = site.double.state.lock().unwrap().asked.clone();
    let asked: Vec<_> = asked.iter().filter(|asked| asked.request == Request::PageListens).collect();
    assert!(asked.iter().all(|asked| asked.passive && asked.actor.is_none()));
    // Once the file is written the next start knows it, without the records process.
    let file = site.folder.path().join("state/listening.json");
    let kept = async {
        while !file.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, kept).await.unwrap();
    site.vault_dies().await;
    let folder = folder_of(&mut site);
    site.stop().await;
    let site = Site::at(folder, &format!("0.0.0.0:{port}"), 10_000).await;
    assert!(answers(ZONE, port).await && !answers(OTHER, port).await);
    site.double.state.lock().unwrap().listening = Some(Listening::Every);
    until(OTHER, port, true).await;
    site.stop().await;
}

#[tokio::test]
async fn net_04_a_page_at_a_named_address_asks_nobody() {
    let site = Site::start().await;
    until(Ipv4Addr::LOCALHOST.into(), site.address.port(), true).await;
    assert_eq!(site.double.count(Request::PageListens), 0);
    site.stop().await;
}
