//! Custody: a set of shares is begun by the security administrator and taken by five custodians, one by one.
//!
//! Until the fifth is taken the shares are in memory alone and the set before stays in force; a restart meanwhile means
//! beginning again. Putting a set together is no request: it happens at a start that cannot unseal (`crate::recovery`).

use super::{Actor, Handled, Refusal};
use crate::entries::{CustodyEvent, Event};
use crate::vault::Vault;
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
    custodians: Vec<PersonId>,
}

impl Vault {
    pub(super) fn custody_request(&mut self, actor: &Actor, ask: &CustodyAsk) -> Handled {
        // What an older set opened goes once the entry that put the newer one in force is durable.
        let in_force = self.state.custody.as_ref().map(|kept| kept.set);
        if self.ports.keys.drop_recovery_copies(in_force).is_err() {
            return Err(Refusal::storage());
        }
        match ask {
            CustodyAsk::Look => Ok(Some(Answer::Custody(Box::new(self.custody_view())))),
            CustodyAsk::Begin { custodians } => self.begin_custody(actor, custodians),
            CustodyAsk::Take => self.take_share(actor),
        }
    }

    fn custody_view(&self) -> CustodyView {
        CustodyView {
            in_force: self.state.custody.as_ref().map(|kept| (kept.set, kept.custodians.clone())),
            begun: self.begun.as_ref().map(|begun| {
                (begun.secret.set().0, begun.waiting.iter().map(|(person, _)| *person).collect())
            }),
        }
    }

    fn begin_custody(&mut self, actor: &Actor, custodians: &[PersonId; SHARES]) -> Handled {
        for person in custodians {
            let known = self.state.people.get(person).filter(|_| self.state.accounts.works(*person));
            let role = known.ok_or_else(|| Refusal::unknown("person with an account"))?.role;
            if matches!(role, Role::SystemAdmin | Role::Agent | Role::Technician) {
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
        let custodians = begun.custodians.clone();
        self.write(actor, Event::Custody { event: CustodyEvent::Taken { set, number: share.number } });
        if last {
            self.begun = None;
            self.write(actor, Event::Custody { event: CustodyEvent::InForce { set, custodians } });
        }
        Ok(Some(Answer::Share { set, number: share.number, text: share.to_text() }))
    }
}
