//! The loop: `vaultd`'s orders in, what happens out. Orders run on a thread of their own, one at a time; the loop itself
//! never waits for a program.

use crate::custody;
use crate::facts::Facts;
use crate::found_bad::{self, FoundBad};
use crate::life::{Life, Start, boot_cause};
use crate::network::IpsecOwn;
use crate::network::keeper::Keeper;
use crate::orders::{Counted, LIFE, Then, carry_out, epoch};
use crate::programs::{Call, Programs};
use crate::reset;
use crate::status::{Place, Release, release, status};
use crate::update_key::update_certificate;
use anyhow::Context;
use idl::hello::Process;
use idl::host::{CustodyCopy, HostFact, HostFault, HostOrder, HostStatus, HostToVault, VaultToHost};
use ipc::{Backoff, Conn};
use slots::epoch::EpochStore;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use vocab::UnixMs;

/// What `hostd` is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the sockets.
    pub run: PathBuf,
    /// Where things lie.
    pub place: Place,
    /// What a confirmation that failed left behind.
    pub found_bad: PathBuf,
}

/// What the order's thread tells.
enum News {
    Progress { id: u64, percent: u8 },
    Over { id: u64, result: Result<Then, HostFault> },
    NetworkSet { faults: Vec<String> },
    Custody { sets: Vec<[u8; 4]>, fault: Option<HostFault> },
}

struct Host {
    options: Options,
    programs: Arc<dyn Programs>,
    release: Release,
    facts: Facts,
    told: Option<HostStatus>,
    order: Option<u64>,
    network: Keeper,
    /// What the disk's header is to hold, while something is being written there; the newest word counts.
    custody: Custody,
    /// What the TPM counts, as `vaultd` told it.
    counted: Counted,
    /// That the running system is good was told in this connection.
    good_told: bool,
    /// The tunnels that are up as they were told in this connection.
    up_told: Option<Vec<String>>,
    /// The certificate for encrypted updates.
    certificate: Option<String>,
    news: Sender<News>,
}

/// Where the header's tokens stand.
enum Custody {
    Idle,
    Writing,
    Next(Vec<CustodyCopy>, bool),
}

/// Runs until `stop` resolves.
///
/// # Errors
/// What makes this a box is not there, or its folder cannot be written.
pub async fn run(
    options: Options,
    programs: Arc<dyn Programs>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let (news, mut over) = channel(MAX_NEWS);
    // First of all, whatever fails after: nothing is reachable but what the rules name.
    let tell = news.clone();
    let heard = move |faults| drop(tell.blocking_send(News::NetworkSet { faults }));
    let (network, ruled) = Keeper::begin(options.place.clone(), Arc::clone(&programs), heard);
    ruled.await.context("the network's thread ended")?;
    std::fs::create_dir_all(&options.place.state).context("the folder for what is kept cannot be made")?;
    let release = release(&options.place).context("this is no box: the system does not say what it is")?;
    let facts = Facts::open(&options.place.state.join("facts")).context("facts cannot be kept")?;
    let certificate = update_certificate(&options.place);
    let certificate = certificate.inspect_err(|error| log::error!("encrypted updates: {error}")).ok();
    let mut host = Host {
        options,
        programs,
        release,
        facts,
        told: None,
        order: None,
        network,
        custody: Custody::Idle,
        counted: Counted::default(),
        good_told: false,
        up_told: None,
        certificate,
        news,
    };
    host.begin_life().context("why the box started cannot be kept")?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tokio::select! {
        () = host.work(&mut over) => {}
        () = stop => {}
    }
    // Whoever stopped us wanted it: the next start is no unclean one.
    Life::change(&host.options.place.state.join(LIFE), |life| life.ended = true)
        .context("the end cannot be kept")
}

