//! The thread that keeps the network as it should be: it does what was told last, and looks again and again whether it
//! still holds. It ends with its owner.

use super::{IpsecOwn, Network, Outcome};
use crate::programs::Programs;
use crate::status::Place;
use idl::network::NetworkConfig;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use vocab::Secret;

/// What is told to the thread; the newest word counts.
#[derive(Debug, Default)]
struct Wanted {
    key: Option<Secret<[u8; 32]>>,
    ipsec: Option<IpsecOwn>,
    config: Option<Box<NetworkConfig>>,
    over: bool,
}

#[derive(Debug, Default)]
struct Desk {
    wanted: Mutex<Wanted>,
    told: Condvar,
    /// Tunnels that are up, as they were looked at last.
    up: Mutex<Option<Vec<String>>>,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the thread; dropped, it ends once its step is done.
#[derive(Debug)]
pub(crate) struct Keeper(Arc<Desk>);

impl Keeper {
    /// Begins it; the receiver hears when this boot has rules. `tell` is given what is worth telling.
    pub(crate) fn begin(
        place: Place,
        programs: Arc<dyn Programs>,
        tell: impl Fn(Vec<String>) + Send + 'static,
    ) -> (Self, oneshot::Receiver<()>) {
        let desk = Arc::new(Desk::default());
        let (begun, ready) = oneshot::channel();
        let own = Arc::clone(&desk);
        // Joined by nobody: a program it waits for must not hold up the end of the process, which ends it.
        drop(std::thread::spawn(move || keep(&own, &place, programs.as_ref(), &tell, begun)));
        (Self(desk), ready)
    }

    /// The box's own key for tunnels.
    pub(crate) fn know_key(&self, key: Secret<[u8; 32]>) {
        self.0.lock().key = Some(key);
    }

    /// The same for IPsec.
    pub(crate) fn know_ipsec(&self, own: IpsecOwn) {
        self.0.lock().ipsec = Some(own);
    }

    /// Which tunnels are up; `None`: nothing was looked at so far.
    pub(crate) fn up(&self) -> Option<Vec<String>> {
        self.0.up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the site wants.
    pub(crate) fn set(&self, config: Box<NetworkConfig>) {
        self.0.lock().config = Some(config);
        self.0.told.notify_one();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.told.notify_one();
    }
}

fn keep(
    desk: &Desk,
    place: &Place,
    programs: &dyn Programs,
    tell: &dyn Fn(Vec<String>),
    begun: oneshot::Sender<()>,
) {
    let mut network = Network::default();
    let mut teller = Teller { last: None, tell };
    teller.hear(network.begin(place, programs, today()), false);
    let _ = begun.send(());
    let mut looked = Instant::now();
    let mut peers_looked: Option<Instant> = None;
    loop {
        let wanted = wait(desk);
        if wanted.over {
            return;
        }
        if let Some(key) = wanted.key {
            network.know_key(key);
        }
        if let Some(own) = wanted.ipsec {
            network.know_ipsec(own);
        }
        if let Some(config) = wanted.config {
            teller.hear(network.set(*config, place, programs, today()), true);
            continue;
        }
        teller.hear(network.refresh(place, programs, today()), false);
        if peers_looked.is_none_or(|at| at.elapsed() >= PEERS_EVERY) {
            let up = network.up(programs, since_1970().as_secs());
            *desk.up.lock().unwrap_or_else(PoisonError::into_inner) = Some(up);
            peers_looked = Some(Instant::now());
        }
        if looked.elapsed() >= LOOK_EVERY {
            teller.hear(network.look(place, programs), false);
            looked = Instant::now();
        }
    }
}

fn wait(desk: &Desk) -> Wanted {
    let wanted = desk.lock();
    let told = |wanted: &mut Wanted| wanted.config.is_none() && !wanted.over;
    let (mut wanted, _) =
        desk.told.wait_timeout_while(wanted, TURN, told).unwrap_or_else(PoisonError::into_inner);
    let over = wanted.over;
    Wanted { over, ..std::mem::take(&mut *wanted) }
}

/// Tells what is news, and not the same fault again and again.
struct Teller<'a> {
    last: Option<Vec<String>>,
    tell: &'a dyn Fn(Vec<String>),
}

impl Teller<'_> {
    fn hear(&mut self, outcome: Outcome, wanted: bool) {
        let new = self.last.as_ref() != Some(&outcome.faults);
        // A site's word is answered where it changed something, and the first one in any case. What nobody wanted is
        // told where something is wrong.
        if new && (wanted || !outcome.faults.is_empty()) || outcome.changed && wanted {
            self.last = Some(outcome.faults.clone());
            (self.tell)(outcome.faults);
        }
    }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Days since 1970-01-01.
fn today() -> u32 {
    u32::try_from(since_1970().as_secs() / DAY_S).unwrap_or(0)
}

/// How often ports and the day are looked at.
const TURN: Duration = Duration::from_secs(2);
/// How often the kernel's rules are looked at: well within the minute in which they must be put back (NET-01).
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// How often tunnels are looked at.
const PEERS_EVERY: Duration = Duration::from_secs(10);
const DAY_S: u64 = 24 * 60 * 60;
