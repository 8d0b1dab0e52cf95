//! A boot partition whose power fails: after any prefix of an installation, with names and data torn as a FAT tears
//! them, the box starts a whole system. The loader is systemd-boot's rule, written down a second time here.

use idl::host::Slot;
use proptest::prelude::*;
use slots::entry::{Counter, Entry, PART};
use slots::plan::{Step, plan_clear};
use slots::{Bundle, RootHash, plan_install};
use std::collections::BTreeMap;

/// What the disk holds. A file is whole or torn; a slot's partitions hold a root, whole or torn, under an id.
#[derive(Debug, Clone, PartialEq)]
struct Disk {
    names: BTreeMap<String, File>,
    slots: [Part; 2],
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct File {
    starts: RootHash,
    whole: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    holds: RootHash,
    whole: bool,
    id: RootHash,
}

/// How the loader and the firmware end.
#[derive(Debug, PartialEq)]
enum Boot {
    Whole(RootHash),
    Torn(String),
    Nothing,
}

impl Disk {
    /// Starts the box until a system is found good by itself or nothing changes: what is not good uses up its tries.
    fn boot(&self, works: impl Fn(RootHash) -> bool) -> Boot {
        let mut disk = self.clone();
        for _ in 0..MAX_STARTS {
            let Some(first) = disk.loader_takes() else { return Boot::Nothing };
            let file = disk.names[&first];
            if !file.whole {
                return Boot::Torn(first);
            }
            let own = disk.slots.iter().find(|part| part.id == file.starts);
            let starts =
                own.is_some_and(|part| part.whole && part.holds == file.starts) && works(file.starts);
            if starts {
                return Boot::Whole(file.starts);
            }
            disk.count(&first);
        }
        Boot::Nothing
    }

    /// systemd-boot: used up last, then the higher version, then the higher name.
    fn loader_takes(&self) -> Option<String> {
        let names = self.names.keys().filter(|name| name.ends_with(".efi"));
        let key = |name: &&String| {
            let stem = name.trim_end_matches(".efi");
            let (id, counter) = stem.split_once('+').map_or((stem, None), |(id, count)| (id, Some(count)));
            let left = counter.map(|count| count.split('-').next().unwrap().parse::<u32>().unwrap());
            let version = id.split('_').nth(1).unwrap();
            let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
            (left != Some(0), numbers, id.to_owned(), left.unwrap_or(u32::MAX))
        };
        names.max_by_key(key).cloned()
    }

    fn count(&mut self, name: &str) {
        let entry: Entry = name.parse().unwrap();
        let Some(Counter { left, done }) = entry.counter.filter(|counter| counter.left > 0) else {
            // A system that has no tries left is started as it is, again and again.
            return;
        };
        let file = self.names.remove(name).unwrap();
        let counted = Entry { counter: Some(Counter { left: left - 1, done: done + 1 }), ..entry };
        self.names.insert(counted.to_string(), file);
    }

    fn put(&mut self, name: String, file: Option<File>) {
        match file {
            Some(file) => drop(self.names.insert(name, file)),
            None => drop(self.names.remove(&name)),
        }
    }

    /// A step that the power cut, in each of the ways it may come out; the last is the whole step.
    fn outcomes(&self, step: &Step, new: RootHash) -> Vec<Self> {
        match step {
            Step::Remove(entry) => self.without(&entry.to_string()),
            Step::RemovePart => self.without(PART),
            Step::Name { slot, root } => {
                let at = usize::from(*slot == Slot::B);
                let mut done = self.clone();
                done.slots[at].id = *root;
                // Two ids in two entries of one table: one of them alone starts nothing either.
                let mut half = self.clone();
                half.slots[at].id = RootHash([0xee; 32]);
                vec![self.clone(), half, done]
            }
            Step::WritePart => [None, Some(false), Some(true)]
                .map(|whole| {
                    let mut disk = self.clone();
                    disk.put(PART.to_owned(), whole.map(|whole| File { starts: new, whole }));
                    disk
                })
                .into(),
            Step::Show(entry) => self.moved(PART, &entry.to_string()),
            Step::Rename(from, to) => self.moved(&from.to_string(), &to.to_string()),
        }
    }

    fn without(&self, name: &str) -> Vec<Self> {
        let mut done = self.clone();
        done.put(name.to_owned(), None);
        vec![self.clone(), done]
    }

