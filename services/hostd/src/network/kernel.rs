//! What the kernel has of our rules, by `nft`. What packets put into sets is left out: it is no rule.

use crate::programs::{Call, Programs};
use netconf::FIREWALL_TABLE;

/// The table without counts and without what packets put into sets; `None`: there is none, or it cannot be listed.
#[must_use]
pub fn list_rules(programs: &dyn Programs) -> Option<String> {
    let call = Call::new("nft", &["--stateless", "list", "table", "inet", FIREWALL_TABLE]);
    let done = programs.run(&call, &mut |_| {}).ok().filter(|done| done.ok)?;
    Some(without_what_packets_put(&done.output))
}

/// Rules in a listing.
pub(super) fn count(listing: &str) -> usize {
    let mut in_chain = false;
    let mut rules = 0;
    for line in listing.lines() {
        match line.trim() {
            word if word.starts_with("chain ") => in_chain = true,
            "}" => in_chain = false,
            word if in_chain && !word.is_empty() && !word.starts_with("type ") => rules += 1,
            _ => {}
        }
    }
    rules
}

fn without_what_packets_put(listing: &str) -> String {
    let (mut dynamic, mut within) = (false, false);
    let mut kept = String::with_capacity(listing.len().min(MAX_KEPT));
    for line in listing.lines() {
        let word = line.trim();
        if word.starts_with("set ") {
            dynamic = false;
        }
        dynamic |= word.starts_with("flags ") && word.contains("dynamic");
        within |= dynamic && word.starts_with("elements = {");
        if !within {
            // Newer versions write beside a set how much is in it.
            kept.push_str(line.split('#').next().unwrap_or_default().trim_end());
            kept.push('\n');
        }
        if within && word.ends_with('}') {
            within = false;
        }
    }
    kept
}

/// Room taken for a listing before it is known how long it is.
const MAX_KEPT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::{count, without_what_packets_put};

    const LISTING: &str = "table inet ringfence {\n\tset blocked4 {\n\t\ttype ipv4_addr\n\t\tflags dynamic,timeout\n\
        \t\telements = { 10.0.0.1 expires 29m,\n\t\t\t     10.0.0.2 expires 28m }\n\t}\n\n\tset carriers_v4 {\n\
        \t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.0.2.200 }\n\t}\n\n\tchain inbound {\n\
        \t\ttype filter hook input priority filter; policy drop;\n\t\tiifname \"lo\" accept\n\t\tgoto refuse\n\t}\n}\n";

    #[test]
    fn net_01_a_blocked_source_is_no_change_of_the_rules_and_a_carrier_is() {
        let other = LISTING.replace("10.0.0.2 expires 28m", "10.0.0.3 expires 1s");
        assert_eq!(without_what_packets_put(LISTING), without_what_packets_put(&other));
        let other = LISTING.replace("10.0.2.200", "10.0.2.201");
        assert_ne!(without_what_packets_put(LISTING), without_what_packets_put(&other));
        assert!(without_what_packets_put(LISTING).contains("goto refuse"));
    }

    #[test]
    fn rules_are_counted_without_what_a_chain_says_of_itself() {
        assert_eq!((count(LISTING), count("")), (2, 0));
    }
}
