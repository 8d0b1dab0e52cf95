//! One run: the processes, the order of events, the faults, and the reckoning at the end.

use crate::calld::CalldProc;
use crate::carrier::Carriers;
use crate::desks::Desks;
use crate::env::{Env, Event, LINKS, Link, PROCS, Proc};
use crate::faults::{Fault, Rate, jump, lose_time};
use crate::lined::LinedProc;
use crate::office::{Office, Site, people};
use crate::vault::VaultProc;
use idl::campaign::AgentState;
use vocab::{HOUR_MS, UnixMs};

/// A defect put into the box on purpose, to prove that the checker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sabotage {
    /// None.
    #[default]
    None,
    /// A restarted vault has forgotten who was called.
    ForgetAttempts,
    /// A restarted vault has forgotten the blacklist.
    DropOptOut,
    /// A restarted vault lives in another zone.
    ShiftHours,
    /// A restarted vault has forgotten what agents wrote.
    DropWrapUps,
    /// A restarted vault counts a day's calls as another day's.
    OtherState,
    /// The vault believes any clock.
    TrustAnyClock,
    /// The vault answers before the disk is done.
    AnswerEarly,
    /// A bit of the ledger changes while the vault is down.
    FlipBit,
    /// A ticket reaches the lines twice.
    ResendTicket,
    /// The lines dial with a lapsed ticket.
    LapsedTicket,
    /// The lines try the next trunk although the phone rang.
    RedialAfterRing,
}

/// How to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Keep the last lines of the trace.
    pub trace: bool,
    /// Print every line of it.
    pub print: bool,
    /// The defect.
    pub sabotage: Sabotage,
}

/// What a run was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Events handled.
    pub steps: u64,
    /// Phones rung.
    pub calls: u64,
    /// Opt-outs acknowledged.
    pub opt_outs: u64,
    /// Wrap-ups acknowledged.
    pub wrap_ups: u64,
    /// Faults injected.
    pub faults: u64,
    /// Entries of the ledger.
    pub entries: u64,
}

/// A broken invariant.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// What is broken.
    pub what: String,
    /// The last events, if they were kept.
    pub trace: Vec<String>,
}

struct World {
    env: Env,
    vault: VaultProc,
    calld: CalldProc,
    lined: LinedProc,
    carriers: Carriers,
    desks: Desks,
    office: Office,
    site: Site,
    rate: Rate,
    faults: u64,
}

/// Runs one seed.
///
/// # Errors
/// The first broken invariant.
pub fn run(seed: u64, options: Options) -> Result<Report, Box<Finding>> {
    let mut env = Env::new(seed, UnixMs(FIRST_DAY), options.trace, options.print);
    // Somewhere in the two weeks around the national holiday.
    let ahead = env.between(0, 14 * 24);
    env.offset += i64::try_from(ahead).unwrap_or(0) * HOUR_MS;
    let (people, rows) = people(&mut env);
    let mut world = World {
        vault: VaultProc::new(rows, options.sabotage),
        calld: CalldProc::default(),
        lined: LinedProc::new(options.sabotage),
        carriers: Carriers::default(),
        desks: Desks::default(),
        office: Office::new(people),
        site: Site { agents: Vec::new(), campaigns: Vec::new(), mode: vocab::CampaignMode::Announcement },
        rate: Rate::of(&mut env),
        faults: 0,
        env,
    };
    world.all().map_err(|what| Box::new(Finding { seed, what, trace: world.env.trace() }))
}

