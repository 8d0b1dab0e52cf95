//! The two systems of a box and how one follows the other: systemd-boot's names and their counters, which entry
//! starts next, and the order of writes by which an installation can be cut anywhere and still boot.
//!
//! Pure but for [`esp`], [`parts`] and [`epoch::FileEpoch`], the thin edge that carries a plan out. It verifies no
//! signature (RAUC does) and decides nothing about people; it starts nothing.
//!
//! What the loader does stands in systemd's "Automatic Boot Assessment" and in the UAPI group's version format
//! (UAPI.10): entries whose tries are used up come last, then the higher version first, then the higher name.

pub mod backend;
pub mod bundle;
pub mod entry;
pub mod epoch;
pub mod esp;
pub mod ordered;
pub mod parts;
pub mod plan;
pub mod version;

pub use bundle::{Bundle, RootHash};
pub use entry::{Counter, Entry};
pub use plan::{PlanError, Step, first, plan_install};
pub use version::Version;

/// For fuzzing: names of the boot partition and what is told of a bundle, as any bytes.
pub fn fuzz_slots(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines() {
        if let Ok(entry) = line.parse::<Entry>() {
            let written = entry.to_string();
            assert_eq!(written.parse::<Entry>().as_ref(), Ok(&entry), "{written} is read as it was written");
        }
        if let (Ok(one), Ok(other)) = (line.parse::<Version>(), text.trim().parse::<Version>()) {
            assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
        }
    }
    let of_info = Bundle::of_info(text);
    let of_manifest = Bundle::of_manifest(text);
    for bundle in [of_info, of_manifest].into_iter().flatten() {
        assert!(!bundle.compatible.is_empty());
    }
}