    /// Both names, the old, none, the new: a FAT's directory is written in sectors.
    fn moved(&self, from: &str, to: &str) -> Vec<Self> {
        let file = self.names[from];
        let ways = [(true, false), (true, true), (false, false), (false, true)];
        ways.map(|(old, new)| {
            let mut disk = self.clone();
            disk.put(from.to_owned(), old.then_some(file));
            disk.put(to.to_owned(), new.then_some(file));
            disk
        })
        .into()
    }
}

const OLD: RootHash = RootHash([1; 32]);
const BEFORE: RootHash = RootHash([2; 32]);
const NEW: RootHash = RootHash([3; 32]);
const MAX_STARTS: usize = 12;

fn bundle(version: &str) -> Bundle {
    Bundle { compatible: "x".to_owned(), version: version.parse().unwrap(), epoch: 1, root: NEW }
}

fn disk(running: &str, other: Option<&str>) -> Disk {
    let mut names =
        BTreeMap::from([(format!("ringfence_{running}_A.efi"), File { starts: OLD, whole: true })]);
    if let Some(other) = other {
        names.insert(format!("ringfence_{other}_B.efi"), File { starts: BEFORE, whole: true });
    }
    let part = |root| Part { holds: root, whole: true, id: root };
    Disk { names, slots: [part(OLD), part(BEFORE)] }
}

fn entries(disk: &Disk) -> Vec<Entry> {
    disk.names.keys().filter_map(|name| name.parse().ok()).collect()
}

/// Every state the power can leave behind: clearing, RAUC's writing of the root, and the installation.
fn every_cut(start: &Disk, bundle: &Bundle) -> Vec<(String, Disk)> {
    let mut cuts = vec![("nothing".to_owned(), start.clone())];
    let mut disk = start.clone();
    let mut walk = |disk: &mut Disk, steps: &[Step]| {
        for step in steps {
            let outcomes = disk.outcomes(step, bundle.root);
            *disk = outcomes.last().unwrap().clone();
            cuts.extend(outcomes.into_iter().map(|disk| (format!("{step:?}"), disk)));
        }
    };
    let clear = plan_clear(&entries(&disk), Slot::A, Slot::B).unwrap();
    walk(&mut disk, &clear);
    let id = disk.slots[1].id;
    let torn = Disk { slots: [disk.slots[0], Part { holds: NEW, whole: false, id }], ..disk.clone() };
    disk.slots[1] = Part { holds: NEW, whole: true, id };
    let install = plan_install(&entries(&disk), (Slot::A, OLD), Slot::B, bundle).unwrap();
    walk(&mut disk, &install);
    cuts.push(("writing the root".to_owned(), torn));
    cuts.push(("the whole of it".to_owned(), disk));
    cuts
}

#[test]
fn a_power_cut_after_any_step_of_an_update_boots_a_whole_system() {
    for (running, other, new) in [
        ("0.1.0", Some("0.0.9"), "0.2.0"),
        ("0.1.0", None, "0.2.0"),
        ("0.3.0", Some("0.2.9"), "0.2.0"),
        ("1.0", Some("2.0"), "1.0"),
    ] {
        for (at, disk) in every_cut(&disk(running, other), &bundle(new)) {
            let booted = disk.boot(|_| true);
            assert!(matches!(booted, Boot::Whole(OLD | NEW | BEFORE)), "{at}: {booted:?} of {disk:?}");
        }
    }
}

#[test]
fn an_update_that_does_not_work_falls_back_to_what_ran_before() {
    for new in ["0.2.0", "0.0.5"] {
        let (_, done) = every_cut(&disk("0.1.0", Some("0.0.9")), &bundle(new)).pop().unwrap();
        assert_eq!(done.boot(|_| true), Boot::Whole(NEW), "{new} starts first");
        assert_eq!(done.boot(|root| root != NEW), Boot::Whole(OLD), "{new} is given up after its tries");
    }
}

#[test]
fn the_checker_sees_an_installation_in_the_wrong_order() {
    // The name before the data, and the running system taken away first: both must be found.
    let start = disk("0.1.0", None);
    let shown = Entry::fresh("0.2.0".parse().unwrap(), Slot::B).to_string();
    let mut torn = start.clone();
    torn.put(shown, Some(File { starts: NEW, whole: false }));
    assert!(matches!(torn.boot(|_| true), Boot::Torn(_)));
    let mut empty = start;
    empty.names.clear();
    assert_eq!(empty.boot(|_| true), Boot::Nothing);
}

proptest! {
    #[test]
    fn whatever_the_versions_and_wherever_the_cut_a_second_try_ends_with_the_new_system(
        running in "[0-9]{1,2}\\.[0-9]{1,2}", other in proptest::option::of("[0-9]{1,2}\\.[0-9]{1,2}"),
        new in "[0-9]{1,2}\\.[0-9]{1,2}", cut in any::<proptest::sample::Index>(),
    ) {
        // The other slot's version is below what runs unless it was used up: else it would run.
        let start = disk(&running, None);
        let start = match other {
            Some(other) => {
                let mut with = start;
                with.names.insert(format!("ringfence_{other}_B+0-3.efi"), File { starts: BEFORE, whole: true });
                with
            }
            None => start,
        };
        let bundle = bundle(&new);
        let cuts = every_cut(&start, &bundle);
        let (at, disk) = cut.get(&cuts).clone();
        let booted = disk.boot(|_| true);
        prop_assert!(matches!(booted, Boot::Whole(OLD | NEW)), "{}: {:?}", at, booted);
        if booted == Boot::Whole(OLD) {
            // It runs, is found good, and the same bundle is installed again.
            let mut again = disk;
            let own: Vec<Entry> = entries(&again).into_iter().filter(|entry| entry.slot == Slot::A).collect();
            for entry in own {
                let file = again.names.remove(&entry.to_string()).unwrap();
                again.names.insert(entry.good().to_string(), file);
            }
            let (_, done) = every_cut(&again, &bundle).pop().unwrap();
            prop_assert_eq!(done.boot(|_| true), Boot::Whole(NEW));
        }
    }
}