impl World {
    fn all(&mut self) -> Result<Report, String> {
        self.vault.start(&mut self.env)?;
        self.site = self.office.set_up(&mut self.env, &mut self.vault)?;
        let preview = Desks::previews(self.site.mode).then_some(self.site.campaigns[0]);
        self.desks = Desks::new(&self.site.agents, preview);
        self.start_lined();
        self.start_calld();
        for link in LINKS {
            self.env.connect(link);
        }
        let days = self.env.between(2, 9);
        self.office.plan(&mut self.env, &self.site, days);
        self.until(self.env.now + days * DAY)?;
        self.env.note(|| "the run is over: quiet from here".to_owned());
        self.env.quiet = true;
        self.env.loss = 0;
        if !self.env.synchronised {
            self.clock_right();
        }
        self.office.close(&mut self.env, &self.site);
        self.until(self.env.now + QUIET_MS)?;
        // A keep-alive may just be under way.
        for _ in 0..KEEP_ALIVES {
            if self.lined.gauges().iter().all(|(_, value)| *value == 0) {
                break;
            }
            self.until(self.env.now + KEEP_ALIVE_MS)?;
        }
        self.reckon()?;
        Ok(Report {
            steps: self.env.steps,
            calls: self.env.truth.calls,
            opt_outs: self.env.truth.opt_outs,
            wrap_ups: self.env.truth.wrapped.len() as u64,
            faults: self.faults,
            entries: self.env.truth.durable,
        })
    }

    fn start_lined(&mut self) {
        self.lined.start(&mut self.env);
        for (agent, registered) in self.desks.phones() {
            self.lined.phone(&mut self.env, agent, registered);
        }
    }

    fn start_calld(&mut self) {
        self.calld.start(&mut self.env);
        self.desks.reconnect(&mut self.env, self.calld.life());
    }

