//! The loop-back call in a running process: it succeeds without a trunk, a site's ticket or a word to the ledger, and
//! what is missing is named.

mod support;

use idl::health::{HealthReply, HealthRequest, HealthState};
use idl::hello::Process;
use idl::lines::{LinedToVault, SipTransport, SiteLines, VaultToLined};
use idl::trial::{CALL_GAUGE, CALL_SUCCEEDED, CallFault};
use ipc::Conn;
use std::net::SocketAddr;
use std::time::Duration;
use support::{Bench, Vault, site, within};

/// The supervisor's way to `lined`.
struct Supervisor(Conn);

impl Supervisor {
    async fn connect(bench: &Bench) -> Self {
        let path = Process::Lined.socket(&bench.options.run);
        let conn = within(async {
            loop {
                if let Ok(conn) = Conn::connect(&path, Process::Supervisor, Process::Lined).await {
                    return conn;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self(conn.await)
    }

    async fn ask(&self, request: HealthRequest) -> HealthReply {
        self.0.send(&request).await.expect("a question");
        within(self.0.recv()).await.expect("an answer")
    }

    /// Has `lined` call itself; how that ended, and the gauges then.
    async fn call(&self) -> (u64, HealthReply) {
        let begun = self.ask(HealthRequest::CallYourself { serial: 1 }).await;
        let mut reply = begun;
        within(async {
            while gauge(&reply, CALL_GAUGE) == 0 {
                tokio::time::sleep(PAUSE).await;
                reply = self.ask(HealthRequest::Check { serial: 2 }).await;
            }
        })
        .await;
        (gauge(&reply, CALL_GAUGE), reply)
    }
}

fn gauge(reply: &HealthReply, name: &str) -> u64 {
    reply.gauges.iter().find(|(known, _)| known == name).expect("a gauge").1
}

async fn sited(bench: &Bench) -> (Vault, Supervisor) {
    let vault = Vault::accept(&bench.options.run).await;
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    // No trunk at all: the call needs none.
    let lines = SiteLines { trunks: vec![], groups: vec![], ..site(nowhere, SipTransport::Udp) };
    vault.send(VaultToLined::Site(lines)).await;
    let supervisor = Supervisor::connect(bench).await;
    within(async {
        while supervisor.ask(HealthRequest::Check { serial: 0 }).await.state == HealthState::Starting {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
    (vault, supervisor)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_is_heard_both_ways_recorded_and_leaves_nothing_behind() {
    let mut bench = Bench::start();
    let (mut vault, supervisor) = sited(&bench).await;
    for _ in 0..2 {
        let (code, _) = supervisor.call().await;
        assert_eq!(code, CALL_SUCCEEDED, "{:?}", CallFault::of(code));
    }
    // All of it is given back.
    within(async {
        loop {
            let reply = supervisor.ask(HealthRequest::Check { serial: 3 }).await;
            let busy = ["media_sessions", "recorders", "calls", "customer_legs", "agent_legs"];
            if busy.iter().all(|name| gauge(&reply, name) == 0) {
                assert_eq!(reply.state, HealthState::Ready, "{:?}", reply.alarms);
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
    bench.stop().await;
    // Not a word of a call to the vault: no fact, no ticket used, nobody lost.
    let said = vault.rest().await;
    let of_a_call =
        |said: &&LinedToVault| matches!(said, LinedToVault::Fact { .. } | LinedToVault::Released { .. });
    assert!(!said.iter().any(|said| of_a_call(&said)), "{said:?}");
    let left: Vec<_> = std::fs::read_dir(&bench.options.recordings).expect("the folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_media_ports_for_both_legs_the_call_fails_and_says_so() {
    let bench = Bench::start_with(|options| options.rtp_ports.1 = options.rtp_ports.0 + 1);
    let (_vault, supervisor) = sited(&bench).await;
    let (code, reply) = supervisor.call().await;
    assert_eq!(CallFault::of(code), Some(CallFault::Ports));
    assert_eq!(reply.state, HealthState::Degraded);
    let alarm = reply.alarms.iter().find(|alarm| alarm.code == "loop-back-call").expect("an alarm");
    assert!(alarm.text_en.contains("no free media port") && alarm.text_zh.contains("媒体端口"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_for_recordings_the_call_fails_and_says_so() {
    let bench = Bench::start();
    let (_vault, supervisor) = sited(&bench).await;
    std::fs::remove_dir_all(&bench.options.recordings).expect("removed");
    assert_eq!(CallFault::of(supervisor.call().await.0), Some(CallFault::NotRecorded));
}

const PAUSE: Duration = Duration::from_millis(20);
