//! The contacts phones registered: bounded, with expiry (RFC 3261 10.3 steps 6 to 8).
//!
//! Deliberately not here: who may register; see the parent module.

use crate::flow::Flow;
use crate::time::Millis;
use crate::timers::Timers;
use sip::Uri;
use std::collections::BTreeMap;
use std::fmt;

/// One way to reach a phone.
#[derive(Clone)]
pub struct Binding {
    /// The Contact: the Request-URI of calls to the phone.
    pub contact: Uri,
    /// Where the phone was seen last; requests to it leave here, NAT or not (RFC 5626).
    pub flow: Flow,
    /// Preference, 0 to 1000.
    pub q: u16,
    /// Route headers towards the phone (RFC 3327 Path), topmost first.
    pub path: Vec<String>,
    /// When it runs out.
    pub expires_at: Millis,
    id: u64,
    call_id: String,
    seq: u32,
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("flow", &self.flow)
            .field("q", &self.q)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// One change a REGISTER asks for.
pub(super) struct Change {
    pub contact: Uri,
    pub expires_s: u32,
    pub q: u16,
}

/// The origin of a REGISTER: it orders changes (RFC 3261 10.3 step 7).
pub(super) struct Origin<'a> {
    pub call_id: &'a str,
    pub seq: u32,
    pub flow: Flow,
    pub path: &'a [String],
}

/// Why a REGISTER changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    /// The CSeq is not higher than that of an earlier REGISTER with this Call-ID.
    OutOfOrder,
    /// Too many contacts.
    Full,
}

/// All bindings of all addresses of record.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    by_aor: BTreeMap<String, Vec<Binding>>,
    timers: Timers<u64>,
    owners: BTreeMap<u64, String>,
    next_id: u64,
}

impl Bindings {
    pub(super) fn of(&self, aor: &str) -> &[Binding] {
        self.by_aor.get(aor).map_or(&[], Vec::as_slice)
    }

    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        self.timers.deadline()
    }

    /// Applies all changes of one REGISTER or none of them.
    pub(super) fn apply(
        &mut self,
        now: Millis,
        aor: &str,
        changes: &[Change],
        origin: &Origin<'_>,
        limits: (usize, usize),
    ) -> Result<(), Rejected> {
        let known = self.of(aor);
        let mut added = 0;
        for change in changes {
            match known.iter().find(|binding| binding.contact == change.contact) {
                Some(binding) if binding.call_id == origin.call_id && origin.seq <= binding.seq => {
                    return Err(Rejected::OutOfOrder);
                }
                Some(_) => {}
                None => added += usize::from(change.expires_s > 0),
            }
        }
        if known.len() + added > limits.0 || self.len() + added > limits.1 {
            return Err(Rejected::Full);
        }
        for change in changes {
            self.drop_if(aor, |binding| binding.contact == change.contact);
            if change.expires_s > 0 {
                self.add(now, aor, change, origin);
            }
        }
        Ok(())
    }

    /// `Contact: *` with expiry 0.
    pub(super) fn clear(&mut self, aor: &str, origin: &Origin<'_>) -> Result<(), Rejected> {
        let late = |binding: &Binding| binding.call_id == origin.call_id && origin.seq <= binding.seq;
        if self.of(aor).iter().any(late) {
            return Err(Rejected::OutOfOrder);
        }
        self.drop_if(aor, |_| true);
        Ok(())
    }

    /// Drops what ran out; answers the addresses that lost their last binding.
    pub(super) fn expire(&mut self, now: Millis) -> Vec<String> {
        let mut emptied = Vec::new();
        while let Some(id) = self.timers.pop(now) {
            let Some(aor) = self.owners.get(&id).cloned() else { continue };
            self.drop_if(&aor, |binding| binding.id == id);
            if self.of(&aor).is_empty() {
                emptied.push(aor);
            }
        }
        emptied
    }

    /// Drops what a broken stream connection carried.
    pub(super) fn drop_flow(&mut self, flow: &Flow) -> Vec<String> {
        let hit = |binding: &Binding| binding.flow == *flow && flow.connection.is_some();
        let aors: Vec<String> = self
            .by_aor
            .iter()
            .filter(|(_, bindings)| bindings.iter().any(hit))
            .map(|(aor, _)| aor.clone())
            .collect();
        for aor in &aors {
            self.drop_if(aor, hit);
        }
        aors.into_iter().filter(|aor| self.of(aor).is_empty()).collect()
    }

    /// Drops every binding of an address.
    pub(super) fn forget(&mut self, aor: &str) -> bool {
        let known = !self.of(aor).is_empty();
        self.drop_if(aor, |_| true);
        known
    }

    fn add(&mut self, now: Millis, aor: &str, change: &Change, origin: &Origin<'_>) {
        self.next_id += 1;
        let expires_at = now + u64::from(change.expires_s) * 1_000;
        self.timers.set(self.next_id, expires_at);
        self.owners.insert(self.next_id, aor.to_owned());
        let bindings = self.by_aor.entry(aor.to_owned()).or_default();
        bindings.push(Binding {
            contact: change.contact.clone(),
            flow: origin.flow,
            q: change.q,
            path: origin.path.to_vec(),
            expires_at,
            id: self.next_id,
            call_id: origin.call_id.to_owned(),
            seq: origin.seq,
        });
        // Best first; of equals the newest.
        bindings.sort_by(|a, b| b.q.cmp(&a.q).then(b.id.cmp(&a.id)));
    }

    fn drop_if(&mut self, aor: &str, gone: impl Fn(&Binding) -> bool) {
        let Some(bindings) = self.by_aor.get_mut(aor) else { return };
        for binding in bindings.iter().filter(|binding| gone(binding)) {
            self.timers.clear(binding.id);
            self.owners.remove(&binding.id);
        }
        bindings.retain(|binding| !gone(binding));
        if bindings.is_empty() {
            self.by_aor.remove(aor);
        }
    }
}