    fn until(&mut self, end: u64) -> Result<(), String> {
        while self.env.now < end {
            let Some(event) = self.env.next() else { return Ok(()) };
            self.handle(event)?;
            if self.lined.is_busy()
                && let Some(fault) = self.rate.now(&mut self.env)
            {
                self.fault(fault);
            }
            if self.env.steps > MAX_STEPS {
                return Err("a run without end: something spins".to_owned());
            }
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), String> {
        let env = &mut self.env;
        match event {
            Event::Link { link, to, epoch, wire } => {
                if matches!(wire, crate::env::Wire::Frame(_)) && env.is_lost(link, to, epoch) {
                    return Ok(());
                }
                match to {
                    Proc::Vault => self.vault.link(env, link, epoch, wire)?,
                    Proc::Calld => self.calld.link(env, link, epoch, wire)?,
                    Proc::Lined => self.lined.link(env, link, epoch, wire)?,
                }
            }
            Event::Connect(link) => self.connect(link),
            Event::Start(Proc::Vault) => self.vault.start(env)?,
            Event::Start(Proc::Calld) => self.start_calld(),
            Event::Start(Proc::Lined) => self.start_lined(),
            Event::Wake(Proc::Vault, life) => self.vault.tick(env, life, &self.office),
            Event::Wake(Proc::Calld, at) => self.calld.wake(env, at),
            Event::Wake(Proc::Lined, at) => self.lined.wake(env, at)?,
            Event::VaultWork(life) => self.vault.work(env, life)?,
            Event::VaultSynced(life) => self.vault.synced(env, life)?,
            Event::VaultJob(life, job) => self.vault.job(env, life, job),
            Event::ToBox(trunk, bytes) => self.lined.datagram(env, trunk, &bytes)?,
            Event::ToCarrier(trunk, bytes) => self.carriers.receive(env, trunk, &bytes)?,
            Event::CarrierTimer(trunk, call, what) => self.carriers.timer(env, trunk, &call, what),
            Event::CarrierUp(trunk) => self.carriers.back(trunk),
            Event::Key(call) => self.lined.key(env, &call)?,
            Event::Agent(agent) => {
                self.desks.act(env, agent, self.calld.life());
                let registered = self.desks.phone(env, agent);
                self.lined.phone(env, agent, registered);
            }
            Event::Desk(reply, life) => {
                if life == self.calld.life() {
                    self.desks.told(env, *reply)?;
                }
            }
            Event::AskDesk(request, life) => self.calld.ask(env, life, *request),
            Event::Office => {
                self.office.act(env, &mut self.vault)?;
                self.desks.look(env);
            }
            Event::OfficeAnswer(reply) => self.office.answered(&reply),
            Event::ClockRight => self.clock_right(),
        }
        Ok(())
    }

    fn clock_right(&mut self) {
        self.env.synchronised = true;
        self.env.truth.clock(self.env.now, true);
    }

    fn alive(&self, which: Proc) -> bool {
        match which {
            Proc::Vault => self.vault.alive(),
            Proc::Calld => self.calld.alive(),
            Proc::Lined => self.lined.alive(),
        }
    }

    fn connect(&mut self, link: Link) {
        let [one, other] = link.ends();
        if self.alive(one) && self.alive(other) {
            self.env.connect(link);
        } else if !self.env.is_open(link) {
            let wait = self.env.between(100, 1_500);
            self.env.after(wait, Event::Connect(link));
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.faults += 1;
        match fault {
            Fault::Kill(which) => self.kill(which),
            Fault::KillAll => PROCS.into_iter().for_each(|which| self.kill(which)),
            Fault::Carrier(trunk) => self.carriers.fail(&mut self.env, trunk),
            Fault::Clock(ms) => jump(&mut self.env, ms),
            Fault::Unsynchronised => lose_time(&mut self.env),
        }
    }

    fn kill(&mut self, which: Proc) {
        if !self.alive(which) {
            return;
        }
        let env = &mut self.env;
        match which {
            Proc::Vault => self.vault.kill(env),
            Proc::Calld => self.calld.kill(env),
            Proc::Lined => self.lined.kill(env),
        }
        for link in LINKS.into_iter().filter(|link| link.ends().contains(&which)) {
            env.disconnect(link, [false, false]);
        }
        let wait = env.between(150, 5_000);
        env.after(wait, Event::Start(which));
    }

    /// What must hold when nothing runs any more.
    fn reckon(&mut self) -> Result<(), String> {
        let all =
            [("vaultd", self.vault.gauges()), ("calld", self.calld.gauges()), ("lined", self.lined.gauges())];
        for (process, gauges) in all {
            if gauges.is_empty() {
                return Err(format!("{process} does not run at the end"));
            }
            for (name, value) in gauges {
                if value != 0 {
                    return Err(format!(
                        "the gauge {name} of {process} stands at {value} after the quiet period"
                    ));
                }
            }
        }
        if self.carriers.live() > 0 {
            return Err(format!("{} legs never ended at the carriers", self.carriers.live()));
        }
        let Some(core) = self.vault.core() else { return Err("vaultd does not run".to_owned()) };
        self.env.truth.kept(core.state(), core.calls())?;
        self.agents_rest()?;
        self.env.truth.figures(core.state())?;
        let unwrapped = self.env.truth.unwrapped(core.calls());
        if let Some((call, agent)) = unwrapped.first() {
            return Err(format!("CAM-15: {agent} spoke in {call} and never had to write it up"));
        }
        let replayed =
            self.vault.disk.replay(u64::MAX).map_err(|fault| format!("AUD-01: the ledger: {fault}"))?;
        if replayed.state != *core.state() {
            return Err("replaying the ledger gives another state".to_owned());
        }
        Ok(())
    }

    fn agents_rest(&self) -> Result<(), String> {
        let Some(floor) = self.calld.floor() else { return Err("calld does not run".to_owned()) };
        for (agent, state, _) in floor.live().agents {
            match state {
                AgentState::Out | AgentState::Break | AgentState::Ready => {}
                AgentState::Reserved | AgentState::Talking | AgentState::WrapUp => {
                    return Err(format!("{agent} is left in {state:?}"));
                }
            }
        }
        Ok(())
    }
}

/// 2026-09-23, midnight of the site.
const FIRST_DAY: i64 = 1_790_092_800_000;
const DAY: u64 = 86_400_000;
/// Long enough for every timer of the box and of SIP.
const QUIET_MS: u64 = 20 * 60_000;
const KEEP_ALIVES: u32 = 2;
/// Longer than one OPTIONS needs, shorter than the pause to the next.
const KEEP_ALIVE_MS: u64 = 60_000;
/// Events of one run.
const MAX_STEPS: u64 = 5_000_000;
