//! The loop against a `vaultd` of a test, over the real socket: what the box tells at its start, an order with its
//! progress and end, facts told again until they are stored, and the restart that follows an order's end.

use crate::rig::Appliance;
use hostd::{Call, Done, Life, Options, Programs, run};
use idl::hello::Process;
use idl::host::{BootCause, HostFact, HostFault, HostOrder, HostToVault, Slot, VaultToHost};
use ipc::{Conn, Listener};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Programs that succeed, and say that they were run.
struct Heard(UnboundedSender<String>);

impl Programs for Heard {
    fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
        let _ = self.0.send(format!("{} {}", call.program, call.arguments.join(" ")));
        Ok(Done { ok: true, ..Done::default() })
    }
}

struct Talk {
    conn: Conn,
    ran: UnboundedReceiver<String>,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Talk {
    async fn begin(at: &Appliance, sockets: &std::path::Path) -> Self {
        let listener =
            Listener::bind(&Process::Vaultd.socket(sockets), Process::Vaultd, &[(Process::Hostd, None)])
                .unwrap();
        let found_bad = at.place.state.join("found-bad.json");
        let options = Options { run: sockets.to_owned(), place: at.place.clone(), found_bad };
        let ruled = at.place.at("run/ringfence-network/rules.nft").exists();
        let (heard, mut ran) = unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut ended = tokio::spawn(run(options, Arc::new(Heard(heard)), async {
            let _ = stopped.await;
        }));
        let (conn, peer) = tokio::select! {
            accepted = listener.accept() => accepted.unwrap(),
            over = &mut ended => panic!("it ended: {over:?}"),
        };
        assert_eq!(peer.process, Process::Hostd);
        // Before it speaks to anybody the box has rules (NET-01); a second start in the same boot leaves them.
        assert_eq!(ran.try_recv().is_ok_and(|first| first.starts_with("nft -f ")), !ruled);
        while ran.try_recv().is_ok() {}
        Self { conn, ran, stop, ended }
    }

    async fn next(&self) -> HostToVault {
        self.conn.recv().await.unwrap()
    }

    async fn until<T>(&self, wanted: impl Fn(HostToVault) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next().await) {
                return found;
            }
        }
    }

    async fn fact(&self) -> (u64, HostFact) {
        self.until(|message| match message {
            HostToVault::Fact { seq, fact, .. } => Some((seq, fact)),
            _ => None,
        })
        .await
    }

    async fn end_of(&self, wanted: u64) -> Result<(), HostFault> {
        self.until(|message| match message {
            HostToVault::Ended { id, result } if id == wanted => Some(result),
            _ => None,
        })
        .await
    }

    async fn order(&self, id: u64, order: HostOrder) {
        self.conn.send(&VaultToHost::Order { id, order }).await.unwrap();
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_start_is_told_until_it_is_stored_and_a_rollback_says_why() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let sockets = tempfile::tempdir().unwrap();
    // The life before ran the new system in B, which was found bad.
    let before = Life {
        boot: "before".into(),
        slot: Slot::B,
        version: "0.2.0".into(),
        ended: true,
        expected: Some(Slot::B),
        good_told: false,
    };
    before.write(&at.place.state.join("life.json")).unwrap();
    let bad = "{\"boot\":\"before\",\"reasons\":[\"lined: not reached\"]}";
    std::fs::write(at.place.state.join("found-bad.json"), bad).unwrap();
    let talk = Talk::begin(&at, sockets.path()).await;
    let reasons = vec!["lined: not reached".to_owned()];
    assert!(matches!(talk.next().await, HostToVault::UpdateCertificate(text) if text.contains("BEGIN CERT")));
    let (first, fact) = talk.fact().await;
    assert_eq!(fact, HostFact::FoundBad { slot: Slot::B, version: "0.2.0".into(), reasons });
    let (second, fact) = talk.fact().await;
    let booted = HostFact::Booted { slot: Slot::A, version: "0.1.0".into(), cause: BootCause::RolledBack };
    assert_eq!(fact, booted);
    talk.conn.send(&VaultToHost::FactStored { seq: first }).await.unwrap();
    // What is told after it is read after it: the first fact is gone then.
    talk.order(1, HostOrder::Install { bundle: [1; 32], downgrade: false }).await;
    assert_eq!(talk.end_of(1).await, Err(HostFault::NoBundle));
    talk.end().await;
    let talk = Talk::begin(&at, sockets.path()).await;
    assert_eq!(talk.fact().await, (second, booted), "what was not stored is told again, and no second start");
    talk.end().await;
}

#[tokio::test]
async fn whatever_lies_where_a_bad_end_is_left_the_box_starts_and_says_nothing_of_it() {
    type Lay = fn(&std::path::Path);
    let lays: [Lay; 4] = [
        |path| std::fs::create_dir(path).unwrap(),
        |path| {
            let other = path.with_extension("other");
            std::fs::write(&other, "{\"boot\":\"before\",\"reasons\":[\"anothers\"]}").unwrap();
            std::os::unix::fs::symlink(other, path).unwrap();
        },
        |path| std::fs::File::create(path).unwrap().set_len(1 << 40).unwrap(),
        |path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
    ];
    for lay in lays {
        let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
        let sockets = tempfile::tempdir().unwrap();
        lay(&at.place.state.join("found-bad.json"));
        let talk = Talk::begin(&at, sockets.path()).await;
        let (_, fact) = talk.fact().await;
        assert!(matches!(fact, HostFact::Booted { .. }), "{fact:?}");
        talk.end().await;
    }
}

#[tokio::test]
async fn a_restart_is_told_to_be_done_before_the_box_goes_and_the_next_start_is_an_ordered_one() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let sockets = tempfile::tempdir().unwrap();
    let mut talk = Talk::begin(&at, sockets.path()).await;
    talk.order(7, HostOrder::Restart).await;
    assert_eq!(talk.end_of(7).await, Ok(()));
    loop {
        let ran = talk.ran.recv().await.unwrap();
        if ran == "systemctl --no-block reboot" {
            break;
        }
        assert_eq!(ran, "rauc status mark-good");
    }
    talk.end().await;
    assert!(Life::read(&at.place.state.join("life.json")).unwrap().unwrap().ended);
}

#[tokio::test]
async fn how_the_box_stands_is_told_and_a_good_system_raises_the_lowest_epoch() {
    use slots::epoch::{EpochStore, FileEpoch};
    let at = Appliance::new(&["ringfence_0.1.0_A.efi", "ringfence_0.2.0_B+0-3.efi"]);
    let life = Life { good_told: false, ..at.life() };
    life.write(&at.place.state.join("life.json")).unwrap();
    let sockets = tempfile::tempdir().unwrap();
    let talk = Talk::begin(&at, sockets.path()).await;
    let good = HostFact::MarkedGood { slot: Slot::A, version: "0.1.0".into() };
    while talk.fact().await.1 != good {}
    let told = talk
        .until(|message| match message {
            HostToVault::Status(told) => Some(told),
            _ => None,
        })
        .await;
    assert_eq!((told.running, told.slots[1].tries_left), (Slot::A, Some(0)));
    talk.end().await;
    // In every connection, for whoever counts in the TPM may have been away.
    let talk = Talk::begin(&at, sockets.path()).await;
    let epoch = talk
        .until(|message| match message {
            HostToVault::Good { epoch } => Some(epoch),
            _ => None,
        })
        .await;
    assert_eq!(epoch, 2);
    assert_eq!(FileEpoch(at.place.state.join("epoch")).least().unwrap(), 2);
    talk.end().await;
}
