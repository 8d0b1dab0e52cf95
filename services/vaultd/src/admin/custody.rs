//! Custody: a set of shares is begun by the security administrator and taken by five custodians, one by one.
//!
//! Until the fifth is taken (and on a box the disk's header knows the set, `crate::disk_custody`) the shares are in memory
//! alone and the set before stays in force; a restart meanwhile means beginning again. Putting a set together is no
//! request: it happens at a start that cannot unseal (`crate::recovery`).

use super::{Actor, Handled, Refusal};
use crate::entries::{CustodyEvent, Event};
use crate::vault::Vault;
use crate::views::Eyes;
use custodians::{RecoverySecret, SHARES, Share, split};
use idl::admin::{Answer, Role};
use idl::views::{CustodyAsk, CustodyView};
use std::collections::BTreeSet;
use vocab::{PersonId, Secret};

/// A set that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    secret: RecoverySecret,
    /// Who has not taken the share yet.
    waiting: Vec<(PersonId, Share)>,
    pub(crate) custodians: Vec<PersonId>,
}

impl Begun {
    /// Its set.
    pub(crate) fn set(&self) -> [u8; 4] {
        self.secret.set().0
    }

    /// Its set, if all have taken their shares.
    pub(crate) fn whole(&self) -> Option<[u8; 4]> {
        self.waiting.is_empty().then(|| self.set())
    }
}

impl Vault {
    pub(super) fn custody_request(&mut self, actor: &Actor, ask: &CustodyAsk) -> Handled {
        // What an older set opened goes once the entry that put the newer one in force is durable.
        let in_force = self.state.custody.as_ref().map(|kept| kept.set);
        let waits = self.begun.as_ref().is_some_and(|begun| begun.whole().is_some());
        if waits {
            // The header of the disk did not take it yet: it is told once more.
            self.tell_disk();
        } else if self.ports.keys.drop_recovery_copies(in_force).is_err() {
            return Err(Refusal::storage());
        }
        match ask {
            CustodyAsk::Look => Ok(Some(Answer::Custody(Box::new(self.custody_view(actor))))),
            CustodyAsk::Begin { custodians } => self.begin_custody(actor, custodians),
            CustodyAsk::Take => self.take_share(actor),
        }
    }

    fn custody_view(&mut self, actor: &Actor) -> CustodyView {
        let kept = self.state.custody.clone();
        let waiting = |begun: &Begun| begun.waiting.iter().map(|(person, _)| *person).collect::<Vec<_>>();
        let begun = self.begun.as_ref().map(|begun| (begun.set(), waiting(begun)));
        let yours = begun.as_ref().is_some_and(|(_, waiting)| waiting.contains(&actor.id));
        let mut concerned: BTreeSet<PersonId> =
            kept.iter().flat_map(|kept| kept.custodians.clone()).collect();
        concerned.extend(self.begun.iter().flat_map(|begun| begun.custodians.clone()));
        let people: Vec<(PersonId, Role)> =
            self.state.people.iter().map(|(id, person)| (*id, person.role)).collect();
        let (eyes, names) = (Eyes::of(actor), rights::may(actor.role, rights::Request::BeginCustody));
        let (mut candidates, mut shown) = (Vec::new(), Vec::new());
        for (id, role) in people {
            let may = names && self.state.accounts.works(id) && may_keep(role);
            if !may && !concerned.contains(&id) {
                continue;
            }
            let row = (id, self.colleague(eyes, id).1, role);
            if concerned.contains(&id) {
                shown.push(row.clone());
            }
            if may {
                candidates.push(row);
            }
        }
        CustodyView {
            since: kept.as_ref().map(|kept| kept.since),
            in_force: kept.map(|kept| (kept.set, kept.custodians)),
            begun,
            yours,
            disk: self.disk_custody(),
            recoveries: self.state.recoveries.iter().copied().collect(),
            candidates,
            people: shown,
        }
    }

    fn begin_custody(&mut self, actor: &Actor, custodians: &[PersonId; SHARES]) -> Handled {
        for person in custodians {
            let known = self.state.people.get(person).filter(|_| self.state.accounts.works(*person));
            let role = known.ok_or_else(|| Refusal::unknown("person with an account"))?.role;
            if !may_keep(role) {
                return Err(Refusal::new(
                    "custodian-role",
                    "A system administrator, an agent or a technician cannot be a custodian. Choose another.",
                    "系统管理员、坐席和技术员不能担任密钥保管人，请另选。",
                ));
            }
        }
        if custodians.iter().collect::<BTreeSet<_>>().len() != SHARES {
            return Err(Refusal::new(
                "custodian-twice",
                "Five different persons are needed.",
                "需要五名不同的保管人。",
            ));
        }
        let secret = RecoverySecret::new(Secret::new(self.random()));
        let random = Secret::new([self.random(), self.random()]);
        let shares = split(&secret, &random);
        let set = secret.set().0;
        let waiting = custodians.iter().copied().zip(shares).collect();
        self.begun = Some(Begun { secret, waiting, custodians: custodians.to_vec() });
        self.write(
            actor,
            Event::Custody { event: CustodyEvent::Begun { set, custodians: custodians.to_vec() } },
        );
        Ok(Some(Answer::Done))
    }

    fn take_share(&mut self, actor: &Actor) -> Handled {
        let none = || {
            Refusal::new(
                "no-share",
                "There is no share for you to take: none was begun, or you have taken yours.",
                "没有可领取的份额：尚未生成，或您已领取。",
            )
        };
        let begun = self.begun.as_mut().ok_or_else(none)?;
        let at = begun.waiting.iter().position(|(person, _)| *person == actor.id).ok_or_else(none)?;
        let set = begun.secret.set().0;
        let last = begun.waiting.len() == 1;
        if last && self.ports.keys.keep_recovery_copy(&begun.secret).is_err() {
            return Err(Refusal::storage());
        }
        let (_, share) = begun.waiting.remove(at);
        self.write(actor, Event::Custody { event: CustodyEvent::Taken { set, number: share.number } });
        if last && self.ports.keys.disk_copy(set).is_some() {
            // The disk first: what `hostd` answers brings the set into force.
            self.tell_disk();
        } else if last {
            self.custody_in_force();
        }
        Ok(Some(Answer::Share { set, number: share.number, text: share.to_text() }))
    }
}

/// Whoever looks after the system, talks on its lines or comes from outside keeps no share.
const fn may_keep(role: Role) -> bool {
    !matches!(role, Role::SystemAdmin | Role::Agent | Role::Technician)
}