impl Host {
    /// Why this boot began, and what the one before was blamed for.
    fn begin_life(&mut self) -> anyhow::Result<()> {
        let place = self.options.place.clone();
        let path = place.state.join(LIFE);
        let before = Life::read(&path)?;
        let (slot, _) = place.running().context("the running slot is unknown")?;
        let now = Start { boot: place.boot()?, slot, version: self.release.version.clone() };
        let blamed = self.take_found_bad(before.as_ref(), &now)?;
        if let Some(cause) = boot_cause(before.as_ref(), &now, blamed) {
            let version = now.version.clone();
            self.facts.keep(clock(), HostFact::Booted { slot, version, cause })?;
        }
        // The data is new: what the reset before left undone is told to whoever comes first.
        if before.is_none()
            && let Some(why) = reset::owed(&place, &reset::Own(&place))
        {
            self.facts.keep(clock(), HostFact::TpmKept { why })?;
        }
        Life::begin(before.as_ref(), now).write(&path)?;
        Ok(())
    }

    /// Whether the boot before was blamed for something.
    fn take_found_bad(&mut self, before: Option<&Life>, now: &Start) -> anyhow::Result<bool> {
        let text = match found_bad::read(&self.options.found_bad) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(false),
            Err(error) => {
                log::error!("what the life before was blamed for is passed over: {error}");
                return Ok(false);
            }
        };
        let mut blamed = false;
        if let Ok(FoundBad { boot, reasons }) = serde_json::from_slice(&text) {
            blamed = before.is_some_and(|life| life.boot == boot);
            let (slot, version) = match before.filter(|life| life.boot == boot) {
                Some(life) => (life.slot, life.version.clone()),
                None => (now.slot, now.version.clone()),
            };
            self.facts.keep(clock(), HostFact::FoundBad { slot, version, reasons })?;
        }
        // Kept as a fact: if the power fails before this line it is told a second time, which vaultd stores once more.
        std::fs::remove_file(&self.options.found_bad)?;
        Ok(blamed)
    }

    async fn work(&mut self, over: &mut Receiver<News>) {
        let path = Process::Vaultd.socket(&self.options.run);
        let mut backoff = Backoff::default();
        loop {
            if let Ok(conn) = Conn::connect(&path, Process::Hostd, Process::Vaultd).await {
                backoff.reached();
                log::info!("connected");
                self.told = None;
                self.good_told = false;
                self.up_told = None;
                let ended = self.talk(&conn, over).await;
                log::warn!("the connection to vaultd ended: {ended}");
            }
            // Without vaultd the box is still watched, and an order that runs ends.
            let pause = tokio::time::sleep(backoff.next_wait());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    Some(news) = over.recv() => { let _nobody_listens = self.heard(None, news).await; }
                }
            }
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    async fn talk(&mut self, conn: &Conn, over: &mut Receiver<News>) -> String {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let certificate = self.certificate.clone().map(HostToVault::UpdateCertificate);
        let facts = self.facts.waiting();
        let facts = facts.map(|(seq, at, fact)| HostToVault::Fact { seq, at, fact: fact.clone() });
        for message in certificate.into_iter().chain(facts) {
            if let Err(error) = conn.send(&message).await {
                return error.to_string();
            }
        }
        loop {
            let done = tokio::select! {
                message = conn.recv::<VaultToHost>() => match message {
                    Ok(message) => self.told(conn, message).await,
                    Err(error) => Err(error),
                },
                Some(news) = over.recv() => self.heard(Some(conn), news).await,
                _ = ticks.tick() => self.tick(conn).await,
            };
            if let Err(error) = done {
                return error.to_string();
            }
        }
    }

    async fn told(&mut self, conn: &Conn, message: VaultToHost) -> Result<(), ipc::IpcError> {
        match message {
            VaultToHost::FactStored { seq } => {
                if let Err(error) = self.facts.stored(seq) {
                    log::error!("a stored fact cannot be let go: {error}");
                }
                Ok(())
            }
            VaultToHost::Order { id, .. } if self.order.is_some() => {
                conn.send(&HostToVault::Ended { id, result: Err(HostFault::Busy) }).await
            }
            VaultToHost::Order { id, order } => {
                self.begin(id, order);
                Ok(())
            }
            VaultToHost::TunnelKey(key) => {
                self.network.know_key(key);
                Ok(())
            }
            VaultToHost::IpsecKey { certificate, key } => {
                self.network.know_ipsec(IpsecOwn { certificate, key });
                Ok(())
            }
            VaultToHost::Network(config) => {
                self.network.set(config);
                Ok(())
            }
            VaultToHost::Custody { copies, owed } => {
                self.keep_custody(copies, owed);
                Ok(())
            }
            VaultToHost::LeastEpoch { epoch } => {
                // A count never falls: what was told once holds, whoever tells less.
                self.counted = Counted(self.counted.0.max(Some(epoch)));
                Ok(())
            }
        }
    }

    fn keep_custody(&mut self, copies: Vec<CustodyCopy>, owed: bool) {
        if !matches!(self.custody, Custody::Idle) {
            self.custody = Custody::Next(copies, owed);
            return;
        }
        self.custody = Custody::Writing;
        let (place, programs, news) =
            (self.options.place.clone(), Arc::clone(&self.programs), self.news.clone());
        drop(tokio::task::spawn_blocking(move || {
            let (sets, fault) = match custody::keep(&copies, owed, &place, programs.as_ref()) {
                Ok(sets) => (sets, None),
                Err(fault) => (Vec::new(), Some(fault)),
            };
            let _ = news.blocking_send(News::Custody { sets, fault });
        }));
    }

    async fn custody_kept(
        &mut self,
        conn: Option<&Conn>,
        sets: Vec<[u8; 4]>,
        fault: Option<HostFault>,
    ) -> Result<(), ipc::IpcError> {
        if let Some(fault) = &fault {
            log::error!("custodians' copies in the header of the disk: {fault:?}");
        }
        if let Custody::Next(copies, owed) = std::mem::replace(&mut self.custody, Custody::Idle) {
            self.keep_custody(copies, owed);
        }
        match conn {
            Some(conn) => conn.send(&HostToVault::Custody { sets, fault }).await,
            None => Ok(()),
        }
    }

    async fn network_set(&mut self, conn: Option<&Conn>, faults: Vec<String>) -> Result<(), ipc::IpcError> {
        for fault in &faults {
            log::error!("network: {fault}");
        }
        let fact = HostFact::NetworkSet { faults };
        match conn {
            Some(conn) => self.tell(conn, fact).await,
            None => {
                if let Err(error) = self.facts.keep(clock(), fact) {
                    log::error!("a fact cannot be kept: {error}");
                }
                Ok(())
            }
        }
    }

    fn begin(&mut self, id: u64, order: HostOrder) {
        log::info!("order {id}: {}", order.name());
        self.order = Some(id);
        let (place, programs, news) =
            (self.options.place.clone(), Arc::clone(&self.programs), self.news.clone());
        let counted = self.counted;
        let at_s = u64::try_from(clock().0 / 1_000).unwrap_or(0);
        // Joined by its last word: `Over` always comes, and the process waits for no thread when it is stopped.
        drop(tokio::task::spawn_blocking(move || {
            let progress = news.clone();
            let mut last = 0;
            let mut told = move |percent: u8| {
                if percent > last {
                    last = percent;
                    // A word of progress may be lost; the end never is.
                    let _ = progress.try_send(News::Progress { id, percent });
                }
            };
            let result = carry_out(&order, &place, counted, programs.as_ref(), at_s, &mut told);
            let _ = news.blocking_send(News::Over { id, result });
        }));
    }

    async fn heard(&mut self, conn: Option<&Conn>, news: News) -> Result<(), ipc::IpcError> {
        let (id, result) = match news {
            News::Progress { id, percent } => {
                return match conn {
                    Some(conn) => conn.send(&HostToVault::Progress { id, percent }).await,
                    None => Ok(()),
                };
            }
            News::NetworkSet { faults } => return self.network_set(conn, faults).await,
            News::Custody { sets, fault } => return self.custody_kept(conn, sets, fault).await,
            News::Over { id, result } => (id, result),
        };
        self.order = None;
        if let Err(fault) = &result {
            log::warn!("order {id} was not carried out: {fault:?}");
        }
        let then = result.as_ref().ok().cloned();
        let mut sent = Ok(());
        if let (Some(Then::Tell(fact)), Some(conn)) = (&then, conn) {
            sent = self.tell(conn, fact.clone()).await;
        }
        if let Some(conn) = conn {
            let ended = HostToVault::Ended { id, result: result.map(|_| ()) };
            sent = sent.and(conn.send(&ended).await);
        }
        match then {
            Some(Then::Restart) => self.go("reboot"),
            Some(Then::PowerOff) => self.go("poweroff"),
            Some(Then::Nothing | Then::Tell(_)) | None => {}
        }
        sent
    }

    /// The box goes: systemd ends every process in order, this one too.
    fn go(&self, how: &'static str) {
        let programs = Arc::clone(&self.programs);
        drop(tokio::task::spawn_blocking(move || {
            let done = programs.run(&Call::new("systemctl", &["--no-block", how]), &mut |_| {});
            match done {
                Ok(done) if done.ok => {}
                Ok(done) => log::error!("systemctl {how}: {}", done.complaint.trim()),
                Err(error) => log::error!("systemctl {how}: {error}"),
            }
        }));
    }

    async fn tick(&mut self, conn: &Conn) -> Result<(), ipc::IpcError> {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        let now = match status(&self.options.place, &self.release) {
            Ok(now) => now,
            Err(error) => {
                log::error!("how the box stands cannot be read: {error}");
                return Ok(());
            }
        };
        if let Some(fact) = self.found_good(&now) {
            self.tell(conn, fact).await?;
        }
        let good = now.slots.iter().any(|view| view.slot == now.running && view.good);
        if good && !self.good_told {
            self.good_told = true;
            conn.send(&HostToVault::Good { epoch: self.release.epoch }).await?;
        }
        if self.told.as_ref().is_none_or(|told| differs(told, &now)) {
            self.told = Some(now.clone());
            conn.send(&HostToVault::Status(Box::new(now))).await?;
        }
        let up = self.network.up();
        if let Some(up) = up.filter(|up| self.up_told.as_ref() != Some(up)) {
            self.up_told = Some(up.clone());
            conn.send(&HostToVault::Tunnels { up }).await?;
        }
        Ok(())
    }

    /// The counter of the running system is gone: it was found good. From here on its epoch is the lowest, and RAUC
    /// knows.
    fn found_good(&self, now: &HostStatus) -> Option<HostFact> {
        let path = self.options.place.state.join(LIFE);
        let view = now.slots.iter().find(|view| view.slot == now.running)?;
        let known = Life::read(&path).ok().flatten()?;
        if !view.good || known.good_told {
            return None;
        }
        if let Err(error) = epoch(&self.options.place).raise(self.release.epoch) {
            log::error!("the lowest epoch cannot be raised: {error}");
            return None;
        }
        let good = |life: &mut Life| {
            life.good_told = true;
            life.expected = None;
        };
        if let Err(error) = Life::change(&path, good) {
            log::error!("that the system is good cannot be kept: {error}");
            return None;
        }
        let programs = Arc::clone(&self.programs);
        drop(tokio::task::spawn_blocking(move || {
            if !programs
                .run(&Call::new("rauc", &["status", "mark-good"]), &mut |_| {})
                .is_ok_and(|done| done.ok)
            {
                log::warn!("RAUC did not mark the running slot: the loader's own mark counts");
            }
        }));
        Some(HostFact::MarkedGood { slot: now.running, version: self.release.version.clone() })
    }

    /// Keeps a fact, then tells it.
    async fn tell(&mut self, conn: &Conn, fact: HostFact) -> Result<(), ipc::IpcError> {
        let at = clock();
        match self.facts.keep(at, fact.clone()) {
            Ok(seq) => conn.send(&HostToVault::Fact { seq, at, fact }).await,
            Err(error) => {
                log::error!("a fact cannot be kept: {error}");
                Ok(())
            }
        }
    }
}

/// Whether two pictures differ in more than the time and a little room.
fn differs(told: &HostStatus, now: &HostStatus) -> bool {
    let room = told.data_free_bytes.abs_diff(now.data_free_bytes) > ROOM_TOLD;
    let aside = HostStatus { up_s: told.up_s, data_free_bytes: told.data_free_bytes, ..now.clone() };
    room || aside != *told || now.up_s.saturating_sub(told.up_s) >= TELL_AGAIN_S
}

fn clock() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

const TICK: Duration = Duration::from_secs(2);
/// Words of the order's thread that may wait.
const MAX_NEWS: usize = 64;
/// Bytes of room whose change is news.
const ROOM_TOLD: u64 = 64 * 1024 * 1024;
const TELL_AGAIN_S: u64 = 60;
